"""What a preview found that a reviewer should stop at, one JSON object a line, for programs that read along.

META_ACCESS_FINDINGS names the file; without it nothing is written. A line holds `finding` (`refused`: Meta or this tool
will refuse it at `pulumi up`), `kind` and `name` of the resource, and `reason`, a sentence without secrets. Lines are
added, never changed; a resource that is checked twice stands there twice.
"""

from __future__ import annotations

import contextlib
import json
import os
from pathlib import Path

VARIABLE = "META_ACCESS_FINDINGS"


def write(finding: str, **told: str) -> None:
    """Add a line. A file that cannot be written stops nothing: the sentence was printed as well."""
    given = os.environ.get(VARIABLE, "")
    if not given:
        return
    line = json.dumps({"finding": finding, **told}, ensure_ascii=False) + "\n"
    with contextlib.suppress(OSError), Path(given).open("a", encoding="utf-8") as file:
        file.write(line)
