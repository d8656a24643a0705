"""The make targets on the real engine: up twice, interrupted, killed; down and up again; offline; a tampered state."""

from __future__ import annotations

import json
import os
import re
import signal
from typing import TYPE_CHECKING

import pytest

from tests.engine import lindenhof, templates
from tests.engine.checkouts import check_out, check_out_up

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.engine.checkouts import Checkout

OTHER = "meta/dev/lost"


@pytest.fixture
def checkout(tmp_path: Path, engine: Path) -> Iterator[Checkout]:
    made = check_out(tmp_path, engine)
    yield made
    made.emulator.stop()


@pytest.fixture
def checkout_up(tmp_path: Path, engine: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of the checkout after `make up`, brought up once in the session."""
    made = check_out_up(tmp_path, engine, templates.shared_folder(tmp_path_factory))
    yield made
    made.emulator.stop()


def lose_a_secret(checkout: Checkout) -> None:
    """Leave a secret as a killed run would: tagged as ours, in no state."""
    tags = {
        "managed-by": "pulumi",
        "project": "meta-access",
        "stack": "dev",
        "app-id": lindenhof.APP,
        "system-user-id": lindenhof.ROOT,
        "schema": "meta-token/v1",
        "claim": "7d3f6f0e-2a53-4a1c-9a55-0c7f4f9f0a11",
    }
    checkout.emulator.secrets().create_secret(
        Name=OTHER,
        SecretString=json.dumps({"state": "empty", "generation": 0}),
        Tags=[{"Key": f"meta-tokens:{key}", "Value": value} for key, value in tags.items()],
    )


def test_up_twice_env_and_down(checkout: Checkout) -> None:
    before = checkout.files()
    first = checkout.target("up")
    assert first.code == 0, first.text
    assert "emulator runs already" in first.text
    assert "state verify: 0 provider payload(s)" in first.text
    assert re.search(r"\+ \d+ created", first.text)
    assert "pulumi-python:dynamic" not in first.text  # the engine's lines about each resource
    # The summary: what exists, who acts where, what expires when, the quota, what to try next.
    assert re.search(r"SystemUser +1 +reporting \(\d+\)", first.text)
    assert re.search(r"ads-app-roles +pending_human +not_started +us", first.text)
    assert "    where:    https://" in first.text
    assert re.search(r"reporting: expires \d{4}-\d\d-\d\dT", first.text)
    assert "arn:aws:secretsmanager:eu-central-1:" in first.text
    assert "lindenhof, EMPLOYEE: 1 of 1 planned (reporting)" in first.text
    assert first.text.endswith("  meta-access review --stack dev --all\n")
    assert checkout.emulator.admin_token not in first.text
    assert checkout.emulator.app_secret not in first.text

    second = checkout.target("up")
    assert second.code == 0, second.text
    assert re.search(r"^ +\d+ unchanged$", second.text, re.MULTILINE)
    assert not re.search(r"\d+ (created|updated|deleted)", second.text)
    assert checkout.files() == before

    by_hand = checkout.shell("pulumi preview --stack dev --expect-no-changes")
    assert by_hand.code == 0, by_hand.text

    down = checkout.target("down")
    assert down.code == 0, down.text
    assert "System users that remain, because Meta cannot delete one:\n  - unused " in down.text
    assert re.search(r"Secrets that remain, .*:\n  - meta/dev/reporting/\w+: deleted on \d{4}-", down.text)
    assert "No orphan is left." in down.text
    again = checkout.target("down")
    assert again.code == 0, again.text
    assert "stack dev is empty: there is nothing to destroy" in again.text
    assert "created" not in again.text
    assert lindenhof.live_tokens(checkout.emulator) == []
    assert checkout.files() == before


def test_a_killed_up_leaves_a_lock_that_the_next_one_cancels(checkout: Checkout) -> None:
    checkout.emulator.fault("hang", method="POST", path="access_tokens$", seconds=4, times=1)
    first = checkout.start("up")
    checkout.emulator.wait_for_call("graph", "/applications", method="POST")
    checkout.kill(first)

    second = checkout.target("up")

    assert second.code == 0, second.text
    assert re.search(
        r"lock: stack dev was still locked by a run that is dead \(process \d+\); the lock was", second.text
    )
    assert checkout.processes() == []
    assert lindenhof.users(checkout.emulator) == ["reporting"]
    assert checkout.shell("pulumi preview --stack dev --expect-no-changes").code == 0
    third = checkout.target("up")
    assert third.code == 0
    assert "pending operations" not in third.text


def test_an_interrupted_up_records_what_it_did_and_goes_on_next_time(checkout: Checkout) -> None:
    checkout.emulator.fault("latency", ms=300)
    first = checkout.start("up")
    checkout.emulator.wait_for_call("graph", "/system_users", method="POST")
    os.killpg(first.pid, signal.SIGINT)
    text, _ = first.communicate(timeout=120)
    assert first.returncode == 130, text
    assert "interrupted. make up can be interrupted and repeated at any point." in text
    checkout.emulator.clear_faults()

    second = checkout.target("up")

    assert second.code == 0, second.text
    assert "lock:" not in second.text
    assert lindenhof.users(checkout.emulator) == ["reporting"]


def test_two_ups_at_once_are_told_apart(checkout_up: Checkout) -> None:
    checkout_up.emulator.fault("latency", ms=400)
    first = checkout_up.start("up")
    checkout_up.wait_until_locked()

    second = checkout_up.target("up")

    assert second.code == 1
    assert re.search(r"error: Stack dev is locked since .* by a running pulumi \(process \d+\)\. Wait", second.text)
    assert "Traceback" not in second.text
    text, _ = first.communicate(timeout=120)
    assert first.returncode == 0, text


def test_a_tampered_state_stops_everything_before_the_engine_reads_it(checkout_up: Checkout) -> None:
    [state] = (checkout_up.root / ".work" / "state" / ".pulumi" / "stacks").rglob("dev.json")
    checkpoint = json.loads(state.read_text())
    resources = checkpoint["checkpoint"]["latest"]["resources"]
    user = next(entry for entry in resources if entry["type"].endswith(":SystemUser"))
    user["outputs"]["__provider"] = "gASVAAAA"
    state.write_text(json.dumps(checkpoint))
    checkout_up.emulator.forget_calls()

    for target in ("up", "preview", "down"):
        refused = checkout_up.target(target)
        assert refused.code == 1, refused.text
        assert (
            f"{user['urn']} ({user['type']}, outputs): its __provider is not the one this version writes"
            in refused.text
        )
        assert "does not vouch for the state of stack dev" in refused.text
    assert checkout_up.emulator.calls() == []


def test_offline_every_stack_can_be_previewed_by_anyone(checkout: Checkout) -> None:
    before = checkout.files()
    checkout.extra_env |= {"HTTPS_PROXY": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    checkout.emulator.forget_calls()

    for name in ("dev", "staging", "prod"):
        done = checkout.target("preview", "--stack", name, "--offline")
        assert done.code == 0, done.text
        assert done.text.startswith(f"Offline preview of stack {name}: ")
        assert "Not looked at: Meta" in done.text.splitlines()[0]
        assert f"\nStack {name}: " in done.text
        assert "\nOffline: nothing was asked of Meta or AWS" in done.text
        assert max(map(len, done.text.splitlines()[1:])) <= 80
    shown = checkout.target("preview", "--stack", "dev", "--offline", "--verbose")
    assert (shown.code, bool(re.search(r"\+ \d+ to create", shown.text))) == (0, True), shown.text

    assert checkout.files() == before
    assert checkout.emulator.calls() == []
    assert not (checkout.root / ".work" / "state").exists()


def test_a_stack_that_does_not_exist_is_named_with_those_that_do(checkout: Checkout) -> None:
    done = checkout.target("preview", "--stack", "prd")

    assert (done.code, done.text) == (1, "error: There is no stack 'prd': stacks/ has dev, prod, staging.\n")


def test_orphans_ends_a_secret_of_no_state_and_spares_the_others(checkout_up: Checkout) -> None:
    lose_a_secret(checkout_up)

    listed = checkout_up.shell("meta-access orphans --stack dev --json")
    assert listed.code == 2, listed.text
    assert [line["name"] for line in json.loads(listed.text[listed.text.index("{") :])["doubtful"]] == [OTHER]

    done = checkout_up.shell(f"meta-access orphans {OTHER} --yes --stack dev --json")

    assert done.code == 0, done.text
    found = json.loads(done.text[done.text.index("{") :])
    assert [line["name"] for line in found["ended"]] == [OTHER]
    assert found["left"] == []
    assert checkout_up.emulator.secrets().describe_secret(SecretId=OTHER)["DeletedDate"]
    assert len(lindenhof.live_tokens(checkout_up.emulator)) == 1
    assert checkout_up.shell("pulumi preview --stack dev --expect-no-changes").code == 0


def test_orphans_answers_two_while_one_is_left(checkout_up: Checkout) -> None:
    lose_a_secret(checkout_up)
    checkout_up.emulator.fault("http", service="secretsmanager", operation="DeleteSecret", status=500, times=50)

    done = checkout_up.shell(f"meta-access orphans {OTHER} --yes --stack dev")

    assert done.code == 2, done.text
    assert f"Not ended:\n  - {OTHER}: " in done.text
    assert "Traceback" not in done.text
