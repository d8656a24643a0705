"""AWS's own rotation: its four calls in order, and in every order, number and place of death that AWS allows."""

from __future__ import annotations

import contextlib
import itertools
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from meta_access.errors import ForeignSecretError, GraphError, MetaAccessError, TokenPendingError
from meta_access.tokens.aws_rotation import CREATE, FINISH, SET, STEPS, TEST, Bound, Policy, rotate
from meta_access.tokens.observe import observe
from meta_access.tokens.revocation import Condemned, end_condemned, order
from meta_access.tokens.run import end
from tests.texts import lacks
from tests.unit.tokens.world import FUNCTION, NAME, SPEC, Crash, World

if TYPE_CHECKING:
    from meta_access.tokens.spec import TokenSpec

OWNED = replace(SPEC, rotation_owner="lambda")
NEW = "11111111-2222-4333-8444-555555555555"
NEXT = "66666666-7777-4888-8999-000000000000"
DAY = 86400
POLICY = Policy(
    owner="meta-access/test",
    region="eu-central-1",
    account="123456789012",
    app_id="120",
    business_id="178",
    tokens={
        NAME: Bound(
            app_id="120",
            business_id="178",
            system_user_id="301",
            scopes=frozenset({"ads_management", "ads_read", "business_management"}),
            expires=True,
        )
    },
)


class Rotated(World):
    """A secret with Pulumi's first token, which AWS rotates from now on."""

    def __init__(self, policy: Policy | None = None) -> None:
        super().__init__()
        self.policy = policy
        self.first = self.ensure(OWNED)
        self.claim = self.first.claim

    @property
    def arn(self) -> str:
        return self.first.arn

    def begin(self, version_id: str = NEW, **given: bool) -> str:
        self.aws.rotate_secret(SecretId=self.arn, ClientRequestToken=version_id, **given)
        return version_id

    def call(self, step: str, version_id: str = NEW, *, left: float = 900) -> None:
        # An invocation of its own: nothing but AWS and Meta passes from one to the next.
        clock, said = self.time, self.said.append
        rotate(
            self.new_store(), lambda _: self.meta, step, self.arn, version_id,
            policy=self.policy, seconds_left=lambda: left, clock=clock, notify=said,
        )  # fmt: skip

    def calls(self, version_id: str = NEW) -> None:
        """What AWS does: each step until it succeeds, a few times at most."""
        for step in STEPS:
            self.call(step, version_id)

    def where(self, label: str) -> str | None:
        return next((key for key, labels in self.stages().items() if label in labels), None)

    def up(self, **changed: object) -> object:
        return self.ensure(replace(OWNED, **changed), claim=self.claim)  # type: ignore[arg-type]


def accounted(world: World) -> bool:
    """Every live token stands in a labelled version, but for what is listed or still open."""
    ledger = world.at("META_INTENT")
    excused = len(world.suspects()) + int(ledger["state"] == "minting")
    return len(world.meta.living() - world.held()) <= excused


# --- in order ------------------------------------------------------------------------------------


def test_four_calls_make_the_version_of_aws_current_with_a_fresh_token() -> None:
    world = Rotated()
    world.begin()

    world.calls()

    assert world.stages() == {
        world.first.version_id: ["AWSPREVIOUS", "META_R1_1795507200"],
        NEW: ["META_G2", "AWSCURRENT"],
        world.where("META_INTENT"): ["META_INTENT"],
    }
    current = world.at("AWSCURRENT")
    assert (current["generation"], current["state"], current["rotation"]) == (2, "active", NEW)
    assert (current["trigger"], current["scope"]) == (SPEC.trigger, "ads_read,business_management")
    assert world.meta.alive(current["access_token"])
    assert len(world.meta.tokens) == 2
    tags = world.tags()
    assert (tags["meta-tokens:generation"], tags["meta-tokens:expires-at"]) == ("2", "2027-01-23T08:00:00Z")
    assert tags["meta-tokens:fingerprint"] == current["fingerprint"]


