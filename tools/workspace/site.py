"""`make site`: the documentation as a searchable site in `.work/site`. A link to nothing, or a page in no list, fails.

With `--links` the pages of others that the documentation points at are asked as well, which needs the network.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys

from tools.workspace.environment import ROOT, WORK, say
from tools.workspace.failures import explained
from tools.workspace.process import stream

FOLDER = WORK / "site"
FIRST = (
    '<!doctype html><meta charset="utf-8"><title>meta-access</title><meta http-equiv="refresh" content="0; url={}">\n'
)


def argv(builder: str, target: str) -> list[str]:
    """The command that builds."""
    made = [sys.executable, "-m", "sphinx", "--builder", builder, "--conf-dir", "tools/workspace"]
    return [*made, "--fail-on-warning", "--keep-going", "--quiet", "--jobs", "auto", ".", target]


@explained("The site is built anew each time.")
def main() -> int:
    parser = argparse.ArgumentParser(prog="make site", description=__doc__)
    parser.add_argument("--links", action="store_true")
    if parser.parse_args().links:
        return stream(argv("linkcheck", str(WORK / "links")), os.environ, cwd=str(ROOT))
    shutil.rmtree(FOLDER, ignore_errors=True)
    code = stream(argv("html", str(FOLDER)), os.environ, cwd=str(ROOT))
    (FOLDER / "index.html").write_text(FIRST.format("docs/index.html"), encoding="utf-8")
    if code == 0:
        say(f"site: {FOLDER / 'index.html'}")
        say(f"site: its search needs a server: python3 -m http.server --bind 127.0.0.1 --directory {FOLDER}")
    return code


if __name__ == "__main__":
    sys.exit(main())
