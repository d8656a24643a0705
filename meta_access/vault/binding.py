"""What a rotation function may mint, whatever a secret's tags wish for.

Whoever may tag a secret could else have a token minted for any system user: a right to tag is common, a right to mint
is not. So a wish counts only within bounds that stand elsewhere: in the function's own environment, written when it is
deployed (`Policy`), or, for a function that was deployed without them, in the token that the secret holds already.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from meta_access import validation
from meta_access.errors import ConfigError, ForeignSecretError, Problem
from meta_access.vault import tags
from meta_access.vault.tags import NEVER, SIXTY_DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_access.vault.ask import Ask
    from meta_access.vault.payload import Token

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

    def beyond(self, ask: Ask) -> list[str]:
        """What a wish asks for beyond it, each naming the tag; empty when it keeps within."""
        same = {
            tags.APP: (ask.app_id, self.app_id),
            tags.BUSINESS: (ask.business_id, self.business_id),
            tags.SYSTEM_USER: (ask.system_user_id, self.system_user_id),
        }
        found = [f"{tag} is {wished}, not {bound}" for tag, (wished, bound) in same.items() if wished != bound]
        if added := sorted(set(ask.scopes) - self.scopes):
            found.append(f"{tags.SCOPES} adds {', '.join(added)}")
        if self.expires and not ask.expires:
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

    def bound(self, name: str, ask: Ask) -> Bound:
        """The most that the token in a secret may be.

        Raises:
            ForeignSecretError: The function has nothing to do with the secret, or with its stack.
        """
        if name not in self.tokens:
            raise ForeignSecretError(
                f"Rotating secret {name} is refused: it is none of those that {VARIABLE} of this function binds. "
                f"Nothing was minted; the current token stays. If the stack declares it with rotation_owner: lambda, "
                f"deploy the function's environment anew ({_PRINTS}); else cancel the rotation in AWS."
            )
        if ask.owner != self.owner:
            raise refused(name, [f"{tags.PROJECT} and {tags.STACK} are {ask.owner}, not {self.owner}"], self)
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
        f"current token stays. If the stack declares that, deploy the function's environment anew ({_PRINTS}); if not, "
        "somebody changed the tags, and `pulumi up` writes them again."
    )


def foreign_place(there: str, here: str) -> ForeignSecretError:
    """The refusal of a secret that is elsewhere: `there` is where, `here` says what binds the function."""
    return ForeignSecretError(
        f"Rotating a secret in {there} is refused: {here}. Nothing was asked or changed there. Rotate it with a "
        "function of its own region and account."
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
