"""The emulator as the tests of our own client start it: `python -m tests.narrow_emulator`, with the command's words.

Graph ignores parameters that it does not know, and so does the emulator; a slip of our client's would then pass in
silence. Here they are refused in every world, as a strict one refuses them. And no cycles are collected: it lives for
one test, and would spend a tenth of its start on looking for them. Nothing else differs.
"""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from meta_emulator.request import GraphRequest
    from meta_emulator.surface import Route


def _strictly(route: Route, request: GraphRequest, *, strict: bool) -> None:
    del strict
    _check(route, request, strict=True)


if __name__ == "__main__":
    gc.disable()  # before the imports, which make most of what would be looked at

    from meta_access.cli import main
    from meta_emulator import parameters

    _check = parameters.check
    parameters.check = _strictly
    main()
