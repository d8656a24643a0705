"""`python -m tools.metaspec FOLDER`: where the emulator's route table and Meta's specification differ, each way.

FOLDER is `api_specs/specs` of a checkout of https://github.com/facebook/facebook-business-sdk-codegen, which this
repository does not contain. `--json` prints the same as data, `--write` puts it into the page on coverage. Exits with 1
when a difference has no reason in `scope.toml`.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from meta_access import rules
from meta_access.errors import MetaAccessError
from meta_emulator import router
from meta_emulator.world import World
from tools.metaspec import compare, read, report, scope, served
from tools.workspace.coverage import PAGE

if TYPE_CHECKING:
    from collections.abc import Sequence


def compared(folder: Path) -> report.Report:
    """The comparison with a folder; MetaAccessError when it cannot be read."""
    bounds = scope.load()
    spec = read.calls(folder, dict.fromkeys(name for names in served.NODES.values() for name in names))
    has = served.calls(router.routes().values(), spec, rules.load(World().rules))
    inside = {key: call for key, call in spec.items() if bounds.holds(call.edge) or key in has}
    found = report.explained(compare.differences(inside, has), bounds)
    return report.Report(len(inside), len(inside.keys() & has.keys()), len(spec) - len(inside), found)


def main(argv: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.metaspec", description=__doc__)
    parser.add_argument("folder", type=Path, help="api_specs/specs of a checkout of facebook-business-sdk-codegen")
    parser.add_argument("--json", action="store_true", help="print data instead of lines")
    parser.add_argument("--write", action="store_true", help="put the result into docs/emulator/coverage.md, too")
    given = parser.parse_args(argv)
    try:
        found = compared(given.folder)
    except MetaAccessError as wrong:
        sys.stderr.write(f"{wrong}\n")
        return 1
    if given.write:
        PAGE.write_text(report.filled(PAGE.read_text(encoding="utf-8"), found), encoding="utf-8")
    shown = json.dumps(report.as_json(found), indent=2) if given.json else report.as_text(found)
    sys.stdout.write(f"{shown}\n")
    return 1 if found.unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
