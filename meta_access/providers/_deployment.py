"""What this deployment has seen: of the program, of the state, and of Meta.

All calls of a deployment run in one process, and another deployment is another process. A missing entry proves nothing:
`destroy` checks no resource, `--target` few, and a project without `refresh: always` reads none.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from meta_access.providers import _host

if TYPE_CHECKING:
    from collections.abc import Mapping

Key = tuple[str, ...]

STACK_ID = "stack_id"
"""Output of every resource: the id of a stack, unguessable, which tells stacks of one name apart.

`project/stack` names a stack to people, and two teams' `prod` have one name. A secret whose tags carry the id is known
for this stack's or another one's (`meta-access orphans`). It is never an input, and only a create or an update gives
it: a refresh that did would show as a change in every preview of an older state.
"""


@dataclass(frozen=True, slots=True)
class ResourceState:
    """A resource as the state has it: its id and its outputs, as this deployment has read them last."""

    id: str
    outs: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Grace:
    """Until when a superseded token lives on, and in which secret. ISO moments order like their text."""

    ends_at: str
    arn: str


@dataclass(frozen=True, slots=True)
class Secret:
    """Where a token is, and the claim by which it is its resource's."""

    arn: str
    claim: str


@dataclass(frozen=True, slots=True)
class Twin:
    """A token of the same user that the deployment keeps; `secret` is None while it is not made yet."""

    label: str
    secret: Secret | None


