"""The process that reads a team's files and asks their rules (`team.py` starts it): a question in, a line out."""

from __future__ import annotations

import json
import os
import pickle
import runpy
import signal
import sys
import traceback
from typing import TYPE_CHECKING, Any

from meta_access.policy.model import Level, Rule, Severity, Violation
from meta_access.policy.practice import PRACTICE
from meta_access.redaction import scrub
from meta_access.stack.fields import described, shown

if TYPE_CHECKING:
    from collections.abc import Iterable

_MOST, _MOST_TEXT = 10_000, 3_000_000
"""Findings of one rule, and their characters together; some seconds of looking for secrets in them."""
_LONGEST = 20_000
"""Characters of one text, before whoever asks looks for secrets in it and shows a part."""


def serve(seconds: int) -> None:
    """Answer until nobody asks any more, or for that long where nobody is left to end this process."""
    signal.alarm(seconds)
    # What a rule prints is for people, and what it reads is nothing: the two pipes are for questions and answers, and
    # are under numbers that no process of its own gets.
    questions, answers = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "w", encoding="ascii")
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(2, 1)
    rules: list[Rule] = []
    answers.write("ready\n")
    while True:
        answers.flush()
        try:
            question = pickle.load(questions)  # noqa: S301 - from the process that started this one
        except EOFError:
            # At once: a thread that a rule began may never end.
            os._exit(0)
        answer = _read(question, rules) if isinstance(question, str) else _ask(rules[question[0]], question[1])
        # Shown also where the next rule ends this process.
        sys.stdout.flush()
        answers.write(json.dumps(answer) + "\n")


def _read(path: str, rules: list[Rule]) -> dict[str, Any]:
    try:
        # Leaves no compiled file next to the stack files, unlike an import.
        names = runpy.run_path(path, run_name="meta_access_policy_file")
        own = [one for one in names.values() if isinstance(one, Rule) and one not in PRACTICE]
        # Under two names it is one rule.
        own = list({id(one): one for one in own}.values())
        rows = [
            {
                "id": str(one.id)[:_LONGEST],
                "about": str(one.about)[:_LONGEST],
                "severity": str(Severity(one.severity)),
                "level": str(Level(one.level)),
                "source": str(one.source)[:_LONGEST],
            }
            for one in own
        ]
    except BaseException as error:  # noqa: BLE001 - whatever somebody's file does is its one error
        return {"cause": f"cannot be read as Python: {_why(error, path)}", "fix": "Correct that line."}
    rules += own
    return {"rules": rows}


def _ask(rule: Rule, declared: Any) -> dict[str, Any]:
    found, size = list[list[str]](), 0
    wrong, fix = "", "Correct that line."
    try:
        answered: Iterable[object] = rule.judge(declared) or ()
        for one in answered:
            if not isinstance(one, Violation):
                wrong, fix = f"yields {described(one)}, and no Violation.", "Yield Violation(place, cause, fix)."
                break
            texts = [str(text)[:_LONGEST] for text in (one.place, one.cause, one.fix)]
            size += sum(map(len, texts))
            if len(found) == _MOST or size > _MOST_TEXT:
                wrong = f"finds more than is looked at: {_MOST} things, or {_MOST_TEXT} characters of them."
                fix = "Correct the loop, or say it once of all of them."
                break
            found.append(texts)
    except BaseException as error:  # noqa: BLE001 - SystemExit and the like too are the rule's own error
        wrong = f"fails: {_why(error, getattr(getattr(rule.judge, '__code__', None), 'co_filename', ''))}"
    return {"found": found, **({"cause": f"Rule {rule.id} {wrong}", "fix": fix} if wrong else {})}


def _why(error: BaseException, file: str) -> str:
    """What went wrong, and in which line of the file."""
    try:
        if isinstance(error, SyntaxError) and error.filename == file:
            return f"line {error.lineno}: {error.msg}."
        said = shown(scrub(str(error)))
    except BaseException:  # noqa: BLE001 - an error of a team's own may fail to say what it is
        said = "it does not say what"
    lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if frame.filename == file]
    at = f"line {lines[-1]}: " if lines else ""
    return f"{at}{type(error).__name__}: {said}."