def test_a_token_is_parked_before_it_is_current_and_revoked_only_after_grace() -> None:
    world = Rotated()
    world.begin()
    first = world.at("AWSCURRENT")["access_token"]

    world.call(CREATE)
    assert sorted(world.stages()[NEW]) == ["AWSPENDING", "META_G2"]
    assert world.at("AWSCURRENT")["access_token"] == first
    for step in (SET, TEST, FINISH):
        world.call(step)
    assert world.meta.alive(first)
    world.time.advance(DAY + 1)
    world.begin(NEXT)
    world.calls(NEXT)

    assert not world.meta.alive(first)
    assert sorted(world.held()) == sorted(world.meta.living())
    assert world.at("AWSCURRENT")["generation"] == 3


def test_pulumi_ends_what_aws_has_superseded_and_mints_nothing() -> None:
    world = Rotated()
    world.begin()
    world.calls()
    world.time.advance(45 * DAY)

    outcome = world.ensure(OWNED, claim=world.claim)

    assert (outcome.generation, outcome.version_id, len(world.meta.tokens)) == (2, NEW, 2)
    assert len(world.meta.living()) == 1
    assert world.labels() == {"AWSCURRENT", "META_G2", "META_INTENT"}


def test_what_pulumi_asks_for_meanwhile_is_minted_by_the_next_rotation_of_a_function_that_may() -> None:
    world = Rotated(POLICY)

    outcome = world.ensure(replace(OWNED, scopes=("ads_management",)), claim=world.claim)
    assert (outcome.generation, outcome.asked != outcome.trigger, len(world.meta.tokens)) == (1, True, 1)
    world.begin()
    world.calls()

    assert world.at("AWSCURRENT")["scope"] == "ads_management"
    again = world.ensure(replace(OWNED, scopes=("ads_management",)), claim=world.claim)
    assert (again.generation, again.asked == again.trigger) == (2, True)


def test_handing_back_cancels_the_rotation_and_mints_nothing() -> None:
    world = Rotated()
    world.begin()
    world.calls()

    outcome = world.ensure(SPEC, claim=world.claim)

    assert (outcome.generation, outcome.version_id, len(world.meta.tokens)) == (2, NEW, 2)
    assert "RotationEnabled" not in world.aws.describe_secret(SecretId=NAME)
    assert world.tags()["meta-tokens:rotation-owner"] == "pulumi"
    assert not lacks(world.said[-1], NAME, FUNCTION, "cancelled")
    with pytest.raises(ForeignSecretError, match="meta-tokens:rotation-owner"):
        world.call(CREATE)


@pytest.mark.parametrize("done", [0, 1, 2, 3])
def test_handing_back_in_the_middle_of_a_rotation_loses_nothing(done: int) -> None:
    world = Rotated()
    world.begin()
    for step in STEPS[:done]:
        world.call(step)

    outcome = world.ensure(SPEC, claim=world.claim)

    assert outcome.generation == (2 if done else 1)
    assert world.meta.living() == world.held()
    rotated = world.ensure(replace(SPEC, keepers={"round": "2"}), claim=world.claim)
    assert rotated.generation == outcome.generation + 1
    world.time.advance(DAY + 1)
    world.ensure(replace(SPEC, keepers={"round": "2"}), claim=world.claim)
    assert len(world.meta.living()) == 1


def test_destroying_ends_tokens_under_ids_of_aws_too() -> None:
    world = Rotated()
    world.begin()
    world.calls()

    end(world.store, world.meta, world.arn, claim=world.claim, clock=world.time, notify=world.said.append)

    assert world.meta.living() == set()
    assert world.store.describe(NAME).deletes_at


def test_an_observer_sees_no_drift_in_what_aws_did() -> None:
    world = Rotated()
    world.begin()
    world.calls()

    seen = observe(
        world.store, world.arn, claim=world.claim, version_id=world.first.version_id, generation=1,
        expires_at=world.first.expires_at, grace_s=DAY, rotate_before_s=20 * DAY, rotation_owner="lambda",
    )  # fmt: skip

    assert (seen.freshness, seen.generation, seen.version_id) == ("current", 2, NEW)
    assert [token.generation for token in seen.superseded] == [1]


# --- not in order --------------------------------------------------------------------------------


