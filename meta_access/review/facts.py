"""What a review knows: one fact per thing that happens, without a sentence in it. Pure values."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from meta_access.gates.status import Status
from meta_access.policy.judge import mandatory

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from meta_access.findings import Undeclared
    from meta_access.policy import Finding


class Cause(StrEnum):
    """Why something happens."""

    CHANGE = "change"  # the program asks for it, and the state did not have it so
    DUE = "due"  # it would happen without the change as well
    DRIFT = "drift"  # somebody changed it at Meta or in AWS, and `up` puts it back
    PEOPLE = "people"  # a person has to do it, or has done it


FOLDED = (Cause.DUE, Cause.DRIFT, Cause.PEOPLE)
"""What this change does not cause, in the order of its sections."""


class Sign(StrEnum):
    """The first column of a line."""

    PLUS = "+"
    MINUS = "-"
    ALERT = "!"
    TILDE = "~"


class Part(StrEnum):
    """The parts of a review, the one that a reader must not miss first."""

    REFUSED = "refused"
    LOSES = "loses"
    GAINS = "gains"
    TOKENS = "tokens"
    OTHER = "other"


class Class(StrEnum):
    """What `--fail-on` can name."""

    REFUSED = "refused"
    WIDENING = "widening"
    DELETION = "deletion"
    UNDECLARED = "undeclared"


class Kind(StrEnum):
    """What happens."""

    REFUSED = "refused"
    HELD_BACK = "held back"
    TASKS_LOST = "tasks lost"
    USER_RETIRED = "user retired"
    PERSON_OUT = "person taken out"
    PERSON_DEMOTED = "person gets a lower role"
    TASKS_GAINED = "tasks gained"
    TASKS_UNKNOWN = "tasks not known yet"
    USER_MADE = "user made"
    USER_ADOPTED = "user adopted"
    USER_RENAMED = "user renamed"
    PERSON_IN = "person brought in"
    PERSON_BACK = "person brought back"
    PERSON_PROMOTED = "person gets a higher role"
    TOKEN_ENDS = "token ends"  # noqa: S105 - no secret
    TOKEN_MOVES = "token moves"  # noqa: S105 - likewise
    TOKEN_NEW = "token new"  # noqa: S105 - likewise
    TOKEN_RENEWED = "token renewed"  # noqa: S105 - likewise
    GATE_DRIFTED = "gate drifted"
    GATE_WAITS = "gate waits"
    GATE_SATISFIED = "gate satisfied"
    GATE_DROPPED = "gate dropped"
    HOLDER_STAYS = "holder stays"
    UNKNOWN = "not known yet"
    USER_LEFT = "user left as it is"
    PERSON_LEFT = "person left in"
    REMOVED = "removed"
    REPLACED = "replaced"
    MADE = "made"
    CHANGED = "changed"


_SIGNS: dict[Sign, tuple[Kind, ...]] = {
    Sign.ALERT: (Kind.REFUSED, Kind.HELD_BACK, Kind.GATE_DRIFTED),
    Sign.MINUS: (
        Kind.TASKS_LOST, Kind.USER_RETIRED, Kind.PERSON_OUT, Kind.PERSON_DEMOTED,
        Kind.TOKEN_ENDS, Kind.REMOVED, Kind.GATE_DROPPED,
    ),
    Sign.PLUS: (
        Kind.TASKS_GAINED, Kind.USER_MADE, Kind.USER_ADOPTED, Kind.PERSON_IN, Kind.PERSON_BACK, Kind.PERSON_PROMOTED,
        Kind.TOKEN_NEW, Kind.MADE,
    ),
}  # fmt: skip
SIGNS = {kind: sign for sign, kinds in _SIGNS.items() for kind in kinds}
_PARTS: dict[Part, tuple[Kind, ...]] = {
    Part.REFUSED: (Kind.REFUSED, Kind.HELD_BACK),
    Part.LOSES: (Kind.TASKS_LOST, Kind.USER_RETIRED, Kind.PERSON_OUT, Kind.PERSON_DEMOTED),
    Part.GAINS: (
        Kind.TASKS_GAINED, Kind.TASKS_UNKNOWN, Kind.USER_MADE, Kind.USER_ADOPTED, Kind.PERSON_IN, Kind.PERSON_BACK,
        Kind.PERSON_PROMOTED,
    ),
    Part.TOKENS: (Kind.TOKEN_ENDS, Kind.TOKEN_MOVES, Kind.TOKEN_NEW, Kind.TOKEN_RENEWED),
}  # fmt: skip
PARTS = {kind: part for part, kinds in _PARTS.items() for kind in kinds}
_WIDENS = frozenset(
    {
        Kind.TASKS_GAINED, Kind.TASKS_UNKNOWN, Kind.USER_MADE, Kind.PERSON_IN, Kind.PERSON_BACK, Kind.PERSON_PROMOTED,
        Kind.TOKEN_NEW,
    }
)  # fmt: skip
_DELETES = frozenset(
    {
        Kind.TASKS_LOST, Kind.USER_RETIRED, Kind.USER_LEFT, Kind.PERSON_OUT, Kind.PERSON_LEFT, Kind.TOKEN_ENDS,
        Kind.REMOVED, Kind.REPLACED, Kind.GATE_DROPPED,
    }
)  # fmt: skip
_OF_CHANGED_TOKENS = frozenset({Kind.TOKEN_RENEWED, Kind.TOKEN_MOVES})
# What somebody may do by it: where only the update will know it, it may be more.
_MAY_WIDEN = frozenset({("BusinessUser", "role"), ("BusinessUser", "email"), ("SystemUserToken", "scopes")})


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that changes; "" where there is none, or where only the update will know it (`unknown`)."""

    key: str
    before: str
    after: str
    unknown: bool = False


