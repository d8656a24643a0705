"""One secret during one run: what AWS shows, with this run's own writes laid over it, and what the plan sees of it.

Describe may be a write behind. Absence of something we wrote ourselves is therefore no news: an own write stands until
a higher generation is seen in its place. Values are read by version id only, never change once read, and no more of
them are read than a decision needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from meta_access.errors import SecretNotFoundError, SecretStoreError, VersionExistsError
from meta_access.tokens import labels, payload, tags
from meta_access.tokens.labels import CURRENT, INTENT, PREVIOUS, closing
from meta_access.tokens.payload import Closed, Foreign, Intent, Suspect, Token
from meta_access.tokens.plan import HeldToken, Holds, Ledger, View

if TYPE_CHECKING:
    from collections.abc import Container, Mapping
    from datetime import datetime

    from meta_access.clock import Clock
    from meta_access.tokens.payload import Record
    from meta_access.tokens.store import Description, SecretStore


_SETTLES = (0.5, 1.0, 2.0, 4.0)


class Secret:
    """A secret and its versions.

    Attributes:
        labels: As of the last `look`, and our writes since.
        buried: Generations that this run has ended and taken the labels from.
        now: AWS's clock at that look, or at our last write since.
        tags: As of that look.
    """

    def __init__(self, store: SecretStore, described: Description, clock: Clock, *, created: bool = False) -> None:
        self.store = store
        self.arn = described.arn
        self.name = described.name
        self._clock = clock
        self._first = described if created else None
        self._own: dict[str, str | None] = {}
        self._records: dict[str, tuple[Record, datetime]] = {}
        self._seen: dict[str, float] = {}
        self._places: dict[int, str] = {}
        self.buried: set[int] = set()
        self._show(described)
        if created:
            # What was put under an id is what is there: AWS refuses another text under the same one.
            for version_id in described.stages:
                self._remember(version_id, payload.Blank(), self.now)

    def look(self) -> None:
        """Describe again."""
        try:
            described = self.store.describe(self.arn)
        except SecretNotFoundError:
            if self._first is None:
                raise
            described = self._first
        self._show(described)

    def record(self, version_id: str) -> Record:
        """Read a version that is known to exist.

        Raises:
            SecretNotFoundError: It is gone all the same.
            SecretStoreError: A newer version of this library wrote it.
        """
        for pause in (*_SETTLES, None):
            if found := self.find(version_id):
                return found
            if pause is not None:
                self._clock.sleep(pause)
        raise SecretNotFoundError(
            f"Reading version {version_id} of secret {self.name} failed: it has a label but no value. Nothing was "
            "changed.",
            next_step="Run again, and if it stays look at the secret's versions in AWS.",
        )

    def find(self, version_id: str) -> Record | None:
        """Read a version that may not exist."""
        if version_id not in self._records:
            version = self.store.read(self.arn, version_id)
            if version is None:
                return None
            found = payload.parse(version.text, arn=self.arn, version_id=version_id)
            if isinstance(found, Foreign) and found.newer_schema:
                raise SecretStoreError(
                    f"Secret {self.name} holds a version of schema {found.newer_schema}, which a newer meta-access "
                    "wrote. Nothing was changed.",
                    next_step="Update meta-access.",
                )
            self._remember(version_id, found, version.created_at)
        return self._records[version_id][0]

    def _remember(self, version_id: str, found: Record, created_at: datetime) -> None:
        self._records[version_id] = (found, created_at)
        self._seen[version_id] = self._clock.monotonic()
        if isinstance(found, (Intent, Token)) and found.rotation:
            self._places[found.generation] = found.rotation

    def token(self, generation: int) -> Token | None:
        """Read T(g), if it exists."""
        found = self.find(self.place(generation))
        return found if isinstance(found, Token) and found.generation == generation else None

    def place(self, generation: int) -> str:
        """Version id of T(g): the derived one, unless a rotation of AWS's own chose it.

        Reads a version only where a label of that generation is on another one than it should be.
        """
        derived = payload.token_id(self.arn, generation)
        marked = {where for _, where in self.labels.stamps.get(generation, ())} | {self.labels.live.get(generation)}
        for version_id in marked - {None, derived, payload.closed_id(self.arn, generation)}:
            found = self.find(str(version_id))
            if isinstance(found, Token) and found.generation == generation:
                return str(version_id)
        return self._places.get(generation, derived)

    def fingerprint(self, generation: int) -> str | None:
        """Of T(g), if it has been read: nothing is asked for the sake of a record."""
        found, _ = self._records.get(self.place(generation), (None, None))
        return found.fingerprint if isinstance(found, payload.Token) else None

    def age_s(self, version_id: str) -> float:
        """How long ago a version that was read has been put, at least.

        Both times are AWS's. Should its clock go backward, what has passed here since the version was read still has.
        """
        by_date = (self.now - self._records[version_id][1]).total_seconds()
        return max(by_date, self._clock.monotonic() - self._seen[version_id])

    def put(self, version_id: str, record: Intent | Closed | Token, *wanted: str) -> tuple[str, ...]:
        """Put a version under labels; answers those it has now.

        Raises:
            VersionExistsError: The id is taken by another text.
        """
        carried = self.store.put(self.arn, version_id, record.text(), *wanted)
        for label in wanted:
            if label in carried:
                self._note(label, version_id)
        self.now = self.store.now()
        return carried

    def move(self, label: str, *, to: str | None = None, source: str | None = None) -> bool:
        """Move, attach or drop a label. False: somebody else moved it meanwhile."""
        if not self.store.move(self.arn, label, to=to, source=source):
            return False
        if label == CURRENT:
            self._note(PREVIOUS, source)
        self._note(label, to)
        self.now = self.store.now()
        return True

    def close(self, record: Closed) -> bool:
        """Put R(g) and move the ledger to it, if it still is where it was last seen.

        The put itself cannot carry the ledger's label: it would take it from a run that has claimed meanwhile.
        """
        version_id = payload.closed_id(self.arn, record.generation)
        before, label = self.labels.where.get(INTENT), labels.closing(record.generation)
        try:
            self.put(version_id, record, label)
            # Written a moment ago, and nothing hangs on its being readable, as it does for an intent or a token.
            self._remember(version_id, record, self.now)
        except VersionExistsError:
            # Another run has closed this generation, in words of its own.
            self._note(label, version_id)
        done = before == version_id or (
            self._order(before) < (record.generation, True) and self.move(INTENT, to=version_id, source=before)
        )
        self.move(label, source=version_id)
        return done

    # --- overlay -----------------------------------------------------------------------------

    def _note(self, label: str, version_id: str | None) -> None:
        self._own[label] = version_id
        self._apply(self.labels.where)

    def _show(self, described: Description) -> None:
        self.now = self.store.now()
        self.tags: Mapping[str, str] = described.tags
        shown = labels.where(described.stages)
        for label in (CURRENT, INTENT):
            if label in self._own and self._order(shown.get(label)) > self._order(self._own[label]):
                del self._own[label]
                if label == CURRENT:
                    self._own.pop(PREVIOUS, None)
        self._apply(shown)

    def _apply(self, shown: Mapping[str, str]) -> None:
        merged = {**shown, **self._own}
        self.labels = labels.read({label: version for label, version in merged.items() if version is not None})

    def _order(self, version_id: str | None) -> tuple[int, bool]:
        if version_id is None:
            return (0, False)
        found = self.record(version_id)
        return (found.generation, isinstance(found, Closed))


def view_of(secret: Secret) -> View:
    """One view of the secret as last looked at.

    Raises:
        SecretStoreError: It has no current version, so that our first intent would become it.
    """
    if secret.labels.current is None:
        raise SecretStoreError(
            f"Secret {secret.name} has no version with the label AWSCURRENT. Nothing was changed.",
            next_step="Put the label on one of its versions, or delete the secret and run again.",
        )
    current = secret.record(secret.labels.current)
    holds = {Token: Holds.TOKEN, Foreign: Holds.FOREIGN}.get(type(current), Holds.NOTHING)
    ledger = ledger_of(secret)
    known = _tokens(secret, current, ledger)
    # There must have been a token, and no label shows it now: removed by hand, unless a run that died before its end
    # has ended it. Meta knows which.
    past = {*tags.held(secret.tags), *range(current.generation + 1, ledger.generation if ledger else 0)}
    unlabelled = {g for g in past - known - secret.buried if _readable(secret, g)}
    read = {current.generation, max((g for g in known if g in secret.labels.live), default=0)}
    return View(
        now=secret.now,
        current=current.generation,
        holds=holds,
        held={g: _held(secret, g, read=g in read) for g in known}
        | {g: HeldToken(live=False, unlabelled=True) for g in unlabelled},
        ledger=_ledger(secret, ledger, known),
        ledger_hidden=ledger is not None and INTENT not in secret.labels.where,
        leftovers=bool(leftovers(secret)),
        custom_labels=secret.labels.custom,
        condemned=tags.order(secret.tags).through,
    )


def ledger_of(secret: Secret) -> Intent | Closed | None:
    """The newest intent or closed record, also where its label was removed by hand."""
    version_id = secret.labels.where.get(INTENT) or _hidden_ledger(secret)
    found = secret.record(version_id) if version_id else None
    return found if isinstance(found, (Intent, Closed)) else None


def last_record(secret: Secret, generation: int) -> str | None:
    """Version id of the newest intent or closed record of this generation or a later one.

    Generations follow one another, so ids are tried until two in a row are missing.
    """
    newest, at = None, generation
    while True:
        here = next(
            (v for v in (payload.closed_id(secret.arn, at), payload.intent_id(secret.arn, at)) if secret.find(v)), None
        )
        if here is None and at > generation:
            return newest
        newest, at = here or newest, at + 1


def _hidden_ledger(secret: Secret) -> str | None:
    current = secret.record(secret.labels.current).generation if secret.labels.current else 0
    highest = max([current, *secret.labels.live, *secret.labels.stamps])
    # With nothing but a placeholder there has been no claim, or `mint.reserve` meets it under the id of its own.
    return last_record(secret, highest) if highest else None


def suspects_of(secret: Secret) -> tuple[Suspect, ...]:
    """The suspects that still are: neither found since nor past the end they would have had."""
    ledger = ledger_of(secret)
    return tuple(
        suspect
        for suspect in (ledger.suspects if ledger else ())
        if not (suspect.until and suspect.until <= secret.now) and secret.token(suspect.generation) is None
    )


def marks(secret: Secret, generation: int) -> tuple[datetime, ...]:
    """When T(g) was stamped."""
    version_id = secret.place(generation)
    return tuple(at for at, where in secret.labels.stamps.get(generation, ()) if where == version_id)


def leftovers(secret: Secret) -> list[tuple[str, str]]:
    """Labels (and their versions) that a closing puts on R(g) for a moment."""
    return [
        (label, version_id)
        for label, version_id in secret.labels.where.items()
        if any(version_id == payload.closed_id(secret.arn, g) and label == closing(g) for g in secret.labels.stamps)
    ]


def _tokens(secret: Secret, current: Record, ledger: Intent | Closed | None) -> set[int]:
    known = {g for g, version_id in secret.labels.live.items() if version_id == secret.place(g)}
    known |= {g for g in secret.labels.stamps if marks(secret, g)}
    known |= {current.generation} if isinstance(current, Token) else set()
    # AWSPREVIOUS alone keeps a token's bytes no longer than the next promotion: one whose own label was removed by hand
    # would be lost with it. Its generation is found by trying, since ids cannot be read backwards.
    previous = secret.labels.where.get(PREVIOUS)
    highest = max([0, *known, ledger.generation if ledger else 0])
    known |= {g for g in range(1, highest + 1) if payload.token_id(secret.arn, g) == previous}
    if previous and tags.ROTATION_OWNER in secret.tags and isinstance(found := secret.find(previous), Token):
        # Under an id that AWS chose for a rotation of its own.
        known.add(found.generation)
    if isinstance(ledger, Intent) and ledger.generation > current.generation and secret.token(ledger.generation):
        # Parked, though Describe does not show it: it may be a write behind, or the label was removed by hand.
        known.add(ledger.generation)
    return known


def _readable(secret: Secret, generation: int) -> bool:
    if tags.ROTATION_OWNER in secret.tags:
        # The intent tells the id that AWS chose for its token.
        secret.find(payload.intent_id(secret.arn, generation))
    return secret.token(generation) is not None


def _held(secret: Secret, generation: int, *, read: bool) -> HeldToken:
    token = secret.token(generation) if read else None
    return HeldToken(
        live=secret.labels.live.get(generation) == secret.place(generation),
        stamps=marks(secret, generation),
        trigger=token.trigger if token else None,
        app_id=token.app_id if token else None,
        expires_at=token.expires_at if token else None,
    )


def _ledger(secret: Secret, ledger: Intent | Closed | None, known: Container[int]) -> Ledger | None:
    if ledger is None:
        return None
    if isinstance(ledger, Closed):
        return Ledger(generation=ledger.generation)
    age = secret.age_s(payload.intent_id(secret.arn, ledger.generation))
    return Ledger(generation=ledger.generation, minting=True, has_token=ledger.generation in known, age_s=age)