@pytest.mark.parametrize("calls", list(itertools.permutations(STEPS)), ids=lambda calls: "-".join(c[:4] for c in calls))
def test_any_order_of_calls_ends_well_once_the_right_one_has_come(calls: tuple[str, ...]) -> None:
    world = Rotated()
    world.begin()
    for step in calls:
        with contextlib.suppress(TokenPendingError):
            world.call(step)
        assert accounted(world)
        assert world.meta.alive(world.at("AWSCURRENT")["access_token"])

    world.calls()

    assert world.where("AWSCURRENT") == NEW
    assert len(world.meta.tokens) == 2


def test_every_call_twice_changes_nothing_more() -> None:
    world = Rotated()
    world.begin()
    for step in STEPS:
        world.call(step)
        before = world.stages()
        world.call(step)
        assert world.stages() == before

    assert len(world.meta.tokens) == 2


@pytest.mark.parametrize("step", [TEST, FINISH])
def test_nothing_is_tested_or_finished_before_it_is_created(step: str) -> None:
    world = Rotated()
    world.begin()

    with pytest.raises(TokenPendingError) as refused:
        world.call(step)

    assert not lacks(refused.value, NAME, "createSecret")
    assert len(world.meta.tokens) == 1


@pytest.mark.parametrize("step", [CREATE, SET, TEST, FINISH])
def test_a_version_that_is_not_pending_is_not_touched(step: str) -> None:
    world = Rotated()
    world.begin()
    before = world.stages()

    with pytest.raises(TokenPendingError, match=f"{step} was called for version {NEXT}"):
        world.call(step, NEXT)

    assert world.stages() == before


def test_with_another_version_pending_each_call_acts_on_its_own_version_only() -> None:
    world = Rotated()
    world.begin()
    world.call(CREATE)
    # An operator gives the rotation up by hand and starts another.
    world.aws.update_secret_version_stage(SecretId=NAME, VersionStage="AWSPENDING", RemoveFromVersionId=NEW)
    world.begin(NEXT)
    with pytest.raises(TokenPendingError):
        world.call(FINISH)

    world.calls(NEXT)

    assert (world.where("AWSCURRENT"), world.at("AWSCURRENT")["generation"]) == (NEXT, 3)
    assert world.meta.living() == world.held()
    world.time.advance(DAY + 1)
    world.ensure(OWNED, claim=world.claim)
    assert len(world.meta.living()) == 1


def test_the_copy_that_aws_has_tested_before_it_turns_rotation_on_is_only_tested() -> None:
    world = Rotated()
    world.begin(RotateImmediately=False)

    world.call(TEST)

    assert len(world.meta.tokens) == 1
    assert world.where("AWSCURRENT") == world.first.version_id


def test_somebody_elses_pending_value_is_left_alone() -> None:
    world = Rotated()
    world.begin()
    world.aws.put_secret_value(
        SecretId=NAME, ClientRequestToken=NEW, SecretString="theirs", VersionStages=["AWSPENDING"]
    )
    for step in (CREATE, TEST, FINISH):
        with pytest.raises(TokenPendingError, match="holds a value that this tool did not put there"):
            world.call(step)
    assert len(world.meta.tokens) == 1


# --- what fails ----------------------------------------------------------------------------------


def test_a_token_that_meta_says_no_to_is_revoked_and_gives_way_to_the_next_rotation() -> None:
    world = Rotated()
    world.begin()
    world.meta.spoil = 1
    world.call(CREATE)

    with pytest.raises(GraphError, match=r"generation 2 \(it lacks ads_read\)"):
        world.call(TEST)

    assert world.meta.living() == world.held()
    assert len(world.meta.living()) == 1
    assert world.where("AWSPENDING") is None
    world.begin(NEXT)
    world.calls(NEXT)
    assert world.at("AWSCURRENT")["generation"] == 3


@pytest.mark.parametrize("step", [CREATE, TEST, FINISH])
def test_with_meta_silent_nothing_is_minted_revoked_or_promoted(step: str) -> None:
    world = Rotated()
    world.begin()
    for done in STEPS[: STEPS.index(step)]:
        world.call(done)
    before, minted = world.stages(), len(world.meta.tokens)
    world.meta.outage = True

    with pytest.raises(TokenPendingError, match="Nothing was minted, revoked or marked"):
        world.call(step)

    world.meta.outage = False
    assert (world.stages(), len(world.meta.tokens)) == (before, minted)
    world.calls()
    assert world.where("AWSCURRENT") == NEW


