"""The exact shape of a state, or an import file, that brings no code with it. Pure.

The engine reads JSON laxly: a key counts in any case (Go folds U+017F and U+212A too), the last of two equal keys
counts, and a resource, its provider or a snippet may name a plugin, an address to fetch it from, or code. So nothing
here looks for what is bad: what is not known to be harmless is named. The names are those of `apitype` and of
`pulumi import` in pulumi 3.259.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access.cli.stack import state_secrets
from meta_access.engine_marks import SECRET, SIGNATURE
from meta_access.providers.payloads import spellings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

PROVIDER = "__provider"
BAGS = ("inputs", "outputs")
DYNAMIC = "pulumi-python:dynamic"

_STACK = "pulumi:pulumi:Stack"
_REFERENCE = "pulumi:pulumi:StackReference"  # built into the engine
_PROVIDERS = "pulumi:providers:"
_DYNAMIC_PACKAGE, _RANDOM = "pulumi-python", "random"
_OURS = frozenset({_DYNAMIC_PACKAGE, _RANDOM, "pulumi"})
_DEFAULT = re.compile(r"default(_[0-9]+){0,3}")
_OPERATIONS = frozenset({"creating", "updating", "deleting", "reading"})
_VERSION = re.compile(r"[0-9]{1,5}(\.[0-9]{1,5}){2}")
_TYPE = re.compile(r"[^\s:$]+:[^\s:$]*:[^\s:$]+")
_LONGEST = 160

# The engine takes an object with its signature for something else than an object: a file it names, an archive of an
# address, bytes, another resource, a secret.
_REFERENCED = "5cf8f73096256a8f31e491e813e4eb8e"
_CIPHERTEXT = re.compile(r"[A-Za-z0-9+/=:_-]+")
_MARKED = "a signature of the engine's (a file, an archive, a reference, or a secret in the clear)"


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def _is_word(value: Any) -> bool:
    return isinstance(value, bool)


def _is_bag(value: Any) -> bool:
    return isinstance(value, dict)


def _is_list(value: Any) -> bool:
    return isinstance(value, list)


def _are_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(entry, str) for entry in value)


def _is_any(_value: Any) -> bool:
    return True


_Shape = dict[str, "Callable[[Any], bool]"]

_FILE: _Shape = {"version": _is_any, "features": _are_texts, "deployment": _is_bag}
# Snippets are code, and extensions name plugins: neither is known here.
_DEPLOYMENT: _Shape = {
    "manifest": _is_bag,
    "secrets_providers": _is_bag,
    "resources": _is_list,
    "pending_operations": _is_list,
    "metadata": _is_bag,
}
_MANIFEST: _Shape = {"time": _is_text, "magic": _is_text, "version": _is_text, "plugins": _is_list}
_PLUGIN: _Shape = {"name": _is_text, "path": _is_text, "type": _is_text, "version": _is_text}
_SECRETS: _Shape = {"type": _is_text, "state": _is_any}
_OPERATION: _Shape = {"resource": _is_bag, "type": _is_text}
_RESOURCE: _Shape = {
    **dict.fromkeys(("urn", "id", "type", "parent", "provider", "importID", "deletedWith", "sourcePosition"), _is_text),
    **dict.fromkeys(("created", "modified"), _is_text),
    **dict.fromkeys(("custom", "delete", "protect", "taint", "external", "pendingReplacement"), _is_word),
    **dict.fromkeys(("retainOnDelete", "refreshBeforeUpdate"), _is_word),
    **dict.fromkeys(("inputs", "outputs", "propertyDependencies", "customTimeouts", "resourceHooks"), _is_bag),
    **dict.fromkeys(("dependencies", "initErrors", "additionalSecretOutputs", "aliases", "replaceWith"), _are_texts),
    **dict.fromkeys(("ignoreChanges", "replaceOnChanges"), _are_texts),
    **dict.fromkeys(("hideDiff", "stackTrace"), _is_list),
    "replacementTrigger": _is_any,
}
_IMPORT_FILE: _Shape = {"nameTable": _is_bag, "resources": _is_list}
_IMPORT: _Shape = {
    **dict.fromkeys(("type", "name", "id", "parent", "version", "logicalName"), _is_text),
    **dict.fromkeys(("inputs", "outputs"), _is_bag),
    "properties": _are_texts,
    "component": _is_word,
}
_PROVIDER_BAG = frozenset({"version", "__internal"})
# What a provider's bag may not hold whatever its package: each names a plugin, or what it is started with.
_PLUGIN_KEYS = frozenset({"plugindownloadurl", "pluginchecksums", "parameterization", "name", "envvarmappings"})


@dataclass(frozen=True, slots=True)
class Finding:
    """What is not of the shape.

    Attributes:
        resource: URN, or name in an import file; "the file" for what stands outside the resources.
        type: Its type token; empty for the file.
        bag: `inputs` or `outputs`; empty for the resource itself.
        foreign: Whether all that is wrong is that it belongs to another package's plugin.
    """

    resource: str
    type: str
    bag: str
    reason: str
    foreign: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """What a state may hold.

    Attributes:
        payloads: Type token to the `__provider` text of it.
        random: The installed version of pulumi-random, `4.21.4`.
        services: URLs of Pulumi's service that may hold the key of the state's secrets.
    """

    payloads: Mapping[str, str]
    random: str
    services: frozenset[str] = frozenset({state_secrets.PULUMI_CLOUD})


def findings(state: Mapping[str, Any], known: Known) -> list[Finding]:
    """Everything in a state or an import file that is not of the exact shape."""
    if "deployment" not in state:
        return [*_import_file(state, known)]
    deployment = state["deployment"]
    found = [*_keys(state, _FILE, "the file")]
    version = state.get("version")
    if isinstance(version, float) or version not in (3, 4):
        found.append(_of_file("its version is none that this project's engine writes (3 or 4)"))
    if isinstance(deployment, dict):
        return [*found, *_deployment(deployment, known)]
    return [*found, _of_file("its deployment is no object, and the engine would take it for an empty stack")]


def _deployment(deployment: Mapping[str, Any], known: Known) -> Iterator[Finding]:
    yield from _keys(deployment, _DEPLOYMENT, "the file")
    yield from _manifest(deployment.get("manifest"), known)
    secrets = deployment.get("secrets_providers")
    if isinstance(secrets, dict):
        yield from _keys(secrets, _SECRETS, "the file", "secrets_providers has")
        if reason := state_secrets.problem(secrets, known.services):
            yield _of_file(f"secrets_providers is not what pulumi writes here: {reason}")
    for index, entry in enumerate(_entries(deployment, "resources")):
        yield from _resource(entry, index, known, whole=True)
    for index, entry in enumerate(_entries(deployment, "pending_operations")):
        where = f"pending operation {index + 1}"
        if not isinstance(entry, dict):
            yield Finding(where, "", "", "it is no object")
            continue
        yield from _keys(entry, _OPERATION, where)
        if _text(entry, "type") not in _OPERATIONS:
            yield Finding(where, "", "", f"its type is none of {', '.join(sorted(_OPERATIONS))}")
        # A create that was interrupted has no outputs yet; what it does carry must be ours all the same.
        yield from _resource(entry.get("resource"), index, known, whole=False)


def _manifest(manifest: Any, known: Known) -> Iterator[Finding]:
    if not isinstance(manifest, dict):
        return
    yield from _keys(manifest, _MANIFEST, "the file", "manifest has")
    for entry in _entries(manifest, "plugins"):
        if not isinstance(entry, dict):
            yield _of_file("manifest has a plugin that is no object")
            continue
        yield from _keys(entry, _PLUGIN, "the file", "a plugin of the manifest has")
        # Resources without a reference to their provider get one of the version that stands here.
        if entry.get("name") == _RANDOM and (reason := _version(entry.get("version"), known)):
            yield _of_file(f"the plugins of its manifest {reason}")


def _resource(entry: Any, index: int, known: Known, *, whole: bool) -> Iterator[Finding]:
    if not isinstance(entry, dict):
        yield Finding(f"resource {index + 1}", "", "", "it is no object")
        return
    kind, name = _text(entry, "type"), _text(entry, "urn")
    where = shown(name or f"resource {index + 1}")
    shaped = [*_keys(entry, _RESOURCE, where, kind=kind)]
    if _type_of(name) != kind:
        shaped.append(Finding(where, shown(kind), "", "its URN is not one of its type"))
    payloads = [*_payloads(entry, where, kind, known, whole=whole)]
    yield from shaped
    yield from payloads
    reason, foreign = _custom(entry, kind, known) if entry.get("custom") is True else _component(entry, kind, known)
    if reason and not payloads:
        yield Finding(where, shown(kind), "", reason, foreign=foreign)
    if not foreign:  # what another package's plugin is given, a program of one's own says
        yield from _signatures(entry, where, kind)


def _signatures(entry: Mapping[str, Any], where: str, kind: str) -> Iterator[Finding]:
    """Values that the engine would take for something else than what stands there."""
    for bag in (*BAGS, "replacementTrigger"):
        # A component or the stack may hand out its resources.
        handed_out = bag == "outputs" and entry.get("custom") is not True
        held = entry.get(bag)
        if isinstance(held, dict):
            held = {key: value for key, value in held.items() if key != PROVIDER}  # judged already
        if _is_marked(held, references=handed_out):
            yield Finding(where, shown(kind), bag, f"it carries {_MARKED}")


def _is_marked(value: Any, *, references: bool) -> bool:
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            if SIGNATURE not in one:
                waiting.extend(one.values())
            elif not (_is_encrypted(one) or (references and _is_reference(one))):
                return True
        elif isinstance(one, list):
            waiting.extend(one)
    return False


def _is_encrypted(one: Mapping[str, Any]) -> bool:
    text = one.get("ciphertext")
    whole = set(one) == {SIGNATURE, "ciphertext"} and one[SIGNATURE] == SECRET
    return whole and isinstance(text, str) and _CIPHERTEXT.fullmatch(text) is not None


def _is_reference(one: Mapping[str, Any]) -> bool:
    named = _type_of(_text(one, "urn"))
    whole = {SIGNATURE, "urn"} <= set(one) <= {SIGNATURE, "urn", "id", "packageVersion"}
    plain = isinstance(one.get("id", ""), str) and one.get("packageVersion", "") == ""
    return whole and plain and one[SIGNATURE] == _REFERENCED and named != "" and not named.startswith(_PROVIDERS)


def _custom(entry: Mapping[str, Any], kind: str, known: Known) -> tuple[str, bool]:
    """Why a resource that a plugin serves is not one of ours, and whether it is merely another package's."""
    if kind.startswith(_PROVIDERS):
        return _provider(entry, kind.removeprefix(_PROVIDERS), known)
    package = kind.partition(":")[0]
    reference = _text(entry, "provider")
    if reference and _type_of(reference.rpartition("::")[0]) != _PROVIDERS + package:
        return "its provider is not that of its type's package", False
    if kind in known.payloads or kind == _REFERENCE or (package == _RANDOM and _TYPE.fullmatch(kind)):
        return "", False
    return _other(package)


