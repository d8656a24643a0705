"""`make mutants`: change one thing of a copy of the code at a time, run the tests that guard it, and see them fail.

Two sorts of changes. The lines of tests/unit/tokens/protocol.md, each taken out at the place that
`tests/unit/tokens/mutants.py` names; and, in the modules that only decide, every comparison, condition, number, verdict
and early return in turn. A place is a function and an expression in it, compared as syntax: neither a reworded sentence
nor another layout fails anything. What can no longer be found is an error of its own (exit code 2), not a pass.

Exit code 0: every change was noticed. 1: a change survived. 2: nothing can be said (the tests fail without a change, or
a place is gone).

Our own, of the field's tools: mutmut 3 and cosmic-ray change what a rule finds, and cannot be given the lines of the
protocol with the tests that each names; mutmut also renames every function of a module, while a provider's class and
module are stored by name.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tools.workspace.environment import ROOT, say

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

COPIED = ("meta_access", "meta_emulator", "components", "tests", "tools", "docs", "stacks", "pyproject.toml")
"""What the tests of a mutant read."""
PATIENCE_S = 120.0
"""For the tests of one mutant, which end in seconds; one that does not end is noticed."""
SOUND, SURVIVED, UNSAYABLE = 0, 1, 2
_SAID = {0, 1, 2}
"""pytest's exit codes for tests that passed, that failed, and that could not even be collected with the change."""

_SWAPS: dict[type[ast.cmpop], str] = {
    ast.Lt: "<=",
    ast.LtE: "<",
    ast.Gt: ">=",
    ast.GtE: ">",
    ast.Eq: "!=",
    ast.NotEq: "==",
    ast.Is: "is not",
    ast.IsNot: "is",
    ast.In: "not in",
    ast.NotIn: "in",
}


class PlaceError(Exception):
    """A mutant cannot be made; the text says what was looked for and where."""


@dataclass(frozen=True, kw_only=True)
class Mutant:
    """One change.

    Attributes:
        name: For people and for `--only`.
        file: Below the root.
        text: The whole file with the change.
        tests: What pytest is to run.
    """

    name: str
    file: str
    text: str
    tests: tuple[str, ...]


@dataclass(frozen=True)
class _Change:
    node: ast.AST
    instead: str


# --- changes that are named ------------------------------------------------------------------------


def named(source: str, function: str, there: str, instead: str) -> str:
    """Make a change at a named place.

    Args:
        source: Of the module.
        function: `Class.method` or `function`; empty for the module's own statements.
        there: An expression, a statement or a keyword argument; `...` in it matches anything.
        instead: What stands there then; empty takes a statement out.

    Raises:
        PlaceError: It stands there not once.
    """
    wanted = ast.parse(there).body[0]
    found = [node for node in _below(_place(source, function)) if _is(node, wanted)]
    if len(found) != 1:
        raise PlaceError(f"{function or 'the module'} has {len(found)} times `{there}`, not once")
    [node] = found
    if isinstance(node, ast.keyword):
        return _spliced(source, _Change(node, instead))
    return _spliced(source, _Change(node, instead or "pass"))


def _place(source: str, function: str) -> ast.AST:
    at: ast.AST = ast.parse(source)
    for name in filter(None, function.split(".")):
        inner = [node for node in ast.iter_child_nodes(at) if getattr(node, "name", None) == name]
        if len(inner) != 1:
            raise PlaceError(f"there is no {function}")
        [at] = inner
    return at


def _below(at: ast.AST) -> Iterator[ast.AST]:
    """Every node, except inside the pieces of an f-string, whose positions are not their own in Python 3.11."""
    yield at
    if not isinstance(at, ast.JoinedStr):
        for inner in ast.iter_child_nodes(at):
            yield from _below(inner)