def test_finishing_without_testing_still_asks_meta_first() -> None:
    world = Rotated()
    world.begin()
    world.meta.spoil = 1
    world.call(CREATE)

    with pytest.raises(GraphError, match="Meta says no"):
        world.call(FINISH)

    assert world.where("AWSCURRENT") == world.first.version_id


def test_too_little_time_is_said_before_anything_is_minted() -> None:
    world = Rotated()
    world.begin()

    with pytest.raises(TokenPendingError) as refused:
        world.call(CREATE, left=200)

    assert not lacks(refused.value.problem, NAME, "200 s", "300 s")
    assert "900 s" in refused.value.next_step


def test_a_secret_without_a_first_token_is_pulumis() -> None:
    world = Rotated()
    payload = '{"generation":0,"state":"empty"}'
    world.aws.find(NAME).versions[world.first.version_id].text = payload
    world.begin()

    with pytest.raises(TokenPendingError, match="AWS's rotation only follows one"):
        world.call(CREATE)


def test_lost_tags_are_named() -> None:
    world = Rotated()
    world.begin()
    del world.aws.find(NAME).tags["meta-tokens:scopes"]

    with pytest.raises(ForeignSecretError) as refused:
        world.call(CREATE)

    assert not lacks(refused.value.problem, NAME, "meta-tokens:scopes")
    assert "`pulumi up`" in refused.value.next_step


def test_a_rotation_that_nobody_asked_for_is_refused_by_pulumi() -> None:
    world = World()
    claim = world.ensure().claim
    world.aws.rotate_secret(SecretId=NAME, ClientRequestToken=NEW)

    with pytest.raises(ForeignSecretError) as refused:
        world.ensure(replace(SPEC, keepers={"round": "2"}), claim=claim)

    assert not lacks(refused.value.problem, NAME, FUNCTION)
    assert not lacks(refused.value.next_step, "aws secretsmanager cancel-rotate-secret", "rotation_owner: lambda")
    assert len(world.meta.tokens) == 1


# --- tags that wish for too much -----------------------------------------------------------------

TOKENS = "what its token does not have, and this function has no META_ACCESS_ROTATION_POLICY that allows it"
POLICYS = "what META_ACCESS_ROTATION_POLICY of this function does not allow"
# Each with what the refusal says of it.
WIDER = [
    ({"system-user-id": "999"}, "meta-tokens:system-user-id is 999, not 301"),
    ({"scopes": "ads_read business_management pages_show_list"}, "meta-tokens:scopes adds pages_show_list"),
    ({"lifetime": "never"}, "meta-tokens:lifetime is never, not 60d"),
    ({"app-id": "121"}, "meta-tokens:app-id is 121, not 120"),
    ({"business-id": "179"}, "meta-tokens:business-id is 179, not 178"),
    (
        {"system-user-id": "999", "scopes": "pages_show_list", "lifetime": "never", "trigger": f"sha256:{'0' * 64}"},
        (
            "meta-tokens:system-user-id is 999, not 301; meta-tokens:scopes adds pages_show_list; meta-tokens:lifetime "
            "is never, not 60d"
        ),
    ),
]
# What no stack writes: some of it would become part of a path at Meta.
UNREADABLE = [
    {"api-version": "v26.0/999/access_tokens?x="},
    {"api-version": "v26.0#"},
    {"system-user-id": "999/access_tokens?x="},
    {"system-user-id": "me"},
    {"system-user-id": "٣٠١"},
    {"app-id": "0120"},
    {"business-id": "178 "},
    {"scopes": " "},
    {"scopes": "ads_read,business_management"},
    {"lifetime": "Never"},
    {"lifetime": "90d"},
    {"grace-s": "9" * 200},
    {"grace-s": "-1"},
    {"trigger": "y"},
    {"stack": "test/../prod"},
]


def tamper(world: Rotated, changed: dict[str, str]) -> None:
    world.aws.find(NAME).tags.update({f"meta-tokens:{key}": value for key, value in changed.items()})