def _other(package: str) -> tuple[str, bool]:
    """A package of somebody else's; `pulumi` and `pulumi-…` are the engine's own, and run what a state holds."""
    own = package in {"", "pulumi"} or package.startswith("pulumi-")
    return f"no provider of this project has that type, and package {shown(package)} brings code of its own", not own


def _provider(entry: Mapping[str, Any], package: str, known: Known) -> tuple[str, bool]:
    """Why this is not a default provider of the stack."""
    if _text(entry, "provider") or _text(entry, "parent"):
        return "a provider is given no provider and no parent", False
    for bag in BAGS:
        held = entry.get(bag)
        if isinstance(held, dict) and (reason := _settings(held, package, known)):
            return f"its {bag} {reason}", False
    if package not in _OURS:
        return _other(package)
    if not _DEFAULT.fullmatch(_text(entry, "urn").split("::", 3)[-1]):
        return "it is no default provider of the stack", False
    return "", False


def _settings(held: Mapping[str, Any], package: str, known: Known) -> str:
    """What a bag of a provider says that a default provider's does not."""
    for key in held:
        if _folded(key) in _PLUGIN_KEYS:
            return f"hold {shown(key)}, which says what plugin is run"
        # The host of dynamic providers is given the stack's whole configuration, `meta:apps` and the like.
        configured = package == _DYNAMIC_PACKAGE and ":" in key
        if package in _OURS and not configured and key not in _PROVIDER_BAG:
            return f"hold {shown(key)}, which no default provider has"
    if held.get("__internal"):
        return "hold something under __internal, which says what plugin is run"
    version = held.get("version")
    if package == _RANDOM:
        return _version(version, known)
    return "name a version, and the plugin is the engine's own" if package in _OURS and version is not None else ""


