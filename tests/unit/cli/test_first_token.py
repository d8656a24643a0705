"""The first token on an emulated Meta: what is refused before anything is made, and what a second run finds again."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from meta_access.cli.stack.first_token import Made, NotReadyError, admin_of, look, make
from meta_access.errors import HumanNeededError, MetaAccessError
from meta_access.graph import applications, system_users
from meta_access.graph.issuer import TokenIssuer
from meta_access.graph.system_users import SystemUserRow
from meta_access.tokens.store import SecretStore
from tests.texts import lacks
from tests.unit.cli import newcomer

if TYPE_CHECKING:
    from meta_access.cli.stack.first_token import Wanted
    from meta_access.errors import Problem
    from tests.unit.emulated import EmulatedMeta

ID = "122090000000001"


@pytest.fixture
def meta(nordwind: EmulatedMeta) -> EmulatedMeta:
    return nordwind


def run(meta: EmulatedMeta, token: SecretStr, wanted: Wanted | None = None) -> Made:
    """One whole run."""
    client, store, asked = newcomer.client(meta, token), meta.store(meta.connection.aws), wanted or newcomer.wanted()
    return make(client, store, asked, look(client, store, asked, token), clock=meta, tell=print)


def admins(meta: EmulatedMeta) -> list[str]:
    return [user.name for user in meta.world.system_users if user.role == "ADMIN"]


def living(meta: EmulatedMeta) -> list[str]:
    """Fingerprints of the system users' tokens that work."""
    return [one.fingerprint for one in meta.world.tokens if one.system_user_id and one.revoked_at is None]


def held(meta: EmulatedMeta) -> dict[str, Any]:
    """What a reader of the secret gets."""
    store = meta.store(meta.connection.aws)
    described = store.describe(newcomer.SECRET)
    (current,) = (version for version, stages in described.stages.items() if "AWSCURRENT" in stages)
    version = store.read(described.arn, current)
    assert version is not None
    payload: dict[str, Any] = json.loads(version.text)
    return payload


def refused(meta: EmulatedMeta, token: SecretStr, wanted: Wanted | None = None) -> list[Problem]:
    """The problems a look ends with; nothing may have been made."""
    users = len(meta.world.system_users)
    client, store = newcomer.client(meta, token), meta.store(meta.connection.aws)
    with pytest.raises(NotReadyError) as error:
        look(client, store, wanted or newcomer.wanted(), token)
    assert len(meta.world.system_users) == users
    assert living(meta) == []
    assert token.get_secret_value() not in str(error.value)
    return error.value.problems


# --- made ---


def test_a_first_run_makes_user_installation_and_token(meta: EmulatedMeta) -> None:
    token = newcomer.login(meta)

    made = run(meta, token)

    assert made.created
    assert made.outcome is not None
    assert admins(meta) == ["root"]
    assert made.outcome.secret_name == "meta/prod/root"
    assert made.outcome.generation == 1
    assert made.outcome.scopes == ("ads_management", "business_management")
    payload = held(meta)
    assert payload["state"] == "active"
    assert payload["system_user_id"] == made.user_id
    assert living(meta) == [payload["fingerprint"]] == [made.outcome.fingerprint]
    (row,) = (one for one in meta.world.tokens if one.fingerprint == payload["fingerprint"])
    assert row.scopes == ["ads_management", "business_management"]


def test_a_second_run_makes_nothing_and_leaves_the_claim(meta: EmulatedMeta) -> None:
    token = newcomer.login(meta)
    first = run(meta, token)
    store = meta.store(meta.connection.aws)
    before = store.describe(newcomer.SECRET).tags

    second = run(meta, token)

    assert not second.created
    assert second.user_id == first.user_id
    assert second.outcome == first.outcome
    assert store.describe(newcomer.SECRET).tags == before
    assert len(living(meta)) == 1


def test_a_dead_admin_token_is_replaced_in_the_same_secret(meta: EmulatedMeta) -> None:
    token = newcomer.login(meta)
    run(meta, token)
    with meta.edit() as world:
        for row in world.tokens:
            if row.system_user_id:
                row.revoked_at = meta.emulator.clock.now()

    made = run(meta, token)

    assert made.outcome is not None
    assert made.outcome.generation == 2
    assert living(meta) == [made.outcome.fingerprint]


