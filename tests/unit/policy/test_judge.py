"""Levels that a stack changes, a team's own rules, and the one error of a file that cannot be used."""

from __future__ import annotations

import os
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import ConfigError
from meta_access.policy import judge, team
from tests.unit.policy.conftest import TODAY

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

ROOT = Path(__file__).resolve().parents[3]
ADMIN = {"meta:identities/reporting/role": "ADMIN"}
CAUSE = (
    "meta:identities.reporting | reporting is an ADMIN, which reaches every asset of the business, and no connection "
    "acts with it. | Make it an EMPLOYEE with the tasks that it needs."
)
OWN = '''"""Rules of the team."""

from meta_access.policy import Level, Violation, rule


@rule(severity="critical", level=Level.MANDATORY, source="https://wiki.agency.example/names")
def names_say_the_team(declared):
    """A system user
    whose name does not say whose it is."""
    for user in declared.users:
        yield Violation(user.place, f"{user.name} says no team.", "Name it media-….")


@rule()
def quiet(declared):
    """Never finds anything, and returns nothing."""
'''
TEAM = "meta:identities.reporting | reporting says no team. | Name it media-…."


def level(rule: str, **changes: str) -> dict[str, Any]:
    return {f"meta:policy/rules/{rule}": {"reason": "an audit", **changes}}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({}, [f"advisory high admin-system-user | {CAUSE}"]),
        (
            level("admin-system-user", enforcement_level="mandatory"),
            [f"mandatory high admin-system-user | {CAUSE}"],
        ),
        (level("admin-system-user", severity="low"), [f"advisory low admin-system-user | {CAUSE}"]),
        (level("admin-system-user", enforcement_level="disabled"), []),
    ],
)
def test_a_stack_changes_the_level_of_a_rule(
    judged: Callable[..., list[str]], changes: dict[str, Any], told: list[str]
) -> None:
    assert judged({**ADMIN, **changes}) == told


def test_a_teams_rules_are_asked_and_changed_like_the_others(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    named = own(OWN)

    assert judged({**named, **ADMIN}) == [
        f"mandatory critical names-say-the-team | {TEAM}",
        f"advisory high admin-system-user | {CAUSE}",
    ]
    quieter = level("names-say-the-team", enforcement_level="advisory", severity="medium")
    assert judged({**named, **quieter}) == [f"advisory medium names-say-the-team | {TEAM}"]
    # Nothing compiled lies next to the stack files.
    assert [path.name for path in (tmp_path / "stacks").iterdir()] == ["own.py"]


def test_the_example_of_the_page_is_a_rule(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]]
) -> None:
    page = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    example = page.split('```python\n"""Rules of the team.', 1)[1].split("```", 1)[0]

    assert judged(own(f'"""Rules of the team.{example}')) == [
        (
            "mandatory high names-say-the-team | meta:identities.reporting | reporting says no team. | Call it media-… "
            "or data-…."
        )
    ]


