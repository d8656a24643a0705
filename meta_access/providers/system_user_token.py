"""SystemUserToken: a system user's token inside one Secrets Manager secret, by the token protocol and no other way.

It never replaces: a new user, app, scope or key is a rotation inside the same secret, and a new name or region fills
the new secret and ends the old one after grace. Nothing secret is in its inputs, outputs or messages.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated, Any, ClassVar

import pulumi
from pulumi import Input, Output, ResourceOptions
from pulumi.dynamic import CheckFailure, ReadResult

from meta_access import validation
from meta_access.clock import iso, parse_iso, seconds
from meta_access.errors import (
    BlockedError,
    ConflictError,
    ForeignSecretError,
    GraphError,
    InvalidRequestError,
    MetaAccessError,
    PermissionDeniedError,
)
from meta_access.graph import patience
from meta_access.providers import _host, _live, _token_rules
from meta_access.providers._base import MetaProvider, hold_back
from meta_access.providers._boundary import say, will_be_refused
from meta_access.providers._declaration import NONE, GraphId, Rule, TextMap, TextSet, one_of
from meta_access.providers._deployment import DEPLOYMENT, STACK_ID, Grace, Secret
from meta_access.providers._resource import MetaResource
from meta_access.providers._values import unknown
from meta_access.providers.app_installation import installed_again
from meta_access.providers.system_user_app_access import without_access
from meta_access.stack.credentials import credentials_for
from meta_access.tokens import tags
from meta_access.tokens.delete import Heir, hand_over, settle
from meta_access.tokens.observe import NOTHING_DUE, Finding, Need, finding_of, moved
from meta_access.tokens.open import check_secret
from meta_access.tokens.run import end, ensure, leave, observe
from meta_access.tokens.spec import LAMBDA, PULUMI, TokenSpec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from meta_access.providers._deployment import Key, Twin
    from meta_access.providers._live import Live
    from meta_access.tokens.observe import Observed, Outcome
    from meta_access.tokens.store import Description, SecretStore

NEVER = "never"
# What only says when to act, not what the token is.
_POLICY = frozenset({"grace", "rotate_before", "take_over_from"})


class SystemUserTokenProvider(MetaProvider):
    kind = "token"
    keeps_access = True
    ends_access = True
    identified_by = ("connection", "secret_name")
    own: ClassVar[Mapping[str, Any]] = {"owner": None, "freshness": NOTHING_DUE.text}

    def validate(self, olds: Mapping[str, Any], props: dict[str, Any]) -> list[CheckFailure]:
        del olds
        faults = _token_rules.faults(props, self.live(props).rules)
        return [CheckFailure(name, why) for name, why in faults]

    def key(self, props: Mapping[str, Any]) -> Key:
        aws = self.live(props).connection.aws
        region = region_of(props["arn"]) if "arn" in props else aws.region
        return (aws.endpoint_url or "aws", region, props["secret_name"])

    def look_ahead(self, olds: Mapping[str, Any], props: dict[str, Any]) -> None:
        """Note a twin, and say that a new secret's name is taken by one that is not ours."""
        live, user, name = self.live(props), props["system_user_id"], props["secret_name"]
        if not unknown([user, name]):
            DEPLOYMENT.keep_token(user, self.key(props), str(props.get("label", "")))
        known = {**props, "system_user_id": "" if unknown(user) else user}
        if live.offline or DEPLOYMENT.writes or olds.get("secret_name") == name:
            return
        if unknown([known.get(each) for each in self.inputs]):
            return
        try:
            check_secret(live.store(), _token_spec(live, known, why=None))
        except ForeignSecretError as error:
            will_be_refused(self.kind, str(props.get("label", "")), str(error))

    def make(self, props: dict[str, Any]) -> tuple[str, dict[str, Any]]:
        outcome = _ensure(self.live(props), props, claim=None, why=None)
        self._found(outcome.arn, outcome.claim, props)
        return outcome.arn, {**_facts(outcome, self.live(props)), "previous_secrets": []}

    def look(self, id_: str, outs: dict[str, Any]) -> ReadResult:
        store = self.live(outs).store(region_of(outs["arn"]))
        listed = store.listed.find(outs["owner"], outs["arn"])
        seen = observed(store, outs, listed) if listed is not None else None
        if seen is not None and _is_as_in(outs, seen):
            return self._shown(id_, outs, store, seen, listed=True)
        return self._shown(id_, outs, store, observed(store, outs))

    def _shown(
        self, id_: str, outs: dict[str, Any], store: SecretStore, seen: Observed, *, listed: bool = False
    ) -> ReadResult:
        live = self.live(outs)
        self._found(outs["arn"], outs["claim"], outs)
        finding = (_moved(outs, live) if seen.finding.need is Need.NONE else None) or seen.finding
        if until := _token_rules.overdue(outs["lifetime"], store.now().date()):
            say(f"token {outs.get('label', '')} never expires, to be looked at again on {until}: is that still needed?")
        for user in seen.former:
            # Again in every deployment: the one that moved the token may have died before it came to the user.
            for token in seen.superseded:
                DEPLOYMENT.note_grace(user, Grace(iso(token.ends_at), outs["arn"]))
        if seen.ended:
            DEPLOYMENT.note_ended_token(live.connection.app_id, outs["system_user_id"])
        facts: dict[str, Any] = {
            "expires_at": iso(seen.expires_at) if seen.expires_at else NEVER,
            "superseded": _superseded(seen.superseded),
            "suspects": list(seen.suspects),
            "freshness": finding.text,
            "previous_secrets": _previous(outs, seen),
        }
        if outs["rotation_owner"] == LAMBDA and seen.late:
            _tell_of_lateness(seen, outs)
        facts |= _rotated_elsewhere(seen, outs)
        if finding.need is not Need.NONE:
            patience.RUN.expect(outs["arn"])
        DEPLOYMENT.note_facts(outs["arn"], facts, listed=listed)
        return ReadResult(id_, {**outs, **facts}, self.inputs_of(outs, freshness=finding.text))

    def moved(self, outs: Mapping[str, Any]) -> bool:
        """Whether the connection now means another app or region than the token is of."""
        return _moved(outs, self.live(outs)) is not None

    def due(self, outs: Mapping[str, Any], props: Mapping[str, Any]) -> bool:
        if _moved(outs, self.live(props)):
            return True
        seen = self._today_or_as_it_was(outs)
        if seen["freshness"] != outs["freshness"]:
            # No refresh has looked, so no input shows it.
            say(f"token {outs.get('label', '')}: {seen['freshness']}")
        return any(seen[name] != outs[name] for name in ("freshness", "version_id", "generation"))

    def today(self, outs: Mapping[str, Any], *, acting: bool = False) -> dict[str, Any]:
        """The outputs as the secret tells them today: as the refresh has read them or, when none has, read now.

        Args:
            outs: As the state has them.
            acting: Something is going to be done by them: then what a list has shown is described.

        Raises:
            MetaAccessError: It cannot be looked at.
        """
        if acting:
            DEPLOYMENT.forget_listed_facts(outs["arn"])
        if DEPLOYMENT.facts_of(outs["arn"]) is None and acting:
            store = self.live(outs).store(region_of(outs["arn"]))
            self._shown(outs["arn"], dict(outs), store, observed(store, outs))
        elif DEPLOYMENT.facts_of(outs["arn"]) is None:
            self.look(outs["arn"], dict(outs))
        return {**outs, **(DEPLOYMENT.facts_of(outs["arn"]) or {})}

    def _today_or_as_it_was(self, outs: Mapping[str, Any], *, acting: bool = False) -> dict[str, Any]:
        # What is said to be due is decided on the live secret anyway.
        if _live.settings().offline or finding_of(outs["freshness"]).need is not Need.NONE:
            return dict(outs)
        try:
            return self.today(outs, acting=acting)
        except MetaAccessError as error:
            DEPLOYMENT.note_facts(outs["arn"], {})
            say(
                f"token {outs.get('label', '')} was NOT looked at, so this run does not know whether it is due, and "
                f"leaves it as it is: {error}"
            )
        return dict(outs)

    def change(self, id_: str, outs: dict[str, Any], props: dict[str, Any], changed: frozenset[str]) -> dict[str, Any]:
        del id_
        outs = self._today_or_as_it_was(outs, acting=True)
        patience.RUN.settled(outs["arn"])
        DEPLOYMENT.forget_facts(outs["arn"])
        live, finding = self.live(props), finding_of(outs["freshness"])
        if finding.ended == outs["generation"]:
            # As the state tells it, where no refresh of this run has looked.
            DEPLOYMENT.note_ended_token(live.connection.app_id, outs["system_user_id"])
        kept = {output.name: outs[output.name] for output in self.declaration.outputs if output.name in outs}
        has_moved = "secret_name" in changed or region_of(outs["arn"]) != live.connection.aws.region
        why = None if finding.need is Need.NONE else finding.text
        if why is None and not has_moved and not _moved(outs, live) and not _asks_for_another(outs, props, changed):
            return kept
        if props["rotation_owner"] != LAMBDA or outs["rotation_owner"] != LAMBDA:
            self._hold_back_wider(live, outs, props, why)
        outcome = _ensure(live, props, claim=outs["claim"], why=why)
        self._found(outcome.arn, outcome.claim, props)
        _tell_of_wish(outcome, props)
        left = [secret for secret in outs["previous_secrets"] if secret["arn"] != outcome.arn]
        if has_moved and outcome.arn != outs["arn"] and not self._claimed_by_another(outs):
            left.append({"arn": outs["arn"], "ends_at": ""})
        facts = _facts(outcome, live)
        facts["previous_secrets"] = self._leave(live, left, outs, {**props, "arn": outcome.arn})
        if not facts["superseded"]:
            DEPLOYMENT.forget_grace(outcome.arn)
        if outs["system_user_id"] != props["system_user_id"]:
            for token in (*facts["superseded"], *facts["previous_secrets"]):
                grace = Grace(token["ends_at"], token.get("arn", facts["arn"]))
                DEPLOYMENT.note_grace(outs["system_user_id"], grace)
        return facts

    def end(self, id_: str, outs: dict[str, Any]) -> str:
        del id_
        # Where no refresh has looked, the state does not know yet what another token has left to this one.
        live, outs = self.live(outs), self._today_or_as_it_was(outs, acting=True)
        arns = [outs["arn"], *(secret["arn"] for secret in outs["previous_secrets"])]
        # Where AWS rotates, it would go on in a secret that is only left.
        twin = DEPLOYMENT.twin_of(outs["system_user_id"], self.key(outs)) if outs["rotation_owner"] != LAMBDA else None
        if twin is not None:
            return self._hand_over(live, arns, outs, twin)
        done = []
        for arn in arns:
            store = live.store(region_of(arn))
            done.append(end(store, live.issuer, arn, claim=outs["claim"], notify=say).sentence)
            DEPLOYMENT.forget_grace(arn)
        return " ".join(done)

    def upgrade(self, outs: Mapping[str, Any]) -> dict[str, Any]:
        missing = {
            "freshness": NOTHING_DUE.text,
            "expires_at": NEVER,
            "superseded": [],
            "suspects": [],
            "previous_secrets": [],
        }
        return {**missing, **super().upgrade(outs)}

    def _hold_back_wider(self, live: Live, outs: Mapping[str, Any], props: dict[str, Any], why: str | None) -> None:
        added = sorted(set(props["scopes"]) - set(outs["scopes"]))
        if not added:
            return
        try:
            hold_back(props, f"minting token {props.get('label', '')} with added scopes {', '.join(added)}")
        except BlockedError:
            if why is not None:
                # What keeps access alive does not wait for what widens it: rotate with the scopes of today first.
                _ensure(live, {**props, "scopes": outs["scopes"]}, claim=outs["claim"], why=why)
                say(f"token {props.get('label', '')} was brought up to date with the scopes it has ({why}).")
            raise

    def _found(self, arn: str, claim: str, props: Mapping[str, Any]) -> None:
        DEPLOYMENT.note_secret(self.key({**props, "arn": arn}), Secret(arn, claim))

    def _hand_over(self, live: Live, arns: Sequence[str], outs: Mapping[str, Any], twin: Twin) -> str:
        """Leave the secrets of a token that goes to one of the same user that stays, so that readers can follow."""
        if twin.secret is None:
            raise ConflictError(
                f"secret {outs['secret_name']} is kept, because token {twin.label} of the same system user, to which "
                "its readers are to move, has no secret yet.",
                next_step="Run `pulumi up` again once it has.",
            )
        heir = Heir(live.store(region_of(twin.secret.arn)), twin.secret.arn, twin.secret.claim)
        sentences = []
        for arn in arns:
            store, grace_s = live.store(region_of(arn)), seconds(outs["grace"]) or 0
            done = hand_over(store, live.issuer, arn, claim=outs["claim"], heir=heir, grace_s=grace_s, notify=say)
            sentences.append(done.sentence)
        sentences.append(f"Its system user goes on with token {twin.label}: its readers are to read {heir.arn}.")
        return " ".join(sentences)

    def _claimed_by_another(self, outs: Mapping[str, Any]) -> bool:
        return DEPLOYMENT.holder(type(self).__name__, self.key(outs)) is not None

    def _leave(
        self, live: Live, left: list[dict[str, str]], outs: Mapping[str, Any], props: Mapping[str, Any]
    ) -> list[dict[str, str]]:
        still = []
        for secret in left:
            store, grace_s = live.store(region_of(secret["arn"])), seconds(props["grace"]) or 0
            done = leave(store, live.issuer, secret["arn"], claim=outs["claim"], grace_s=grace_s, notify=say)
            say(f"token {props.get('label', '')}: {done.sentence}")
            if done.ends_at is not None:
                still.append({"arn": secret["arn"], "ends_at": iso(done.ends_at)})
            else:
                settle(live.store(region_of(props["arn"])), props["arn"], secret["arn"])
        return still