def test_a_colleague_carries_on_what_mara_began_since_the_secret_names_the_user(meta: EmulatedMeta) -> None:
    run(meta, newcomer.login(meta))
    with meta.edit() as world:
        next(one for one in world.people if one.name == "tom").businesses[meta.business.id] = "ADMIN"

    made = run(meta, newcomer.login(meta, "tom"))

    assert not made.created
    assert admins(meta) == ["root"]


# --- interrupted ---


class Crash(BaseException):
    """The process is gone."""


EFFECTS = (
    (system_users, "create"),
    (applications, "install"),
    (TokenIssuer, "mint"),
    (SecretStore, "create"),
    (SecretStore, "put"),
    (SecretStore, "move"),
    (SecretStore, "tag"),
)


def dies_after(monkeypatch: pytest.MonkeyPatch, effect: int) -> list[str]:
    """Let the process die after its effect of this number; the names of the effects so far."""
    done: list[str] = []
    for home, name in EFFECTS:
        real = getattr(home, name)

        def dying(*arguments: Any, _real: Any = real, _name: str = name, **more: Any) -> Any:
            result = _real(*arguments, **more)
            done.append(_name)
            if len(done) == effect:
                raise Crash
            return result

        monkeypatch.setattr(home, name, dying)
    return done


def test_the_effects_of_a_first_run(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    done = dies_after(monkeypatch, 0)

    run(meta, newcomer.login(meta))

    # Intent, parked token, promotion; then what an observer may know.
    assert done == ["create", "install", "create", "put", "mint", "put", "move", "tag"]


@pytest.mark.parametrize("effect", range(1, 9))
def test_after_a_crash_the_second_run_carries_on(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, effect: int
) -> None:
    token = newcomer.login(meta)
    with monkeypatch.context() as dying:
        dies_after(dying, effect)
        with pytest.raises(Crash):
            run(meta, token)

    made = run(meta, token)

    assert made.outcome is not None
    assert admins(meta) == ["root"]
    payload = held(meta)
    assert payload["fingerprint"] == made.outcome.fingerprint
    # Only between the answer and the storing is a token lost; the secret lists each claim that ended without one.
    lost, doubted = effect == 5, effect in (4, 5)
    assert len(living(meta)) == (2 if lost else 1)
    assert made.outcome.suspects == ((1,) if doubted else ())


WRITES = (
    {"method": "POST", "path": "system_users$"},
    {"method": "POST", "path": "applications$"},
    {"method": "POST", "path": "access_tokens$"},
    {"operation": "CreateSecret"},
    {"operation": "PutSecretValue"},
    {"operation": "UpdateSecretVersionStage"},
    {"operation": "TagResource"},
)


@pytest.mark.parametrize("call", WRITES, ids=lambda call: call.get("path") or call["operation"])
@pytest.mark.parametrize("kind", ["drop_before", "drop_after", "garbage"])
def test_an_answer_that_was_lost_makes_no_second_user_and_no_second_secret(
    meta: EmulatedMeta, call: dict[str, str], kind: str
) -> None:
    token = newcomer.login(meta)
    meta.emulator.faults.add(kind=kind, **call)

    with contextlib.suppress(MetaAccessError):
        run(meta, token)
    made = run(meta, token)

    assert made.outcome is not None
    assert admins(meta) == ["root"]
    assert held(meta)["fingerprint"] == made.outcome.fingerprint
    assert meta.emulator.faults.all()[0].hits == 1


def test_a_create_that_two_lists_do_not_show_yet_is_not_repeated_into_a_second_user(meta: EmulatedMeta) -> None:
    token = newcomer.login(meta)
    meta.emulator.faults.add(kind="drop_after", method="POST", path="system_users$")
    meta.emulator.faults.add(kind="stale", method="GET", path="system_users$", nth=2, writes=1)

    with contextlib.suppress(MetaAccessError):
        run(meta, token)
    meta.emulator.faults.clear()
    run(meta, token)

    assert admins(meta) == ["root"]


# --- left for people ---


def test_without_the_app_nothing_is_minted_until_a_person_assigns_it(
    meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = newcomer.login(meta)
    monkeypatch.setattr(applications, "assigned", lambda client, user: {})

    made = run(meta, token)

    assert made.created
    assert made.outcome is None
    assert living(meta) == []
    monkeypatch.undo()
    again = run(meta, token)
    assert not again.created
    assert again.outcome is not None


@pytest.mark.parametrize("namesake", [False, True])
def test_a_person_without_the_second_factor_that_the_business_asks_for(meta: EmulatedMeta, namesake: bool) -> None:
    meta.emulator.act("require-two-factor", rule="admin_required")
    with meta.edit() as world:
        next(one for one in world.people if one.name == "mara").two_factor = False
        if namesake:
            next(one for one in world.people if one.name == "tom").name = "mara"
    token = newcomer.login(meta) if not namesake else newcomer.login(meta, person_id=meta.world.people[0].id)

    if namesake:
        # Which of the two it is cannot be seen; Meta asks at the first write.
        with pytest.raises(HumanNeededError) as refusal:
            run(meta, token)
        assert lacks(str(refusal.value), "facebook.com") == []
        assert admins(meta) == []
        return
    [problem] = refused(meta, token)
    assert problem.path == "the token"
    assert lacks(problem.problem, "Nordwind", "admin_required") == []
    assert lacks(problem.fix, "facebook.com", "Password and security") == []


# --- refused ---


def test_a_token_that_is_none(meta: EmulatedMeta) -> None:
    [none] = refused(meta, SecretStr("EAA" + "EMU" + "none"))
    [expired] = refused(meta, newcomer.login(meta, expires_at=meta.emulator.clock.now()))

    # Meta's own reason is passed on.
    assert lacks(none.problem, "Invalid OAuth access token - Cannot parse access token") == []
    assert lacks(expired.problem, "Error validating access token: Session has expired on") == []
    for problem in (none, expired):
        assert problem.path == "the token"
        assert lacks(problem.fix, "log in", f"app {meta.app.id}") == []


def test_a_token_without_business_management(meta: EmulatedMeta) -> None:
    [problem] = refused(meta, newcomer.login(meta, scopes=("ads_read", "public_profile")))

    assert problem.path == "the token"
    assert lacks(problem.problem, "lacks business_management", "has ads_read, public_profile") == []
    assert lacks(problem.fix, "grant business_management") == []


def test_a_system_users_token_and_one_of_nobody(meta: EmulatedMeta) -> None:
    token = newcomer.login(meta)
    run(meta, token)
    made = SecretStr(held(meta)["access_token"])

    with pytest.raises(NotReadyError) as error:
        look(newcomer.client(meta, made), meta.store(meta.connection.aws), newcomer.wanted(), made)

    [problem] = error.value.problems
    assert problem.path == "the token"
    assert lacks(problem.problem, "type SYSTEM_USER") == []
    assert lacks(problem.fix, "admin_token") == []


def test_a_token_of_another_app(meta: EmulatedMeta) -> None:
    with meta.edit() as world:
        other = type(world.apps[0])("120480000009999", "Other", business_id=world.businesses[0].id)
        world.apps.append(other)
    value = newcomer.login(meta, app_id="120480000009999")

    [problem] = refused(meta, value)
    assert problem.path == "the token"
    assert lacks(problem.problem, f"app {meta.app.id}", "another app's", "app secret") == []
    assert lacks(problem.fix, "app_secret", "connection main", f"log in to app {meta.app.id}") == []


def test_everything_that_stands_in_the_way_is_told_at_once(meta: EmulatedMeta) -> None:
    with meta.edit() as world:
        world.apps[0].business_id = None
    store = meta.store(meta.connection.aws)
    store.create(newcomer.SECRET, "{}", token="0" * 32, tags={}, description="", kms_key=None)

    app, secret = refused(meta, newcomer.login(meta))

    assert (app.path, secret.path) == ("meta:apps.ads.id", "meta:identities.root.secret")
    assert lacks(app.problem, "business 178000000000001", f"app {meta.app.id}") == []
    assert lacks(app.fix, "Business settings > Accounts > Apps > Add > Connect an app ID") == []
    assert lacks(secret.problem, "secret meta/prod/root") == []
    assert lacks(secret.fix, "meta-access token adopt") == []


def test_somebody_who_is_no_admin(meta: EmulatedMeta) -> None:
    [problem] = refused(meta, newcomer.login(meta, "tom"))

    assert problem.path == "the token"
    assert lacks(problem.problem, "no admin", f"business {meta.business.id}") == []
    assert lacks(problem.fix, "admin's token") == []


def test_another_stacks_secret(meta: EmulatedMeta) -> None:
    token = newcomer.login(meta)
    run(meta, token, newcomer.wanted(owner="other/prod"))

    with pytest.raises(NotReadyError) as error:
        look(newcomer.client(meta, token), meta.store(meta.connection.aws), newcomer.wanted(), token)

    [problem] = error.value.problems
    assert problem.path == "meta:identities.root.secret"
    assert lacks(problem.problem, "secret meta/prod/root belongs to other/prod", "meta-access/prod") == []


def test_a_business_that_one_is_not_in(meta: EmulatedMeta) -> None:
    with meta.edit() as world:
        next(one for one in world.people if one.name == "mara").businesses.clear()

    problem = refused(meta, newcomer.login(meta))[0]

    assert problem.path == "meta:businesses.lindenhof.id"
    assert lacks(problem.problem, f"business {meta.business.id}") == []
    assert lacks(problem.fix, "Business settings > Business info", "invite") == []


# --- which user ---


def row(name: str, role: str = "ADMIN", id_: str = ID, created_by: str | None = "7") -> SystemUserRow:
    return SystemUserRow(id_, name, role, created_by, datetime(2026, 11, 1, tzinfo=UTC))


def test_the_user_is_the_one_asked_for_then_the_secrets_then_ones_own() -> None:
    other = row("other", id_="2")
    rows = [row("root"), other]

    assert admin_of(rows, newcomer.wanted("2"), caller="7", noted=ID) == (other, "its id was given", [])
    assert admin_of(rows, newcomer.wanted(adopt=None), caller="7", noted="2")[0] == other
    assert admin_of(rows, newcomer.wanted(), caller="7", noted=None) == (row("root"), "you created it", [])
    assert admin_of([], newcomer.wanted(), caller="7", noted=None) == (None, "", [])


@pytest.mark.parametrize(
    ("rows", "adopt", "path", "found", "fix"),
    [
        (
            [row("root", created_by="8")],
            None,
            "meta:identities.root",
            ["system user root", "id 122090000000001", "role ADMIN", "not created by you"],
            ["--adopt 122090000000001"],
        ),
        (
            [row("root", "EMPLOYEE")],
            None,
            "meta:identities.root",
            ["system user root", "id 122090000000001", "role EMPLOYEE"],
            ["another name"],
        ),
        (
            [row("legacy")],
            None,
            "meta:identities.root",
            ["admin system user", "legacy", "id 122090000000001"],
            ["--adopt 122090000000001"],
        ),
        ([row("root")], "5", "adopt 5", ["admin system user"], ["id"]),
    ],
)
def test_a_user_that_may_be_somebody_elses_is_not_taken(
    rows: list[SystemUserRow], adopt: str | None, path: str, found: list[str], fix: list[str]
) -> None:
    user, _, [problem] = admin_of(rows, newcomer.wanted(adopt), caller="7", noted=None)

    assert (user, problem.path) == (None, path)
    assert lacks(problem.problem, *found) == []
    assert lacks(problem.fix, *fix) == []


def test_the_credentials_do_not_show_themselves(meta: EmulatedMeta) -> None:
    client = newcomer.client(meta, SecretStr("EAA" + "EMU" + "mara"))

    assert "mara" not in repr(client.credentials)
