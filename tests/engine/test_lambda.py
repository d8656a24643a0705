"""`rotation_owner: lambda` on the real engine: Pulumi mints the first token, AWS's rotation the others, and back."""

from __future__ import annotations

import threading
import uuid
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.vault.lambda_handler import lambda_handler
from tests.engine import lindenhof
from tests.engine.commands import DAY_S, run, values
from tests.engine.templates import Beginning
from tests.functions import ARN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

SECRET = "meta/dev/reporting"
BY_HAND = "edited by hand: the tag meta-tokens:scopes, meta-tokens:lifetime says another thing"
WAIT_S = 60


class Function:
    """The rotation function; `held` keeps it from answering createSecret until it is set."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self._emulator = emulator
        self.created, self.held = threading.Event(), threading.Event()
        self.held.set()

    def __call__(self, event: dict[str, Any], context: Any) -> None:
        lambda_handler(event, context)
        if event["Step"] == "createSecret":
            self.created.set()
            assert self.held.wait(WAIT_S)

    def begin(self) -> None:
        """What `aws secretsmanager rotate-secret` does."""
        self._emulator.forget_calls()
        self.created.clear()
        self._emulator.secrets().rotate_secret(
            SecretId=SECRET, ClientRequestToken=str(uuid.uuid4()), RotationLambdaARN=ARN
        )

    def rotate(self) -> None:
        self.begin()
        self._emulator.wait_for_call("lambda", "finishSecret")


@pytest.fixture
def function(emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[Function]:
    for name in ("APP_SECRET", "ADMIN_TOKEN"):
        monkeypatch.setenv(f"META_ACCESS_{name}", "emulator:")
    monkeypatch.setenv("META_ACCESS_GRAPH_URL", emulator.graph_url)
    monkeypatch.setenv("META_ACCESS_AWS_URL", emulator.aws_url)
    made = Function(emulator)
    with serving(made) as url:
        emulator.control("functions", "POST", {"arn": ARN, "url": url})
        yield made
        made.held.set()


def config(emulator: RunningEmulator, owner: str) -> dict[str, Any]:
    identity = {"use_case": "read_reports", "secret": SECRET, "rotation_owner": owner}
    return lindenhof.config(emulator, identities={"reporting": identity})


UP = pytest.mark.provisioned(Beginning(name="lambda", config=lambda emulator: config(emulator, "lambda")))


def live(emulator: RunningEmulator) -> set[str]:
    return {token["fingerprint"] for token in lindenhof.live_tokens(emulator)}


@UP
def test_aws_rotates_from_the_second_token_on_and_hands_back_in_the_middle_of_a_rotation(
    dev: Project, emulator: RunningEmulator, function: Function
) -> None:
    assert values(emulator, SECRET)["generation"] == 1

    # Due, but AWS's to replace: the preview and the scheduled job say so, and neither does it.
    emulator.clock(advance_s=41 * DAY_S)
    preview = dev.preview("--expect-no-changes")
    assert preview.code == 0, preview.stdout
    start = f"aws secretsmanager rotate-secret --secret-id {dev.outputs()['secrets']['reporting']['arn']}"
    assert "AWS's rotation, which owns it, has not replaced it yet" in preview.stdout
    code, told, said = run(dev, "rotate", "--due")
    assert (code, told["acted"], [row["start"] for row in told["tokens"]]) == (3, [], [start]), said
    assert len(live(emulator)) == 1

    function.rotate()
    second = values(emulator, SECRET)
    assert second["generation"] == 2
    up = dev.up("--expect-no-changes")
    assert up.code == 0, up.stdout
    told = dev.outputs()["secrets"]["reporting"]
    assert (told["generation"], told["fingerprint"]) == (2, second["fingerprint"])
    assert run(dev, "rotate", "--due")[0] == 0

    # In an emergency the successor is AWS's to mint, and the command says how. Until then the current one lives on.
    code, told, said = run(dev, "revoke", "reporting", "--yes")
    [row] = told["secrets"]
    alone = "generation 2: no successor is current yet, and its readers would have no access"
    assert (code, row["served"], row["left"], row["start"]) == (2, False, alone, start), said
    assert f"that ends the condemned ones. Start it right afterwards: {start}" in said
    assert live(emulator) == {second["fingerprint"]}
    function.rotate()
    third = values(emulator, SECRET)
    assert (third["generation"], live(emulator)) == (3, {third["fingerprint"]})

    # Back to Pulumi while a rotation has parked its token: that one is taken, nothing more is minted, nothing ends.
    function.held.clear()
    function.begin()
    assert function.created.wait(WAIT_S)
    dev.configure(config(emulator, "pulumi"))
    back = dev.up()
    assert back.code == 0, back.stdout
    assert f"AWS's rotation by {ARN} is cancelled; Pulumi rotates." in back.stdout
    function.held.set()
    # The function's next call finds whose the rotation is now, and touches nothing.
    emulator.wait_for_call("lambda", "setSecret")
    fourth = values(emulator, SECRET)
    assert (fourth["generation"], live(emulator)) == (4, {third["fingerprint"], fourth["fingerprint"]})
    assert emulator.calls("lambda")[-1]["code"] == "RotationFailedError"
    assert emulator.secrets().describe_secret(SecretId=SECRET)["RotationEnabled"] is False
    assert dev.preview("--expect-no-changes").code == 0


@UP
def test_tags_alone_widen_nothing_and_the_next_update_writes_them_again(
    dev: Project, emulator: RunningEmulator, function: Function, monkeypatch: pytest.MonkeyPatch
) -> None:
    tags = tags_of(emulator)
    tag(emulator, "scopes", f"{tags['meta-tokens:scopes']} ads_management")
    tag(emulator, "lifetime", "never")

    function.begin()
    emulator.wait_for_call("lambda", "createSecret")
    assert emulator.calls("lambda")[-1]["code"] == "RotationFailedError"
    assert values(emulator, SECRET)["generation"] == 1
    assert len(live(emulator)) == 1

    told = dev.preview("--diff")
    assert lindenhof.shows(told.stdout, "freshness", BY_HAND, "current"), told.stdout
    assert dev.up().code == 0
    assert {key: value for key, value in tags_of(emulator).items() if key in tags} == tags

    # From now on the function is bound by what the stack prints for it.
    code, printed, said = run(dev, "function")
    assert code == 0, said
    for name, value in printed["Variables"].items():
        monkeypatch.setenv(name, value)
    assert '"tokens":{"meta/dev/reporting":{"user":"' in printed["Variables"]["META_ACCESS_ROTATION_POLICY"]
    # The refused rotation is given up; AWS would attempt it again by itself.
    stages = emulator.secrets().describe_secret(SecretId=SECRET)["VersionIdsToStages"]
    emulator.secrets().update_secret_version_stage(
        SecretId=SECRET,
        VersionStage="AWSPENDING",
        RemoveFromVersionId=next(version for version, found in stages.items() if "AWSPENDING" in found),
    )
    function.rotate()
    assert values(emulator, SECRET)["generation"] == 2
    assert dev.preview("--expect-no-changes").code == 0


def tags_of(emulator: RunningEmulator) -> dict[str, str]:
    return {tag["Key"]: tag["Value"] for tag in emulator.secrets().describe_secret(SecretId=SECRET)["Tags"]}


def tag(emulator: RunningEmulator, key: str, value: str) -> None:
    """What somebody does who may tag the secret, and nothing else."""
    emulator.secrets().tag_resource(SecretId=SECRET, Tags=[{"Key": f"meta-tokens:{key}", "Value": value}])
