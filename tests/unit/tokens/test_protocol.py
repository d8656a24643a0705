"""The token protocol line by line; protocol.md says which line each test holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.errors import (
    AuthError,
    EngineGoneError,
    ForeignSecretError,
    GraphError,
    SecretDeniedError,
    SecretUnreachableError,
    TokenPendingError,
)
from meta_access.tokens.observe import NOTHING_DUE, Finding, Need, Presence
from meta_access.tokens.open import check_secret
from meta_access.tokens.payload import Closed, closed_id
from meta_access.tokens.run import end, observe
from meta_access.tokens.secret import Secret
from tests.texts import lacks
from tests.unit.tokens.scenarios import DAY, ROTATED
from tests.unit.tokens.world import NAME, SPEC, START, Crash, World

if TYPE_CHECKING:
    from meta_access.tokens.delete import SecretEnd

AGAIN = replace(SPEC, keepers={"round": "3"})


@pytest.fixture
def world() -> World:
    return World()


def value(world: World, label: str) -> str:
    return str(world.at(label)["access_token"])


def lose_the_answer(world: World) -> None:
    """The next mint is carried out and not answered."""

    def hook(when: str, what: str) -> None:
        if (when, what) == ("after", "mint"):
            raise Crash

    world.hook(hook)


def stop_at(world: World, when: str, what: str, nth: int = 1) -> None:
    seen = 0

    def hook(at: str, call: str) -> None:
        nonlocal seen
        seen += (at, call) == (when, what)
        if seen == nth and (at, call) == (when, what):
            raise Crash

    world.hook(hook)


def going_on(world: World) -> None:
    world.hook(lambda _when, _what: None)


def parked(world: World) -> str:
    """A rotation that died before its promotion; the claim."""
    claim = world.ensure().claim
    stop_at(world, "before", "update_secret_version_stage")
    with pytest.raises(Crash):
        world.ensure(ROTATED, claim=claim)
    going_on(world)
    assert {"META_G1", "META_G2"} <= world.labels()
    return claim


# --- 0, 1: whose secret it is ---------------------------------------------------------------------


def test_a_secret_that_was_made_by_hand_is_refused(world: World) -> None:
    world.aws.create_secret(Name=NAME, ClientRequestToken="x" * 32, SecretString="{}", Description="", Tags=[])

    with pytest.raises(ForeignSecretError, match="was not made by this tool"):
        world.ensure()
    with pytest.raises(ForeignSecretError, match="was not made by this tool"):
        check_secret(world.store, SPEC)

    assert world.meta.tokens == {}


def test_the_owner_of_a_foreign_secret_is_named_and_nothing_is_touched(world: World) -> None:
    world.ensure()
    before = world.stages()

    with pytest.raises(ForeignSecretError, match=r"belongs to meta-access/test.*take_over_from: meta-access/test"):
        world.ensure(replace(SPEC, stack="prod"))

    assert (world.stages(), len(world.meta.tokens)) == (before, 1)


def test_a_preview_refuses_what_the_run_would_and_writes_nothing(world: World) -> None:
    check_secret(world.store, SPEC)  # there is none yet
    world.ensure()
    before = world.stages(), world.tags()

    check_secret(world.store, SPEC)
    check_secret(world.store, replace(SPEC, system_user_id=""))
    check_secret(world.store, replace(SPEC, stack="prod", take_over_from="meta-access/test"))
    with pytest.raises(ForeignSecretError, match=r"belongs to meta-access/test.*take_over_from: meta-access/test"):
        check_secret(world.store, replace(SPEC, stack="prod"))
    with pytest.raises(ForeignSecretError, match="it holds tokens of system user"):
        check_secret(world.store, replace(SPEC, system_user_id="122090000000999"))

    assert (world.stages(), world.tags()) == before


def test_a_take_over_that_names_the_owner_keeps_what_lives(world: World) -> None:
    world.ensure()

    outcome = world.ensure(replace(SPEC, stack="prod", take_over_from="meta-access/test"))

    assert outcome.generation == 1
    assert world.tags()["meta-tokens:stack"] == "prod"
    assert len(world.meta.living()) == 1


def test_a_secret_that_waits_for_its_deletion_is_restored(world: World) -> None:
    claim = world.ensure().claim
    finish(world, claim)

    assert world.ensure().generation == 3
    assert world.store.describe(NAME).deletes_at is None


def test_a_new_secret_begins_with_a_placeholder_as_its_current_version(world: World) -> None:
    stop_at(world, "before", "put_secret_value")
    with pytest.raises(Crash):
        world.ensure()
    going_on(world)

    assert world.at("AWSCURRENT") == {"state": "empty", "generation": 0}


def test_the_id_of_its_stack_stands_in_the_tags_from_the_creation_or_from_the_next_write(world: World) -> None:
    claim = world.ensure().claim
    assert "meta-tokens:stack-id" not in world.tags()

    world.ensure(replace(SPEC, stack_id="one"), claim=claim)
    assert world.tags()["meta-tokens:stack-id"] == "one"
    # Who acts without a state, such as a rotation outside Pulumi from an older one, takes nothing away.
    world.ensure(claim=claim)
    assert world.tags()["meta-tokens:stack-id"] == "one"

    world.ensure(replace(SPEC, secret_name="meta/test/new", stack_id="two"))
    assert world.tags("meta/test/new")["meta-tokens:stack-id"] == "two"


def test_only_a_create_makes_a_claim_and_an_update_with_an_older_one_is_refused(world: World) -> None:
    first = world.ensure().claim
    assert world.ensure(claim=first).claim == first
    second = world.ensure().claim

    assert second != first
    with pytest.raises(ForeignSecretError, match="another resource of meta-access/test has claimed it"):
        world.ensure(claim=first)


def test_a_look_says_that_another_resource_has_claimed_it(world: World) -> None:
    outcome = world.ensure()
    world.ensure()

    seen = observe(
        world.new_store(), outcome.arn, claim=outcome.claim, version_id=outcome.version_id, generation=1,
        expires_at=outcome.expires_at, grace_s=DAY, rotate_before_s=20 * DAY,
    )  # fmt: skip

    assert (seen.presence, seen.finding) == (
        Presence.PRESENT,
        Finding(Need.DECISION, "claimed by another resource"),
    )


# --- 2: claims of others --------------------------------------------------------------------------


def test_a_claim_whose_lease_runs_is_waited_for_by_the_clock_of_aws(world: World) -> None:
    lose_the_answer(world)
    with pytest.raises(Crash):
        world.ensure()
    going_on(world)
    world.time.advance(100)

    world.ensure()

    # 20 s of 120 were left when it came, and some seconds for a lost token to turn up.
    waited = world.time.now - START - timedelta(seconds=100)
    assert timedelta(seconds=20) < waited < timedelta(seconds=60)
    assert any("Waiting for it, 20 s at most" in said for said in world.said)


def test_a_claim_whose_lease_is_over_is_a_suspect_and_is_told(world: World) -> None:
    lose_the_answer(world)
    with pytest.raises(Crash):
        world.ensure()
    going_on(world)
    world.time.advance(150)

    outcome = world.ensure()

    assert (outcome.generation, outcome.suspects) == (2, (1,))
    assert any("listed as a suspect until 2027-01" in said for said in world.said)
    assert len(world.meta.living()) == 2


def test_a_token_that_turns_up_late_clears_its_own_suspect(world: World) -> None:
    stop_at(world, "before", "put_secret_value", nth=2)
    with pytest.raises(Crash):
        world.ensure()
    going_on(world)
    secret = world.aws.find(NAME)
    world.time.advance(150)
    claim = world.ensure().claim
    assert world.suspects() == {1}
    survivor_parks(world, secret.arn)

    world.ensure(ROTATED, claim=claim)

    assert world.suspects() == set()


def survivor_parks(world: World, arn: str) -> None:
    """What the dead run's host would still have done: put T(1)."""
    from pydantic import SecretStr

    from meta_access.redaction import fingerprint
    from meta_access.tokens.payload import Token, token_id

    lost = min(world.meta.tokens)
    token = Token(
        generation=1, access_token=SecretStr(lost), app_id="120", business_id="178", system_user_id="301",
        scope="ads_read,business_management", api_version="v26.0", issued_at=START,
        expires_at=START + timedelta(days=60), trigger=SPEC.trigger, fingerprint=fingerprint(lost),
    )  # fmt: skip
    world.aws.put_secret_value(
        SecretId=NAME, ClientRequestToken=token_id(arn, 1), SecretString=token.text(), VersionStages=["META_G1"]
    )