def _component(entry: Mapping[str, Any], kind: str, known: Known) -> tuple[str, bool]:
    """Why what no plugin serves is neither the stack nor a component."""
    if _text(entry, "provider"):
        return "it is a component that a plugin makes", _other(kind.partition(":")[0])[1]
    return ("" if kind == _STACK else _component_type(kind, known)), False


def _component_type(kind: str, known: Known) -> str:
    if not _TYPE.fullmatch(kind):
        return "its type is no type token"
    package = kind.partition(":")[0]
    if kind in known.payloads or package == "pulumi" or package.startswith("pulumi-"):
        return "its type is none of a component"
    return ""


def _import_file(state: Mapping[str, Any], known: Known) -> Iterator[Finding]:
    yield from _keys(state, _IMPORT_FILE, "the file")
    table = state.get("nameTable")
    for name, urn in (table if isinstance(table, dict) else {}).items():
        kind = _type_of(urn) if isinstance(urn, str) else ""
        if not kind or kind.startswith(_PROVIDERS):
            yield _of_file(f"nameTable has {shown(name)}, which is no URN of a resource")
    for index, entry in enumerate(_entries(state, "resources")):
        if isinstance(entry, dict):
            yield from _imported(entry, index, known)
        else:
            yield Finding(f"resource {index + 1}", "", "", "it is no object")