def _token_spec(live: Live, props: Mapping[str, Any], *, why: str | None) -> TokenSpec:
    project, _, stack = str(props["owner"]).partition("/")
    return TokenSpec(
        project=project,
        stack=stack,
        secret_name=props["secret_name"],
        app_id=live.connection.app_id,
        business_id=live.connection.business_id,
        system_user_id=props["system_user_id"],
        api_version=live.connection.api_version,
        scopes=tuple(props["scopes"]),
        expires=_token_rules.expires(props["lifetime"]),
        keepers=props["keepers"],
        grace_s=seconds(props["grace"]) or 0,
        rotate_before_s=seconds(props["rotate_before"]) or 0,
        kms_key=props.get("kms_key"),
        take_over_from=props.get("take_over_from"),
        rotation_owner=props["rotation_owner"],
        stack_id=props.get(STACK_ID, ""),
        rotate_now=why,
    )


def _ensure(live: Live, props: Mapping[str, Any], *, claim: str | None, why: str | None) -> Outcome:
    spec = _token_spec(live, props, why=why)
    try:
        outcome = _made(live, spec, claim)
    except (PermissionDeniedError, InvalidRequestError) as error:
        if not installed_again(live, props["system_user_id"]):
            refused = _in_other_words(error, live, props, claim)
        else:
            return _made(live, spec, claim)
    else:
        return outcome
    raise refused