def test_what_this_run_wrote_stands_although_describe_is_behind(world: World) -> None:
    arn = world.ensure().arn
    secret = Secret(world.store, world.store.describe(arn), world.time)
    record = Closed(generation=7, reason="test", suspects=())
    world.aws.stale = True

    secret.put(closed_id(arn, 7), record, "META_INTENT")
    secret.look()

    assert world.store.describe(arn).stages.get(closed_id(arn, 7)) is None
    assert secret.labels.where["META_INTENT"] == closed_id(arn, 7)


# --- 3: what is parked ----------------------------------------------------------------------------


def test_a_parked_token_that_is_asked_for_is_promoted_and_nothing_is_minted(world: World) -> None:
    claim = parked(world)

    assert world.ensure(ROTATED, claim=claim).generation == 2
    assert len(world.meta.tokens) == 2


def test_a_parked_token_that_meta_calls_invalid_is_ended_and_its_claim_closed(world: World) -> None:
    claim = parked(world)
    bad = value(world, "META_G2")
    world.meta.tokens[bad].scopes = ()

    outcome = world.ensure(ROTATED, claim=claim)

    assert outcome.generation == 3
    assert not world.meta.alive(bad)
    assert "META_G2" not in world.labels()


def test_a_parked_token_that_meta_cannot_be_asked_about_stops_the_run(world: World) -> None:
    claim = parked(world)
    before, living = world.stages(), world.meta.living()
    world.meta.outage = True
    world.meta.calls.clear()

    with pytest.raises(TokenPendingError, match="generation 2"):
        world.ensure(ROTATED, claim=claim)

    assert (world.stages(), world.meta.living()) == (before, living)
    assert set(world.meta.calls) == {"inspect"}


