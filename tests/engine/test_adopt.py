"""`token adopt` on the real engine: what is not the identity's is refused, what is becomes the stack's, unminted."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from meta_access.clock import iso, parse_iso
from meta_access.redaction import fingerprint
from tests.engine import lindenhof
from tests.engine.commands import run, values

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

SECRET = "meta/dev/reporting"
NADIA = "100000000000401"
OTHER_APP = "120480000000299"


class Desk:
    """What people did by hand before: a system user, tokens of all kinds, and a secret that holds one of them."""

    def __init__(self, emulator: RunningEmulator) -> None:
        self.emulator = emulator
        self.user = emulator.create_system_user("reporting")
        assert emulator.graph("POST", f"{self.user}/applications", {"business_app": emulator.app_id}).status == 200
        emulator.secrets().create_secret(Name=SECRET, SecretString="nothing yet")
        world = emulator.world()
        self.now = parse_iso(world["now"])
        world["apps"].append({"id": OTHER_APP, "name": "Another", "business_id": emulator.business_id})
        emulator.put_world(world)

    def token(self, name: str, *, days: int = 40, **given: Any) -> str:
        """Put a token into the secret that the emulated Meta honours; it is made up here and now."""
        value = "EAA" + "EMU" + f"{name:x<30}"
        row = {
            "fingerprint": fingerprint(value),
            "system_user_id": self.user,
            "app_id": self.emulator.app_id,
            "scopes": ["ads_read"],
            "issued_at": iso(self.now - timedelta(days=20)),
            "expires_at": iso(self.now + timedelta(days=days)),
            "issued_by": "fixture",
            **given,
        }
        world = self.emulator.world()
        world["tokens"].append(row)
        self.emulator.put_world(world)
        self.put(value)
        return value

    def put(self, text: str) -> None:
        self.emulator.secrets().put_secret_value(SecretId=SECRET, SecretString=text)

    def versions(self) -> dict[str, Any]:
        return dict(self.emulator.secrets().describe_secret(SecretId=SECRET)["VersionIdsToStages"])


def config(desk: Desk) -> dict[str, Any]:
    identity = {"use_case": "read_reports", "secret": SECRET, "adopt": desk.user}
    return lindenhof.config(desk.emulator, identities={"reporting": identity})


def test_what_is_not_asked_for_is_refused_and_what_is_becomes_the_stack_s_without_a_mint(
    dev: Project, emulator: RunningEmulator
) -> None:
    desk = Desk(emulator)
    dev.configure(config(desk))

    wrong: dict[str, Callable[[], str | None]] = {
        "it acts as": lambda: desk.token("another-users", system_user_id=lindenhof.ROOT),
        "its type is USER, not SYSTEM_USER": lambda: desk.token("a-persons", system_user_id=None, user_id=NADIA),
        "its type is PAGE, not SYSTEM_USER": lambda: desk.token("a-pages", page_id=lindenhof.PAGE.partition(":")[2]),
        "its type is APP, not SYSTEM_USER": lambda: desk.put(emulator.app_token),
        "so it belongs to another app": lambda: desk.token("another-apps", app_id=OTHER_APP),
        "Meta calls it invalid": lambda: desk.token("expired", days=-1),
        "it lacks ads_read": lambda: desk.token("no-scope", scopes=["email"]),
        "has no token as its value": lambda: desk.put("two words"),
    }
    for why, put in wrong.items():
        value = put()
        before = desk.versions()
        code, told, said = run(dev, "token", "adopt", "reporting", "--yes")
        assert (code, list(told)) == (1, ["error"]), said
        assert why in told["error"], told["error"]
        assert "Nothing was changed." in told["error"]
        said += told["error"]
        assert str(value) not in said
        assert emulator.app_secret not in said
        assert desk.versions() == before

    value = desk.token("reporting")
    code, told, said = run(dev, "token", "adopt", "reporting", "--yes")
    assert code == 0, said
    assert (told["generation"], told["changed"], told["fingerprint"]) == (1, True, fingerprint(value))
    assert value not in said
    assert run(dev, "token", "adopt", "reporting", "--yes")[1]["changed"] is False

    # The first `up` takes user and token as they are; the second has nothing to do.
    up = dev.up()
    assert up.code == 0, up.stdout
    assert lindenhof.live_tokens(emulator) == []
    payload = values(emulator, SECRET)
    assert (payload["access_token"], payload["generation"]) == (value, 1)
    assert dev.outputs()["secrets"]["reporting"]["expires_at"] == iso(desk.now + timedelta(days=40))
    assert dev.preview("--expect-no-changes").code == 0