def _made(live: Live, spec: TokenSpec, claim: str | None) -> Outcome:
    outcome = ensure(live.store(), live.issuer, spec, claim=claim, engine_alive=_host.engine_alive, notify=say)
    _forget_old_credential(outcome)
    return outcome


def _in_other_words(
    error: PermissionDeniedError | InvalidRequestError, live: Live, props: Mapping[str, Any], claim: str | None
) -> GraphError:
    refused = without_access(error, live, props["system_user_id"], props.get("label", ""))
    if refused is not None:
        return refused
    return error if claim is None else _without_app(error, props)


def _without_app(error: PermissionDeniedError | InvalidRequestError, props: Mapping[str, Any]) -> GraphError:
    """The refusal of a token that could be minted before. That the app is not installed any more goes unreported."""
    problem = (
        f"minting another token {props.get('label', '')} failed: {error.problem} One was minted before, so the app may "
        f"have been taken off system user {props['system_user_id']} since. The token in the secret stays as it is."
    )
    advice = (
        "Install it again, with `pulumi up --replace` and the URN of the user's AppInstallation, or in Business "
        "settings. Where its token has ended at Meta, a whole `pulumi up` of a stack that declares that "
        "AppInstallation does it."
    )
    return type(error)(problem, code=error.code, subcode=error.subcode, fbtrace_id=error.fbtrace_id, next_step=advice)