def _is(node: ast.AST, wanted: ast.stmt) -> bool:
    if isinstance(wanted, ast.Expr):
        # As a statement where it is one, as an expression elsewhere; never both.
        return isinstance(node, ast.expr) and _same(node, wanted.value)
    if isinstance(node, ast.keyword) and isinstance(wanted, ast.Assign) and isinstance(wanted.targets[0], ast.Name):
        return node.arg == wanted.targets[0].id and _same(node.value, wanted.value)
    return isinstance(node, ast.stmt) and _same(node, wanted)


def _same(node: object, wanted: object) -> bool:
    if isinstance(wanted, ast.Constant) and wanted.value is ...:
        return True
    if isinstance(wanted, list):
        return isinstance(node, list) and len(node) == len(wanted) and all(map(_same, node, wanted))
    if not isinstance(wanted, ast.AST):
        return node == wanted
    return type(node) is type(wanted) and all(
        _same(getattr(node, field, None), getattr(wanted, field, None)) for field in wanted._fields if field != "kind"
    )


# --- changes of every sort -------------------------------------------------------------------------


def every(source: str) -> Iterator[tuple[str, str]]:
    """Make each change that the rules below know: its name (function, line, what became of what) and the source."""
    tree = ast.parse(source)
    members = _members(tree)
    for function, node in _within(tree, ""):
        for change in _changes(node, members):
            before = " ".join((ast.get_source_segment(source, change.node) or "").split())
            line = getattr(change.node, "lineno", 0)
            yield f"{function}:{line} `{before}` -> `{change.instead}`", _spliced(source, change)


def _within(at: ast.AST, function: str) -> Iterator[tuple[str, ast.AST]]:
    """Every node that acts: of functions, and numbers of the module."""
    for inner in ast.iter_child_nodes(at):
        if isinstance(inner, ast.FunctionDef):
            yield from _acting(inner, f"{function}.{inner.name}".lstrip("."))
        elif isinstance(inner, ast.ClassDef):
            yield from _within(inner, inner.name)
        elif isinstance(inner, ast.Assign) and not function and isinstance(inner.value, ast.Constant):
            yield "module", inner.value


def _acting(function: ast.FunctionDef, name: str) -> Iterator[tuple[str, ast.AST]]:
    # Not the signature: annotations never act here, and a default is what callers of the module choose.
    for statement in function.body:
        for node in _below(statement):
            if isinstance(node, ast.stmt) or not _is_docstring(node, function):
                yield name, node


def _is_docstring(node: ast.AST, function: ast.FunctionDef) -> bool:
    first = function.body[0]
    return isinstance(first, ast.Expr) and node is first.value


def _members(tree: ast.Module) -> dict[str, list[str]]:
    """Enum of the module to its members."""
    found = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef) and any("Enum" in ast.unparse(base) for base in node.bases):
            targets = [one.targets[0] for one in node.body if isinstance(one, ast.Assign)]
            found[node.name] = [target.id for target in targets if isinstance(target, ast.Name)]
    return found


def _changes(node: ast.AST, members: Mapping[str, list[str]]) -> Iterator[_Change]:
    yield from _of_logic(node)
    match node:
        case ast.BinOp(op=ast.Add() | ast.Sub() as op, left=left, right=right):
            other = "-" if isinstance(op, ast.Add) else "+"
            yield _Change(node, f"{ast.unparse(left)} {other} {ast.unparse(right)}")
        case ast.Constant(value=bool(value)):
            yield _Change(node, str(not value))
        case ast.Constant(value=int(value)):
            yield _Change(node, str(value + 1))
        case ast.Continue():
            yield _Change(node, "break")
        case ast.Return(value=ast.expr() as value) if ast.unparse(value) != "None":
            yield _Change(value, "None")
        case ast.Attribute(value=ast.Name(id=name), attr=attr) if attr in members.get(name, []):
            others = members[name]
            yield _Change(node, f"{name}.{others[(others.index(attr) + 1) % len(others)]}")


