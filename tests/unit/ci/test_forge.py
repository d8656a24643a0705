"""The door to GitHub and GitLab: who gets the token, what is tried again, what is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ci.scripts import forge
from ci.scripts.forge import Api, GitHub, RefusedError, UnavailableError, UncertainError, of_job
from tests.unit.ci import forges
from tests.unit.ci.forges import REPOSITORY, TOKEN

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.ci.forges import State


@pytest.fixture
def waits() -> list[float]:
    return []


@pytest.fixture
def github(state: State, waits: list[float]) -> GitHub:
    return GitHub(Api(state.url, ("Authorization", f"Bearer {TOKEN}"), waits.append), REPOSITORY)


def test_a_read_is_tried_again_after_an_outage(state: State, github: GitHub, waits: list[float]) -> None:
    state.faults["GET"] = [502, "lost", 503]

    assert github.head(7) == forges.HEAD
    assert waits == [1.0, 2.0, 4.0]


def test_a_read_is_given_up_after_four_tries(state: State, github: GitHub, waits: list[float]) -> None:
    state.faults["GET"] = [500] * 9

    with pytest.raises(UnavailableError, match=r"GET /repos/lindenhof/access/pulls/7 failed 4 times \(status 500\)"):
        github.head(7)
    assert len(state.calls) == 4
    assert waits == [1.0, 2.0, 4.0]


@pytest.mark.parametrize("fault", [502, "lost"])
def test_what_may_have_been_created_is_not_created_again(state: State, github: GitHub, fault: object) -> None:
    state.faults["POST"] = [fault]

    with pytest.raises(UncertainError):
        github.add_comment(7, "text")
    assert state.writes == ["POST /repos/lindenhof/access/issues/7/comments"]


@pytest.mark.parametrize(
    ("fault", "pause"),
    [
        ((429, {"Retry-After": "7"}), 7.0),
        ((429, {}), 60.0),
        ((403, {"Retry-After": "9000"}), 60.0),
        ((403, {"X-RateLimit-Remaining": "0"}), 60.0),
    ],
)
def test_a_throttled_call_waits_as_long_as_it_is_asked_to_and_a_minute_at_most(
    state: State, github: GitHub, waits: list[float], fault: tuple[int, dict[str, str]], pause: float
) -> None:
    state.faults["POST"] = [fault]

    github.add_comment(7, "text")

    assert waits == [pause]
    assert [row["body"] for row in state.comments] == ["text"]


@pytest.mark.parametrize(
    ("status", "step"),
    [
        (401, "The token is not valid"),
        (403, "The token may not"),
        (404, "There is no such thing"),
        (422, "Its values are refused"),
        (302, "answered 302"),
        (418, "answered 418"),
    ],
)
def test_a_refusal_is_told_with_its_next_step_and_not_tried_again(
    state: State, github: GitHub, waits: list[float], status: int, step: str
) -> None:
    state.faults["GET"] = [status]

    with pytest.raises(RefusedError, match=step) as refused:
        github.head(7)
    assert "\x1b" not in str(refused.value)
    assert TOKEN not in str(refused.value)
    assert waits == []


def test_a_listing_is_read_page_by_page(state: State, github: GitHub) -> None:
    for number in range(250):
        state.comment(f"{number}")

    assert [one.body for one in github.comments(7)] == [f"{number}" for number in range(250)]
    assert len(state.calls) == 3


def test_a_listing_without_end_is_refused(state: State, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forge, "PAGES", 2)
    for number in range(250):
        state.comment(f"{number}")

    with pytest.raises(RefusedError, match="more than 200 rows"):
        github.comments(7)


def test_an_answer_without_end_is_not_read(state: State, github: GitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(forge, "BODY_BYTES", 100)
    state.comment("x" * 1000)

    with pytest.raises(RefusedError, match="no end"):
        github.comments(7)


@pytest.mark.parametrize("base", ["http://api.github.example", "ftp://127.0.0.2", "http://127.0.0.1.example"])
def test_the_token_goes_to_https_alone(base: str) -> None:
    with pytest.raises(RefusedError, match="https addresses alone"):
        Api(base, ("Authorization", TOKEN))


def test_no_netrc_stands_in_for_the_token(
    state: State, github: GitHub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login a password b\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))

    github.head(7)

    assert state.tokens == {f"Bearer {TOKEN}"}


def test_the_token_is_in_no_representation(github: GitHub) -> None:
    assert TOKEN not in repr(github)


def test_the_job_says_which_forge_it_is_of(state: State) -> None:
    assert of_job(forges.environment(state, "github")).head(7) == forges.HEAD
    assert of_job(forges.environment(state, "gitlab")).head(7) == forges.HEAD
    assert state.tokens == {f"Bearer {TOKEN}", TOKEN}


@pytest.mark.parametrize(
    ("env", "why"),
    [
        ({}, "neither GITHUB_ACTIONS nor GITLAB_CI"),
        ({"GITHUB_ACTIONS": "true"}, "GITHUB_TOKEN is not set"),
        ({"GITHUB_ACTIONS": "true", "GITHUB_TOKEN": "a\nb"}, "GITHUB_TOKEN is not set, or is not clean"),
        ({"GITLAB_CI": "true"}, "META_ACCESS_GITLAB_TOKEN is not set"),
    ],
)
def test_what_a_job_lacks_is_named(env: dict[str, str], why: str) -> None:
    with pytest.raises(RefusedError, match=why):
        of_job(env)