@dataclass(slots=True)
class Deployment:
    """What is known of one deployment. Thread-safe. A `kind` is a provider's class, a `place` what `place_of` says."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _places: dict[tuple[str, Key], str] = field(default_factory=dict)
    _declared: set[tuple[str, str]] = field(default_factory=set)
    _replaced: set[tuple[str, str]] = field(default_factory=set)
    _left_out: dict[tuple[str, str], str] = field(default_factory=dict)
    _held: dict[tuple[str, str], ResourceState] = field(default_factory=dict)
    _not_replaced: set[tuple[str, str]] = field(default_factory=set)
    _unlisted_users: set[str] = field(default_factory=set)
    _ended_tokens: set[tuple[str, str]] = field(default_factory=set)
    _graces: dict[str, Grace] = field(default_factory=dict)
    _token_labels: dict[str, dict[Key, str]] = field(default_factory=dict)
    _secrets: dict[Key, Secret] = field(default_factory=dict)
    _secret_facts: dict[str, Mapping[str, Any]] = field(default_factory=dict)
    _listed_facts: set[str] = field(default_factory=set)
    _stack_id: str = ""
    _said: set[str] = field(default_factory=set)
    writes: bool = False
    """Whether the engine has asked for a write, so that this is an update, whose own refusals come next.

    It checks one resource after another. A check that asks Meta what the write is going to ask holds up all others.
    """

    # --- which resource is which thing at Meta ---

    def declare(self, kind: str, key: Key | None, place: str, *, fresh: bool) -> str | None:
        """Enter a resource of the program; answers the place of another one that is the same thing.

        A resource renamed without an alias is a create and a delete of one thing; this lets that delete end nothing.

        Args:
            kind: Class of the resource.
            key: What it is at Meta; None while a part of it is not known.
            place: Which resource it is. The check that the engine repeats for a replacement carries the same one.
            fresh: The engine passed no old inputs: a create, or that repeated check.
        """
        with self._lock:
            if fresh and (kind, place) in self._declared:
                self._replaced.add((kind, place))
            self._declared.add((kind, place))
            first = place if key is None else self._places.setdefault((kind, key), place)
            return first if first != place else None

    def declares(self, kind: str, place: str) -> bool:
        """Whether the program has a resource at a place."""
        with self._lock:
            return (kind, place) in self._declared

    def holder(self, kind: str, key: Key | None) -> str | None:
        """The place of the resource that this deployment keeps for `key`."""
        with self._lock:
            return self._places.get((kind, key)) if key is not None else None

    def is_replacement(self, kind: str, place: str) -> bool:
        """Whether the create about to run is the second half of a replacement: it takes what exists."""
        with self._lock:
            return (kind, place) in self._replaced

    def leave_out(self, kind: str, label: str, place: str) -> None:
        """Note a resource that this deployment leaves out, since a failed one owes it an input."""
        with self._lock:
            self._left_out[kind, label] = place

    def left_out(self, kind: str, label: str) -> str | None:
        """The place of a resource of that name that was left out: one that is removed may have moved there.

        The places are not compared: a state keeps the one from before a move with an alias, which changes nothing else.
        """
        with self._lock:
            return self._left_out.get((kind, label))

    # --- what the state holds ---

    def hold(self, kind: str, place: str, held: ResourceState) -> None:
        """Note what the state holds at a place, as a refresh or a diff of this deployment has met it."""
        with self._lock:
            self._held[kind, place] = held

    def held(self, kind: str, place: str) -> ResourceState | None:
        """What the state holds at a place.

        `--replace` and a taint call check once, without old inputs (engine 3.259, step_generator.go): nothing but this
        tells such a create from a new resource.
        """
        with self._lock:
            return self._held.get((kind, place))

    def holds(self, kind: str, id_: str) -> bool:
        """Whether the state holds a resource of that id."""
        with self._lock:
            return any(of == kind and held.id == id_ for (of, _), held in self._held.items())

    def refuse_replacement(self, kind: str, place: str) -> None:
        """What stands at a place stays: its replacement was refused, and the engine's delete ends nothing."""
        with self._lock:
            self._not_replaced.add((kind, place))

    def replacement_refused(self, kind: str, place: str) -> bool:
        with self._lock:
            return (kind, place) in self._not_replaced

    def see_stack_id(self, outs: Mapping[str, object]) -> None:
        """Learn the deployment's id from a resource that has one."""
        with self._lock:
            self._stack_id = self._stack_id or str(outs.get(STACK_ID) or "")

    def stack_id_of(self, outs: Mapping[str, object]) -> dict[str, str]:
        """`stack_id` as a resource's outputs have it, else the deployment's, made when nobody has one yet.

        The first id that a deployment meets is that of all its new resources. What `pulumi state move` has brought
        keeps the one it came with: an id only ever says what belongs to the states that hold it. Without an engine
        there is no state to keep an id in, so none is made.
        """
        self.see_stack_id(outs)
        if outs.get(STACK_ID):
            return {STACK_ID: str(outs[STACK_ID])}
        if _host.engine_address() is None:
            return {}
        with self._lock:
            self._stack_id = self._stack_id or str(uuid4())
            return {STACK_ID: self._stack_id}

    def is_news(self, text: str) -> bool:
        """Whether a sentence has not been said in this deployment; from now on it has."""
        with self._lock:
            before = len(self._said)
            self._said.add(text)
            return len(self._said) > before

    # --- system users ---

    def note_unlisted(self, system_user_id: str) -> None:
        """A list of the business that could be read does not have this user of the state.

        What depends on it keeps what it has until there is another one: Meta would refuse each of them, and the user
        alone says why.
        """
        with self._lock:
            self._unlisted_users.add(system_user_id)

    def is_unlisted(self, system_user_id: object) -> bool:
        with self._lock:
            return system_user_id in self._unlisted_users

    def note_ended_token(self, app_id: str, system_user_id: str) -> None:
        """A token has ended at Meta before its time: the app may have been taken off that user.

        Meta shows nobody whether an app is installed on a system user, and mints no token while it is not.
        """
        with self._lock:
            self._ended_tokens.add((app_id, system_user_id))

    def has_ended_token(self, app_id: str, system_user_id: str) -> bool:
        with self._lock:
            return (app_id, system_user_id) in self._ended_tokens

    def note_grace(self, system_user_id: str, grace: Grace) -> None:
        """A token that moved to another user has left one of this user's alive.

        Until that ends the user must not be retired: its slot would be taken with a live token on it.
        """
        with self._lock:
            known = self._graces.get(system_user_id, grace)
            self._graces[system_user_id] = max(known, grace, key=lambda one: (one.ends_at, one.arn))

    def forget_grace(self, arn: str) -> None:
        """Nothing that a user has left lives in this secret any more."""
        with self._lock:
            self._graces = {user: grace for user, grace in self._graces.items() if grace.arn != arn}

    def grace_of(self, system_user_id: str) -> Grace | None:
        """The longest grace of a token that a user has left."""
        with self._lock:
            return self._graces.get(system_user_id)

    # --- tokens and their secrets ---

    def keep_token(self, system_user_id: str, key: Key, label: str) -> None:
        """Note that this deployment keeps a token of the user."""
        with self._lock:
            self._token_labels.setdefault(system_user_id, {})[key] = label

    def note_secret(self, key: Key, secret: Secret) -> None:
        """Note where the token of a resource is: it was read, made or compared."""
        with self._lock:
            self._secrets[key] = secret

    def twin_of(self, system_user_id: str, key: Key) -> Twin | None:
        """Another token of the user than the one with this key, one that is made first.

        An identity that is renamed, and whose user was adopted, is to the engine a new token and a deleted one of one
        user: the deleted one leaves its secret to its twin.
        """
        with self._lock:
            labels = self._token_labels.get(system_user_id, {})
            # The first part says in which Secrets Manager it is; a secret is left within one.
            twins = [
                Twin(label, self._secrets.get(other))
                for other, label in labels.items()
                if other != key and other[0] == key[0]
            ]
        return min(twins, key=lambda twin: (twin.secret is None, twin.label), default=None)

    def note_facts(self, arn: str, facts: Mapping[str, Any], *, listed: bool = False) -> None:
        """Remember what a secret says of its token, as outputs, so that it is looked at once.

        With `refresh: always` the refresh looks. In a project without it nobody would, and a token would never come
        due: then the diff does. What a list has said (`tokens/listed.py`) counts until something is to be done.
        """
        with self._lock:
            self._secret_facts[arn] = dict(facts)
            (self._listed_facts.add if listed else self._listed_facts.discard)(arn)

    def facts_of(self, arn: str) -> Mapping[str, Any] | None:
        """What a secret said; None when nobody has looked yet."""
        with self._lock:
            return self._secret_facts.get(arn)

    def forget_listed_facts(self, arn: str) -> None:
        """What a list has said is no ground to act on."""
        with self._lock:
            if arn in self._listed_facts:
                self._secret_facts.pop(arn, None)

    def forget_facts(self, arn: str) -> None:
        """An update has changed what the secret would say."""
        with self._lock:
            self._secret_facts.pop(arn, None)


def place_of(props: Mapping[str, Any]) -> str:
    """Which resource of the program has these inputs: `path`, the end of its URN.

    A name alone is shared by the children of several components; only a state of an older version has nothing else.
    """
    return str(props.get("path") or props.get("label", ""))


def name_in(place: str) -> str:
    """The Pulumi name that a path ends in; "" where a place is no path."""
    return place.partition("::")[2]


def shown(place: str, other: str) -> str:
    """A place as a person reads it next to another one: the name, and the whole path where both have the same name."""
    name, others = (name_in(one) or one for one in (place, other))
    return place if place != other and name == others else name


DEPLOYMENT = Deployment()
"""The one of this process."""