# --- 4: enough ------------------------------------------------------------------------------------


def test_a_current_token_that_is_asked_for_and_valid_is_enough(world: World) -> None:
    claim = world.ensure().claim
    before = world.stages()

    world.ensure(claim=claim)

    assert (world.stages(), len(world.meta.tokens)) == (before, 1)


def test_during_an_outage_what_is_there_is_enough_and_another_wish_stops(world: World) -> None:
    claim = world.ensure().claim
    world.meta.outage = True

    assert world.ensure(claim=claim).generation == 1
    with pytest.raises(TokenPendingError, match="Meta cannot be asked about the current one"):
        world.ensure(ROTATED, claim=claim)
    assert len(world.meta.tokens) == 1


# --- 5, 6: claim and mint -------------------------------------------------------------------------


def test_a_key_that_lets_write_and_not_read_stops_before_the_mint(world: World) -> None:
    claim = world.ensure().claim

    def hook(when: str, what: str) -> None:
        if (when, what) == ("after", "put_secret_value"):
            world.aws.denied.add("get_secret_value")

    world.hook(hook)
    with pytest.raises(SecretDeniedError):
        world.ensure(ROTATED, claim=claim)

    assert "mint" not in world.meta.calls[1:]
    assert len(world.meta.tokens) == 1