def _tell_of_lateness(seen: Observed, outs: Mapping[str, Any]) -> None:
    say(
        f"token {outs.get('label', '')} expires {iso(seen.expires_at) if seen.expires_at else NEVER}, and AWS's "
        "rotation, which owns it, has not replaced it yet. Look at the function's last run, or start it: "
        f"aws secretsmanager rotate-secret --secret-id {outs['arn']}"
    )


def _rotated_elsewhere(seen: Observed, outs: Mapping[str, Any]) -> dict[str, Any]:
    """The token that has become current since, by AWS's own rotation or by a command that acted without the engine.

    No drift: it is what was asked for. Where Pulumi rotates, only a later one of our own claim is; an earlier one was
    put there by hand.
    """
    ours = outs["rotation_owner"] == LAMBDA or (seen.claimed and seen.generation > outs["generation"])
    if not ours or not seen.version_id or seen.generation == outs["generation"]:
        return {}
    facts: dict[str, Any] = {"version_id": seen.version_id, "generation": seen.generation}
    return facts | {
        name: text for name, text in (("fingerprint", seen.fingerprint), ("issued_at", seen.issued_at)) if text
    }


def _tell_of_wish(outcome: Outcome, props: Mapping[str, Any]) -> None:
    if props["rotation_owner"] == LAMBDA and outcome.trigger != outcome.asked:
        say(
            f"token {props.get('label', '')}: what is asked for now stands in the secret's tags, and AWS's rotation, "
            "which owns the token, mints it next time, if the function's environment allows it: write what "
            "`meta-access function` prints into it first. For now: aws secretsmanager rotate-secret --secret-id "
            f"{outcome.arn}"
        )


