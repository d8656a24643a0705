"""AWS's own rotation of a secret, in its four steps, on the same plan and protocol as Pulumi's.

Secrets Manager makes the id of the new version, labels it AWSPENDING and calls a function once for each step; a call
may come twice, late or again after a crash. Only where the token is parked differs: in AWS's version instead of under
the derived id. Its generation is claimed like any other, so an `up` and a rotation never both mint.
Source: Secrets Manager user guide, "Rotation by Lambda function", read 2026-11-24.

What a function may mint does not depend on a secret's tags alone: a right to tag is common, a right to mint is not. A
wish counts within bounds kept elsewhere: in the function's environment, written when it is deployed (`Policy`), or, for
a function deployed without them, in the token that the secret holds already.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access import validation
from meta_access.clock import SYSTEM_CLOCK
from meta_access.errors import ConfigError, ForeignSecretError, MetaAccessError, Problem, TokenPendingError
from meta_access.tokens import plan, tags
from meta_access.tokens.labels import CURRENT, PENDING
from meta_access.tokens.payload import Foreign, Token
from meta_access.tokens.run import Run
from meta_access.tokens.secret import Secret
from meta_access.tokens.tags import NEVER, SIXTY_DAYS
from meta_access.tokens.work import LONGEST_WAIT_S, PARK_FOR_S, Work

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from meta_access.clock import Clock
    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.plan import Progress, Step, View
    from meta_access.tokens.spec import TokenSpec
    from meta_access.tokens.store import SecretStore


VARIABLE = "META_ACCESS_ROTATION_POLICY"

_FIX = "write what `meta-access function` prints for the stack."
_ACCOUNT = re.compile(r"[0-9]{12}", re.ASCII)
_REGION = re.compile(r"[a-z]{2}[a-z0-9-]+", re.ASCII)
_OWNER = re.compile(r"[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+", re.ASCII)


@dataclass(frozen=True, kw_only=True)
class Bound:
    """The most that one token may be.

    Attributes:
        expires: False allows a token that never expires; one of 60 days is less, and always allowed.
    """

    app_id: str
    business_id: str
    system_user_id: str
    scopes: frozenset[str]
    expires: bool

    def beyond(self, spec: TokenSpec) -> list[str]:
        """What a wish asks for beyond it, each naming the tag; empty when it keeps within."""
        same = {
            tags.APP: (spec.app_id, self.app_id),
            tags.BUSINESS: (spec.business_id, self.business_id),
            tags.SYSTEM_USER: (spec.system_user_id, self.system_user_id),
        }
        found = [f"{tag} is {wished}, not {bound}" for tag, (wished, bound) in same.items() if wished != bound]
        if added := sorted(set(spec.scopes) - self.scopes):
            found.append(f"{tags.SCOPES} adds {', '.join(added)}")
        if self.expires and not spec.expires:
            found.append(f"{tags.LIFETIME} is {NEVER}, not {SIXTY_DAYS}")
        return found


@dataclass(frozen=True, kw_only=True)
class Policy:
    """What stands in the function's environment: one stack's tokens that one connection mints.

    Attributes:
        owner: `project/stack`.
        account: AWS's, 12 digits.
        tokens: Name of a secret to the most that its token may be.
    """

    owner: str
    region: str
    account: str
    app_id: str
    business_id: str
    tokens: Mapping[str, Bound]

    def text(self) -> str:
        """The variable's value. Short: AWS gives all variables of a function 4 KB together."""
        bound = {
            name: {
                "user": one.system_user_id,
                "scopes": " ".join(sorted(one.scopes)),
                "lifetime": SIXTY_DAYS if one.expires else NEVER,
            }
            for name, one in sorted(self.tokens.items())
        }
        fields = {
            "stack": self.owner,
            "region": self.region,
            "account": self.account,
            "app": self.app_id,
            "business": self.business_id,
            "tokens": bound,
        }
        return json.dumps(fields, separators=(",", ":"))

    def check_place(self, region: str, account: str) -> None:
        """Refuse a secret of another region or account, before anything is asked there.

        Raises:
            ForeignSecretError: It is one.
        """
        if (region, account) != (self.region, self.account):
            here = f"{VARIABLE} of this function binds {self.region}, account {self.account}"
            raise foreign_place(f"{region}, account {account}", here)

    def bound(self, name: str, spec: TokenSpec) -> Bound:
        """The most that the token in a secret may be.

        Raises:
            ForeignSecretError: The function has nothing to do with the secret, or with its stack.
        """
        if name not in self.tokens:
            raise ForeignSecretError(
                f"Rotating secret {name} is refused: it is none of those that {VARIABLE} of this function binds. "
                "Nothing was minted; the current token stays.",
                next_step=(
                    "If the stack declares it with rotation_owner: lambda, deploy the function's environment anew "
                    f"({_PRINTS}); else cancel the rotation in AWS."
                ),
            )
        if spec.owner != self.owner:
            raise refused(name, [f"{tags.PROJECT} and {tags.STACK} are {spec.owner}, not {self.owner}"], self)
        return self.tokens[name]