def refuse_and_heal(world: Rotated) -> str:
    """Call createSecret, which must change nothing; then with Pulumi's tags the same rotation must succeed."""
    world.begin()
    before, minted, labels = dict(world.tags()), len(world.meta.tokens), world.stages()
    with pytest.raises(ForeignSecretError) as refused:
        world.call(CREATE)
    assert (dict(world.tags()), len(world.meta.tokens), world.stages()) == (before, minted, labels)
    assert world.meta.alive(world.at("AWSCURRENT")["access_token"])
    world.up()
    world.calls()
    assert world.where("AWSCURRENT") == NEW
    assert [token.user for token in world.meta.tokens.values()] == ["301", "301"]
    return str(refused.value)


@pytest.mark.parametrize(("policy", "whose"), [(None, TOKENS), (POLICY, POLICYS)], ids=["token", "policy"])
@pytest.mark.parametrize(("changed", "beyond"), WIDER, ids="-".join)
def test_tags_alone_widen_nothing(policy: Policy | None, whose: str, changed: dict[str, str], beyond: str) -> None:
    world = Rotated(policy)
    tamper(world, changed)

    facts = (NAME, whose, beyond, "`meta-access function`", "`pulumi up`")
    assert not lacks(refuse_and_heal(world), *facts)


@pytest.mark.parametrize("policy", [None, POLICY], ids=["token", "policy"])
@pytest.mark.parametrize("changed", UNREADABLE, ids=str)
def test_tags_that_no_stack_writes_are_named_and_nothing_is_asked_of_meta(
    policy: Policy | None, changed: dict[str, str]
) -> None:
    world = Rotated(policy)
    tamper(world, changed)
    [key] = changed
    world.meta.calls.clear()

    refused = refuse_and_heal(world)

    assert not lacks(refused, NAME, f"meta-tokens:{key}", "`pulumi up`")
    assert world.meta.calls[0] == "inspect"


def test_a_secret_that_says_it_is_another_stack_s_is_not_rotated_by_a_bound_function() -> None:
    world = Rotated(POLICY)
    tamper(world, {"stack": "prod"})
    world.begin()

    with pytest.raises(ForeignSecretError, match="meta-tokens:stack are meta-access/prod, not meta-access/test"):
        world.call(CREATE)

    assert len(world.meta.tokens) == 1


def test_a_secret_that_the_policy_does_not_name_is_not_rotated() -> None:
    world = Rotated(replace(POLICY, tokens={"meta/test/other": POLICY.tokens[NAME]}))
    world.begin()

    with pytest.raises(ForeignSecretError) as refused:
        world.call(CREATE)

    assert not lacks(
        refused.value, NAME, "META_ACCESS_ROTATION_POLICY", "rotation_owner: lambda", "`meta-access function`"
    )
    assert len(world.meta.tokens) == 1


@pytest.mark.parametrize(
    ("key", "value"),
    [("system-user-id", "999"), ("scopes", "ads_management ads_read"), ("lifetime", "never"), ("stack", "prod")],
)
def test_an_observer_sees_tags_that_somebody_changed_so_that_pulumi_writes_them_again(key: str, value: str) -> None:
    world = Rotated()

    def freshness() -> str:
        return observe(
            world.store, world.arn, claim=world.claim, version_id=world.first.version_id, generation=1,
            expires_at=world.first.expires_at, grace_s=DAY, rotate_before_s=20 * DAY, rotation_owner="lambda",
            wish={
                "meta-tokens:project": "meta-access",
                "meta-tokens:stack": "test",
                "meta-tokens:system-user-id": "301",
                "meta-tokens:scopes": "ads_read business_management",
                "meta-tokens:lifetime": "60d",
            },
        ).freshness  # fmt: skip

    assert freshness() == "current"
    tamper(world, {key: value})
    assert not lacks(freshness(), "edited by hand", f"meta-tokens:{key}")
    world.up()
    assert freshness() == "current"


@pytest.mark.parametrize("policy", [None, POLICY], ids=["token", "policy"])
def test_the_credential_s_own_user_gets_no_token_of_it(policy: Policy | None) -> None:
    world = Rotated(policy)
    world.meta.caller = "301"
    world.begin()

    with pytest.raises(ForeignSecretError) as refused:
        world.call(CREATE)

    assert not lacks(refused.value, NAME, "meta-tokens:system-user-id", "301", "rotation_owner: pulumi")
    assert len(world.meta.tokens) == 1