HEAD = "from meta_access.policy import Violation, rule\n"
FAULTS = [
    ("def rule(:\n", "stacks/own.py cannot be read as Python: line 1: invalid syntax.", "Correct that line."),
    (
        HEAD + "import nowhere\n",
        "stacks/own.py cannot be read as Python: line 2: ModuleNotFoundError: \"No module named 'nowhere'\".",
        "Correct that line.",
    ),
    (
        HEAD + "raise SystemExit(3)\n",
        'stacks/own.py cannot be read as Python: line 2: SystemExit: "3".',
        "Correct that line.",
    ),
    (
        HEAD + "@rule()\ndef silent(declared):\n    return []\n",
        (
            'stacks/own.py cannot be read as Python: line 2: ValueError: "silent has no docstring that says what it '
            'looks for".'
        ),
        "Correct that line.",
    ),
    (
        HEAD + '@rule(severity="huge")\ndef big(declared):\n    """Big."""\n',
        "stacks/own.py cannot be read as Python: line 2: ValueError: \"'huge' is not a valid Severity\".",
        "Correct that line.",
    ),
    (
        HEAD + 'def plain(declared):\n    """No rule."""\n',
        "stacks/own.py has no rule.",
        "Write functions with @rule() above them, as docs/policy.md shows.",
    ),
    (
        HEAD + '@rule()\ndef open_gate(declared):\n    """Open."""\n',
        '"own.py" has a rule open-gate, and there is one already.',
        "Give the function another name, or change the other rule's level under meta:policy.rules.",
    ),
    (
        HEAD + '@rule()\ndef breaks(declared):\n    """Breaks."""\n    return [declared.stack.nothing]\n',
        "Rule breaks fails: line 5: AttributeError: \"'Stack' object has no attribute 'nothing'\".",
        "Correct that line.",
    ),
    (
        HEAD + '@rule()\ndef ends(declared):\n    """Ends the run."""\n    raise SystemExit(0)\n',
        'Rule ends fails: line 5: SystemExit: "0".',
        "Correct that line.",
    ),
    (
        HEAD + '@rule()\ndef deep(declared):\n    """Never ends."""\n    return deep.judge(declared)\n',
        'Rule deep fails: line 5: RecursionError: "maximum recursion depth exceeded".',
        "Correct that line.",
    ),
    (
        HEAD + '@rule()\ndef two():\n    """Takes nothing."""\n',
        'Rule two fails: TypeError: "two() takes 0 positional arguments but 1 was given".',
        "Correct that line.",
    ),
    (
        HEAD + '@rule()\ndef stops(declared):\n    """Stops."""\n    raise KeyboardInterrupt("by hand")\n',
        'Rule stops fails: line 5: KeyboardInterrupt: "by hand".',
        "Correct that line.",
    ),
    (
        HEAD + "class Mute(BaseException):\n    __str__ = None\n\n\nraise Mute\n",
        "stacks/own.py cannot be read as Python: line 6: Mute: it does not say what.",
        "Correct that line.",
    ),
    (
        HEAD + '@rule()\ndef asks(declared):\n    """Asks the terminal."""\n    input()\n',
        'Rule asks fails: line 5: EOFError: "EOF when reading a line".',
        "Correct that line.",
    ),
    (
        "from meta_access.policy import Rule\nmade = Rule('a', 'b', 'huge', 'mandatory', '', list)\n",
        "stacks/own.py cannot be read as Python: ValueError: \"'huge' is not a valid Severity\".",
        "Correct that line.",
    ),
    (
        HEAD + '@rule()\ndef unusable_policy(declared):\n    """Takes a name that no stack may change."""\n',
        '"own.py" has a rule unusable-policy, and there is one already.',
        "Give the function another name, or change the other rule's level under meta:policy.rules.",
    ),
    (
        "import os\nos._exit(0)\n",
        "stacks/own.py was not read: it has ended its process; none after it was asked.",
        "A rule only looks at what is declared.",
    ),
    (
        HEAD + '@rule()\ndef leaves(declared):\n    """Ends the process."""\n    __import__("os")._exit(0)\n'
        '@rule()\ndef later(declared):\n    """Is not asked any more."""\n',
        'Rule leaves of "own.py" did not end: it has ended its process; none after it was asked.',
        "A rule only looks at what is declared.",
    ),
    (
        HEAD + '@rule()\ndef words(declared):\n    """Says it in words."""\n    yield "something"\n',
        "Rule words yields text, and no Violation.",
        "Yield Violation(place, cause, fix).",
    ),
]


@pytest.mark.parametrize(("text", "cause", "fix"), FAULTS)
def test_a_file_that_cannot_be_used_is_one_mandatory_finding(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]], text: str, cause: str, fix: str
) -> None:
    assert judged(own(text)) == [f"mandatory critical unusable-policy | meta:policy.files[0] | {cause} | {fix}"]