_PRINTS = "`meta-access function` prints it"


def of_token(token: Token) -> Bound:
    """What a function without a policy goes by: what is there already is no more than what is there."""
    return Bound(
        app_id=token.app_id,
        business_id=token.business_id,
        system_user_id=token.system_user_id,
        scopes=frozenset(token.scopes),
        expires=token.expires_at is not None,
    )


def refused(name: str, beyond: list[str], policy: Policy | None) -> ForeignSecretError:
    """The refusal of a wish.

    Args:
        name: Of the secret.
        beyond: As `Bound.beyond` gives it.
        policy: The function's; None when it goes by the token that the secret holds.
    """
    whose = (
        f"what {VARIABLE} of this function does not allow"
        if policy
        else f"what its token does not have, and this function has no {VARIABLE} that allows it"
    )
    return ForeignSecretError(
        f"Rotating secret {name} is refused: its tags ask for {whose}: {'; '.join(beyond)}. Nothing was minted; the "
        "current token stays.",
        next_step=(
            f"If the stack declares that, deploy the function's environment anew ({_PRINTS}); if not, somebody changed "
            "the tags, and `pulumi up` writes them again."
        ),
    )


def foreign_place(there: str, here: str) -> ForeignSecretError:
    """The refusal of a secret that is elsewhere: `there` is where, `here` says what binds the function."""
    return ForeignSecretError(
        f"Rotating a secret in {there} is refused: {here}. Nothing was asked or changed there.",
        next_step="Rotate it with a function of its own region and account.",
    )


def policy_of(environment: Mapping[str, str]) -> Policy | None:
    """The policy in a function's environment; None when it was deployed without one.

    Raises:
        ConfigError: There is one and it is broken; with every problem of it.
    """
    text = environment.get(VARIABLE)
    if text is None:
        return None
    try:
        fields = json.loads(text)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise ConfigError([Problem(VARIABLE, "is no JSON object.", _FIX)])
    problems = list(_problems(VARIABLE, fields, {**_RULES, "tokens": _tokens}))
    tokens = fields.get("tokens")
    for name, row in tokens.items() if isinstance(tokens, dict) else ():
        path = f'{VARIABLE}.tokens["{name}"]'
        if why := validation.secret_name(name):
            problems.append(Problem(f"{VARIABLE}.tokens", f"a key {why}.", _FIX))
        elif isinstance(row, dict):
            problems.extend(_problems(path, row, _TOKEN_RULES))
        else:
            problems.append(Problem(path, "is no JSON object.", _FIX))
    if problems:
        raise ConfigError(problems)
    return Policy(
        owner=fields["stack"],
        region=fields["region"],
        account=fields["account"],
        app_id=fields["app"],
        business_id=fields["business"],
        tokens={
            name: Bound(
                app_id=fields["app"],
                business_id=fields["business"],
                system_user_id=row["user"],
                scopes=frozenset(row["scopes"].split()),
                expires=row["lifetime"] == SIXTY_DAYS,
            )
            for name, row in fields["tokens"].items()
        },
    )


def _problems(path: str, fields: Mapping[str, Any], rules: Mapping[str, Any]) -> list[Problem]:
    # What the policy lacks is as wrong as what it says: a bound that nobody wrote binds nothing.
    found = [Problem(f"{path}.{key}", "is missing.", _FIX) for key in rules if key not in fields]
    found += [Problem(path, f"has unknown keys: {', '.join(more)}.", _FIX)] if (more := _more(fields, rules)) else []
    return found + [
        Problem(f"{path}.{key}", f"{why}.", _FIX)
        for key, rule in rules.items()
        if key in fields and (why := rule(fields[key]))
    ]