@pytest.mark.parametrize("policy", [None, POLICY], ids=["token", "policy"])
def test_less_than_what_is_allowed_is_minted(policy: Policy | None) -> None:
    world = Rotated(policy)
    world.up(scopes=("ads_read",))
    world.begin()

    world.calls()

    assert (world.at("AWSCURRENT")["scope"], world.at("AWSCURRENT")["generation"]) == ("ads_read", 2)


def test_a_token_that_never_expires_is_followed_by_one_like_it_or_by_one_that_does() -> None:
    world = Rotated()
    endless = replace(OWNED, expires=False, keepers={"round": "2"}, rotation_owner="pulumi")
    world.ensure(endless, claim=world.claim)
    world.ensure(replace(endless, rotation_owner="lambda"), claim=world.claim)
    world.begin()
    world.calls()
    assert (world.at("AWSCURRENT")["generation"], world.at("AWSCURRENT")["expires_at"]) == (3, None)

    tamper(world, {"lifetime": "60d"})
    world.begin(NEXT)
    world.calls(NEXT)

    assert (world.at("AWSCURRENT")["generation"], world.at("AWSCURRENT")["expires_at"]) == (4, "2027-01-23T08:00:00Z")


def test_without_a_policy_a_secret_edited_by_hand_is_bound_by_the_newest_token_in_it() -> None:
    world = Rotated()
    world.aws.put_secret_value(
        SecretId=NAME, ClientRequestToken="h" * 32, SecretString="by hand", VersionStages=["AWSCURRENT"]
    )
    tamper(world, {"scopes": "ads_read business_management pages_show_list"})
    world.begin()
    with pytest.raises(ForeignSecretError, match="meta-tokens:scopes adds pages_show_list"):
        world.call(CREATE)

    tamper(world, {"scopes": "ads_read business_management"})
    world.calls()

    assert (world.where("AWSCURRENT"), len(world.meta.tokens)) == (NEW, 2)


def test_without_a_policy_a_secret_without_any_token_of_ours_gets_none() -> None:
    world = Rotated()
    world.aws.find(NAME).versions[world.first.version_id].text = "by hand"
    world.begin()

    with pytest.raises(ForeignSecretError, match="META_ACCESS_ROTATION_POLICY"):
        world.call(CREATE)

    assert len(world.meta.tokens) == 1


@pytest.mark.parametrize("step", [TEST, FINISH])
def test_tags_that_change_in_the_middle_of_a_rotation_hold_up_no_token_that_was_minted_before(step: str) -> None:
    world = Rotated(POLICY)
    world.begin()
    for done in STEPS[: STEPS.index(step)]:
        world.call(done)
    tamper(world, {"system-user-id": "999", "lifetime": "never"})

    for left in STEPS[STEPS.index(step) :]:
        world.call(left)

    assert world.where("AWSCURRENT") == NEW
    assert [(token.user, token.expires is None) for token in world.meta.tokens.values()] == [("301", False)] * 2


# --- an order to revoke --------------------------------------------------------------------------


def order_all(world: Rotated) -> None:
    order(
        world.new_store(), world.meta, world.arn, owner=SPEC.owner, order_id="o1", clock=world.time,
        notify=world.said.append,
    )  # fmt: skip


def test_an_order_is_carried_out_by_the_next_rotation_and_pulumi_mints_nothing() -> None:
    world = Rotated()
    first = world.at("AWSCURRENT")["access_token"]
    order_all(world)

    world.up()

    assert (len(world.meta.tokens), world.meta.living()) == (1, {first})
    assert world.said[-1] == (
        f"Secret {NAME}: generation 1 is to be revoked, and AWS's rotation, which owns the token, mints its successor "
        f"and ends it. Start it: aws secretsmanager rotate-secret --secret-id {world.arn}"
    )
    current_at_revocation: list[str | None] = []

    def hook(when: str, what: str) -> None:
        if (when, what) == ("before", "revoke"):
            current_at_revocation.append(world.where("AWSCURRENT"))

    world.meta.hook = hook
    world.begin()
    world.calls()

    assert current_at_revocation == [NEW]
    assert world.meta.living() == {world.at("AWSCURRENT")["access_token"]}
    assert world.at("AWSCURRENT")["generation"] == 2
    world.said.clear()
    world.up()
    assert world.said == []