@pytest.mark.parametrize(
    ("name", "cause", "fix"),
    [
        (
            "nowhere.py",
            "stacks/nowhere.py cannot be read: No such file or directory.",
            "Add the file, or remove the line.",
        ),
        (
            "../own.py",
            '"../own.py" is no Python file next to the stack file.',
            "Write the path of a Python file below the folder of the stack files, such as policy.py.",
        ),
        (
            "rules.yaml",
            '"rules.yaml" is no Python file next to the stack file.',
            "Write the path of a Python file below the folder of the stack files, such as policy.py.",
        ),
        (
            "away.py",
            "stacks/away.py is a link that leads out of stacks.",
            "Put the file itself there, not a link to another place.",
        ),
    ],
)
def test_only_a_python_file_next_to_the_stack_file_is_run(
    judged: Callable[..., list[str]], tmp_path: Path, name: str, cause: str, fix: str
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "own.py").write_text("raise AssertionError\n")
    (tmp_path / "stacks" / "away.py").symlink_to(tmp_path / "own.py")

    found = judged({"meta:policy/files": [name]})

    assert found == [f"mandatory critical unusable-policy | meta:policy.files[0] | {cause} | {fix}"]


def test_a_token_in_a_teams_error_is_not_shown(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]]
) -> None:
    token = "EAA" + "B" * 40
    (told,) = judged(own(f"raise ValueError('{token}')\n"))

    assert token not in told


def test_what_a_rule_prints_is_for_people(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]], capfd: pytest.CaptureFixture[str]
) -> None:
    shell = 'import os\nos.write(1, b"raw\\n")\nos.system("echo child")\n'
    asked = '@rule()\ndef loud(declared):\n    """Says so."""\n    print("asked")\n'

    assert judged(own(HEAD + shell + 'print("read")\n' + asked)) == []
    assert capfd.readouterr() == ("", "raw\nchild\nread\nasked\n")


def test_what_a_rule_changes_is_its_own(
    load: Callable[..., Stack], own: Callable[[str], dict[str, Any]], tmp_path: Path
) -> None:
    rules = [
        f'@rule()\ndef {name}(declared):\n    """Looks, and clears."""\n'
        "    found = sorted(declared.stack.spec.identities)\n    declared.stack.spec.identities.clear()\n"
        '    yield Violation("identities", ", ".join(found), "Keep them.")\n'
        for name in ("first", "second")
    ]
    stack = load(own(HEAD + "".join(rules)))

    found = judge.findings(stack, tmp_path / "stacks", TODAY)

    assert [(one.rule, one.cause) for one in found] == [("first", "reporting"), ("second", "reporting")]
    assert list(stack.spec.identities) == ["reporting"]


def test_what_was_found_before_a_rule_fails_stays(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]]
) -> None:
    rule = '@rule()\ndef half(declared):\n    """Fails late."""\n    yield Violation("a", "B.", "C.")\n    1 / 0\n'

    assert judged(own(HEAD + rule)) == [
        (
            "mandatory critical unusable-policy | meta:policy.files[0] | Rule half fails: line 6: ZeroDivisionError: "
            '"division by zero". | Correct that line.'
        ),
        "advisory medium half | a | B. | C.",
    ]


def test_a_rule_under_two_names_is_one(judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]]) -> None:
    assert judged(own(HEAD + '@rule()\ndef one(declared):\n    """One."""\n\n\nother = one\n')) == []


@pytest.mark.parametrize(("characters", "found"), [(1, 10_000), (15_000, 199)])
def test_findings_without_end_are_cut(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]], characters: int, found: int
) -> None:
    endless = (
        '@rule()\ndef endless(declared):\n    """Never done."""\n    number = 0\n    while True:\n'
        f'        number += 1\n        yield Violation(str(number), "c" * {characters}, "f")\n'
    )

    (told, *rest) = judged(own(HEAD + endless))

    assert told == (
        "mandatory critical unusable-policy | meta:policy.files[0] | Rule endless finds more than is looked at: 10000 "
        "things, or 3000000 characters of them. | Correct the loop, or say it once of all of them."
    )
    assert len(rest) == found
    assert rest[0] == f"advisory medium endless | 1 | {'c' if characters == 1 else 'c' * 2000 + '…'} | f"


