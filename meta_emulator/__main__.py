"""`python -m meta_emulator`: the emulator in the foreground."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from meta_access import redaction
from meta_access.errors import MetaAccessError
from meta_emulator.httpd import HOST
from meta_emulator.persistence import default_home
from meta_emulator.process import Where, foreground


def command_line() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m meta_emulator", description=__doc__)
    parser.add_argument("--home", type=Path, default=default_home(), help="state folder")
    parser.add_argument("--port", type=int, help="Graph and control API; 0 takes a free one")
    parser.add_argument("--aws-port", type=int, help="Secrets Manager; 0 takes a free one")
    parser.add_argument("--host", default=HOST, help="address to listen on")
    parser.add_argument("--expose", action="store_true", help="allow an address that others can reach")
    parser.add_argument("--world", help="what a new state folder begins with: a world file, or a name")
    parser.add_argument("--tls", action="store_true", help="speak https, too, with a certificate of its own authority")
    parser.add_argument("--allow-host", action="append", default=[], help="name that clients may use; repeatable")
    return parser


def main() -> int:
    given = command_line().parse_args()
    redaction.install()
    try:
        where = Where(
            given.home.absolute(),
            given.port,
            given.aws_port,
            host=given.host,
            exposed=given.expose,
            world=given.world,
            tls=given.tls,
            allowed_hosts=tuple(given.allow_host),
        )
        foreground(where, lambda text: print(text, flush=True))
    except MetaAccessError as failed:
        print(f"Error: {failed}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
