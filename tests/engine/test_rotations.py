"""Every reason to rotate, one after another in one stack, under the eyes of a consumer that reads all the time."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from tests.engine import lindenhof

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

DAY_S = 86_400
SECRET, MOVED, FOREVER = "meta/dev/rotated", "meta/dev/moved", "meta/dev/forever"
PROGRAM = """
first = meta.SystemUser("first", connection="main", name="reporting")
installed = meta.AppInstallation("first-app", connection="main", system_user_id=first.id)
admin = {admin!r}
given = {given!r}
meta.SystemUserToken(
    "token", connection="main", system_user_id=admin if given["admin"] else first.id, scopes=given["scopes"],
    secret_name=given["secret_name"], keepers=given["keepers"], kms_key=given["kms_key"],
    opts=pulumi.ResourceOptions(depends_on=[installed]),
)
meta.SystemUserToken(
    "forever", connection="main", system_user_id=first.id, scopes=given["scopes"], secret_name="meta/dev/forever",
    keepers=given["keepers"], lifetime={{"never": {{"reason": "a reader that cannot follow", "until": "2028-03-01"}}}},
    opts=pulumi.ResourceOptions(depends_on=[installed]),
)
"""
BEFORE: dict[str, Any] = {
    "admin": False,
    "scopes": ["ads_read"],
    "secret_name": SECRET,
    "keepers": {"round": "1"},
    "kms_key": None,
}


class Reader(threading.Thread):
    """Reads a secret's current version and asks Meta about the token in it, until it is told to stop."""

    def __init__(self, emulator: RunningEmulator, secret: str) -> None:
        super().__init__(daemon=True)
        self._emulator, self._secret = emulator, secret
        self._stop_it = threading.Event()
        self.seen: list[tuple[int, bool]] = []

    def run(self) -> None:
        client = self._emulator.secrets()
        while not self._stop_it.is_set():
            answer = client.get_secret_value(SecretId=self._secret, VersionStage="AWSCURRENT")
            payload = json.loads(answer["SecretString"])
            told = self._emulator.graph(
                "GET", "debug_token", {"input_token": payload["access_token"]}, token=self._emulator.app_token
            )
            self.seen.append((payload["generation"], told.body["data"]["is_valid"]))

    def stop(self) -> None:
        self._stop_it.set()
        self.join(timeout=30)
        assert not self.is_alive()


def current(emulator: RunningEmulator, secret: str) -> dict[str, Any]:
    answer = emulator.secrets().get_secret_value(SecretId=secret, VersionStage="AWSCURRENT")
    payload: dict[str, Any] = json.loads(answer["SecretString"])
    return payload


def test_each_trigger_rotates_once_and_no_reader_meets_a_dead_token(
    make_project: Callable[..., Project], emulator: RunningEmulator
) -> None:
    admin = next(user["id"] for user in emulator.world()["system_users"] if user["role"] == "ADMIN")
    given = dict(BEFORE)

    def text(**changed: Any) -> str:
        given.update(changed)
        return lindenhof.program(PROGRAM.format(admin=admin, given=given))

    config = lindenhof.config(emulator)
    stack = make_project(program=text(), config=config)
    assert (up := stack.up()).code == 0, up.stdout
    reader = Reader(emulator, SECRET)
    reader.start()

    def after(**changed: Any) -> tuple[int, int]:
        stack.program(text(**changed))
        done = stack.up()
        assert done.code == 0, done.stdout
        forever = current(emulator, FOREVER)
        # Whatever rotates it, a token that never expires stays one.
        assert forever["expires_at"] is None
        return current(emulator, given["secret_name"])["generation"], forever["generation"]

    assert after(keepers={"round": "2"}) == (2, 2)
    assert after(scopes=["ads_read", "read_insights"]) == (3, 3)
    assert after(admin=True) == (4, 3)
    assert current(emulator, SECRET)["system_user_id"] == admin
    assert after(kms_key="alias/meta") == (5, 3)
    assert emulator.secrets().describe_secret(SecretId=SECRET)["KmsKeyId"].endswith("alias/meta")

    # Time: what preview says, and what ends.
    expiry = current(emulator, SECRET)["expires_at"][:10]
    emulator.clock(advance_s=41 * DAY_S)
    preview = stack.preview("--diff")
    assert lindenhof.shows(preview.stdout, "freshness", f"rotation due: expires {expiry}", "current"), preview.stdout
    assert after() == (6, 3)
    emulator.clock(advance_s=2 * DAY_S)
    assert after() == (6, 3)
    reader.stop()

    # One of each secret is left; every one that was superseded is dead, and was dead to no reader.
    alive = {token["fingerprint"] for token in lindenhof.live_tokens(emulator)}
    assert alive == {current(emulator, SECRET)["fingerprint"], current(emulator, FOREVER)["fingerprint"]}
    assert len(reader.seen) > 100
    assert [seen for seen in reader.seen if not seen[1]] == []
    assert {generation for generation, _ in reader.seen} == {1, 2, 3, 4, 5, 6}

    # A new name fills a new secret, and the old one serves its readers until its grace is over.
    assert after(secret_name=MOVED) == (1, 3)
    left = current(emulator, SECRET)
    assert left["fingerprint"] in {token["fingerprint"] for token in lindenhof.live_tokens(emulator)}
    emulator.clock(advance_s=2 * DAY_S)
    assert after() == (1, 3)
    assert "DeletedDate" in emulator.secrets().describe_secret(SecretId=SECRET)
    assert left["fingerprint"] not in {token["fingerprint"] for token in lindenhof.live_tokens(emulator)}

    # So does a new region.
    config["meta:connections"]["main"]["aws"]["region"] = "eu-west-1"
    stack.configure(config)
    up = stack.up()
    assert up.code == 0, up.stdout
    arns = [entry["outputs"]["arn"] for entry in stack.resources("SystemUserToken").values()]
    assert {arn.split(":")[3] for arn in arns} == {"eu-west-1"}
    assert stack.preview("--expect-no-changes").code == 0