@pytest.mark.parametrize("answers", [[False], [True, False]], ids=["before the claim", "after the claim"])
def test_a_run_whose_engine_is_gone_mints_nothing(world: World, answers: list[bool]) -> None:
    left = iter(answers)

    with pytest.raises(EngineGoneError):
        world.ensure(alive=lambda: next(left))

    assert world.meta.tokens == {}
    # Nobody has to wait for its lease.
    assert world.ensure().suspects == ()
    assert world.time.now - START < timedelta(seconds=60)


def test_a_refusal_closes_the_claim_without_suspect_or_lease(world: World) -> None:
    world.meta.refuse = AuthError("no", code=190)
    with pytest.raises(GraphError):
        world.ensure()
    assert world.at("META_INTENT")["state"] == "closed"
    world.meta.refuse = None

    outcome = world.ensure()

    assert (outcome.generation, outcome.suspects) == (2, ())
    assert world.time.now == START


def test_a_mint_without_answer_stops_and_leaves_its_intent(world: World) -> None:
    world.meta.refuse = GraphError("garbled", code=0)

    with pytest.raises(TokenPendingError, match="A token may exist that nobody holds"):
        world.ensure()

    assert world.at("META_INTENT")["state"] == "minting"
    assert world.meta.calls.count("mint") == 1


def test_a_second_mint_follows_a_no_only_and_there_is_no_third(world: World) -> None:
    claim = world.ensure().claim
    world.meta.spoil = 9

    with pytest.raises(GraphError, match="two tokens"):
        world.ensure(ROTATED, claim=claim)

    assert world.meta.calls.count("mint") == 3
    assert world.meta.living() == {value(world, "AWSCURRENT")}


# --- 7: park and promote --------------------------------------------------------------------------


def test_a_token_is_parked_under_its_own_label_alone(world: World) -> None:
    parked(world)

    [labels] = [labels for labels in world.stages().values() if "META_G2" in labels]
    assert labels == ["META_G2"]


def test_parking_goes_on_for_minutes_before_a_token_is_given_up(world: World) -> None:
    claim = world.ensure().claim
    refused = 0

    def hook(when: str, what: str) -> None:
        nonlocal refused
        if (when, what) == ("before", "put_secret_value") and len(world.meta.tokens) == 2 and refused < 20:
            refused += 1
            raise world.aws.error("InternalServiceError", what, 500)

    world.hook(hook)
    with pytest.raises(TokenPendingError, match="generation 2 is parked"):
        world.ensure(ROTATED, claim=claim)

    assert refused == 20
    assert timedelta(minutes=4) < world.time.now - START < timedelta(minutes=10)
    assert world.ensure(ROTATED, claim=claim).generation == 2
    assert len(world.meta.tokens) == 2


def test_a_token_that_cannot_be_stored_is_revoked(world: World) -> None:
    claim = world.ensure().claim
    before = world.meta.living()

    def hook(when: str, what: str) -> None:
        if (when, what) == ("before", "put_secret_value") and len(world.meta.tokens) == 2:
            raise world.aws.error("InternalServiceError", what, 500)

    world.hook(hook)
    with pytest.raises(Exception, match="was minted and could not be stored"):
        world.ensure(ROTATED, claim=claim)

    assert world.meta.living() == before


def test_a_run_that_outlives_its_lease_leaves_the_promotion_to_the_next(world: World) -> None:
    claim = world.ensure().claim

    def hook(when: str, what: str) -> None:
        if (when, what) == ("after", "mint"):
            world.time.advance(130)

    world.hook(hook)
    with pytest.raises(TokenPendingError, match="took longer than its lease of 120 s"):
        world.ensure(ROTATED, claim=claim)
    going_on(world)

    assert world.at("AWSCURRENT")["generation"] == 1
    assert world.ensure(ROTATED, claim=claim).generation == 2


# --- 8, 9: supersede and retire -------------------------------------------------------------------


