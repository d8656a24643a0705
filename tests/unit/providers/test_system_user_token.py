"""SystemUserToken, the Pulumi side: what asks for a rotation, what does not, and what is never printed or replaced."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.clock import iso
from meta_access.errors import ForeignSecretError, InvalidRequestError, SecretDeniedError
from meta_access.providers import _live, system_user_token
from meta_access.providers._boundary import Failure
from meta_access.providers._deployment import DEPLOYMENT, Grace
from meta_access.providers.app_installation import AppInstallationProvider
from meta_access.providers.system_user_token import SystemUserTokenProvider
from meta_access.stack import credentials
from meta_access.stack.connections import Settings
from meta_access.tokens.delete import Leaving, SecretEnd
from meta_access.tokens.observe import Finding, Need, Observed, Outcome, Presence, Superseded
from meta_emulator.world import AppAccess, Installation
from tests.texts import lacks
from tests.unit.emulated import NOW, secrets
from tests.unit.providers.conftest import APP, NOT_KNOWN, configured, new_process, updated

if TYPE_CHECKING:
    from meta_access.stack.connections import AwsSettings
    from meta_access.tokens.delete import Heir
    from meta_access.tokens.spec import TokenSpec
    from meta_emulator.world import Token
    from tests.unit.emulated import EmulatedMeta

PROVIDER = SystemUserTokenProvider()
USER, OTHER = "122090000000777", "122090000000778"
SECRET = "meta/dev/reporting"
EXPIRES = NOW + timedelta(days=60)


def arn(name: str = SECRET, region: str = "eu-central-1") -> str:
    return f"arn:aws:secretsmanager:{region}:123456789012:secret:{name}-AbCdEf"


def asked(**changed: Any) -> dict[str, Any]:
    props = {
        "label": "reporting",
        "connection": "main",
        "owner": "meta-access/dev",
        "system_user_id": USER,
        "scopes": ["ads_read"],
        "secret_name": SECRET,
        "lifetime": "60d",
        "rotate_before": "20d",
        "grace": "24h",
        "keepers": {},
        "rotation_owner": "pulumi",
        "freshness": "current",
        **changed,
    }
    return {key: value for key, value in props.items() if value is not None}


def outs(**changed: Any) -> dict[str, Any]:
    return {
        **asked(),
        "arn": arn(),
        "version_id": "v1",
        "generation": 1,
        "claim": "claim-1",
        "fingerprint": "sha256:1111111111111111",
        "issued_at": iso(NOW),
        "expires_at": iso(EXPIRES),
        "trigger": "sha256:t",
        "superseded": [],
        "suspects": [],
        "previous_secrets": [],
        "app_id": "120480000000201",
        **changed,
    }


@dataclass
class FakeVault:
    """Records what the protocol was asked, and answers as it is told."""

    asks: list[tuple[TokenSpec, str | None]] = field(default_factory=list)
    regions: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    left: list[str] = field(default_factory=list)
    handed: list[str] = field(default_factory=list)
    seen: dict[str, Any] = field(default_factory=dict)
    wish: str = "sha256:t"
    foreign: ForeignSecretError | None = None
    checked: list[TokenSpec] = field(default_factory=list)
    fails: Exception | None = None

    def store_for(self, aws: AwsSettings) -> FakeVault:
        self.regions.append(aws.region)
        return self

    def now(self) -> datetime:
        return NOW

    @property
    def listed(self) -> FakeVault:
        return self

    def find(self, owner: str, arn: str) -> None:
        """No list: a secret alone is described."""

    def check_secret(self, store: Any, spec: TokenSpec) -> None:
        self.checked.append(spec)
        if self.foreign:
            raise self.foreign

    def ensure(self, store: Any, issuer: Any, spec: TokenSpec, *, claim: str | None, **_: Any) -> Outcome:
        if self.fails:
            raise self.fails
        self.asks.append((spec, claim))
        generation = len(self.asks)
        return Outcome(
            arn=arn(spec.secret_name, self.regions[-1]),
            secret_name=spec.secret_name,
            version_id=f"v{generation}",
            generation=generation,
            claim=claim or "claim-1",
            fingerprint="sha256:1111111111111111",
            scopes=spec.scopes,
            issued_at=NOW,
            expires_at=EXPIRES if spec.expires else None,
            trigger="sha256:t",
            superseded=(),
            suspects=(),
            asked=self.wish,
        )

    def observe(self, store: Any, secret: str, **given: Any) -> Observed:
        if self.fails:
            raise self.fails
        return Observed(presence=Presence.PRESENT, arn=secret, **{"expires_at": given["expires_at"], **self.seen})

    def end(self, store: Any, issuer: Any, secret: str, *, claim: str, **_: Any) -> SecretEnd:
        self.ended.append(f"{secret} {claim} {self.regions[-1]}")
        return SecretEnd(f"Secret {secret} is deleted.")

    def leave(self, store: Any, issuer: Any, secret: str, *, claim: str, grace_s: int, **_: Any) -> Leaving:
        self.left.append(f"{secret} {claim} {grace_s} {self.regions[-1]}")
        return Leaving("It is left.", NOW + timedelta(days=1))

    def hand_over(
        self, store: Any, issuer: Any, secret: str, *, claim: str, heir: Heir, grace_s: int, **_: Any
    ) -> Leaving:
        self.handed.append(f"{secret} {claim} to {heir.arn} {heir.claim} {grace_s}")
        return Leaving("It is left.", NOW + timedelta(days=1))


@pytest.fixture
def meta(meta: EmulatedMeta) -> EmulatedMeta:
    meta.add_system_user(USER, "reporting")
    return meta


def give_app(meta: EmulatedMeta) -> None:
    """Let a person give the user full control of the app."""
    with meta.edit() as world:
        world.app_access.append(AppAccess(USER, APP))


@pytest.fixture
def vault(meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> FakeVault:
    fake = FakeVault()
    monkeypatch.setattr(_live, "store_for", fake.store_for)
    for name in ("check_secret", "ensure", "observe", "end", "leave", "hand_over"):
        monkeypatch.setattr(system_user_token, name, getattr(fake, name))
    return fake


@pytest.fixture
def real(meta: EmulatedMeta) -> EmulatedMeta:
    """Meta and Secrets Manager as they answer, and two users that have the app."""
    meta.add_system_user(OTHER, "insights")
    with meta.edit() as world:
        for user in (USER, OTHER):
            world.app_access.append(AppAccess(user, APP))
            world.installations.append(Installation(user, APP))
    return meta


def made(**changed: Any) -> dict[str, Any]:
    return dict(PROVIDER.create(asked(**changed)).outs or {})


def described(region: str = "eu-central-1", name: str = SECRET) -> dict[str, Any]:
    url = _live.settings().connections["main"].aws.endpoint_url
    return dict(secrets(region, url).describe_secret(SecretId=name))


def minted(meta: EmulatedMeta) -> list[Token]:
    """Tokens of the two users, oldest first."""
    return [token for token in meta.world.tokens if token.system_user_id in {USER, OTHER}]


def reconfigured(monkeypatch: pytest.MonkeyPatch, meta: EmulatedMeta, **changed: Any) -> None:
    connection = replace(meta.connection, **changed)
    settings = Settings(environment="dev", rules="2026-05", offline=False, connections={"main": connection})
    monkeypatch.setattr(_live, "_settings", settings)


# --- check and diff ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "property_", "reason"),
    [
        ({"system_user_id": "x"}, "system_user_id", "is not an id"),
        ({"scopes": []}, "scopes", "must list at least one scope"),
        ({"scopes": ["ads_reed"]}, "scopes", "did you mean ads_read?"),
        ({"scopes": ["email"]}, "scopes", "'email' is not one of"),
        ({"secret_name": "no blanks please"}, "secret_name", "is not a secret's name"),
        ({"lifetime": "30d"}, "lifetime", "is neither 60d nor"),
        ({"lifetime": {"never": {"reason": "", "until": "2027-03-01"}}}, "lifetime", "is neither 60d nor"),
        ({"lifetime": {"never": {"reason": "legacy", "until": "soon"}}}, "lifetime", "needs a day such as 2027-03-01"),
        ({"rotate_before": "20"}, "rotate_before", "is not a duration"),
        ({"grace": "0h"}, "grace", "is not a duration"),
        ({"rotate_before": "60d"}, "rotate_before", "must be shorter than the lifetime of 60d"),
        ({"rotate_before": "2d"}, "rotate_before", "must be at least the grace and two days"),
        ({"grace": "19d"}, "rotate_before", "must be at least the grace and two days"),
        ({"keepers": {"run": ["1"]}}, "keepers", "is not a mapping of texts"),
        ({"take_over_from": "stack"}, "take_over_from", "is not written project/stack"),
    ],
)
def test_check_refuses_bad_values(meta: EmulatedMeta, changed: dict[str, Any], property_: str, reason: str) -> None:
    (failure,) = PROVIDER.check({}, asked(**changed)).failures

    assert failure.property == property_
    assert reason in failure.reason


def test_check_stamps_freshness_and_fills_defaults(meta: EmulatedMeta) -> None:
    news = {key: asked()[key] for key in ("label", "connection", "owner", "system_user_id", "secret_name")}
    olds = asked(freshness="rotation due: expires 2026-12-01")

    result = PROVIDER.check(olds, {**news, "scopes": ["pages_show_list", "ads_read"]})

    assert result.failures == []
    assert result.inputs == asked(scopes=["ads_read", "pages_show_list"])


@pytest.mark.parametrize(("user", "known"), [(USER, USER), (NOT_KNOWN, "")])
def test_a_secret_that_is_not_ours_is_told_in_the_preview_and_stops_nothing(
    vault: FakeVault, capsys: pytest.CaptureFixture[str], user: str, known: str
) -> None:
    vault.foreign = ForeignSecretError("It is a stranger's.")

    assert PROVIDER.check({}, asked(system_user_id=user)).failures == []

    assert capsys.readouterr().out == "token reporting will be refused at `pulumi up`: It is a stranger's.\n"
    assert [(spec.secret_name, spec.system_user_id) for spec in vault.checked] == [(SECRET, known)]


def test_only_a_new_secret_is_looked_at_ahead(vault: FakeVault) -> None:
    PROVIDER.check(asked(), asked(scopes=["ads_management"]))
    PROVIDER.check({}, asked(keepers={"run": NOT_KNOWN}))
    assert vault.checked == []

    PROVIDER.check(asked(), asked(secret_name="meta/dev/other"))
    assert [spec.secret_name for spec in vault.checked] == ["meta/dev/other"]


@pytest.mark.parametrize(
    "held", ["tool:Team$meta:index:SystemUserToken::reporting", "meta:index:SystemUserToken::reporting"]
)
def test_a_token_that_may_have_moved_to_a_place_that_waits_is_not_removed(vault: FakeVault, held: str) -> None:
    waits = asked(system_user_id=None, path="meta:index:SystemUserToken::reporting (owed an input)")
    assert PROVIDER.check({}, waits).failures == []

    with pytest.raises(Failure, match=r"token reporting is not removed: it may have moved to meta:index:SystemUserTok"):
        PROVIDER.delete(arn(), outs(path=held))
    assert vault.ended == []

    PROVIDER.delete(arn(), outs(path=held.replace("reporting", "other")))
    assert len(vault.ended) == 1


def test_what_the_state_holds_is_no_longer_waited_for_when_its_input_is_owed(vault: FakeVault) -> None:
    owed = "meta:index:SystemUserToken::reporting (owed an input)"
    [failure] = PROVIDER.check(asked(), asked(system_user_id=None, path=owed)).failures

    assert "is given an input by a resource that failed" in failure.reason
    assert "rotate --due" in failure.reason


def test_a_token_that_never_expires_needs_no_lead_time(meta: EmulatedMeta) -> None:
    never = {"never": {"reason": "legacy reader", "until": "2027-03-01"}}

    assert PROVIDER.check({}, asked(lifetime=never, rotate_before="1d")).failures == []


@pytest.mark.parametrize(
    ("changed", "changes"),
    [
        ({}, False),
        ({"label": "x"}, False),
        ({"requires": NOT_KNOWN}, False),
        ({"grace": "48h"}, True),
        ({"scopes": ["ads_management"]}, True),
        ({"secret_name": "meta/dev/other"}, True),
        ({"system_user_id": NOT_KNOWN}, None),
        ({"keepers": {"run": NOT_KNOWN}}, None),
    ],
)
def test_diff_never_replaces(vault: FakeVault, changed: dict[str, Any], changes: bool | None) -> None:
    result = PROVIDER.diff(arn(), outs(), asked(**changed))

    assert (result.changes, result.replaces) == (changes, None)


def test_what_is_due_is_a_change(vault: FakeVault) -> None:
    assert PROVIDER.diff(arn(), outs(freshness="rotation due: expires 2026-12-01"), asked()).changes is True


def test_another_app_or_region_behind_the_connection_is_a_change(
    vault: FakeVault, meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    reconfigured(monkeypatch, meta, app_id="120480000000999")
    assert PROVIDER.diff(arn(), outs(), asked()).changes is True
    reconfigured(monkeypatch, meta, aws=replace(meta.connection.aws, region="eu-west-1"))
    assert PROVIDER.diff(arn(), outs(), asked()).changes is True


DUE = "rotation due: expires 2026-12-01"


@pytest.fixture
def looks(vault: FakeVault, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which secrets were described, one entry each time."""
    found: list[str] = []

    def observe(store: Any, secret: str, **given: Any) -> Observed:
        found.append(secret)
        return vault.observe(store, secret, **given)

    monkeypatch.setattr(system_user_token, "observe", observe)
    return found


