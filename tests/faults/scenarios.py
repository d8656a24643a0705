"""The operations to disturb: what is there before, which program is run, and what must be there in the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.faults.stand import SECRET
from tests.faults.verdict import NOTE, Wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.faults.census import Census
    from tests.faults.stand import Slot, Stand

GRACE_OVER_S = 25 * 3600

PROGRAM = """
import pulumi
import meta_access as meta

for name, given in {slots!r}.items():
    user = meta.SystemUser(f"{{name}}-user", connection=name, name="reporting", adopt=given.get("adopt"))
    installed = meta.AppInstallation(f"{{name}}-app", connection=name, system_user_id=user.id)
    meta.SystemUserToken(
        f"{{name}}-token",
        connection=name,
        system_user_id=user.id,
        scopes=["ads_read"],
        secret_name={secret!r},
        keepers={keepers!r},
        take_over_from=given.get("take_over_from"),
        opts=pulumi.ResourceOptions(depends_on=[installed]),
    )
"""


def program(stand: Stand, *, round_: str = "1", adopt: bool = False, take_over: str | None = None) -> str:
    slots = {
        slot.name: {"adopt": slot.user_id() if adopt else None, "take_over_from": take_over} for slot in stand.slots
    }
    return PROGRAM.format(slots=slots, secret=SECRET, keepers={"round": round_})


@dataclass(frozen=True)
class Scenario:
    """One operation.

    Attributes:
        base: What it starts from: see BASES.
        program: What it runs.
        wish: What must be in a slot in the end, by what was there before.
        verb: The engine's operation.
    """

    name: str
    base: str
    program: Callable[[Stand], str]
    wish: Callable[[Census], Wish]
    verb: str = "up"


def _current(before: Census) -> str:
    [secret] = before.secrets
    assert secret.current
    return secret.current.fingerprint


def _others(before: Census) -> frozenset[str]:
    return before.held - {_current(before)}


CREATE = Scenario("create", "nothing", program, lambda _: Wish())
ROTATE = Scenario(
    "rotate",
    "one token",
    lambda stand: program(stand, round_="2"),
    lambda before: Wish(kept=frozenset({_current(before)})),
)
RETIRE = Scenario(
    "retire",
    "two tokens, grace over",
    lambda stand: program(stand, round_="2"),
    lambda before: Wish(current=_current(before), ended=_others(before)),
)
ADOPT = Scenario(
    "adopt",
    "state lost, token parked",
    lambda stand: program(stand, round_="2", adopt=True),
    lambda before: Wish(current=next(iter(_others(before))), kept=frozenset({_current(before)})),
)
TAKE_OVER = Scenario(
    "take over",
    "another stack's",
    lambda stand: program(stand, round_="2", adopt=True, take_over="meta-access/other"),
    lambda before: Wish(kept=frozenset({_current(before)})),
)
DESTROY = Scenario(
    "destroy",
    "two tokens, grace over",
    lambda stand: program(stand, round_="2"),
    lambda _: Wish(gone=True),
    verb="destroy",
)
ALL = {each.name: each for each in (CREATE, ROTATE, RETIRE, ADOPT, TAKE_OVER, DESTROY)}


# --- what operations start from -------------------------------------------------------------------


def _note(slot: Slot) -> None:
    """Put somebody else's label on the current version; the product has to leave it where it is."""
    client = slot.secrets()
    stages = client.describe_secret(SecretId=SECRET)["VersionIdsToStages"]
    [current] = [version_id for version_id, labels in stages.items() if "AWSCURRENT" in labels]
    client.update_secret_version_stage(SecretId=SECRET, VersionStage=NOTE, MoveToVersionId=current)


def one_token(stand: Stand) -> None:
    _done(stand, program(stand))
    for slot in stand.slots:
        _note(slot)


def grace_over(stand: Stand) -> None:
    _done(stand, program(stand, round_="2"))
    stand.advance(GRACE_OVER_S)


def parked(stand: Stand) -> None:
    """A rotation that could not promote, and a state that was lost since."""
    refused = {"kind": "http", "status": 400, "body": {"__type": "AccessDeniedException", "Message": "injected"}}
    for slot in stand.slots:
        slot.emulator.state.faults.add({**refused, "operation": "UpdateSecretVersionStage", "times": 99})
    ended = stand.up(program(stand, round_="2"))
    assert ended.code != 0, "the rotation was to fail"
    stand.clear_faults()
    stand.forget_state()


def of_another(stand: Stand) -> None:
    """As another stack of the project would have left it: what tells the two apart is the owner in the tags."""
    for slot in stand.slots:
        slot.secrets().tag_resource(SecretId=SECRET, Tags=[{"Key": "meta-tokens:stack", "Value": "other"}])
    stand.forget_state()


def _done(stand: Stand, text: str) -> None:
    ended = stand.up(text)
    assert ended.code == 0, ended.stdout


BASES: dict[str, tuple[str | None, Callable[[Stand], None]]] = {
    "nothing": (None, lambda _: None),
    "one token": ("nothing", one_token),
    "two tokens, grace over": ("one token", grace_over),
    "state lost, token parked": ("one token", parked),
    "another stack's": ("one token", of_another),
}
"""Name to the base it grows from, and how."""