def test_a_superseded_token_is_stamped_before_its_label_goes(world: World) -> None:
    claim = world.ensure().claim
    stop_at(world, "after", "update_secret_version_stage", nth=2)
    with pytest.raises(Crash):
        world.ensure(ROTATED, claim=claim)
    going_on(world)

    [labels] = [labels for labels in world.stages().values() if "META_G1" in labels]
    assert {label.partition("_17")[0] for label in labels} == {"META_G1", "META_R1", "AWSPREVIOUS"}


def test_grace_begins_when_the_successor_is_seen_not_when_it_was_issued(world: World) -> None:
    claim = parked(world)
    world.time.advance(3 * DAY)

    outcome = world.ensure(ROTATED, claim=claim)

    [first] = outcome.superseded
    assert (first.generation, first.ends_at) == (1, START + timedelta(days=4))
    world.ensure(ROTATED, claim=claim)
    assert len(world.meta.living()) == 2


def test_after_its_grace_a_token_is_revoked_and_leaves_every_label(world: World) -> None:
    claim = world.ensure().claim
    old = value(world, "AWSCURRENT")
    world.ensure(ROTATED, claim=claim)
    world.time.advance(DAY - 1)
    world.ensure(ROTATED, claim=claim)
    assert world.meta.alive(old)
    world.time.advance(2)

    world.ensure(ROTATED, claim=claim)

    assert not world.meta.alive(old)
    assert world.labels() == {"AWSCURRENT", "META_G2", "META_INTENT"}


def test_a_token_that_is_dead_already_is_retired_whatever_revoking_answers(world: World) -> None:
    claim = world.ensure().claim
    world.ensure(ROTATED, claim=claim)
    for token in world.meta.tokens.values():
        token.revoked = token.issued == START and token is next(iter(world.meta.tokens.values()))
    world.time.advance(DAY + 1)

    world.ensure(ROTATED, claim=claim)

    assert world.labels() == {"AWSCURRENT", "META_G2", "META_INTENT"}


def test_a_stamp_is_dropped_from_a_version_that_an_operator_made_current_again(world: World) -> None:
    claim = world.ensure().claim
    world.ensure(ROTATED, claim=claim)
    where = {label: version_id for version_id, labels in world.stages().items() for label in labels}
    world.aws.update_secret_version_stage(
        SecretId=NAME, VersionStage="AWSCURRENT", RemoveFromVersionId=where["AWSCURRENT"],
        MoveToVersionId=where["AWSPREVIOUS"],
    )  # fmt: skip
    stop_at(world, "after", "update_secret_version_stage", nth=2)
    with pytest.raises(Crash):
        world.ensure(AGAIN, claim=claim)
    going_on(world)

    [labels] = [labels for labels in world.stages().values() if "AWSCURRENT" in labels]
    assert sorted(labels) == ["AWSCURRENT", "META_G1"]


# --- the end --------------------------------------------------------------------------------------


def finish(world: World, claim: str) -> SecretEnd:
    arn = world.aws.find(NAME).arn
    return end(world.new_store(), world.meta, arn, claim=claim, clock=world.time, notify=world.said.append)


def test_the_credential_in_use_is_never_ended(world: World) -> None:
    claim = world.ensure().claim
    world.meta.calling = value(world, "AWSCURRENT")

    assert finish(world, claim).kept

    assert world.meta.alive(world.meta.calling)
    assert world.store.describe(NAME).deletes_at is None


def test_an_end_with_another_claim_ends_nothing(world: World) -> None:
    first = world.ensure().claim
    world.ensure()

    assert finish(world, first).kept

    assert len(world.meta.living()) == 1
    assert world.store.describe(NAME).deletes_at is None


def test_an_end_revokes_what_is_held_retires_the_value_and_schedules_the_deletion(world: World) -> None:
    claim = world.ensure().claim
    world.ensure(ROTATED, claim=claim)
    stop_at(world, "before", "delete_secret")
    with pytest.raises(Crash):
        finish(world, claim)
    going_on(world)
    assert (world.meta.living(), world.at("AWSCURRENT")["state"]) == (set(), "retired")

    finish(world, claim)

    assert world.store.describe(NAME).deletes_at == world.time.now + timedelta(days=7)


