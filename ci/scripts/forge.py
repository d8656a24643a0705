"""GitHub's and GitLab's REST APIs, as far as one comment, its labels and the issues of clients need them.

The token comes from the environment, goes to the API's own address alone and is in no message. A call is bounded in
time, bytes and tries. What only reads, or says the same twice, is tried again after an outage; what creates something
is not, because nobody knows whether it was carried out: `UncertainError` has the caller look first.
"""

from __future__ import annotations

import json
import os
import time
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import quote, urlsplit

import requests

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

TRIES = 4
TIMEOUT_S = (10.0, 30.0)
LONGEST_WAIT_S = 60.0
BODY_BYTES = 16_000_000
PAGE = 100
PAGES = 50
# Both forges refuse to say more than this about one name; a label of theirs is shorter.
_QUOTED = 200
_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})
_THROTTLED = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.TOO_MANY_REQUESTS})
CREATES = "POST"
JOBS_LOGIN = "github-actions[bot]"


class ForgeError(Exception):
    """What keeps a script from its work, as one sentence with the next step."""


class RefusedError(ForgeError):
    """The forge understood and refused; the same call would be refused again."""


class UnavailableError(ForgeError):
    """The forge did not answer, or not for now."""


class UncertainError(ForgeError):
    """Something may have been created or not. Look, and decide anew."""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comment of a pull request, or a note of a merge request.

    Attributes:
        own: Whether the account wrote it that this script acts for. Somebody may have edited it since.
    """

    id: int
    own: bool
    body: str


@dataclass(frozen=True, slots=True)
class Issue:
    """An issue; `own` as of a comment."""

    number: int
    own: bool
    open: bool
    title: str
    body: str


class Forge(Protocol):
    """What the scripts ask of GitHub or GitLab; `number` is of a pull or merge request, or of an issue."""

    def head(self, number: int) -> str:
        """The newest commit of a pull request."""

    def comments(self, number: int) -> list[Comment]:
        """Its comments, the oldest first."""

    def add_comment(self, number: int, body: str) -> None: ...

    def change_comment(self, number: int, comment: int, body: str) -> None: ...

    def remove_comment(self, number: int, comment: int) -> None: ...

    def labels(self, number: int) -> set[str]:
        """The labels of a pull request."""

    def change_labels(self, number: int, *, add: list[str], remove: list[str]) -> None: ...

    def issues(self, label: str) -> list[Issue]:
        """The issues with a label, closed ones too, the oldest first."""

    def add_issue(self, title: str, body: str, label: str) -> None: ...

    def change_issue(self, number: int, *, title: str, body: str, opened: bool) -> None: ...


@dataclass(frozen=True)
class Api:
    """One forge's address, and the header that carries the token.

    Attributes:
        header: Name and value; the value is the token, so it is shown nowhere.
        sleep: Waits.
    """

    base: str
    header: tuple[str, str]
    sleep: Callable[[float], None] = time.sleep

    def __post_init__(self) -> None:
        parts = urlsplit(self.base)
        if parts.scheme != "https" and parts.hostname not in _LOOPBACK:
            raise RefusedError(f"The token goes to https addresses alone, and {self.base!r} is none: correct it.")

    def __repr__(self) -> str:
        return f"Api({self.base!r})"

    def call(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None) -> Any:
        """Make a call and return its decoded answer.

        Raises:
            RefusedError: It was refused for good.
            UnavailableError: Every try failed.
            UncertainError: It creates something, and its answer was lost.
        """
        why = ""
        for attempt in range(TRIES):
            try:
                answer = self._send(method, path, params, body)
            except requests.RequestException as failed:
                # Of a connection that was never made nothing was carried out.
                if method == CREATES and not isinstance(failed, requests.ConnectTimeout):
                    raise UncertainError(f"The answer was lost while {path} was written.") from None
                why, wait = type(failed).__name__, 2.0**attempt
            else:
                if answer.status < HTTPStatus.MULTIPLE_CHOICES:  # a redirect is followed nowhere
                    return answer.decoded()
                why, wait = f"status {answer.status}", self._pause(method, path, answer, attempt)
            if attempt + 1 < TRIES:
                self.sleep(min(wait, LONGEST_WAIT_S))
        raise UnavailableError(f"{method} {path} failed {TRIES} times ({why}). Run the job again later.")

    @staticmethod
    def _pause(method: str, path: str, answer: _Answer, attempt: int) -> float:
        """How long to wait before another try, in seconds.

        Raises:
            RefusedError: Another try would be refused as well.
            UncertainError: It creates something, and may have.
        """
        if (throttled := answer.throttled_s) is not None:
            return throttled
        if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            raise RefusedError(_refused(method, path, answer))
        if method == CREATES:
            raise UncertainError(f"{path} answered {answer.status} while it was written.")
        return 2.0**attempt

    def rows(self, path: str, params: Mapping[str, Any] | None = None) -> Iterator[dict[str, Any]]:
        """All rows of a listing, page by page.

        Raises:
            RefusedError: It has no end within the bound, or is no listing.
        """
        for page in range(1, PAGES + 1):
            found = self.call("GET", path, params={**(params or {}), "per_page": PAGE, "page": page})
            if not isinstance(found, list):
                raise RefusedError(f"GET {path} answered no list.")
            yield from (row for row in found if isinstance(row, dict))
            if len(found) < PAGE:
                return
        raise RefusedError(f"GET {path} has more than {PAGES * PAGE} rows, which is more than this looks through.")

    def _send(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> _Answer:
        with requests.Session() as session:
            # An explicit `auth` is the one thing that keeps requests from putting ~/.netrc in the header's place.
            session.auth = _Bearer(self.header)
            with session.request(
                method,
                f"{self.base}{path}",
                params=params,
                json=body,
                timeout=TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as answered:
                return _Answer(answered.status_code, dict(answered.headers), _bounded(answered))


@dataclass(frozen=True, slots=True)
class _Bearer(requests.auth.AuthBase):
    header: tuple[str, str]

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self.header[0]] = self.header[1]
        return request

    def __repr__(self) -> str:
        return "_Bearer()"


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    def decoded(self) -> Any:
        if not self.text.strip():
            return None
        try:
            return json.loads(self.text)
        except ValueError:
            raise RefusedError("The forge answered something that is no JSON: is a proxy in between?") from None

    @property
    def throttled_s(self) -> float | None:
        """How long the forge asks to wait, in seconds; None if it refuses for another reason."""
        if self.status not in _THROTTLED:
            return None
        headers = {name.lower(): value for name, value in self.headers.items()}
        if (said := headers.get("retry-after", "")).isdigit():
            return float(said)
        if self.status == HTTPStatus.TOO_MANY_REQUESTS or headers.get("x-ratelimit-remaining") == "0":
            return LONGEST_WAIT_S
        return None


def _bounded(answered: requests.Response) -> str:
    read = bytearray()
    for chunk in answered.iter_content(65_536):
        read += chunk
        if len(read) > BODY_BYTES:
            raise RefusedError("The forge's answer has no end within 16 MB.")
    return read.decode("utf-8", "replace")


_NEXT = {
    HTTPStatus.UNAUTHORIZED: "The token is not valid: is it set, and does it reach this job?",
    HTTPStatus.FORBIDDEN: "The token may not: give the job the permission that the file's comment names.",
    HTTPStatus.NOT_FOUND: "There is no such thing, or the token may not see it.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "Its values are refused.",
}


def _refused(method: str, path: str, answer: _Answer) -> str:
    try:
        said = json.loads(answer.text)
    except ValueError:
        said = None
    words = str(said.get("message", "")) if isinstance(said, dict) else ""
    shown = "".join(char if char.isprintable() else " " for char in words)[:_QUOTED]
    try:
        step = _NEXT.get(HTTPStatus(answer.status), "")
    except ValueError:
        step = ""
    return " ".join(part for part in (f"{method} {path} answered {answer.status}: {shown}.", step) if part)


@dataclass(frozen=True, slots=True)
class GitHub:
    """A repository at GitHub.

    Attributes:
        author: The login that comments of ours have. A job's own token is no user and cannot ask who it is.
    """

    api: Api
    repository: str
    author: str = JOBS_LOGIN

    @property
    def _root(self) -> str:
        return f"/repos/{quote(self.repository)}"

    def _own(self, row: Mapping[str, Any]) -> bool:
        user = row.get("user")
        return isinstance(user, dict) and user.get("login") == self.author

    def head(self, number: int) -> str:
        return str(self.api.call("GET", f"{self._root}/pulls/{number}")["head"]["sha"])

    def comments(self, number: int) -> list[Comment]:
        rows = self.api.rows(f"{self._root}/issues/{number}/comments")
        return [Comment(int(row["id"]), self._own(row), str(row.get("body") or "")) for row in rows]

    def add_comment(self, number: int, body: str) -> None:
        self.api.call("POST", f"{self._root}/issues/{number}/comments", body={"body": body})

    def change_comment(self, number: int, comment: int, body: str) -> None:
        del number
        self.api.call("PATCH", f"{self._root}/issues/comments/{comment}", body={"body": body})

    def remove_comment(self, number: int, comment: int) -> None:
        del number
        self.api.call("DELETE", f"{self._root}/issues/comments/{comment}")

    def labels(self, number: int) -> set[str]:
        return {str(row["name"]) for row in self.api.rows(f"{self._root}/issues/{number}/labels")}

    def change_labels(self, number: int, *, add: list[str], remove: list[str]) -> None:
        labels = f"{self._root}/issues/{number}/labels"
        for name in remove:
            self.api.call("DELETE", f"{labels}/{quote(name, safe='')}")
        if add:  # GitHub makes the labels that the repository does not have
            self.api.call("POST", labels, body={"labels": add})

    def issues(self, label: str) -> list[Issue]:
        asked = {"labels": label, "state": "all", "sort": "created", "direction": "asc"}
        return [
            Issue(int(row["number"]), self._own(row), row["state"] == "open", str(row["title"]), str(row["body"] or ""))
            for row in self.api.rows(f"{self._root}/issues", asked)
            if "pull_request" not in row  # GitHub lists both together
        ]

    def add_issue(self, title: str, body: str, label: str) -> None:
        self.api.call("POST", f"{self._root}/issues", body={"title": title, "body": body, "labels": [label]})

    def change_issue(self, number: int, *, title: str, body: str, opened: bool) -> None:
        state = "open" if opened else "closed"
        self.api.call("PATCH", f"{self._root}/issues/{number}", body={"title": title, "body": body, "state": state})


@dataclass(frozen=True, slots=True)
class GitLab:
    """A project at GitLab.

    Attributes:
        user: Id of the user that the token is of, whose notes are ours.
    """

    api: Api
    project: str
    user: int

    @property
    def _root(self) -> str:
        return f"/projects/{quote(self.project, safe='')}"

    def _own(self, row: Mapping[str, Any]) -> bool:
        author = row.get("author")
        return isinstance(author, dict) and author.get("id") == self.user

    def _merge_request(self, number: int) -> Any:
        return self.api.call("GET", f"{self._root}/merge_requests/{number}")

    def head(self, number: int) -> str:
        return str(self._merge_request(number)["sha"])

    def comments(self, number: int) -> list[Comment]:
        asked = {"sort": "asc", "order_by": "created_at"}
        rows = self.api.rows(f"{self._root}/merge_requests/{number}/notes", asked)
        return [
            Comment(int(row["id"]), self._own(row), str(row.get("body") or "")) for row in rows if not row.get("system")
        ]

    def add_comment(self, number: int, body: str) -> None:
        self.api.call("POST", f"{self._root}/merge_requests/{number}/notes", body={"body": body})

    def change_comment(self, number: int, comment: int, body: str) -> None:
        self.api.call("PUT", f"{self._root}/merge_requests/{number}/notes/{comment}", body={"body": body})

    def remove_comment(self, number: int, comment: int) -> None:
        self.api.call("DELETE", f"{self._root}/merge_requests/{number}/notes/{comment}")

    def labels(self, number: int) -> set[str]:
        return {str(name) for name in self._merge_request(number).get("labels") or ()}

    def change_labels(self, number: int, *, add: list[str], remove: list[str]) -> None:
        changes = {"add_labels": ",".join(add), "remove_labels": ",".join(remove)}
        self.api.call("PUT", f"{self._root}/merge_requests/{number}", body={k: v for k, v in changes.items() if v})

    def issues(self, label: str) -> list[Issue]:
        asked = {"labels": label, "scope": "all", "order_by": "created_at", "sort": "asc"}
        return [
            Issue(
                int(row["iid"]),
                self._own(row),
                row["state"] == "opened",
                str(row["title"]),
                str(row.get("description") or ""),
            )
            for row in self.api.rows(f"{self._root}/issues", asked)
        ]

    def add_issue(self, title: str, body: str, label: str) -> None:
        self.api.call("POST", f"{self._root}/issues", body={"title": title, "description": body, "labels": label})

    def change_issue(self, number: int, *, title: str, body: str, opened: bool) -> None:
        event = "reopen" if opened else "close"
        changes = {"title": title, "description": body, "state_event": event}
        self.api.call("PUT", f"{self._root}/issues/{number}", body=changes)


def of_job(env: Mapping[str, str] = os.environ) -> Forge:
    """The forge of the job that runs this, by the variables that its runner sets.

    Raises:
        RefusedError: This is no job of either, or its token is missing.
    """
    if env.get("GITLAB_CI"):
        token = _needed(env, "META_ACCESS_GITLAB_TOKEN")
        api = Api(_needed(env, "CI_API_V4_URL").rstrip("/"), ("PRIVATE-TOKEN", token))
        return GitLab(api, _needed(env, "CI_PROJECT_ID"), int(api.call("GET", "/user")["id"]))
    if env.get("GITHUB_ACTIONS"):
        token = _needed(env, "GITHUB_TOKEN")
        api = Api(_needed(env, "GITHUB_API_URL").rstrip("/"), ("Authorization", f"Bearer {token}"))
        return GitHub(api, _needed(env, "GITHUB_REPOSITORY"), env.get("META_ACCESS_COMMENT_AUTHOR") or JOBS_LOGIN)
    raise RefusedError("This is no job of GitHub or GitLab: neither GITHUB_ACTIONS nor GITLAB_CI is set.")


def _needed(env: Mapping[str, str], name: str) -> str:
    value = env.get(name, "")
    if not value or not value.isprintable() or value != value.strip():
        raise RefusedError(f"{name} is not set, or is not clean: set it in the job's environment.")
    return value