def test_without_a_refresh_the_diff_looks_says_what_is_due_and_the_update_does_it(
    vault: FakeVault, looks: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    vault.seen = {"finding": Finding(Need.ROTATION, DUE)}

    assert PROVIDER.diff(arn(), outs(), asked()).changes is True
    assert capsys.readouterr().out == f"token reporting: {DUE}\n"
    PROVIDER.update(arn(), outs(), asked())

    assert vault.asks[0][0].rotate_now == DUE
    assert looks == [arn()]


def test_what_the_refresh_has_looked_at_is_not_looked_at_again(vault: FakeVault, looks: list[str]) -> None:
    read = PROVIDER.read(arn(), outs())
    assert read.outs is not None
    assert PROVIDER.diff(arn(), read.outs, asked()).changes is False

    assert looks == [arn()]


def test_without_a_refresh_a_change_of_policy_does_not_hide_what_is_due(vault: FakeVault, looks: list[str]) -> None:
    vault.seen = {"finding": Finding(Need.ROTATION, DUE)}

    PROVIDER.diff(arn(), outs(), asked(grace="48h"))
    PROVIDER.update(arn(), outs(), asked(grace="48h"))

    assert vault.asks[0][0].rotate_now == DUE
    assert looks == [arn()]


def test_without_a_refresh_the_state_follows_what_was_done_outside_pulumi(vault: FakeVault) -> None:
    vault.seen = {"claimed": True, "generation": 2, "version_id": "v2", "fingerprint": "sha256:2222222222222222"}

    assert PROVIDER.diff(arn(), outs(), asked()).changes is True
    updated = PROVIDER.update(arn(), outs(), asked())

    assert vault.asks == []
    assert updated.outs == outs(generation=2, version_id="v2", fingerprint="sha256:2222222222222222")


def test_a_token_that_cannot_be_looked_at_is_told_loudly_and_stops_nothing(
    vault: FakeVault, capsys: pytest.CaptureFixture[str]
) -> None:
    vault.fails = SecretDeniedError("Describing secret x was refused.")

    assert PROVIDER.diff(arn(), outs(), asked()).changes is False
    assert not lacks(capsys.readouterr().out, "reporting", "NOT looked at", "Describing secret x was refused.")


def test_offline_no_secret_is_looked_at(meta: EmulatedMeta, looks: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    configured(monkeypatch, meta, offline=True)

    assert PROVIDER.diff(arn(), outs(), asked()).changes is False
    assert looks == []


# --- create, read --------------------------------------------------------------------------------


def test_create_makes_a_new_claim_and_its_id_is_the_arn(real: EmulatedMeta) -> None:
    result = PROVIDER.create(asked())

    secret, (token,) = described(), minted(real)
    (version,) = [key for key, labels in secret["VersionIdsToStages"].items() if "AWSCURRENT" in labels]
    given = result.outs or {}
    unforeseen = {name: given[name] for name in ("claim", "trigger")}
    assert all(unforeseen.values())
    known = {"arn": secret["ARN"], "version_id": version, "fingerprint": token.fingerprint}
    assert (result.id, given) == (secret["ARN"], outs(**unforeseen, **known))
    assert (token.system_user_id, token.scopes, token.expires_at) == (USER, ["ads_read"], EXPIRES)


def test_a_token_that_never_expires_says_so(real: EmulatedMeta) -> None:
    never = {"never": {"reason": "legacy reader", "until": "2027-03-01"}}

    assert made(lifetime=never)["expires_at"] == "never"
    assert [token.expires_at for token in minted(real)] == [None]


def test_read_of_a_current_token_answers_the_same(real: EmulatedMeta) -> None:
    held = made()

    result = PROVIDER.read(held["arn"], held)

    assert (result.id, result.outs, result.inputs) == (held["arn"], held, None)


def test_read_puts_what_is_due_into_inputs_and_outputs(vault: FakeVault) -> None:
    due = "rotation due: expires 2026-12-01"
    vault.seen = {"finding": Finding(Need.ROTATION, due), "expires_at": NOW + timedelta(days=7), "suspects": (2,)}

    result = PROVIDER.read(arn(), outs())

    assert result.inputs == asked(freshness=due)
    assert result.outs == outs(freshness=due, expires_at="2026-12-01T08:00:00Z", suspects=[2])


def test_read_looks_where_the_secret_is(vault: FakeVault, meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    reconfigured(monkeypatch, meta, aws=replace(meta.connection.aws, region="eu-west-1"))

    result = PROVIDER.read(arn(), outs())

    assert vault.regions == ["eu-central-1"]
    assert result.outs is not None
    assert result.outs["freshness"] == "region changed: eu-central-1 to eu-west-1"


def test_a_denied_secret_names_the_settings(vault: FakeVault) -> None:
    vault.fails = SecretDeniedError("Describing secret x was refused.")

    with pytest.raises(Failure, match=r"Describing secret x was refused\. Settings used: connection main"):
        PROVIDER.read(arn(), outs())


def test_an_exception_from_expiry_that_is_overdue_is_told(vault: FakeVault, capsys: pytest.CaptureFixture[str]) -> None:
    never = {"never": {"reason": "legacy reader", "until": "2026-11-23"}}

    PROVIDER.read(arn(), outs(lifetime=never, expires_at="never"))

    assert not lacks(capsys.readouterr().out, "reporting", "never expires", "2026-11-23")


# --- update --------------------------------------------------------------------------------------

NEVER_A = {"never": {"reason": "legacy reader", "until": "2027-03-01"}}
NEVER_B = {"never": {"reason": "another reason", "until": "2027-06-01"}}


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ({}, {"grace": "48h"}),
        ({}, {"rotate_before": "30d"}),
        ({}, {"take_over_from": "a/b"}),
        ({}, {"requires": {"x": "drifted"}}),
        ({"lifetime": NEVER_A}, {"lifetime": NEVER_B}),
    ],
)
def test_policy_is_an_update_without_a_call(real: EmulatedMeta, before: dict[str, Any], after: dict[str, Any]) -> None:
    held = made(**before)
    real.forget_calls()

    result = PROVIDER.update(held["arn"], held, asked(**{**before, **after}))

    assert (real.calls, len(minted(real))) == ([], 1)
    assert result.outs == {**held, **after}


@pytest.mark.parametrize(
    "after",
    [
        {"system_user_id": OTHER},
        {"scopes": ["ads_management"]},
        {"keepers": {"run": "2"}},
        {"kms_key": "alias/other"},
        {"lifetime": NEVER_A},
        {"owner": "meta-access/prod"},
    ],
)
def test_what_is_asked_for_goes_to_the_protocol_with_the_claim_of_the_state(
    vault: FakeVault, after: dict[str, Any]
) -> None:
    PROVIDER.update(arn(), outs(), asked(**after))

    ((spec, claim),) = vault.asks
    assert (claim, spec.rotate_now) == ("claim-1", None)
    assert vault.left == vault.ended == []


def test_what_is_due_goes_to_the_protocol_with_its_reason(real: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    held = made()
    real.sleep(45 * 86400)
    new_process(monkeypatch, real)

    read = PROVIDER.read(held["arn"], held)
    assert read.outs is not None
    assert read.outs["freshness"] == "rotation due: expires 2027-01-23"
    done = PROVIDER.update(held["arn"], read.outs, asked())

    assert done.outs is not None
    facts = (done.outs["freshness"], done.outs["generation"], done.outs["claim"], done.outs["superseded"])
    ends = [{"generation": 1, "ends_at": "2027-01-09T08:00:00Z"}]
    assert facts == ("current", 2, held["claim"], ends)
    assert [token.revoked_at for token in minted(real)] == [None, None]


def test_a_new_secret_is_filled_with_the_same_claim_and_the_old_one_left(real: EmulatedMeta) -> None:
    held = made()

    done = updated(PROVIDER, held["arn"], held, asked(secret_name="meta/dev/other"))

    assert (done["arn"], done["claim"]) == (described(name="meta/dev/other")["ARN"], held["claim"])
    assert done["previous_secrets"] == [{"arn": held["arn"], "ends_at": "2026-11-25T08:00:00Z"}]
    assert [token.revoked_at for token in minted(real)] == [None, None]
    assert "DeletedDate" not in described()


def test_a_new_region_is_a_move_as_well(real: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    held = made()
    reconfigured(monkeypatch, real, aws=replace(real.connection.aws, region="eu-west-1"))

    done = updated(PROVIDER, held["arn"], held, asked())

    assert done["arn"] == described("eu-west-1")["ARN"]
    assert done["arn"].startswith("arn:aws:secretsmanager:eu-west-1:")
    assert done["previous_secrets"] == [{"arn": held["arn"], "ends_at": "2026-11-25T08:00:00Z"}]


def test_a_secret_that_another_resource_keeps_is_not_left(real: EmulatedMeta) -> None:
    held, before = made(), described()["VersionIdsToStages"]
    PROVIDER.check(asked(), asked(label="other"))

    done = updated(PROVIDER, held["arn"], held, asked(secret_name="meta/dev/other"))

    assert done["previous_secrets"] == []
    assert described()["VersionIdsToStages"] == before


def test_an_old_secret_is_due_when_its_grace_is_over_and_then_forgotten(
    real: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = made()
    state = updated(PROVIDER, held["arn"], held, asked(secret_name="meta/dev/other"))
    real.sleep(86400)
    new_process(monkeypatch, real)

    read = PROVIDER.read(state["arn"], state)
    assert read.outs is not None
    assert read.outs["freshness"] == f"retirement due: secret {held['arn']}"
    done = updated(PROVIDER, state["arn"], read.outs, asked(secret_name="meta/dev/other"))

    assert done["previous_secrets"] == []
    assert [token.revoked_at is None for token in minted(real)] == [False, True]
    assert "DeletedDate" in described()


def test_going_back_to_the_old_secret_takes_it_off_the_list(real: EmulatedMeta) -> None:
    held = made()
    state = updated(PROVIDER, held["arn"], held, asked(secret_name="meta/dev/new"))

    done = updated(PROVIDER, state["arn"], state, asked())

    assert done["arn"] == held["arn"]
    assert [row["arn"] for row in done["previous_secrets"]] == [state["arn"]]


def test_a_user_left_behind_is_kept_while_its_token_is_in_grace(real: EmulatedMeta) -> None:
    held = made()

    PROVIDER.update(held["arn"], held, asked(system_user_id=OTHER))

    assert [token.system_user_id for token in minted(real)] == [USER, OTHER]
    assert DEPLOYMENT.grace_of(USER) == Grace("2026-11-25T08:00:00Z", held["arn"])
    assert DEPLOYMENT.grace_of(OTHER) is None


def test_a_user_left_behind_by_a_run_that_died_is_known_to_the_next_refresh(vault: FakeVault) -> None:
    vault.seen = {"former": (USER,), "superseded": (Superseded(1, NOW + timedelta(days=1)),)}

    PROVIDER.read(arn(), outs(system_user_id=OTHER))

    assert DEPLOYMENT.grace_of(USER) == Grace("2026-11-25T08:00:00Z", arn())
    # Its last token ends in this very run: the user need not be kept.
    PROVIDER.update(arn(), outs(system_user_id=OTHER), asked(system_user_id=OTHER, keepers={"round": "2"}))
    assert DEPLOYMENT.grace_of(USER) is None


def test_a_user_left_behind_need_not_be_kept_once_the_secret_is_ended(real: EmulatedMeta) -> None:
    held = made()
    DEPLOYMENT.note_grace(USER, Grace("2026-11-25T08:00:00Z", held["arn"]))

    PROVIDER.delete(held["arn"], held)

    assert DEPLOYMENT.grace_of(USER) is None
    assert [token.revoked_at is None for token in minted(real)] == [False]


def test_added_scopes_wait_for_their_gates_and_fewer_do_not(real: EmulatedMeta) -> None:
    closed = {"requires": {"ads-tier": "pending_human"}}
    both = made(scopes=["ads_read", "pages_show_list"])

    held = updated(PROVIDER, both["arn"], both, asked(scopes=["ads_read"], **closed))
    assert "refused" not in held
    assert [token.scopes for token in minted(real)] == [["ads_read", "pages_show_list"], ["ads_read"]]

    wider = updated(PROVIDER, held["arn"], held, asked(scopes=["ads_read", "pages_show_list"], **closed))
    assert not lacks(wider["refused"], "reporting", "pages_show_list", "held back")
    assert (wider["scopes"], len(minted(real))) == (["ads_read"], 2)


def test_a_rotation_that_is_due_does_not_wait_for_a_gate_that_holds_added_scopes_back(
    real: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    due = "rotation due: expires 2027-01-23"
    wider = asked(scopes=["ads_read", "pages_show_list"], requires={"ads-tier": "pending_human"})
    state = made()
    real.sleep(45 * 86400)
    new_process(monkeypatch, real)

    held = updated(PROVIDER, state["arn"], {**state, "freshness": due}, wider)

    assert "is held back by a gate" in held["refused"]
    assert [token.scopes for token in minted(real)] == [["ads_read"], ["ads_read"]]
    assert f"was brought up to date with the scopes it has ({due})" in capsys.readouterr().out


@pytest.mark.parametrize("reference", [f"secret:{SECRET}", f"aws-secret:{arn()}#access_token"])
def test_promoting_the_credential_in_use_drops_its_cache(
    vault: FakeVault, meta: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, reference: str
) -> None:
    forgotten: list[str] = []
    monkeypatch.setattr(credentials.Credentials, "forget", lambda self: forgotten.append(repr(self)))
    reconfigured(monkeypatch, meta, admin_token=reference)

    PROVIDER.update(arn(), outs(), asked(keepers={"run": "2"}))

    assert forgotten == ["Credentials(connection='main')"]


def test_other_tokens_leave_the_credential_alone(vault: FakeVault, monkeypatch: pytest.MonkeyPatch) -> None:
    forgotten: list[str] = []
    monkeypatch.setattr(credentials.Credentials, "forget", lambda self: forgotten.append(repr(self)))

    PROVIDER.update(arn(), outs(), asked(keepers={"run": "2"}))

    assert forgotten == []


# --- AWS's own rotation --------------------------------------------------------------------------

ROTATE = f"aws secretsmanager rotate-secret --secret-id {arn()}"


def test_what_aws_has_rotated_meanwhile_is_read_without_drift(vault: FakeVault) -> None:
    vault.seen = {
        "version_id": "v2",
        "generation": 2,
        "fingerprint": "sha256:2222222222222222",
        "issued_at": "2026-12-20T08:00:00Z",
    }

    result = PROVIDER.read(arn(), outs(rotation_owner="lambda"))

    assert result.inputs is None
    assert result.outs == outs(rotation_owner="lambda", **vault.seen)


def test_what_was_rotated_outside_pulumi_is_read_without_drift(vault: FakeVault) -> None:
    new = {
        "version_id": "v2",
        "generation": 2,
        "fingerprint": "sha256:2222222222222222",
        "issued_at": "2026-12-20T08:00:00Z",
    }
    vault.seen = {**new, "claimed": True}

    result = PROVIDER.read(arn(), outs())

    assert (result.inputs, result.outs) == (None, outs(**new))
    assert PROVIDER.diff(arn(), result.outs, asked()).changes is False


def test_facts_that_aws_did_not_note_stay_as_they_were(vault: FakeVault) -> None:
    vault.seen = {"version_id": "v2", "generation": 2}

    assert PROVIDER.read(arn(), outs(rotation_owner="lambda")).outs == outs(rotation_owner="lambda", **vault.seen)


@pytest.mark.parametrize(
    ("owner", "seen"),
    [
        ("lambda", {"version_id": "v1", "generation": 1, "fingerprint": "sha256:2222222222222222"}),
        ("lambda", {"version_id": "", "generation": 2}),
        ("pulumi", {"version_id": "v2", "generation": 2, "claimed": False}),
        ("pulumi", {"version_id": "v0", "generation": 0, "claimed": True}),
    ],
    ids=["same generation", "no current version", "another claim's", "moved back by hand"],
)
def test_nothing_else_is_taken_from_the_secret(vault: FakeVault, owner: str, seen: dict[str, Any]) -> None:
    vault.seen = seen

    assert PROVIDER.read(arn(), outs(rotation_owner=owner)).outs == outs(rotation_owner=owner)


@pytest.mark.parametrize(("owner", "told"), [("lambda", True), ("pulumi", False)])
def test_a_rotation_that_aws_has_missed_is_told(
    vault: FakeVault, capsys: pytest.CaptureFixture[str], owner: str, told: bool
) -> None:
    vault.seen = {"late": True, "expires_at": NOW + timedelta(days=7)}

    PROVIDER.read(arn(), outs(rotation_owner=owner))

    assert capsys.readouterr().out == told * (
        "token reporting expires 2026-12-01T08:00:00Z, and AWS's rotation, which owns it, has not replaced it yet. "
        f"Look at the function's last run, or start it: {ROTATE}\n"
    )


@pytest.mark.parametrize(
    ("owner", "wish", "told"),
    [("lambda", "sha256:w", True), ("lambda", "sha256:t", False), ("pulumi", "sha256:w", False)],
)
def test_a_wish_that_waits_for_aws_is_told(
    vault: FakeVault, capsys: pytest.CaptureFixture[str], owner: str, wish: str, told: bool
) -> None:
    vault.wish = wish

    PROVIDER.update(arn(), outs(rotation_owner=owner), asked(keepers={"run": "2"}, rotation_owner=owner))

    assert capsys.readouterr().out == told * (
        "token reporting: what is asked for now stands in the secret's tags, and AWS's rotation, which owns the "
        "token, mints it next time, if the function's environment allows it: write what `meta-access function` prints "
        f"into it first. For now: {ROTATE}\n"
    )


def test_added_scopes_are_written_into_the_wish_although_a_gate_is_closed(vault: FakeVault) -> None:
    # Nothing is minted with them here, and the tags must say what the owner asks for.
    wider = {"scopes": ["ads_read", "pages_show_list"], "requires": {"ads-tier": "pending_human"}}

    PROVIDER.update(arn(), outs(rotation_owner="lambda"), asked(rotation_owner="lambda", **wider))

    ((spec, _),) = vault.asks
    assert (spec.scopes, spec.rotation_owner) == (("ads_read", "pages_show_list"), "lambda")


# In a tag, with a space between each, these take 257 characters.
WIDE = [
    "commerce_account_read_reports", "commerce_account_read_settings", "instagram_branded_content_creator",
    "leads_retrieval", "pages_manage_instant_articles", "pages_messaging", "pages_read_engagement",
    "read_audience_network_insights", "read_page_mailboxes", "whatsapp_business_messaging",
]  # fmt: skip


def test_scopes_that_no_tag_holds_are_refused_where_aws_reads_them_in_one(meta: EmulatedMeta) -> None:
    (failure,) = PROVIDER.check({}, asked(scopes=WIDE, rotation_owner="lambda")).failures

    assert failure.property == "scopes"
    assert failure.reason.startswith(
        "take 257 characters; with rotation_owner: lambda they stand in a tag, which holds 256"
    )


@pytest.mark.parametrize(("owner", "scopes"), [("pulumi", WIDE), ("lambda", WIDE[1:])])
def test_scopes_of_any_length_pass_where_they_fit_or_no_tag_holds_them(
    meta: EmulatedMeta, owner: str, scopes: list[str]
) -> None:
    assert PROVIDER.check({}, asked(scopes=scopes, rotation_owner=owner)).failures == []


@pytest.mark.parametrize("owner", ["aws", "", "Lambda"])
def test_other_owners_of_the_rotation_are_refused(meta: EmulatedMeta, owner: str) -> None:
    (failure,) = PROVIDER.check({}, asked(rotation_owner=owner)).failures

    assert failure.property == "rotation_owner"
    assert "is not one of" in failure.reason


# --- delete --------------------------------------------------------------------------------------


def told_apart(**changed: Any) -> dict[str, Any]:
    """Inputs of another token of the same user, in a secret of its own."""
    return asked(label="insights", secret_name="meta/dev/insights", **changed)


def test_the_delete_of_a_token_whose_user_goes_on_leaves_its_secret_to_the_one_that_stays(
    real: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    older = made(secret_name="meta/dev/older")
    state = updated(PROVIDER, older["arn"], older, asked())
    PROVIDER.check({}, told_apart())
    heir = dict(PROVIDER.create(told_apart()).outs or {})

    PROVIDER.delete(state["arn"], state)

    assert [token.revoked_at for token in minted(real)] == [None, None, None]
    assert ["DeletedDate" in described(name=name) for name in ("meta/dev/older", SECRET)] == [False, False]
    assert not lacks(capsys.readouterr().out, "token insights")
    read = PROVIDER.read(heir["arn"], heir)
    assert read.outs is not None
    ends = "2026-11-25T08:00:00Z"
    left = {row["arn"]: row["ends_at"] for row in read.outs["previous_secrets"]}
    assert left == {state["arn"]: ends, older["arn"]: ends}


def test_a_token_that_stays_unchanged_is_left_secrets_as_well(vault: FakeVault) -> None:
    state = outs(label="insights", secret_name="meta/dev/insights", arn=arn("meta/dev/insights"), claim="claim-7")
    PROVIDER.read(arn("meta/dev/insights"), state)
    PROVIDER.check(told_apart(), told_apart())

    PROVIDER.delete(arn(), outs())

    assert vault.handed == [f"{arn()} claim-1 to {arn('meta/dev/insights')} claim-7 86400"]


def test_nothing_ends_while_the_token_that_takes_over_is_not_made(real: EmulatedMeta) -> None:
    held = made()
    PROVIDER.check({}, told_apart())

    with pytest.raises(Failure, match="is kept, because token insights of the same system user"):
        PROVIDER.delete(held["arn"], held)

    assert [token.revoked_at for token in minted(real)] == [None]
    assert "DeletedDate" not in described()


@pytest.mark.parametrize(
    ("twin", "state"),
    [
        (told_apart(system_user_id=OTHER), {}),
        # AWS's rotation would go on in a secret that is only left.
        (told_apart(), {"rotation_owner": "lambda"}),
    ],
)
def test_a_token_ends_at_once_when_nobody_takes_over(
    vault: FakeVault, twin: dict[str, Any], state: dict[str, Any]
) -> None:
    PROVIDER.check({}, twin)
    PROVIDER.create(twin)

    PROVIDER.delete(arn(), outs(**state))

    assert (vault.ended, vault.handed) == ([f"{arn()} claim-1 eu-central-1"], [])


def test_a_secret_that_was_left_to_a_token_is_told_comes_due_and_is_settled(
    real: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = made()
    PROVIDER.check({}, told_apart())
    heir = dict(PROVIDER.create(told_apart()).outs or {})
    PROVIDER.delete(held["arn"], held)
    real.sleep(25 * 3600)
    new_process(monkeypatch, real)

    read = PROVIDER.read(heir["arn"], heir)

    assert read.outs is not None
    assert read.outs["previous_secrets"] == [{"arn": held["arn"], "ends_at": "2026-11-25T08:00:00Z"}]
    assert read.outs["freshness"] == f"retirement due: secret {held['arn']}"
    done = updated(PROVIDER, heir["arn"], read.outs, told_apart())
    assert done["previous_secrets"] == []
    assert [token.revoked_at is None for token in minted(real)] == [False, True]
    assert "DeletedDate" in described()
    new_process(monkeypatch, real)
    again = PROVIDER.read(heir["arn"], done).outs or {}
    assert (again["previous_secrets"], again["freshness"]) == ([], "current")


def test_a_destroy_without_a_refresh_ends_what_was_left_to_the_token_as_well(
    real: EmulatedMeta, monkeypatch: pytest.MonkeyPatch
) -> None:
    held = made()
    PROVIDER.check({}, told_apart())
    heir = dict(PROVIDER.create(told_apart()).outs or {})
    PROVIDER.delete(held["arn"], held)
    new_process(monkeypatch, real)

    PROVIDER.delete(heir["arn"], heir)

    assert all(token.revoked_at for token in minted(real))
    assert ["DeletedDate" in described(name=name) for name in (SECRET, "meta/dev/insights")] == [True, True]


def test_delete_ends_the_secret_and_those_left_behind(
    real: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    old = made()
    reconfigured(monkeypatch, real, aws=replace(real.connection.aws, region="eu-west-1"))
    held = updated(PROVIDER, old["arn"], old, asked())
    capsys.readouterr()

    PROVIDER.delete(held["arn"], held)

    assert [token.revoked_at is None for token in minted(real)] == [False, False]
    assert ["DeletedDate" in described(region) for region in ("eu-west-1", "eu-central-1")] == [True, True]
    said = capsys.readouterr().out
    assert said.startswith("token reporting: ")
    assert said.count(f"Secret {SECRET} is deleted on ") == 2


def test_the_old_half_of_a_replacement_is_left_alive_under_another_name_too(
    real: EmulatedMeta, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = {"path": "pulumi-python:dynamic/meta:SystemUserToken::reporting"}
    held = {**made(), **path}
    PROVIDER.check({}, asked(secret_name="meta/dev/other", **path))
    capsys.readouterr()

    PROVIDER.delete(held["arn"], held)

    assert "DeletedDate" not in described()
    assert not lacks(capsys.readouterr().out, "reporting", held["arn"], "`meta-access orphans`")

    new_process(monkeypatch, real)
    PROVIDER.delete(held["arn"], held)
    assert "DeletedDate" in described()


def test_the_delete_of_a_renamed_resource_ends_nothing(real: EmulatedMeta, monkeypatch: pytest.MonkeyPatch) -> None:
    held = made()
    PROVIDER.check({}, asked(label="new"))
    PROVIDER.delete(held["arn"], held)
    assert [token.revoked_at for token in minted(real)] == [None]

    new_process(monkeypatch, real)
    PROVIDER.delete(held["arn"], held)
    assert [token.revoked_at is None for token in minted(real)] == [False]


def test_two_resources_of_one_secret_fail_without_a_property(meta: EmulatedMeta) -> None:
    assert PROVIDER.check({}, asked()).failures == []

    (failure,) = PROVIDER.check({}, asked(label="b")).failures

    assert (failure.property, failure.reason) == (
        "",
        "resources reporting and b represent the same token. Fix: remove one of them.",
    )


@pytest.mark.parametrize(
    ("has_app", "words"),
    [(False, "the gate SystemUserAppAccess of this user shows it"), (True, "(#200) No.")],
)
def test_a_mint_refused_for_want_of_the_app_is_told_apart(real: EmulatedMeta, has_app: bool, words: str) -> None:
    if has_app:
        real.refuse("POST", "access_tokens$", 200, "(#200) No.")
    else:
        with real.edit() as world:
            world.app_access = []

    with pytest.raises(Failure) as raised:
        PROVIDER.create(asked())

    assert words in str(raised.value)
    assert ("SystemUserAppAccess" in str(raised.value)) is not has_app
    assert minted(real) == []


# --- a token that has ended at Meta ---------------------------------------------------------------

NOT_INSTALLED = "Meta refused: (#100) The app has to be installed. (code 100)"
INSTALLATION = {"label": "reporting", "connection": "main", "system_user_id": USER}


@pytest.fixture
def refuses_once(vault: FakeVault, monkeypatch: pytest.MonkeyPatch) -> FakeVault:
    """Meta refuses the first mint of each process, as it does without the app."""
    left = [InvalidRequestError(NOT_INSTALLED, code=100)]

    def ensure(*given: Any, **more: Any) -> Outcome:
        if left:
            raise left.pop()
        return vault.ensure(*given, **more)

    monkeypatch.setattr(system_user_token, "ensure", ensure)
    vault.seen = {"finding": Finding(Need.ROTATION, "rotation due: generation 1 has ended at Meta"), "ended": True}
    return vault


def test_an_up_that_declares_the_installation_installs_the_app_again_for_a_token_that_has_ended(
    refuses_once: FakeVault, meta: EmulatedMeta, capsys: pytest.CaptureFixture[str]
) -> None:
    give_app(meta)
    AppInstallationProvider().check({}, dict(INSTALLATION))

    PROVIDER.update(arn(), outs(), asked())

    assert meta.writes == [f"POST {USER}/applications"]
    assert len(refuses_once.asks) == 1
    assert f"is installed on system user {USER} again" in capsys.readouterr().out


def test_an_end_that_only_the_state_tells_is_one_too(refuses_once: FakeVault, meta: EmulatedMeta) -> None:
    # `rotate --due` has noted it, and the project has no `refresh: always`.
    give_app(meta)
    AppInstallationProvider().check({}, dict(INSTALLATION))
    told = outs(freshness="rotation due: generation 1 has ended at Meta")

    PROVIDER.update(arn(), told, asked())

    assert meta.writes == [f"POST {USER}/applications"]
    assert len(refuses_once.asks) == 1


def test_a_run_that_does_not_declare_it_names_the_next_step(refuses_once: FakeVault, meta: EmulatedMeta) -> None:
    give_app(meta)

    held = updated(PROVIDER, arn(), outs(), asked())

    assert meta.writes == []
    assert not lacks(held["refused"], USER, "`pulumi up --replace`", "AppInstallation")


def test_a_refusal_alone_is_no_sign_that_the_app_was_taken_off(refuses_once: FakeVault, meta: EmulatedMeta) -> None:
    refuses_once.seen = {"finding": Finding(Need.ROTATION, "rotation due: expires 2026-12-01")}
    give_app(meta)
    AppInstallationProvider().check({}, dict(INSTALLATION))

    held = updated(PROVIDER, arn(), outs(), asked())

    assert "The app has to be installed" in held["refused"]
    assert meta.writes == []