def _more(fields: Mapping[str, Any], rules: Mapping[str, Any]) -> list[str]:
    return sorted(ascii(key) for key in fields if key not in rules)


def _text(pattern: re.Pattern[str], like: str) -> Any:
    return lambda value: None if isinstance(value, str) and pattern.fullmatch(value) else f"is not written like {like}"


def _tokens(value: object) -> str | None:
    return None if isinstance(value, dict) and value else "names no token"


def _scopes(value: object) -> str | None:
    return None if isinstance(value, str) and tags.scopes_in(value) else "is no list of scopes with blanks between them"


def _lifetime(value: object) -> str | None:
    return None if value in (SIXTY_DAYS, NEVER) else f"is neither {SIXTY_DAYS} nor {NEVER}"


_RULES: Mapping[str, Any] = {
    "stack": _text(_OWNER, "project/stack"),
    "region": _text(_REGION, "eu-central-1"),
    "account": _text(_ACCOUNT, "123456789012, in quotes"),
    "app": validation.graph_id,
    "business": validation.graph_id,
}
_TOKEN_RULES: Mapping[str, Any] = {"user": validation.graph_id, "scopes": _scopes, "lifetime": _lifetime}


CREATE, SET, TEST, FINISH = "createSecret", "setSecret", "testSecret", "finishSecret"
STEPS = (CREATE, SET, TEST, FINISH)

# Somebody else's claim is waited for, then our own lease runs; and after that a token must still be stored or revoked.
LEAST_S = LONGEST_WAIT_S + plan.LEASE_S
_AFTER_PARKING_S = 30.0


def rotate(
    store: SecretStore,
    issuer_for: Callable[[TokenSpec], Issuer],
    step: str,
    arn: str,
    version_id: str,
    *,
    policy: Policy | None,
    seconds_left: Callable[[], float],
    clock: Clock = SYSTEM_CLOCK,
    notify: Callable[[str], None] = print,
) -> None:
    """Carry out one step for one version. May be repeated at any point.

    Args:
        store: Of the secret's region.
        issuer_for: Gives the Meta that the secret's tags ask for.
        step: One of `STEPS`.
        arn: Of the secret.
        version_id: The one AWS has made: its ClientRequestToken.
        policy: What the function may mint; None bounds it by the token that the secret holds.
        seconds_left: Until AWS ends the function.
        clock: Waits and measures.
        notify: Gets sentences for the operator.

    Raises:
        ForeignSecretError: The secret is not this function's to rotate, or its tags wish for more than it may mint.
        TokenPendingError: This call may not decide, or comes out of order; nothing was lost. AWS calls again.
        GraphError: Meta refuses to mint, or what it minted is not valid.
        SecretStoreError: Secrets Manager refuses or cannot be reached.
    """
    described = store.describe(arn)
    spec = tags.wish(described.name, described.tags)
    if described.deletes_at is not None or described.rotated_by is None:
        why = "is being deleted" if described.deletes_at is not None else "has no rotation turned on"
        raise ForeignSecretError(f"Rotating secret {described.name} is refused: it {why}. Nothing was changed.")
    stages = described.stages.get(version_id, ())
    if CURRENT in stages and step != FINISH:
        notify(f"Secret {described.name}: version {version_id} is current already; {step} has nothing left to do.")
        return
    if PENDING not in stages and CURRENT not in stages:
        raise TokenPendingError(
            f"Secret {described.name}: {step} was called for version {version_id}, which AWS has not labelled "
            f"{PENDING}: another rotation has taken its place, or it was given up. Nothing was changed."
        )
    if step == SET:
        # Meta knows a token from the moment it mints it: there is no other place to set it.
        return
    if step == CREATE and seconds_left() < LEAST_S:
        raise TokenPendingError(
            f"Secret {described.name}: the function has {seconds_left():.0f} s left, and a rotation may take "
            f"{LEAST_S} s. Nothing was minted.",
            next_step="Set the function's timeout to 900 s.",
        )
    work = Work(
        secret=Secret(store, described, clock),
        issuer=issuer_for(spec),
        clock=clock,
        notify=notify,
        owner=spec.owner,
        park_for_s=min(PARK_FOR_S, max(0.0, seconds_left() - LEAST_S)),
    )
    _Rotation(work, spec, version_id, policy).take(step)


