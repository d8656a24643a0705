"""YAML that people wrote: read strictly, and complained about by name and line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import yaml

from meta_access.errors import ConfigError, Problem

if TYPE_CHECKING:
    from collections.abc import Hashable
    from pathlib import Path


class _Loader(yaml.SafeLoader):
    """YAML that refuses a key written twice: PyYAML would keep the last one without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[Hashable] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f'the key "{key}" is there twice', key_node.start_mark
                )
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_yaml(path: Path, name: str) -> Any:
    """The content of a YAML file; `name` is how messages call it.

    Raises:
        ConfigError: Not readable, or not YAML; with the line, without the text on it.
    """
    try:
        return _text_keys(yaml.load(path.read_text(encoding="utf-8"), _Loader))  # noqa: S506 - a SafeLoader
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" (line {mark.line + 1})" if mark is not None else ""
        reason = getattr(error, "problem", None) or "it cannot be parsed"
        raise ConfigError([Problem(name, f"is not valid YAML: {reason}{line}.", "correct that line.")]) from None
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ConfigError([Problem(name, f"cannot be read: {reason}.", "make it a readable text file.")]) from None


def _text_keys(value: Any) -> Any:
    # Pulumi's own reading makes text of a key that is a bare number; so that the two agree.
    if isinstance(value, dict):
        return {str(key): _text_keys(item) for key, item in value.items()}
    return [_text_keys(item) for item in value] if isinstance(value, list) else value
