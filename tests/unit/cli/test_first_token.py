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
from meta_access.graph.client import GraphClient
from meta_access.graph.issuer import TokenIssuer
from meta_access.graph.system_users import SystemUserRow
from meta_access.tokens.store import SecretStore
from tests.unit.cli import newcomer

if TYPE_CHECKING:
    from meta_access.cli.stack.first_token import Wanted
    from meta_emulator.embedded import MetaEmulator

ID = "122090000000001"


@pytest.fixture
def meta(emulator: MetaEmulator) -> MetaEmulator:
    emulator.load(newcomer.world())
    return emulator


def run(meta: MetaEmulator, token: SecretStr, wanted: Wanted | None = None) -> Made:
    """One whole run."""
    hands, asked = newcomer.Hands(meta, token), wanted or newcomer.wanted()
    found = look(hands.client, hands.store, asked, token)
    return make(hands.client, hands.store, asked, found, clock=hands.clock, tell=hands.said.append)


def admins(meta: MetaEmulator) -> list[str]:
    return [user.name for user in meta.world.system_users if user.role == "ADMIN"]


def living(meta: MetaEmulator) -> list[str]:
    """Fingerprints of the system users' tokens that work."""
    return [one.fingerprint for one in meta.world.tokens if one.system_user_id and one.revoked_at is None]


def held(meta: MetaEmulator, token: SecretStr) -> dict[str, Any]:
    """What a reader of the secret gets."""
    store = newcomer.Hands(meta, token).store
    described = store.describe(newcomer.SECRET)
    (current,) = (version for version, stages in described.stages.items() if "AWSCURRENT" in stages)
    version = store.read(described.arn, current)
    assert version is not None
    payload: dict[str, Any] = json.loads(version.text)
    return payload


def refused(meta: MetaEmulator, token: SecretStr, wanted: Wanted | None = None) -> list[str]:
    """The problems a look ends with; nothing may have been made."""
    users = len(meta.world.system_users)
    hands = newcomer.Hands(meta, token)
    with pytest.raises(NotReadyError) as error:
        look(hands.client, hands.store, wanted or newcomer.wanted(), token)
    assert len(meta.world.system_users) == users
    assert living(meta) == []
    assert token.get_secret_value() not in str(error.value)
    return [str(problem) for problem in error.value.problems]


# --- made ---


def test_a_first_run_makes_user_installation_and_token(meta: MetaEmulator) -> None:
    token = newcomer.login(meta)

    made = run(meta, token)

    assert made.created
    assert made.outcome is not None
    assert admins(meta) == ["root"]
    assert made.outcome.secret_name == "meta/prod/root"
    assert made.outcome.generation == 1
    assert made.outcome.scopes == ("ads_management", "business_management")
    payload = held(meta, token)
    assert payload["state"] == "active"
    assert payload["system_user_id"] == made.user_id
    assert living(meta) == [payload["fingerprint"]] == [made.outcome.fingerprint]
    (row,) = (one for one in meta.world.tokens if one.fingerprint == payload["fingerprint"])
    assert row.scopes == ["ads_management", "business_management"]


def test_a_second_run_makes_nothing_and_leaves_the_claim(meta: MetaEmulator) -> None:
    token = newcomer.login(meta)
    first = run(meta, token)
    store = newcomer.Hands(meta, token).store
    before = store.describe(newcomer.SECRET).tags

    second = run(meta, token)

    assert not second.created
    assert second.user_id == first.user_id
    assert second.outcome == first.outcome
    assert store.describe(newcomer.SECRET).tags == before
    assert len(living(meta)) == 1


def test_a_dead_admin_token_is_replaced_in_the_same_secret(meta: MetaEmulator) -> None:
    token = newcomer.login(meta)
    run(meta, token)
    with meta.edit() as world:
        for row in world.tokens:
            if row.system_user_id:
                row.revoked_at = meta.clock.now()

    made = run(meta, token)

    assert made.outcome is not None
    assert made.outcome.generation == 2
    assert living(meta) == [made.outcome.fingerprint]


def test_a_colleague_carries_on_what_mara_began_since_the_secret_names_the_user(meta: MetaEmulator) -> None:
    run(meta, newcomer.login(meta))
    with meta.edit() as world:
        next(one for one in world.people if one.name == "tom").businesses[meta.business_id] = "ADMIN"

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