def _of_logic(node: ast.AST) -> Iterator[_Change]:
    match node:
        case ast.Compare(ops=[op], left=left, comparators=[right]) if type(op) in _SWAPS:
            yield _Change(node, f"{ast.unparse(left)} {_SWAPS[type(op)]} {ast.unparse(right)}")
        case ast.BoolOp(values=values):
            for index in range(len(values)):
                rest = [value for at, value in enumerate(values) if at != index]
                yield _Change(node, ast.unparse(rest[0] if len(rest) == 1 else ast.BoolOp(node.op, rest)))
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            yield _Change(node, ast.unparse(operand))
        case ast.If(test=test) | ast.IfExp(test=test) if not isinstance(test, ast.Compare | ast.UnaryOp):
            yield _Change(test, f"not ({ast.unparse(test)})")


def _spliced(source: str, change: _Change) -> str:
    node = change.node
    assert isinstance(node, ast.expr | ast.stmt | ast.keyword)
    assert node.end_lineno is not None
    assert node.end_col_offset is not None
    lines = source.encode().splitlines(keepends=True)
    begin = sum(map(len, lines[: node.lineno - 1])) + node.col_offset
    end = sum(map(len, lines[: node.end_lineno - 1])) + node.end_col_offset
    expression = isinstance(node, ast.expr) and change.instead != "pass"
    text = f"({change.instead})" if expression else change.instead
    made = (source.encode()[:begin] + text.encode() + source.encode()[end:]).decode()
    ast.parse(made)
    return made


# --- running ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verdict:
    """What became of a mutant: `noticed`, or the tests passed all the same."""

    mutant: Mutant
    noticed: bool


def run(
    root: Path, mutants: Sequence[Mutant], *, workers: int, report: Callable[[str], None] = say
) -> Iterator[Verdict]:
    """Run the tests of each mutant in a copy of `root`, several copies at a time; verdicts come as they are reached.

    Raises:
        PlaceError: The tests fail, or cannot be run, without any change.
    """
    if not mutants:
        return
    waiting: queue.SimpleQueue[Mutant] = queue.SimpleQueue()
    for mutant in mutants:
        waiting.put(mutant)
    reached: queue.SimpleQueue[Verdict | Exception] = queue.SimpleQueue()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        copies = [_copy(root, Path(folder) / str(number)) for number in range(min(workers, len(mutants)))]
        tests = sorted({test for mutant in mutants for test in mutant.tests})
        report(f"mutants: {len(mutants)}; first, the tests without a change")
        with _Nest(copies[0]) as nest:
            code = nest.pytest(tests, patience_s=PATIENCE_S * 5)
        if code != 0:
            raise PlaceError(f"the tests end with code {code} without any change: {' '.join(tests)}")
        for copy in copies:
            threading.Thread(target=_work, args=(copy, waiting, reached), daemon=True).start()
        for _ in mutants:
            verdict = reached.get()
            if isinstance(verdict, Exception):
                raise verdict
            yield verdict


def _copy(root: Path, to: Path) -> Path:
    to.mkdir(parents=True)
    for name in COPIED:
        source = root / name
        if source.is_dir():
            shutil.copytree(source, to / name, symlinks=True)
        elif source.exists():
            shutil.copy2(source, to / name)
    return to


def _work(copy: Path, waiting: queue.SimpleQueue[Mutant], reached: queue.SimpleQueue[Verdict | Exception]) -> None:
    try:
        with _Nest(copy) as nest:
            while True:
                try:
                    mutant = waiting.get_nowait()
                except queue.Empty:
                    return
                file = copy / mutant.file
                before = file.read_text(encoding="utf-8")
                file.write_text(mutant.text, encoding="utf-8")
                noticed = nest.notices(mutant)
                file.write_text(before, encoding="utf-8")
                reached.put(Verdict(mutant, noticed))
    except Exception as error:  # noqa: BLE001 - handed to the caller, who would wait for ever
        reached.put(error)