def test_an_end_ends_a_suspect_that_its_run_stores_while_the_end_revokes(world: World) -> None:
    stop_at(world, "before", "put_secret_value", nth=2)
    with pytest.raises(Crash):
        world.ensure()
    going_on(world)
    arn = world.aws.find(NAME).arn
    world.time.advance(150)
    claim = world.ensure().claim
    assert (world.suspects(), len(world.meta.living())) == ({1}, 2)
    late = [arn]

    def hook(when: str, what: str) -> None:
        if (when, what) == ("after", "revoke") and late:
            survivor_parks(world, late.pop())

    world.hook(hook)

    finish(world, claim)

    assert world.meta.living() == set()
    assert world.store.describe(NAME).deletes_at == world.time.now + timedelta(days=7)


def test_an_end_during_an_outage_keeps_the_secret(world: World) -> None:
    claim = world.ensure().claim
    world.meta.outage = True

    with pytest.raises(TokenPendingError, match="The secret is kept"):
        finish(world, claim)

    assert world.store.describe(NAME).deletes_at is None
    assert world.at("AWSCURRENT")["state"] == "active"


def test_an_unreachable_secrets_manager_changes_nothing_at_meta(world: World) -> None:
    def hook(when: str, what: str) -> None:
        if (when, what) == ("before", "describe_secret"):
            raise world.aws.error("InternalServiceError", what, 500)

    world.hook(hook)

    with pytest.raises(SecretUnreachableError):
        world.ensure()

    assert world.meta.calls == []


# --- hands and clocks ----------------------------------------------------------------------------


def take_off(world: World, label: str) -> None:
    [version_id] = [key for key, labels in world.stages().items() if label in labels]
    world.aws.update_secret_version_stage(SecretId=NAME, VersionStage=label, RemoveFromVersionId=version_id)


def looked_at(world: World, claim: str) -> Finding:
    arn, version_id = world.aws.find(NAME).arn, next(k for k, ls in world.stages().items() if "AWSCURRENT" in ls)
    seen = observe(
        world.new_store(), arn, claim=claim, version_id=version_id, generation=world.at("AWSCURRENT")["generation"],
        expires_at=None, grace_s=DAY, rotate_before_s=0,
    )  # fmt: skip
    return seen.finding


def test_a_version_that_current_was_moved_back_to_is_told_with_its_own_expiry(world: World) -> None:
    first = world.ensure()
    world.time.advance(50 * DAY)
    second = world.ensure(ROTATED, claim=first.claim)
    move = {"RemoveFromVersionId": second.version_id, "MoveToVersionId": first.version_id}
    world.aws.update_secret_version_stage(SecretId=NAME, VersionStage="AWSCURRENT", **move)

    seen = observe(
        world.new_store(), first.arn, claim=first.claim, version_id=second.version_id, generation=2,
        expires_at=None, grace_s=DAY, rotate_before_s=20 * DAY,
    )  # fmt: skip

    assert (seen.finding, seen.generation) == (Finding(Need.DECISION, "edited by hand: moved back to generation 1"), 1)
    assert (seen.expires_at, seen.late) == (START + timedelta(days=60), True)


def test_a_token_past_its_grace_is_work_of_its_own(world: World) -> None:
    claim = world.ensure().claim
    world.ensure(ROTATED, claim=claim)
    assert looked_at(world, claim) == NOTHING_DUE

    world.time.advance(DAY + 1)

    assert looked_at(world, claim) == Finding(Need.RETIREMENT, "retirement due: generation 1")


def test_a_rotation_that_was_interrupted_is_work_of_its_own(world: World) -> None:
    claim = world.ensure().claim
    stop_at(world, "after", "put_secret_value")
    with pytest.raises(Crash):
        world.ensure(ROTATED, claim=claim)
    going_on(world)

    assert looked_at(world, claim) == Finding(Need.UNFINISHED, "rotation unfinished: generation 2")