def test_the_effects_of_a_first_run(meta: MetaEmulator, monkeypatch: pytest.MonkeyPatch) -> None:
    done = dies_after(monkeypatch, 0)

    run(meta, newcomer.login(meta))

    # Intent, parked token, promotion; then what an observer may know.
    assert done == ["create", "install", "create", "put", "mint", "put", "move", "tag"]


@pytest.mark.parametrize("effect", range(1, 9))
def test_after_a_crash_the_second_run_carries_on(
    meta: MetaEmulator, monkeypatch: pytest.MonkeyPatch, effect: int
) -> None:
    token = newcomer.login(meta)
    with monkeypatch.context() as dying:
        dies_after(dying, effect)
        with pytest.raises(Crash):
            run(meta, token)

    made = run(meta, token)

    assert made.outcome is not None
    assert admins(meta) == ["root"]
    payload = held(meta, token)
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
    meta: MetaEmulator, call: dict[str, str], kind: str
) -> None:
    token = newcomer.login(meta)
    meta.faults.add(kind=kind, **call)

    with contextlib.suppress(MetaAccessError):
        run(meta, token)
    made = run(meta, token)

    assert made.outcome is not None
    assert admins(meta) == ["root"]
    assert held(meta, token)["fingerprint"] == made.outcome.fingerprint
    assert meta.faults.all()[0].hits == 1


def test_a_create_that_two_lists_do_not_show_yet_is_not_repeated_into_a_second_user(meta: MetaEmulator) -> None:
    token = newcomer.login(meta)
    meta.faults.add(kind="drop_after", method="POST", path="system_users$")
    meta.faults.add(kind="stale", method="GET", path="system_users$", nth=2, writes=1)

    with contextlib.suppress(MetaAccessError):
        run(meta, token)
    meta.faults.clear()
    run(meta, token)

    assert admins(meta) == ["root"]


# --- left for people ---