def test_pulumi_ends_condemned_tokens_that_aws_has_superseded_without_grace() -> None:
    world = Rotated()
    first = world.at("AWSCURRENT")["access_token"]
    world.begin()
    world.calls()
    order_all(world)

    world.up()

    assert not world.meta.alive(first)
    assert world.meta.living() == {world.at("AWSCURRENT")["access_token"]}
    assert len(world.meta.tokens) == 2


@pytest.mark.parametrize("step", [TEST, FINISH])
def test_a_token_condemned_in_the_middle_of_a_rotation_never_becomes_current(step: str) -> None:
    world = Rotated()
    world.begin()
    for done in STEPS[: STEPS.index(step)]:
        world.call(done)
    parked = world.payload(NEW)["access_token"]
    order_all(world)

    with pytest.raises(TokenPendingError) as refused:
        world.call(step)

    assert not lacks(refused.value.problem, NAME, "generation 2")
    assert "aws secretsmanager rotate-secret" in refused.value.next_step
    assert not world.meta.alive(parked)
    assert (world.where("AWSCURRENT"), world.where("AWSPENDING")) == (world.first.version_id, None)
    world.begin(NEXT)
    world.calls(NEXT)
    assert world.at("AWSCURRENT")["generation"] == 3
    assert world.meta.living() == {world.at("AWSCURRENT")["access_token"]}


def test_ending_without_a_successor_reaches_tokens_under_ids_of_aws_and_the_next_rotation_mints() -> None:
    world = Rotated()
    world.begin()
    world.calls()
    order_all(world)

    done = end_condemned(
        world.new_store(), world.meta, world.arn, owner=SPEC.owner, clock=world.time, notify=world.said.append
    )

    assert done == Condemned(ended=[1, 2], kept={}, current=True)
    assert world.meta.living() == set()
    world.begin(NEXT)
    world.calls(NEXT)
    assert world.at("AWSCURRENT")["generation"] == 3
    assert world.meta.living() == {world.at("AWSCURRENT")["access_token"]}


# --- deaths and races ----------------------------------------------------------------------------


def die_at(world: Rotated, step: str, at: int | None) -> int:
    """Call a step with a death at the n-th point, before or after an effect; answers how many points were passed."""
    points = 0

    def hook(_when: str, _what: str) -> None:
        nonlocal points
        if points == at:
            raise Crash
        points += 1

    world.hook(hook)
    with contextlib.suppress(Crash, MetaAccessError):
        world.call(step)
    world.hook(lambda _when, _what: None)
    return points


def before(step: str, spoiled: int) -> Rotated:
    world = Rotated()
    world.begin()
    world.meta.spoil = spoiled
    for done in STEPS[: STEPS.index(step)]:
        with contextlib.suppress(GraphError):
            world.call(done)
    return world


@pytest.mark.parametrize(("step", "spoiled"), [(CREATE, 0), (CREATE, 1), (TEST, 0), (TEST, 1), (FINISH, 0)])
def test_a_function_that_dies_anywhere_is_healed_by_being_called_again(step: str, spoiled: int) -> None:
    total = die_at(before(step, spoiled), step, None)
    assert total > 5
    for at in range(total):
        world = before(step, spoiled)
        die_at(world, step, at)
        assert accounted(world), at
        version_id = NEW
        for _ in range(3):
            try:
                world.calls(version_id)
                break
            except (GraphError, TokenPendingError):
                # AWS calls again later; with nothing pending any more it starts another rotation.
                world.time.advance(300)
                if world.where("AWSPENDING") is None and world.where("AWSCURRENT") != version_id:
                    version_id = world.begin(NEXT)
        assert world.where("AWSCURRENT") == version_id, at
        assert accounted(world), at
        world.time.advance(DAY + 1)
        world.ensure(OWNED, claim=world.claim)
        assert len(world.meta.living() & world.held()) == 1