def _forget_old_credential(outcome: Outcome) -> None:
    """A connection that acts with this very secret must use the token that was promoted a moment ago."""
    for connection in _live.settings().connections.values():
        reference = connection.admin_token
        if reference == f"secret:{outcome.secret_name}" or reference.startswith(f"aws-secret:{outcome.arn}#"):
            credentials_for(connection).forget()


def _asks_for_another(outs: Mapping[str, Any], props: Mapping[str, Any], changed: frozenset[str]) -> bool:
    policy = set(_POLICY)
    if _token_rules.expires(outs["lifetime"]) == _token_rules.expires(props["lifetime"]):
        policy.add("lifetime")  # another reason for the same exception
    return bool(changed - policy)


def _moved(outs: Mapping[str, Any], live: Live) -> Finding | None:
    """Why the connection asks for another token although no input of the resource changed."""
    connection = live.connection
    if outs.get("app_id", connection.app_id) != connection.app_id:
        return moved("app", outs["app_id"], connection.app_id)
    if (region := region_of(outs["arn"])) != connection.aws.region:
        return moved("region", region, connection.aws.region)
    return None


def _facts(outcome: Outcome, live: Live) -> dict[str, Any]:
    return {
        "arn": outcome.arn,
        "version_id": outcome.version_id,
        "generation": outcome.generation,
        "claim": outcome.claim,
        "fingerprint": outcome.fingerprint,
        "issued_at": iso(outcome.issued_at),
        "expires_at": iso(outcome.expires_at) if outcome.expires_at else NEVER,
        "trigger": outcome.trigger,
        "superseded": _superseded(outcome.superseded),
        "suspects": list(outcome.suspects),
        "freshness": NOTHING_DUE.text,
        "app_id": live.connection.app_id,
    }


def _superseded(tokens: Sequence[Any]) -> list[dict[str, Any]]:
    return [{"generation": token.generation, "ends_at": iso(token.ends_at)} for token in tokens]


def observed(store: SecretStore, outs: Mapping[str, Any], shown: Description | None = None) -> Observed:
    """Look at the secret that a resource's outputs speak of, by the policy that stands in them.

    Args:
        store: Of its region.
        outs: The outputs.
        shown: The secret as a list shows it; None describes it.
    """
    seen = observe(
        store,
        outs["arn"],
        claim=outs["claim"],
        version_id=outs["version_id"],
        generation=outs["generation"],
        expires_at=parse_iso(outs["expires_at"]) if outs["expires_at"] != NEVER else None,
        suspects=outs["suspects"],
        grace_s=seconds(outs["grace"]) or 0,
        rotate_before_s=seconds(outs["rotate_before"]) or 0,
        rotation_owner=outs["rotation_owner"],
        wish=tags.wished(
            owner=outs["owner"],
            system_user_id=outs["system_user_id"],
            scopes=outs["scopes"],
            expires=_token_rules.expires(outs["lifetime"]),
        ),
        shown=shown,
    )
    ripe = [secret for secret in _previous(outs, seen) if parse_iso(secret["ends_at"]) <= store.now()]
    if seen.finding == NOTHING_DUE and ripe:
        return replace(seen, finding=Finding(Need.RETIREMENT, f"retirement due: secret {ripe[0]['arn']}"))
    return seen