def test_without_the_app_nothing_is_minted_until_a_person_assigns_it(
    meta: MetaEmulator, monkeypatch: pytest.MonkeyPatch
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
def test_a_person_without_the_second_factor_that_the_business_asks_for(meta: MetaEmulator, namesake: bool) -> None:
    meta.act("require-two-factor", rule="admin_required")
    with meta.edit() as world:
        next(one for one in world.people if one.name == "mara").two_factor = False
        if namesake:
            next(one for one in world.people if one.name == "tom").name = "mara"
    token = newcomer.login(meta) if not namesake else newcomer.login(meta, person_id=meta.world.people[0].id)

    if namesake:
        # Which of the two it is cannot be seen; Meta asks at the first write.
        with pytest.raises(HumanNeededError) as refusal:
            run(meta, token)
        assert "Two-factor authentication is required. The user turns it on at facebook.com" in str(refusal.value)
        assert admins(meta) == []
        return
    assert refused(meta, token) == [
        (
            "the token: business Nordwind asks for a second factor (admin_required), and you have none. Fix: turn it "
            "on in your own settings at facebook.com, under Password and security."
        )
    ]


# --- refused ---


def test_a_token_that_is_none(meta: MetaEmulator) -> None:
    again = f"Fix: log in to app {meta.app_id} as an admin of the business, and take a new token of that login."

    assert refused(meta, SecretStr("EAA" + "EMU" + "none")) == [
        f"the token: Meta says that it is not valid (Invalid OAuth access token - Cannot parse access token). {again}"
    ]
    assert refused(meta, newcomer.login(meta, expires_at=meta.clock.now()))[0].startswith(
        "the token: Meta says that it is not valid (Error validating access token: Session has expired on"
    )


def test_a_token_without_business_management(meta: MetaEmulator) -> None:
    assert refused(meta, newcomer.login(meta, scopes=("ads_read", "public_profile"))) == [
        (
            "the token: it lacks business_management; it has ads_read, public_profile. Fix: grant business_management "
            "at the login, and take a new token."
        )
    ]


def test_a_system_users_token_and_one_of_nobody(meta: MetaEmulator) -> None:
    token = newcomer.login(meta)
    run(meta, token)
    hands = newcomer.Hands(meta, SecretStr(held(meta, token)["access_token"]))

    with pytest.raises(NotReadyError) as error:
        look(hands.client, hands.store, newcomer.wanted(), hands.client.credentials.admin_token())

    assert [str(problem) for problem in error.value.problems] == [
        (
            "the token: it is a token of type SYSTEM_USER, not a person's. Fix: a system user's token that you have "
            "already goes where admin_token points; to start, use your own."
        )
    ]


def test_a_token_of_another_app(meta: MetaEmulator) -> None:
    with meta.edit() as world:
        other = type(world.apps[0])("120480000009999", "Other", business_id=world.businesses[0].id)
        world.apps.append(other)
    value = newcomer.login(meta, app_id="120480000009999")

    assert refused(meta, value) == [
        (
            f"the token: Meta does not show it to app {meta.app_id}: it is another app's, or the app secret is wrong. "
            f"Fix: compare app and app_secret of connection main, and log in to app {meta.app_id} as an admin of the "
            "business, and take a new token of that login."
        )
    ]


def test_everything_that_stands_in_the_way_is_told_at_once(meta: MetaEmulator) -> None:
    with meta.edit() as world:
        world.apps[0].business_id = None
    hands = newcomer.Hands(meta, newcomer.login(meta))
    hands.store.create(newcomer.SECRET, "{}", token="0" * 32, tags={}, description="", kms_key=None)

    found = refused(meta, hands.client.credentials.admin_token())

    business = "178000000000001"
    assert found == [
        (
            f"meta:apps.ads.id: business {business} has not claimed app {meta.app_id}; only of its own apps can it "
            "mint tokens. Fix: Business settings > Accounts > Apps > Add > Connect an app ID."
        ),
        (
            "meta:identities.root.secret: secret meta/prod/root exists and was not made by this tool. Fix: name "
            "another one, or take its token over with `meta-access token adopt`."
        ),
    ]


def test_somebody_who_is_no_admin(meta: MetaEmulator) -> None:
    assert refused(meta, newcomer.login(meta, "tom")) == [
        (
            f"the token: you are no admin of business {meta.business_id}, and only admins see its system users. Fix: "
            "use an admin's token, or have an admin make you one."
        )
    ]


def test_another_stacks_secret(meta: MetaEmulator) -> None:
    token = newcomer.login(meta)
    run(meta, token, newcomer.wanted(owner="other/prod"))
    hands = newcomer.Hands(meta, token)

    with pytest.raises(NotReadyError) as error:
        look(hands.client, hands.store, newcomer.wanted(), token)

    assert (
        "meta:identities.root.secret: secret meta/prod/root belongs to other/prod, and this is meta-access/prod. Fix: "
        "name another secret."
    ) in str(error.value)


def test_a_business_that_one_is_not_in(meta: MetaEmulator) -> None:
    with meta.edit() as world:
        next(one for one in world.people if one.name == "mara").businesses.clear()

    assert refused(meta, newcomer.login(meta))[0] == (
        f"meta:businesses.lindenhof.id: business {meta.business_id} is not there, or you are not in it. Fix: compare "
        "the id with Business settings > Business info, or have an admin invite you."
    )


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
    ("rows", "adopt", "problem"),
    [
        (
            [row("root", created_by="8")],
            None,
            (
                "meta:identities.root: the business has a system user root already (id 122090000000001, role ADMIN, "
                "not created by you). Fix: take it with --adopt 122090000000001."
            ),
        ),
        (
            [row("root", "EMPLOYEE")],
            None,
            (
                "meta:identities.root: the business has a system user root already (id 122090000000001, role "
                "EMPLOYEE). Fix: give the identity another name."
            ),
        ),
        (
            [row("legacy")],
            None,
            (
                "meta:identities.root: the business has an admin system user, legacy (id 122090000000001), and Meta "
                "allows one. Fix: take it with --adopt 122090000000001; its other tokens stay as they are."
            ),
        ),
        (
            [row("root")],
            "5",
            (
                "adopt 5: the business lists no admin system user of that id. Fix: write the id that this app sees; "
                "Business settings show another one."
            ),
        ),
    ],
)
def test_a_user_that_may_be_somebody_elses_is_not_taken(
    rows: list[SystemUserRow], adopt: str | None, problem: str
) -> None:
    user, _, problems = admin_of(rows, newcomer.wanted(adopt), caller="7", noted=None)

    assert user is None
    assert [str(one) for one in problems] == [problem]


def test_the_credentials_do_not_show_themselves(meta: MetaEmulator) -> None:
    hands = newcomer.Hands(meta, SecretStr("EAA" + "EMU" + "mara"))

    assert isinstance(hands.client, GraphClient)
    assert "mara" not in repr(hands.client.credentials)