@pytest.mark.parametrize("step", [CREATE, TEST, FINISH])
@pytest.mark.parametrize("owner", ["pulumi", "lambda"])
def test_an_up_at_any_point_of_a_step_ends_in_one_current_token(step: str, owner: str) -> None:
    at, total = 0, 1
    while at < total:
        world = Rotated()
        world.begin()
        for done in STEPS[: STEPS.index(step)]:
            world.call(done)
        points = 0

        def hook(_when: str, _what: str, world: Rotated = world, at: int = at) -> None:
            nonlocal points
            points += 1
            if points - 1 == at:
                world.hook(lambda _when, _what: None)
                with contextlib.suppress(MetaAccessError):
                    world.ensure(replace(SPEC, rotation_owner=owner), claim=world.claim)
                world.hook(hook)

        world.hook(hook)
        with contextlib.suppress(MetaAccessError):
            world.call(step)
        world.hook(lambda _when, _what: None)
        total = points

        assert accounted(world), at
        assert world.meta.alive(world.at("AWSCURRENT")["access_token"])
        for _ in range(3):
            with contextlib.suppress(MetaAccessError):
                world.ensure(replace(SPEC, rotation_owner=owner), claim=world.claim)
            world.time.advance(DAY + 1)
        assert accounted(world), at
        if owner == "pulumi":
            assert len(world.meta.living()) == 1 + len(world.meta.living() - world.held())
        at += 1
    assert total > 5


WISH = replace(SPEC, keepers={"round": "2"})


@pytest.mark.parametrize("spec", [SPEC, WISH], ids=["same wish", "another wish"])
def test_a_call_of_aws_at_any_point_of_an_up_that_takes_the_rotation_back_mints_once_at_most(spec: TokenSpec) -> None:
    at, total, lost = 0, 1, set[str]()
    while at < total:
        world = Rotated()
        world.begin()
        points = 0

        def hook(_when: str, _what: str, world: Rotated = world, at: int = at) -> None:
            nonlocal points
            points += 1
            if points - 1 == at:
                world.hook(lambda _when, _what: None)
                try:
                    world.call(CREATE)
                except ForeignSecretError as error:
                    lost.add(str(error))
                world.hook(hook)

        world.hook(hook)
        with contextlib.suppress(TokenPendingError):
            world.ensure(spec, claim=world.claim)
        world.hook(lambda _when, _what: None)
        total = points

        # The first, one of AWS's rotation at most, and one of the up where it asks for another token.
        assert len(world.meta.tokens) <= 2 + (spec is WISH), at
        assert world.meta.alive(world.at("AWSCURRENT")["access_token"]), at
        assert accounted(world), at
        outcome = world.ensure(spec, claim=world.claim)
        assert (outcome.trigger, world.meta.living() - world.held()) == (spec.trigger, set()), at
        at += 1
    assert total > 10
    not_on, handed_back = sorted(lost, key=len)
    assert not lacks(not_on, NAME, "no rotation turned on")
    assert not lacks(handed_back, NAME, "meta-tokens:rotation-owner", "meta-access/test", "rotation_owner: lambda")


def test_an_up_that_meets_a_claim_of_aws_says_whose_it_is_and_neither_ends_what_the_other_minted() -> None:
    world = Rotated()
    world.begin()

    def hook(when: str, what: str) -> None:
        if (when, what) == ("before", "mint"):
            world.hook(lambda _when, _what: None)
            assert world.ensure(WISH, claim=world.claim).generation == 3

    world.hook(hook)
    world.call(CREATE)
    with pytest.raises(ForeignSecretError, match="Pulumi's, of meta-access/test"):
        world.call(FINISH)

    assert not lacks(world.said[1], NAME, "meta-access/test", "generation 2", "120 s")
    # One mint each beside the first token; all three live on until their grace is over, and then the asked for alone.
    assert len(world.meta.tokens) == 3
    assert world.meta.living() == world.held()
    world.ensure(WISH, claim=world.claim)
    world.time.advance(DAY + 1)
    outcome = world.ensure(WISH, claim=world.claim)
    assert (outcome.generation, outcome.suspects) == (3, ())
    assert world.meta.living() == {world.at("AWSCURRENT")["access_token"]}
