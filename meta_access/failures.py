"""The one guard of every door: what is said when something goes wrong, be it ours or not.

Doors are the program, the providers, the command and the rotation function. An exception of a library may quote what it
was given (a header, a form, a file), so no door lets one through: its kind, its place and its scrubbed text are told,
never a traceback.
"""

from __future__ import annotations

from pathlib import Path

from meta_access.errors import MetaAccessError
from meta_access.redaction import scrub_lines


def told(error: BaseException) -> str:
    """What may be shown of a failure: the text of an expected one, and for any other one sentence to report."""
    if isinstance(error, MetaAccessError):
        return scrub_lines(str(error))
    about = scrub_lines(str(error)).strip()
    return f"unexpected {type(error).__name__} in {_place(error)}: {about} (please report it)"


def _place(error: BaseException) -> str:
    # The module and line that a report needs; a traceback would show arguments of libraries beside them.
    place, trace = "unknown place", error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if "meta_access" in file.parts:
            place = f"{file.parent.name}/{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