class NoAuthor(StrEnum):
    """Why nobody knows who made a drift."""

    NO_RECORD = "no record"  # Meta keeps none of this kind of thing
    NO_ENTRY = "no entry"  # nothing about it since the state was written
    NO_TIME = "no time"  # the state does not say when it was written
    NOT_ASKED = "not asked"  # offline, under a snapshot, or without a readable state or connection
    NO_CREDENTIAL = "no credential"
    NO_ANSWER = "no answer"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Actor:
    """Who made a drift, as Meta's record names them; a name is "" where the record has none. `at` is Meta's time."""

    name: str
    application: str
    at: str


@dataclass(frozen=True, slots=True)
class Until:
    """The day that takes something away (`until`), and where it is typed: the file, and the key in it."""

    day: str
    file: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """One thing that happens; texts that do not belong to its kind are empty.

    Attributes:
        resource: `AssetAssignment`: the kind of the resource it is about; "" of the configuration.
        name: The resource's name.
        who: The identity or person.
        tasks: What is gained or lost; of a token, the scopes it gains.
        implied: What comes or goes along with `tasks`.
        asset: As typed: `act_1`, `page:2`.
        client: The client it belongs to; "" where there is none.
        secret: The secret's name; `moved_to` the one that its token moves to.
        grace: For how long readers of the old token, or secret, go on; "" means that they lose access at once.
        reason: Why, in somebody else's words.
        gates: What holds it back, or the gate it is about, each with its status.
        by: Who made the drift, or why nobody knows; None where nobody asks.
        already: Whether Meta has it so before the update, because somebody did by hand what the change declares.
        until: The day that takes it away; None where no day does.
        person: Key in `meta:people` of somebody who has left by hand; "" where the table does not have them.
    """

    kind: Kind
    cause: Cause = Cause.CHANGE
    resource: str = ""
    name: str = ""
    who: str = ""
    tasks: tuple[str, ...] = ()
    implied: tuple[str, ...] = ()
    asset: str = ""
    client: str = ""
    role: str = ""
    secret: str = ""
    moved_to: str = ""
    grace: str = ""
    reason: str = ""
    gates: tuple[tuple[str, str], ...] = ()
    differences: tuple[Difference, ...] = ()
    by: Actor | NoAuthor | None = None
    already: bool = False
    until: Until | None = None
    person: str = ""

    @property
    def sign(self) -> Sign:
        return SIGNS.get(self.kind, Sign.TILDE)

    @property
    def part(self) -> Part:
        return PARTS.get(self.kind, Part.OTHER)

    @property
    def classes(self) -> frozenset[Class]:
        """What `--fail-on` may stop for; of what this change does not cause, only that it is refused."""
        if self.kind is Kind.REFUSED:
            return frozenset({Class.REFUSED})
        if self.cause is not Cause.CHANGE:
            return frozenset()
        keys = {one.key for one in self.differences}
        of_token = self.kind in _OF_CHANGED_TOKENS
        widens = (
            self.kind in _WIDENS
            # The token of another user, or through another connection, reaches what that one reaches.
            or (of_token and (bool(self.tasks) or bool(keys & {"system_user_id", "connection"})))
            or any((self.resource, one.key) in _MAY_WIDEN and one.unknown for one in self.differences)
        )
        # Scopes differ where some are lost: those that are only added are `tasks`.
        deletes = self.kind in _DELETES or (of_token and "scopes" in keys)
        return frozenset(({Class.WIDENING} if widens else set()) | ({Class.DELETION} if deletes else set()))

    @property
    def order(self) -> tuple[object, ...]:
        """The risk order; what is alike stands together."""
        parts, kinds = list(Part), list(Kind)
        return (
            parts.index(self.part),
            kinds.index(self.kind),
            self.client,
            self.who,
            self.tasks,
            self.asset,
            self.name,
        )