def _is_as_in(outs: Mapping[str, Any], seen: Observed) -> bool:
    """Whether a look tells nothing that the outputs do not: no change, nothing due, and nobody to be told anything."""
    facts = {
        "version_id": seen.version_id,
        "generation": seen.generation,
        "expires_at": iso(seen.expires_at) if seen.expires_at else NEVER,
        "superseded": _superseded(seen.superseded),
        "suspects": list(seen.suspects),
        "freshness": seen.finding.text,
        "previous_secrets": _previous(outs, seen),
    }
    unchanged = facts == {name: outs[name] for name in facts}
    return unchanged and seen.finding == NOTHING_DUE and not (seen.ended or seen.late)


def _previous(outs: Mapping[str, Any], seen: Observed) -> list[dict[str, str]]:
    """The secrets that a token is leaving: its own, and those that a token of the same user has left to it since."""
    known = {secret["arn"] for secret in outs["previous_secrets"]}
    left = [{"arn": one.arn, "ends_at": iso(one.ends_at)} for one in seen.left if one.arn not in known]
    return [*outs["previous_secrets"], *left]


def region_of(arn: str) -> str:
    return arn.split(":")[3]


class SystemUserToken(MetaResource, provider=SystemUserTokenProvider):
    """A token of a system user, in a secret of its own. Consumers read the secret that `arn` names.

    Args:
        system_user_id: The user, by the id that the app sees.
        scopes: Permissions the token holds; Meta adds none later, so a change is a rotation.
        secret_name: Name of the secret in the connection's region; changing it fills a new secret and ends the old one
            after grace.
        lifetime: `60d`, or `{"never": {"reason": …, "until": …}}`: a token without expiry needs a written reason and a
            date to look again.
        rotate_before: How long before the recorded expiry a rotation is due.
        grace: How long a replaced token lives on, counted from when a run saw its successor as current.
        keepers: Any map of texts; a change rotates.
        kms_key: Key of the secret; AWS's own when absent.
        take_over_from: `<project>/<stack>` that owns the secret now, and from which it may be taken.
        rotation_owner: Who replaces the token once there is one: `pulumi`, or `lambda` for AWS's own rotation
            (`docs/lambda.md`).
        requires: Gate to status, read in block mode: the first token, and added scopes, wait until every one is
            satisfied.

    Attributes:
        arn: The secret.
        version_id: Of the secret's version that holds the token.
        generation: The token's number in the secret.
        claim: By which the secret's tags name this resource.
        fingerprint: `sha256:` and 16 hex digits.
        issued_at: When it was minted.
        expires_at: When it ends, or `never`.
        trigger: Why it was minted.
        superseded: Tokens in grace: `generation` and `ends_at` of each.
        suspects: Generations that may exist unseen.
        previous_secrets: Secrets that the token is leaving: `arn` and `ends_at` of each.
        freshness: `current`, or what is due.
        app_id: The app that it is of.
    """

    arn: Output[str]
    secret_name: Output[str]
    version_id: Output[str]
    generation: Output[int]
    claim: Output[str]
    fingerprint: Output[str]
    scopes: Output[list[str]]
    issued_at: Output[str]
    expires_at: Output[str]
    trigger: Output[str]
    superseded: Output[list[dict[str, Any]]]
    suspects: Output[list[int]]
    previous_secrets: Output[list[dict[str, Any]]]
    freshness: Output[str]
    app_id: Output[str]

    def __init__(
        self,
        resource_name: str,
        *,
        connection: Input[str],
        system_user_id: GraphId,
        scopes: TextSet,
        secret_name: Annotated[Input[str], Rule(validation.secret_name)],
        lifetime: Annotated[Input[str | Mapping[str, Any]], Rule(_token_rules.no_lifetime)] = _token_rules.SIXTY_DAYS,
        rotate_before: Annotated[Input[str], Rule(_token_rules.no_duration)] = "20d",
        grace: Annotated[Input[str], Rule(_token_rules.no_duration)] = "24h",
        keepers: Annotated[TextMap, Rule(_token_rules.no_keepers)] | None = NONE,
        kms_key: Input[str] | None = None,
        take_over_from: Annotated[Input[str], Rule(validation.stack_reference)] | None = None,
        rotation_owner: Annotated[Input[str], one_of(_token_rules.ROTATION_OWNERS)] = PULUMI,
        requires: TextMap | None = None,
        opts: ResourceOptions | None = None,
    ) -> None:
        # The plugin host knows no stack, and the secret's tags must name its owner.
        owner = f"{pulumi.get_project()}/{pulumi.get_stack()}"
        super().__init__(resource_name, locals(), opts, owner=owner)
