"""The rotation function called by the emulated Secrets Manager, against the emulated Meta."""

from __future__ import annotations

import json
import re
import time
import uuid
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import pytest

from meta_access.connection import AwsSettings
from meta_access.graph.client import GraphClient
from meta_access.graph.issuer import TokenIssuer
from meta_access.stack.credentials import Credentials
from meta_access.tokens.run import ensure
from meta_access.tokens.spec import TokenSpec
from meta_access.tokens.store import SecretStore, store_for
from meta_access.vault.lambda_handler import RotationFailedError, lambda_handler
from meta_emulator import client
from tests.connections import MAIN
from tests.functions import ARN, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.observe import Outcome
    from tests.emulators import RunningEmulator

STEPS = ["createSecret", "setSecret", "testSecret", "finishSecret"]


@pytest.fixture
def function(running_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    running_emulator.reset()
    monkeypatch.setenv("META_ACCESS_APP_SECRET", "emulator:")
    monkeypatch.setenv("META_ACCESS_ADMIN_TOKEN", "emulator:")
    monkeypatch.setenv("META_ACCESS_GRAPH_URL", running_emulator.graph_url)
    monkeypatch.setenv("META_ACCESS_AWS_URL", running_emulator.aws_url)
    with serving(lambda_handler) as url:
        running_emulator.control("functions", "POST", {"arn": ARN, "url": url})
        yield


class Rotated:
    """A secret with a first token by Pulumi's protocol, handed over to AWS."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator, self.sm = emulator, emulator.secrets()
        user = emulator.create_system_user("reporting")
        assert emulator.graph("POST", f"{user}/applications", {"business_app": emulator.app_id}).status == 200
        aws = AwsSettings("eu-central-1", emulator.aws_url)
        connection = replace(MAIN, graph_url=emulator.graph_url, aws=aws)
        self.store: SecretStore = store_for(aws)
        self.issuer = cast("Issuer", TokenIssuer(GraphClient(connection, Credentials(connection))))
        self.spec = TokenSpec(
            project="meta-access", stack="dev", secret_name="meta/dev/reporting", app_id=emulator.app_id,
            business_id=emulator.business_id, system_user_id=user, api_version="v26.0", scopes=("ads_read",),
            expires=True, grace_s=3600, rotate_before_s=86400 * 20, rotation_owner="lambda",
        )  # fmt: skip
        self.first = self.up(None)

    def up(self, claim: str | None, **changed: Any) -> Outcome:
        spec = replace(self.spec, **changed)
        return ensure(self.store, self.issuer, spec, claim=claim, engine_alive=lambda: True, notify=lambda _: None)

    def rotate(self) -> tuple[str, list[tuple[str, str | None]]]:
        """Start a rotation and wait for its end; its version, and each step with its error."""
        self.emulator.forget_calls()
        version_id = str(uuid.uuid4())
        self.sm.rotate_secret(SecretId=self.first.arn, ClientRequestToken=version_id, RotationLambdaARN=ARN)
        ends = time.monotonic() + 30
        while time.monotonic() < ends:
            calls = [(call["path"], call["code"]) for call in self.emulator.calls("lambda")]
            if calls and (calls[-1][0] == "finishSecret" or calls[-1][1]):
                return version_id, calls
            time.sleep(0.02)
        raise AssertionError("the rotation did not end")

    def current(self) -> dict[str, Any]:
        value = self.sm.get_secret_value(SecretId=self.first.arn, VersionStage="AWSCURRENT")
        return {**json.loads(value["SecretString"]), "version": value["VersionId"]}

    def live(self) -> set[str]:
        tokens = self.emulator.world()["tokens"]
        return {row["fingerprint"] for row in tokens if row["issued_by"] == "api" and row["revoked_at"] is None}


@pytest.mark.usefixtures("function")
def test_the_service_rotates_and_hands_back(running_emulator: RunningEmulator) -> None:
    secret = Rotated(running_emulator)

    version_id, calls = secret.rotate()

    assert calls == [(step, None) for step in STEPS]
    current = secret.current()
    assert (current["version"], current["generation"], current["state"]) == (version_id, 2, "active")
    assert secret.live() == {secret.first.fingerprint, current["fingerprint"]}
    shown = secret.sm.describe_secret(SecretId=secret.first.arn)
    assert (shown["RotationEnabled"], shown["RotationLambdaARN"]) == (True, ARN)

    running_emulator.clock(advance_s=3601)
    back = secret.up(secret.first.claim, rotation_owner="pulumi")

    assert (back.generation, back.version_id) == (2, version_id)
    assert secret.live() == {current["fingerprint"]}
    assert secret.sm.describe_secret(SecretId=secret.first.arn)["RotationEnabled"] is False


@pytest.mark.usefixtures("function")
def test_a_failed_step_ends_the_rotation_and_calling_again_heals_it(running_emulator: RunningEmulator) -> None:
    secret = Rotated(running_emulator)
    running_emulator.fault(kind="http", service="graph", path="debug_token", status=500, times=99)

    version_id, calls = secret.rotate()
    assert calls == [("createSecret", "RotationFailedError")]
    assert secret.live() == {secret.first.fingerprint}
    running_emulator.clear_faults()
    for step in STEPS:
        lambda_handler({"Step": step, "SecretId": secret.first.arn, "ClientRequestToken": version_id})

    assert secret.current()["version"] == version_id


@pytest.mark.usefixtures("function")
def test_calls_that_come_twice_out_of_order_after_a_crash_or_for_another_version_mint_one_token_each(
    running_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = Rotated(running_emulator)
    # AWS's service is kept from calling by itself: what follows is every call that it may make, made by hand.
    with serving(lambda *_: {"errorType": "Held"}) as url:
        running_emulator.control("functions", "POST", {"arn": ARN, "url": url})
        version_id, _ = secret.rotate()

    def call(step: str, version: str = version_id) -> None:
        lambda_handler({"Step": step, "SecretId": secret.first.arn, "ClientRequestToken": version})

    for step in ("finishSecret", "testSecret"):
        with pytest.raises(RotationFailedError, match="createSecret has not got that far"):
            call(step)
    with pytest.raises(RotationFailedError, match="which AWS has not labelled AWSPENDING"):
        call("createSecret", str(uuid.uuid4()))
    assert secret.live() == {secret.first.fingerprint}

    # The function ends right behind its promotion; AWS calls again, each step twice.
    call("createSecret")
    body = {"__type": "AccessDeniedException", "Message": "injected"}
    running_emulator.fault(
        "http", service="secretsmanager", operation="UpdateSecretVersionStage", status=400, body=body, applied=True
    )
    with pytest.raises(RotationFailedError, match="AccessDeniedException"):
        call("finishSecret")
    running_emulator.clear_faults()
    for step in STEPS:
        call(step)
        call(step)

    current = secret.current()
    assert (current["version"], current["generation"]) == (version_id, 2)
    assert secret.live() == {secret.first.fingerprint, current["fingerprint"]}


@pytest.mark.usefixtures("function")
def test_errors_of_the_function_are_one_sentence_without_a_cause(
    running_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = Rotated(running_emulator)
    event = {"Step": "createSecret", "SecretId": secret.first.arn, "ClientRequestToken": str(uuid.uuid4())}

    with pytest.raises(RotationFailedError, match="has no rotation turned on") as refused:
        lambda_handler(event)
    assert (refused.value.__cause__, refused.value.__context__) == (None, None)
    with pytest.raises(RotationFailedError, match="is no call of Secrets Manager's rotation"):
        lambda_handler({"Step": "create"})
    monkeypatch.setenv("META_ACCESS_GRAPH_URL", "https://graph.evil.example")
    with pytest.raises(RotationFailedError, match="does not go with Secrets Manager"):
        lambda_handler(event)
    assert running_emulator.admin_token not in capsys.readouterr().out


@pytest.mark.usefixtures("function")
@pytest.mark.parametrize(
    ("variable", "value", "said"),
    [
        ("META_ACCESS_ADMIN_TOKEN", "EAA" + "Breal" * 5, "is not the emulator's, and graph_url is"),
        ("META_ACCESS_APP_SECRET", "5ec4e7" * 5 + "00", "is not the emulator's, and graph_url is"),
        ("META_ACCESS_ADMIN_TOKEN", "EAA" + "EMU" + "pas\u200bted", "has U+200B (zero width space) in it"),
        ("META_ACCESS_APP_SECRET", '"EAA' + 'EMUpasted"', "stands in quotes"),
    ],
)
def test_the_function_sends_no_real_and_no_unclean_credential(
    running_emulator: RunningEmulator, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, said: str
) -> None:
    secret = Rotated(running_emulator)
    monkeypatch.setenv(variable, "env:META_PASTED")
    monkeypatch.setenv("META_PASTED", value)

    version, calls = secret.rotate()

    assert calls == [("createSecret", "RotationFailedError")]
    assert running_emulator.calls("graph") == []
    with pytest.raises(RotationFailedError, match=re.escape(f"the value of env:META_PASTED {said}")) as refused:
        lambda_handler({"Step": "createSecret", "SecretId": secret.first.arn, "ClientRequestToken": version})
    assert value not in str(refused.value)


def test_a_function_elsewhere_is_refused(running_emulator: RunningEmulator) -> None:
    with pytest.raises(client.RefusedError, match="a function is called on this machine only"):
        running_emulator.control("functions", "POST", {"arn": ARN, "url": "http://evil.example"})