@dataclass(frozen=True, slots=True)
class Group:
    """Facts that differ in their assets, or in their names where they have none."""

    first: Fact
    all: tuple[Fact, ...]


_ALIKE = tuple(field.name for field in fields(Fact) if field.name not in {"name", "asset", "by", "until"})
# Each of these has something of its own to say.
_ALONE = frozenset({Kind.TOKEN_MOVES, Kind.TOKEN_NEW, Kind.TOKEN_ENDS, Kind.TOKEN_RENEWED})


def grouped(facts: tuple[Fact, ...]) -> list[Group]:
    """The facts in the order of their risk, those alike together."""
    found: dict[tuple[object, ...], list[Fact]] = {}
    for fact in sorted(facts, key=lambda one: one.order):
        ends = (fact.until.day, fact.until.file) if fact.until else None
        alike: tuple[object, ...] = (*(getattr(fact, name) for name in _ALIKE), _author(fact), ends)
        if fact.kind in _ALONE:
            alike = (*alike, fact.name)
        elif fact.kind in {Kind.GATE_WAITS, Kind.GATE_SATISFIED, Kind.GATE_DROPPED} and not fact.differences:
            alike = (fact.kind, fact.cause, ends)
        found.setdefault(alike, []).append(fact)
    return [Group(facts[0], tuple(facts)) for facts in found.values()]


def _author(fact: Fact) -> object:
    """Who made it; one person's changes stand together, although each has its own time."""
    return (fact.by.name, fact.by.application) if isinstance(fact.by, Actor) else fact.by


@dataclass(frozen=True, slots=True)
class Quota:
    """System users of a role in a business; None where nobody knows."""

    business: str
    role: str
    before: int
    after: int | None
    limit: int | None


@dataclass(frozen=True, slots=True)
class Budget:
    """Calls to Meta that the steps of a connection make; the tier's for an hour, None where no tier is known."""

    connection: str
    calls: int
    per_hour: int | None
    tier: str


@dataclass(frozen=True, slots=True)
class Recorded:
    """The snapshot that a preview was made from: its moment, and how many seconds old it was then."""

    at: str
    age_s: int


@dataclass(frozen=True, slots=True)
class Review:
    """One stack's preview.

    Attributes:
        failed: Whether the preview did not come to its end, or ended with an error: more may happen than is known.
        error: The engine's own words about that.
        warnings: What the program warns of, in its words.
        compared: Whether a review of the base branch tells what this change causes.
        offline: Whether nobody was asked, so that only the configuration and the state were compared.
        snapshot: What was asked in the place of Meta and AWS; None where they were asked, or nobody.
        undeclared: Access that no line of the stack declares; None where nobody looked.
        policy: What rules of good practice find in the stack as this change leaves it.
    """

    stack: str
    project: str
    facts: tuple[Fact, ...]
    quota: tuple[Quota, ...] = ()
    budgets: tuple[Budget, ...] = ()
    failed: bool = False
    error: str = ""
    warnings: tuple[str, ...] = ()
    compared: bool = False
    offline: bool = False
    snapshot: Recorded | None = None
    undeclared: Undeclared | None = None
    policy: tuple[Finding, ...] = ()

    def of(self, cause: Cause) -> tuple[Fact, ...]:
        """The facts of a cause. What is refused or held back is never folded away: it belongs to the change."""
        return tuple(fact for fact in self.facts if _shown_under(fact) is cause)

    @property
    def classes(self) -> frozenset[Class]:
        more = {Class.UNDECLARED} if self.undeclared is not None and self.undeclared.clients else set[Class]()
        more |= {Class.REFUSED} if mandatory(self.policy) else set()
        return frozenset(more).union(*(fact.classes for fact in self.facts))

    @property
    def knows_access(self) -> bool:
        """Whether every list of who has access was looked at, so that nothing undeclared is nothing."""
        return self.undeclared is not None and not self.undeclared.why and not self.undeclared.unread