class _Nest:
    """A process that has imported the libraries, and forks for each run of tests: half of a short run is imports.

    Nothing of the copy is imported before the fork.
    """

    def __init__(self, copy: Path) -> None:
        # Compiled files of a changed module would outlive the change: two of the same size and second look alike.
        env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONHASHSEED": "0", "PYTEST_ADDOPTS": ""}
        env["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # one of them is the library's own, and would be the checkout's
        self._process = subprocess.Popen(
            [sys.executable, "-c", _HATCH],
            cwd=copy,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def pytest(self, tests: Sequence[str], *, patience_s: float) -> int:
        """Run tests up to the first that fails; pytest's exit code, and that of a failure when they do not end."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps([patience_s, *tests]) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline() or -1)

    def notices(self, mutant: Mutant) -> bool:
        """Whether the tests fail with the change that was made; PlaceError when pytest could not say."""
        code = self.pytest(mutant.tests, patience_s=PATIENCE_S)
        if code not in _SAID:
            raise PlaceError(f"pytest ended with code {code} for {mutant.name}")
        return code != 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


_HATCH = """
import json, os, signal, sys, time
sys.path.insert(0, os.getcwd())
import boto3, hypothesis, pydantic, pytest, requests, responses, yaml

for line in sys.stdin:
    patience, *tests = json.loads(line)
    child = os.fork()
    if child == 0:
        os.setsid()
        nowhere = os.open(os.devnull, os.O_RDWR)
        for stream in (0, 1, 2):
            os.dup2(nowhere, stream)
        code = 3
        try:
            code = int(pytest.main(["-q", "-x", "-p", "no:cacheprovider", "-p", "no:xdist", *tests]))
        finally:
            os._exit(code)
    until = time.monotonic() + patience
    done, status = os.waitpid(child, os.WNOHANG)
    while not done and time.monotonic() < until:
        time.sleep(0.01)
        done, status = os.waitpid(child, os.WNOHANG)
    if not done:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
    print(os.waitstatus_to_exitcode(status) if done else 1, flush=True)
"""


# --- the command -----------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(prog="make mutants", description=__doc__)
    parser.add_argument("--only", default="", help="mutants whose name holds this text")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    began = time.monotonic()
    out = sys.stderr if given.json else sys.stdout

    def report(line: str) -> None:
        print(line, file=out, flush=True)

    from tests.unit.tokens import mutants as listed  # noqa: PLC0415 - the lists are next to the tests

    mutants, gone = listed.all_of(ROOT)
    mutants = [mutant for mutant in mutants if given.only in mutant.name]
    survivors, noticed, wrong = [], 0, list(gone)
    try:
        for number, verdict in enumerate(run(ROOT, mutants, workers=os.cpu_count() or 1, report=report), 1):
            name = verdict.mutant.name
            noticed += verdict.noticed
            survivors += [] if verdict.noticed else [name]
            mark = "noticed " if verdict.noticed else "SURVIVED"
            report(f"[{number}/{len(mutants)} {time.monotonic() - began:4.0f} s] {mark} {name}")
    except PlaceError as error:
        wrong.append(str(error))
    equivalent = [name for name in survivors if listed.equivalent(name)]
    survivors = [name for name in survivors if name not in equivalent]
    found = {
        "mutants": len(mutants),
        "noticed": noticed,
        "equivalent": equivalent,
        "survived": survivors,
        "errors": wrong,
        "seconds": round(time.monotonic() - began),
    }
    if given.json:
        print(json.dumps(found, indent=1))
    for line in (*(f"survived: {name}" for name in survivors), *(f"error: {text}" for text in wrong)):
        report(line)
    report(
        f"mutants: {len(mutants)}, noticed {noticed}, equivalent {len(equivalent)}, survived {len(survivors)}, "
        f"errors {len(wrong)}, {found['seconds']} s"
    )
    return UNSAYABLE if wrong else SURVIVED if survivors else SOUND


if __name__ == "__main__":
    sys.exit(main())