def _imported(entry: Mapping[str, Any], index: int, known: Known) -> Iterator[Finding]:
    kind = _text(entry, "type")
    where = shown(_text(entry, "name") or _text(entry, "logicalName") or f"resource {index + 1}")
    yield from _keys(entry, _IMPORT, where, kind=kind)
    payloads = [*_payloads(entry, where, kind, known, whole=True)]
    yield from payloads
    yield from _signatures({**entry, "custom": entry.get("component") is not True}, where, kind)
    if payloads:
        return
    version, package = entry.get("version"), kind.partition(":")[0]
    if entry.get("component") is True:
        reason = _component_type(kind, known)
    elif kind in known.payloads or (package == _RANDOM and _TYPE.fullmatch(kind)):
        reason = ""
    elif kind.startswith(_PROVIDERS):
        reason = "it is a provider, and an import file needs none"
    else:
        reason, _ = _other(package)
    if not reason and version is not None and version != "":
        named = _version(version, known) if package == _RANDOM else "name a version of a plugin"
        reason = f"its keys {named}" if named else ""
    if reason:
        yield Finding(where, shown(kind), "", reason)


def _payloads(entry: Mapping[str, Any], where: str, kind: str, known: Known, *, whole: bool) -> Iterator[Finding]:
    for bag in BAGS:
        properties = entry.get(bag)
        carried = properties.get(PROVIDER) if isinstance(properties, dict) else None
        reason = None
        if carried is not None or (whole and kind.startswith(DYNAMIC)):
            reason = _payload(carried, known.payloads.get(kind))
        if reason is None and isinstance(properties, dict) and (odd := _hidden(properties)):
            reason = f"it carries {shown(odd)} beside {PROVIDER}"
        if reason:
            yield Finding(where, shown(kind), bag, reason)


def _payload(carried: Any, frozen: str | None) -> str | None:
    if carried is None:
        return f"it carries no {PROVIDER}"
    if frozen is None:
        # May: a payload of somebody else's can name any type.
        return f"it carries a {PROVIDER}, and this version has no provider of that type; a newer one may have it"
    if not isinstance(carried, str):
        return f"its {PROVIDER} is encrypted or no text, so it cannot be compared"
    if carried not in spellings(frozen):
        return f"its {PROVIDER} is not the one this version writes"
    return None


def _hidden(properties: Mapping[str, Any]) -> str | None:
    """A key that a lax reader takes for the payload's: another spelling of it, or the very one deeper inside."""
    waiting: list[tuple[Any, bool]] = [(properties, True)]
    while waiting:
        value, top = waiting.pop()
        if isinstance(value, dict):
            for key, held in value.items():
                if _folded(key) == PROVIDER and not (top and key == PROVIDER):
                    return str(key)
                waiting.append((held, False))
        elif isinstance(value, list):
            waiting.extend((held, False) for held in value)
    return None


def _keys(
    held: Mapping[str, Any], shape: _Shape, where: str, has: str = "it has", *, kind: str = ""
) -> Iterator[Finding]:
    for key, value in held.items():
        if key not in shape:
            known = next((name for name in shape if _folded(name) == _folded(key)), None)
            like = f", which the engine would take for {known}" if known else ""
            yield Finding(where, shown(kind), "", f"{has} the key {shown(key)}{like}, and no such key is known here")
        elif value is not None and not shape[key](value):
            yield Finding(where, shown(kind), "", f"{has} a value under {key} that is not of its kind")


def _version(version: Any, known: Known) -> str:
    """Why this project has not written a version of pulumi-random: it writes the installed one, or wrote an older."""
    if version is None:
        return ""
    if isinstance(version, str) and _VERSION.fullmatch(version):
        asked, installed = ([int(part) for part in re.findall("[0-9]+", text)[:3]] for text in (version, known.random))
        if asked[0] == installed[0] and asked <= installed:
            return ""
    return f"name version {shown(str(version))} of the plugin, and this project has pulumi-random {known.random}"


def _type_of(urn: str) -> str:
    """The type of the resource that a URN names; empty when it is none."""
    parts = urn.split("::", 3)
    if len(parts) != 4 or not parts[0].startswith("urn:pulumi:"):  # noqa: PLR2004 - stack, project, types, name
        return ""
    return parts[2].rpartition("$")[2]


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _entries(held: Mapping[str, Any], key: str) -> list[Any]:
    value = held.get(key)
    return value if isinstance(value, list) else []


def _folded(key: str) -> str:
    return unicodedata.normalize("NFKC", key).casefold().strip()


def _of_file(reason: str) -> Finding:
    return Finding("the file", "", "", reason)


def shown(text: str) -> str:
    """A text of the file as a terminal may print it: what does not print is spelled out, and it is cut."""
    plain = "".join(sign if sign.isprintable() else sign.encode("unicode_escape").decode() for sign in text)
    return plain if len(plain) <= _LONGEST else f"{plain[:_LONGEST]}…"