def test_the_ledgers_label_is_put_back_with_the_suspects_it_leads_to(world: World) -> None:
    lose_the_answer(world)
    with pytest.raises(Crash):
        world.ensure()
    going_on(world)
    world.time.advance(150)
    claim = world.ensure().claim
    assert world.suspects() == {1}
    take_off(world, "META_INTENT")
    assert looked_at(world, claim) == Finding(Need.LABELS, "labels missing: META_INTENT")

    outcome = world.ensure(claim=claim)

    assert (outcome.generation, outcome.suspects) == (2, (1,))
    assert world.at("META_INTENT")["generation"] == 2
    assert any(not lacks(text, NAME, "META_INTENT", "put back") for text in world.said)
    assert looked_at(world, claim) == NOTHING_DUE


def test_a_superseded_token_whose_label_was_taken_off_is_stamped_again_and_ended(world: World) -> None:
    claim = world.ensure().claim
    world.ensure(ROTATED, claim=claim)
    world.ensure(AGAIN, claim=claim)
    # AWS's own label of the previous version is on the second: nothing leads to the first any more.
    [stamp] = [label for label in world.labels() if label.startswith("META_R1_")]
    take_off(world, stamp)
    assert looked_at(world, claim) == Finding(Need.LABELS, "labels missing: generation 1")

    outcome = world.ensure(AGAIN, claim=claim)

    assert [token.generation for token in outcome.superseded] == [1, 2]
    assert world.meta.living() == world.held()
    world.time.advance(DAY + 1)
    world.ensure(AGAIN, claim=claim)
    assert world.meta.living() == {value(world, "AWSCURRENT")}
    assert looked_at(world, claim) == NOTHING_DUE


def test_a_token_that_was_ended_before_a_run_died_is_not_taken_for_one_without_a_label(world: World) -> None:
    claim = world.ensure().claim
    world.ensure(ROTATED, claim=claim)
    world.time.advance(DAY + 1)
    # The run has ended it, and dies before it notes that.
    stop_at(world, "before", "tag_resource")
    with pytest.raises(Crash):
        world.ensure(ROTATED, claim=claim)
    going_on(world)
    assert looked_at(world, claim) == Finding(Need.LABELS, "labels missing: generation 1")

    outcome = world.ensure(ROTATED, claim=claim)

    assert (outcome.generation, outcome.superseded, len(world.meta.tokens)) == (2, (), 2)
    assert looked_at(world, claim) == NOTHING_DUE


def test_a_lease_ends_although_the_clock_of_aws_was_put_back(world: World) -> None:
    lose_the_answer(world)
    with pytest.raises(Crash):
        world.ensure()
    going_on(world)
    world.aws.ahead_s = -DAY

    outcome = world.ensure()

    # By the runner's own monotonic clock: no claim is older than the moment since which this run has seen it.
    assert timedelta(seconds=120) < world.time.now - START < timedelta(seconds=180)
    assert (outcome.generation, outcome.suspects) == (2, (1,))


@pytest.mark.parametrize(
    ("changed", "says"),
    [
        ({"valid": False}, "Meta calls it invalid"),
        ({"app_id": "999"}, "it belongs to app 999, not 120"),
        ({"user_id": "302"}, "it acts as 302, not 301"),
        ({"type": "USER"}, "its type is USER, not SYSTEM_USER"),
        ({"scopes": ("business_management",)}, "it lacks ads_read"),
        ({"expires_at": None}, "it never expires"),
    ],
)
def test_each_fact_of_meta_is_held_against_the_record(world: World, changed: dict[str, Any], says: str) -> None:
    claim = world.ensure().claim
    inspect = world.meta.inspect
    setattr(world.meta, "inspect", lambda token: replace(inspect(token), **changed))  # noqa: B010 - a fake's own

    with pytest.raises(GraphError):
        world.ensure(claim=claim)

    assert any(not lacks(text, NAME, "generation 1", says) for text in world.said)