class _Rotation:
    def __init__(self, work: Work, spec: TokenSpec, version_id: str, policy: Policy | None) -> None:
        self._work, self._spec, self._version_id, self._policy = work, spec, version_id, policy

    def take(self, step: str) -> None:
        if step == CREATE and self._stored() is None:
            self._check()
        decide = {CREATE: self._create, TEST: self._test, FINISH: self._finish}[step]
        run = Run(work=self._work, spec=self._spec, decide=decide, rotation=self._version_id)
        try:
            run.to_the_end()
        except MetaAccessError:
            self._give_way()
            raise
        if step == FINISH:
            self._release()
            run.outcome(self._work.secret.tags.get(tags.CLAIM, ""))

    def _check(self) -> None:
        """Refuse a wish that goes beyond what this function may mint, before a generation is claimed."""
        name, spec = self._work.secret.name, self._spec
        bound = self._policy.bound(name, spec) if self._policy else self._bound_by_what_is_there()
        if bound is not None and (beyond := bound.beyond(spec)):
            raise refused(name, beyond, self._policy)
        try:
            own, _ = self._work.issuer.calling_token()
        except MetaAccessError as error:
            raise self._work.pending(
                f"Meta cannot be asked whose credential this function acts with. Nothing was minted, revoked or marked "
                f"({error}).",
                "Run again later.",
            ) from None
        if own == spec.system_user_id:
            raise ForeignSecretError(
                f"Rotating secret {name} is refused: {tags.SYSTEM_USER} is {own}, whose token this function acts with, "
                "and it never mints for that user. Nothing was minted; the current token stays.",
                next_step=(
                    "Set rotation_owner: pulumi on that identity, or give the function a credential of another system "
                    "user."
                ),
            )

    def _bound_by_what_is_there(self) -> Bound | None:
        secret = self._work.secret
        current = secret.record(secret.labels.current) if secret.labels.current else None
        if isinstance(current, Token):
            return of_token(current)
        if not isinstance(current, Foreign):
            # The plan says that AWS's rotation only follows a first token.
            return None
        # Edited by hand: the newest token of ours that is still held tells.
        held = (secret.token(g) for g in sorted({*secret.labels.live, *secret.labels.stamps}, reverse=True))
        newest = next((token for token in held if token is not None), None)
        if newest is None:
            raise ForeignSecretError(
                f"Rotating secret {secret.name} is refused: it holds no token of this tool any more, and this function "
                f"has no {VARIABLE} that says what it may mint. Nothing was minted.",
                next_step=(
                    f"Deploy the function's environment ({_PRINTS}), or set rotation_owner: pulumi and run `pulumi up`."
                ),
            )
        return of_token(newest)

    def _create(self, view: View, spec: TokenSpec, run: Progress) -> Step:
        return plan.create_step(view, spec, run, self._stored())

    def _test(self, view: View, _: TokenSpec, run: Progress) -> Step:
        # RotateSecret with RotateImmediately=false: AWS makes a copy of the current value, and has only that tested.
        return plan.check_step(view, run, view.current if self._same_as_current() else self._stored())

    def _finish(self, view: View, spec: TokenSpec, run: Progress) -> Step:
        return plan.finish_step(view, spec, run, self._stored())

    def _stored(self) -> int | None:
        found = self._work.secret.find(self._version_id)
        if found is not None and not isinstance(found, Token):
            raise self._work.pending(
                f"the version of this rotation, {self._version_id}, holds a value that this tool did not put there. "
                "Nothing was changed.",
                f"Take {PENDING} off it, and AWS starts another rotation.",
            )
        return found.generation if isinstance(found, Token) else None

    def _same_as_current(self) -> bool:
        secret = self._work.secret
        here, current = (secret.store.read(secret.arn, at) for at in (self._version_id, secret.labels.current or ""))
        return here is not None and current is not None and here.text == current.text

    def _give_way(self) -> None:
        """Take AWSPENDING off a version that can never become current, or AWS would start no other rotation."""
        secret = self._work.secret
        found = secret.find(self._version_id)
        current = secret.record(secret.labels.current) if secret.labels.current else None
        if isinstance(found, Token) and isinstance(current, Token) and current.generation > found.generation:
            self._release()

    def _release(self) -> None:
        secret = self._work.secret
        if secret.labels.where.get(PENDING) == self._version_id:
            self._work.yielded(secret.move(PENDING, source=self._version_id))
