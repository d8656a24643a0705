"""The evidence file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.stack.load import Stack


DIGEST = "sha256:" + "ab" * 32
RECORD = (
    f'ads-redirect-uris:\n  declared: {DIGEST}\n  app: "1204817736400555"\n  at: "2026-11-10T09:30:00Z"\n'
    "  by: nadia\n  status: satisfied\n  source: attestation\n"
)


@pytest.fixture
def evidence(tmp_path: Path) -> Callable[[str], None]:
    def write(text: str) -> None:
        (tmp_path / "stacks").mkdir(exist_ok=True)
        (tmp_path / "stacks" / "evidence.test.yaml").write_text(text)

    return write


def test_evidence_reaches_the_gate_as_written(load: Callable[..., Stack], evidence: Callable[[str], None]) -> None:
    evidence(RECORD)
    assert load().evidence["ads-redirect-uris"].as_input() == {
        "declared": DIGEST,
        "app": "1204817736400555",
        "at": "2026-11-10T09:30:00Z",
        "by": "nadia",
        "status": "satisfied",
        "source": "attestation",
    }


def test_an_empty_evidence_file_is_no_evidence(load: Callable[..., Stack], evidence: Callable[[str], None]) -> None:
    evidence("# nothing yet\n")
    assert load().evidence == {}


PLACE = "stacks/evidence.test.yaml"


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        (
            "ads-redirect-uris",
            "ads-redirect-uri",
            (f'{PLACE}:ads-redirect-uri: this stack has no gate "ads-redirect-uri". Fix: write "ads-redirect-uris".'),
        ),
        (
            "ads-redirect-uris",
            "billing",
            (
                f'{PLACE}:billing: this stack has no gate "billing". Fix: remove it: what it speaks of '
                "is no longer declared."
            ),
        ),
        (
            "1204817736400555",
            "120481773640",
            (
                f"{PLACE}:ads-redirect-uris.app: it was given for app 120481773640, which is none of "
                "meta:apps. Fix: attest again for this stack's app."
            ),
        ),
        (
            "2026-11-10T",
            "2026-11-25T",
            (f"{PLACE}:ads-redirect-uris.at: 2026-11-25T09:30:00Z is in the future. Fix: write when it was seen."),
        ),
        (
            '"2026-11-10T09:30:00Z"',
            "2026-11-10T09:30:00Z",
            (
                f"{PLACE}:ads-redirect-uris.at: is an unquoted time, which YAML reads its own way. "
                "Fix: put it in quotes."
            ),
        ),
        (
            "2026-11-10T09:30:00Z",
            "last week",
            (
                f'{PLACE}:ads-redirect-uris.at: "last week" is no time with a zone. Fix: write it like '
                '"2026-11-24T08:00:00Z", in quotes.'
            ),
        ),
        ("nadia", "nadja", f'{PLACE}:ads-redirect-uris.by: there is no "nadja" in meta:people. Fix: write "nadia".'),
        (
            DIGEST,
            "seen-it",
            (
                f"{PLACE}:ads-redirect-uris.declared: is no digest of a declared value. Fix: let "
                "`meta-access attest` write it."
            ),
        ),
        (
            "satisfied",
            "done",
            (
                f'{PLACE}:ads-redirect-uris.status: "done" is not one of satisfied, submitted, '
                "declined, open. Fix: write one of them."
            ),
        ),
        ("  by: nadia\n", "", f"{PLACE}:ads-redirect-uris.by: is missing. Fix: add it: a name of meta:people."),
        (
            "  by: nadia\n",
            "  by: [nadia\n",
            (f"{PLACE}: is not valid YAML: expected ',' or ']', but got ':' (line 6). Fix: correct that line."),
        ),
        (
            RECORD,
            "- a\n",
            (f"{PLACE}: is a list, not a mapping of gate names. Fix: let `meta-access attest` write the file."),
        ),
    ],
)
def test_evidence_that_is_not_taken(
    refusals: Callable[..., list[str]], evidence: Callable[[str], None], old: str, new: str, problem: str
) -> None:
    evidence(RECORD.replace(old, new))
    assert refusals({}) == [problem]
