"""Every error of the library, split by what the reader does next, and the one guard of every door."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from meta_access.redaction import scrub_lines, visible


class MetaAccessError(Exception):
    """Base of all expected failures: shown as one paragraph, never as a traceback.

    Attributes:
        problem: What went wrong.
        next_step: What to do, with which the message ends; "" where the problem says all there is to say.
    """

    def __init__(self, problem: str, *, next_step: str = "") -> None:
        super().__init__(f"{problem} {next_step}" if next_step else problem)
        self.problem = problem
        self.next_step = next_step

    def __str__(self) -> str:
        # Names of others are quoted in many messages, and these end on terminals and in logs.
        return visible(super().__str__(), keep="\n")


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of the configuration.

    Attributes:
        path: Where it stands, as typed: `meta:identities.trading.scopes[1]`.
        problem: What is wrong with the value. Never quotes a secret.
        fix: What to type instead.
        unknown_key: Whether it is a key that this version does not know.
    """

    path: str
    problem: str
    fix: str
    unknown_key: bool = field(default=False, compare=False)

    def __str__(self) -> str:
        return f"{self.path}: {self.problem} Fix: {self.fix}"


MOST_SHOWN = 60
_LONGEST_LINE = 800


def _shortened(line: str) -> str:
    # From the middle: the place stands at the beginning, and the fix at the end.
    half = _LONGEST_LINE // 2
    return line if len(line) <= _LONGEST_LINE else f"{line[:half]}…{line[-half:]}"


class ProblemsError(MetaAccessError):
    """Carries every problem found, not the first: a headline, and a line for each.

    A file of somebody unknown may hold thousands: what is shown of them fits a screen and a log.
    """

    def __init__(self, headline: str, problems: list[Problem]) -> None:
        self.problems = problems
        lines = [f"  - {_shortened(str(problem))}" for problem in problems[:MOST_SHOWN]]
        if (more := len(problems) - MOST_SHOWN) > 0:
            lines.append(f"  and {more} more, which are shown once these are mended.")
        super().__init__("\n".join([headline, *lines]))


class ConfigError(ProblemsError):
    """The configuration is wrong, or `what` that people wrote besides."""

    def __init__(self, problems: list[Problem], what: str = "the configuration") -> None:
        head = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
        super().__init__(f"{head} in {what}:", problems)


class OfflineError(MetaAccessError):
    """What was asked for needs a call or a change, and the runner forbids both (META_ACCESS_OFFLINE, a snapshot)."""


class NotRecordedError(OfflineError):
    """The snapshot does not hold what was asked, so it is unknown: neither gone nor changed."""


class BlockedError(MetaAccessError):
    """A gate holds back a create or a widening update (`meta:gates: block`)."""


class QuotaError(MetaAccessError):
    """A system user does not fit the quota of the app's tier."""


class ConflictError(MetaAccessError):
    """The object exists and is not ours to take: adopt it by id, or name another."""


class EngineGoneError(MetaAccessError):
    """The engine that started this provider process has died; nothing new is begun."""


# --- Graph ---------------------------------------------------------------------------------------


class GraphError(MetaAccessError):
    """Meta answered with an error.

    Attributes:
        code: Meta's `code`; 0 when the answer carried none.
        subcode: Meta's `error_subcode`, 0 when absent.
        fbtrace_id: To quote to Meta's support.
        http_status: As seen; never branch on it alone.
    """

    def __init__(
        self,
        problem: str,
        *,
        code: int = 0,
        subcode: int = 0,
        fbtrace_id: str = "",
        http_status: int = 0,
        next_step: str = "",
    ) -> None:
        super().__init__(problem, next_step=next_step)
        self.code = code
        self.subcode = subcode
        self.fbtrace_id = fbtrace_id
        self.http_status = http_status


class AuthError(GraphError):
    """The calling token is refused (190, 102, 104, 452 …): rotate or repair the credential."""


class PermissionDeniedError(GraphError):
    """A permission, task, role or tier is missing (3, 10, 200-299 …)."""


class NotFoundError(GraphError):
    """100/33: gone, or not visible to this caller. Never proof of absence on its own."""


class InvalidRequestError(GraphError):
    """A parameter is refused (100 …)."""


class LimitReachedError(GraphError):
    """Meta's own count is full (3949, 3965) or the name is taken (3972)."""


class HumanNeededError(GraphError):
    """Meta wants a person to act: 368, 415, 'API access blocked.' and their kin."""


class RateLimitedError(GraphError):
    """Meta throttles (4, 17, 32, 613, 80000-80014 and their kin).

    Attributes:
        regain_s: Seconds until access is regained, as Meta's headers say; None when they do not.
    """

    regain_s: float | None = None


class TransientError(GraphError):
    """Meta says try again (1, 2, is_transient, 5xx with a Graph body)."""


class GraphUnreachableError(MetaAccessError):
    """No usable answer: refused, timed out, cut, HTML, empty.

    Attributes:
        sent: True when the request may have reached Meta, so that a write may have been applied.
    """

    def __init__(self, problem: str, *, sent: bool, next_step: str = "") -> None:
        super().__init__(problem, next_step=next_step)
        self.sent = sent


# --- Secrets Manager -----------------------------------------------------------------------------


class SecretStoreError(MetaAccessError):
    """Secrets Manager refused or failed. Names the secret, never a value.

    Attributes:
        code: AWS's, of a refusal; "" otherwise.
    """

    def __init__(self, problem: str, *, code: str = "", next_step: str = "") -> None:
        super().__init__(problem, next_step=next_step)
        self.code = code


class SecretUnreachableError(SecretStoreError):
    """No answer, throttled, or 5xx after the bounded retries: whether a write was applied is unknown."""


class SecretDeniedError(SecretStoreError):
    """IAM or KMS denies the call."""


class SecretNotFoundError(SecretStoreError):
    """The secret, or the version or label asked for, does not exist."""


class SecretScheduledForDeletionError(SecretStoreError):
    """The secret waits for its deletion."""


class VersionExistsError(SecretStoreError):
    """The version id is taken by another value: another run owns that generation."""


class ForeignSecretError(SecretStoreError):
    """The secret belongs to another stack, resource or tool; the message names the owner."""


class TokenPendingError(SecretStoreError):
    """The token cannot be decided on now (another run holds the lease, Meta cannot be asked); nothing was changed."""


def printable(error: BaseException) -> str:
    """What may be shown of a failure: the text of an expected one, and for any other one sentence to report."""
    if isinstance(error, MetaAccessError):
        return scrub_lines(str(error))
    about = scrub_lines(str(error)).strip()
    return f"unexpected {type(error).__name__} in {_place(error)}: {about} (please report it)"


def _place(error: BaseException) -> str:
    # The module and line that a report needs; a traceback would also show arguments of libraries.
    place, trace = "unknown place", error.__traceback__
    while trace is not None:
        file = Path(trace.tb_frame.f_code.co_filename)
        if "meta_access" in file.parts:
            place = f"{file.parent.name}/{file.name}:{trace.tb_lineno}"
        trace = trace.tb_next
    return place