def test_a_thread_that_a_rule_leaves_behind_ends_with_it(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]]
) -> None:
    waits = (
        "import threading\n"
        '@rule()\ndef leaves(declared):\n    """Leaves a thread."""\n'
        "    threading.Thread(target=threading.Event().wait).start()\n"
    )

    assert judged(own(HEAD + waits)) == []


@pytest.fixture
def stuck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Code that never ends, and holds the interpreter's lock; the time is up once it has begun."""
    begun = tmp_path / "begun"
    os.mkfifo(begun)

    class Up(threading.Thread):
        def __init__(self, seconds: float, end: Callable[[], None]) -> None:
            super().__init__()
            self.seconds, self.end = seconds, end

        def run(self) -> None:
            if self.seconds == 10:
                begun.read_bytes()
                self.end()

        def cancel(self) -> None:
            self.join()

    monkeypatch.setattr(team, "Timer", Up)
    return f'open({str(begun)!r}, "w").close()\n    re.match("(a+)+$", "a" * 64 + "b")\n'


def test_a_rule_that_does_not_end_is_one_mandatory_finding(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]], stuck: str
) -> None:
    before = '@rule()\ndef before(declared):\n    """Before."""\n    yield Violation("a", "B.", "C.")\n'
    loops = f'@rule()\ndef loops(declared):\n    """Loops."""\n    {stuck}'

    told = judged(own(f"{HEAD}import re\n{before}{loops}{loops.replace('loops', 'again')}"))

    assert told == [
        (
            'mandatory critical unusable-policy | meta:policy.files[0] | Rule loops of "own.py" did not end within '
            "the 10 seconds that all rules have; none after it was asked. | Correct the loop, or what it waits for; a "
            "rule only looks at what is declared."
        ),
        "advisory medium before | a | B. | C.",
    ]


def test_a_file_that_does_not_end_is_one_mandatory_finding(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]], stuck: str
) -> None:
    (told,) = judged(own(f"import re\nif True:\n    {stuck}"))

    assert told == (
        "mandatory critical unusable-policy | meta:policy.files[0] | stacks/own.py was not read within the 10 seconds "
        "that all rules have; none after it was asked. | Correct the loop, or what it waits for; a rule only looks at "
        "what is declared."
    )


def test_a_process_that_cannot_be_started_is_one_mandatory_finding(
    judged: Callable[..., list[str]], own: Callable[[str], dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/nowhere/python")

    (told,) = judged(own(OWN))

    assert told == (
        "mandatory critical unusable-policy | meta:policy.files[0] | stacks/own.py was not read: no process can be "
        "started for it (No such file or directory); none after it was asked. | A rule only looks at what is declared."
    )


def test_a_level_of_no_rule_is_told_with_the_one_that_is_meant(judged: Callable[..., list[str]]) -> None:
    assert judged(level("admin-system-users", enforcement_level="mandatory")) == [
        (
            "mandatory critical unusable-policy | meta:policy.rules.admin-system-users | there is no rule "
            '"admin-system-users". | Write admin-system-user.'
        )
    ]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"meta:policy/rules/open-gate": {"enforcement_level": "disabled"}},
            "meta:policy.rules.open-gate.reason: is missing. Fix: add it: why this stack differs.",
        ),
        (
            {"meta:policy/rules/open-gate": {"reason": "no"}},
            "meta:policy.rules.open-gate: changes nothing. Fix: add enforcement_level, severity or both.",
        ),
        (
            level("open-gate", enforcement_level="off"),
            (
                'meta:policy.rules.open-gate.enforcement_level: "off" is not one of advisory, mandatory, disabled. '
                "Fix: write one of them."
            ),
        ),
        (
            level("open-gate", severity="hihg"),
            (
                'meta:policy.rules.open-gate.severity: "hihg" is not one of low, medium, high, critical. '
                'Fix: write "high".'
            ),
        ),
        (
            {"meta:policy/file": ["own.py"]},
            'meta:policy.file: there is no key "file" here. Fix: write "files".',
        ),
    ],
)
def test_settings_that_are_refused(load: Callable[..., Stack], changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(changes)
    assert [str(one) for one in refused.value.problems] == [told]