def _shown_under(fact: Fact) -> Cause:
    return Cause.CHANGE if fact.part is Part.REFUSED else fact.cause


def against(review: Review, base: Review) -> Review:
    """The review with its causes told by the base branch's on the same observations."""
    # Who made a drift may be known to one of the two alone.
    known = {replace(fact, cause=Cause.CHANGE, by=None): fact.cause for fact in base.facts}
    facts = []
    for fact in review.facts:
        cause = known.get(replace(fact, cause=Cause.CHANGE, by=None))
        if cause is None:
            # On the same observations it is this change that makes the difference; what is due may be due since.
            late = fact.cause in {Cause.DUE, Cause.PEOPLE}
            facts.append(fact if late else replace(fact, cause=Cause.CHANGE, by=None))
        else:
            facts.append(replace(fact, cause=Cause.DUE if cause is Cause.CHANGE else cause))
    if not review.failed:
        facts += _prevented(review.facts, base.facts, looked=not review.offline)
    return replace(review, facts=tuple(facts), compared=True)


_OPPOSITE = {Kind.TASKS_LOST: Kind.TASKS_GAINED, Kind.TASKS_GAINED: Kind.TASKS_LOST}
_NOT_DONE = frozenset({Kind.REFUSED, Kind.HELD_BACK, Kind.TASKS_UNKNOWN})


def _prevented(facts: Sequence[Fact], base: Iterable[Fact], *, looked: bool) -> Iterator[Fact]:
    """What the base branch would give or take, and the change leaves as it is.

    Meta has it so already, where somebody looked; offline the two branches alone are compared.
    """
    told: dict[tuple[str, ...], set[str]] = {}
    open_ = set()
    for fact in facts:
        if fact.kind in _OPPOSITE:
            told.setdefault((fact.who, fact.asset), set()).update((*fact.tasks, *fact.implied))
        elif fact.kind in _NOT_DONE:
            open_.add((fact.who, fact.asset))
    # Under its new name a user has the facts of the old one.
    renamed = {one.before for fact in facts if fact.kind is Kind.USER_RENAMED for one in fact.differences}
    for fact in base:
        key = fact.who, fact.asset
        if fact.kind not in _OPPOSITE or fact.already or fact.who in renamed or key in open_:
            continue
        tasks, implied = (
            tuple(one for one in found if one not in told.get(key, ())) for found in (fact.tasks, fact.implied)
        )
        if tasks or implied:
            yield replace(
                fact,
                kind=_OPPOSITE[fact.kind],
                cause=Cause.CHANGE,
                tasks=tasks or implied,
                implied=implied if tasks else (),
                by=None,
                already=looked,
                until=None,
            )


def labels(reviews: Iterable[Review]) -> list[str]:
    """Words for the pull request's labels, always in the same order."""
    found = list(reviews)
    facts = [fact for review in found for fact in review.facts]
    classes = frozenset().union(*(review.classes for review in found)) if found else frozenset()
    told = [
        *(str(one) for one in Class if one in classes and one is not Class.UNDECLARED),
        *(["held-back"] if any(fact.kind is Kind.HELD_BACK for fact in facts) else []),
        *(["tokens"] if any(fact.part is Part.TOKENS and fact.cause is Cause.CHANGE for fact in facts) else []),
        *(str(cause) for cause in FOLDED if any(review.of(cause) for review in found)),
        *(["failed"] if any(review.failed for review in found) else []),
    ]
    # It was so before, and an unchanged stack stays one.
    more = [str(Class.UNDECLARED)] if Class.UNDECLARED in classes else []
    return [*(told or ["unchanged"]), *more]


SATISFIED = str(Status.SATISFIED)
DRIFTED = str(Status.DRIFTED)
