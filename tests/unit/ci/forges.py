"""A fake GitHub and GitLab on this machine: comments, labels and issues, and faults on demand."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

TOKEN = "not-a-real-token"
BOT, PERSON = "github-actions[bot]", "mallory"
REPOSITORY = "lindenhof/access"
HEAD = "a" * 40


@dataclass
class State:
    """What the fake holds.

    Attributes:
        comments: Of its one pull request, number 7: rows with id, author and body.
        faults: Method to what is answered to the next such calls, one after the other: a status, a status with
            headers, or "lost", which carries the call out and closes the connection.
        calls: `METHOD path` of each call.
        tokens: What came as a token.
    """

    head: str = HEAD
    comments: list[dict[str, Any]] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    issues: list[dict[str, Any]] = field(default_factory=list)
    faults: dict[str, list[Any]] = field(default_factory=dict)
    calls: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    url: str = ""

    def comment(self, body: str, author: str = BOT) -> int:
        self.comments.append({"id": len(self.comments) + 1, "author": author, "body": body})
        return int(self.comments[-1]["id"])

    def issue(self, body: str, *, title: str = "", author: str = BOT, opened: bool = True) -> int:
        number = len(self.issues) + 1
        self.issues.append({"number": number, "title": title, "body": body, "author": author, "open": opened})
        return number

    @property
    def writes(self) -> list[str]:
        return [call for call in self.calls if not call.startswith("GET")]

    # --- what both forges answer ---

    def of_github(self, method: str, path: str, sent: Any) -> Any:  # noqa: C901, PLR0911 - a table of routes
        rest = path.removeprefix(f"/repos/{REPOSITORY}")
        match (method, rest.strip("/").split("/")):
            case "GET", ["pulls", "7"]:
                return {"head": {"sha": self.head}}
            case "GET", ["issues", "7", "comments"]:
                return [self._comment(row) for row in self.comments]
            case "POST", ["issues", "7", "comments"]:
                self.comment(sent["body"])
            case "PATCH", ["issues", "comments", number]:
                self._by("id", self.comments, number)["body"] = sent["body"]
            case "DELETE", ["issues", "comments", number]:
                self.comments.remove(self._by("id", self.comments, number))
                return None
            case "GET", ["issues", "7", "labels"]:
                return [{"name": name} for name in self.labels]
            case "POST", ["issues", "7", "labels"]:
                self.labels += sent["labels"]
            case "DELETE", ["issues", "7", "labels", name]:
                self.labels.remove(unquote(name))
            case "GET", ["issues"]:
                found = [self._issue(row) for row in self.issues]
                return [*found, {"number": 99, "pull_request": {}}]
            case "POST", ["issues"]:
                assert sent["labels"] == ["meta-access"]
                self.issue(sent["body"], title=sent["title"])
            case "PATCH", ["issues", number]:
                row = self._by("number", self.issues, number)
                row |= {"title": sent["title"], "body": sent["body"], "open": sent["state"] == "open"}
            case _:
                return 404
        return {}

    def of_gitlab(self, method: str, path: str, sent: Any) -> Any:  # noqa: C901, PLR0911 - likewise
        rest = path.removeprefix("/projects/12")
        match (method, rest.strip("/").split("/")):
            case "GET", ["user"]:
                return {"id": 3}
            case "GET", ["merge_requests", "7"]:
                return {"sha": self.head, "labels": self.labels}
            case "PUT", ["merge_requests", "7"]:
                kept = [name for name in self.labels if name not in sent.get("remove_labels", "").split(",")]
                self.labels[:] = kept + [name for name in sent.get("add_labels", "").split(",") if name]
            case "GET", ["merge_requests", "7", "notes"]:
                system = {"id": 77, "author": {"id": 3}, "body": "<!-- meta-access review -->\n", "system": True}
                return [system, *(self._note(row) for row in self.comments)]
            case "POST", ["merge_requests", "7", "notes"]:
                self.comment(sent["body"])
            case "PUT", ["merge_requests", "7", "notes", number]:
                self._by("id", self.comments, number)["body"] = sent["body"]
            case "DELETE", ["merge_requests", "7", "notes", number]:
                self.comments.remove(self._by("id", self.comments, number))
                return None
            case "GET", ["issues"]:
                return [self._issue_of_gitlab(row) for row in self.issues]
            case "POST", ["issues"]:
                assert sent["labels"] == "meta-access"
                self.issue(sent["description"], title=sent["title"])
            case "PUT", ["issues", number]:
                row = self._by("number", self.issues, number)
                opened = sent["state_event"] == "reopen"
                row |= {"title": sent["title"], "body": sent["description"], "open": opened}
            case _:
                return 404
        return {}

    @staticmethod
    def _by(key: str, rows: list[dict[str, Any]], value: str) -> dict[str, Any]:
        return next(row for row in rows if row[key] == int(value))

    @staticmethod
    def _comment(row: dict[str, Any]) -> dict[str, Any]:
        return {"id": row["id"], "user": {"login": row["author"]}, "body": row["body"]}

    @staticmethod
    def _note(row: dict[str, Any]) -> dict[str, Any]:
        author = {"id": 3 if row["author"] == BOT else 4}
        return {"id": row["id"], "author": author, "body": row["body"], "system": False}

    @staticmethod
    def _issue(row: dict[str, Any]) -> dict[str, Any]:
        state = "open" if row["open"] else "closed"
        return {
            "number": row["number"],
            "user": {"login": row["author"]},
            "title": row["title"],
            "body": row["body"],
        } | {"state": state}

    @staticmethod
    def _issue_of_gitlab(row: dict[str, Any]) -> dict[str, Any]:
        author, state = {"id": 3 if row["author"] == BOT else 4}, "opened" if row["open"] else "closed"
        return {
            "iid": row["number"],
            "author": author,
            "title": row["title"],
            "description": row["body"],
            "state": state,
        }


class _Handler(BaseHTTPRequestHandler):
    state: State
    protocol_version = "HTTP/1.0"

    def log_message(self, *_: object) -> None:
        pass

    def _answer(self) -> None:
        parts, state = urlsplit(self.path), self.state
        sent = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "null")
        state.calls.append(f"{self.command} {unquote(parts.path)}")
        state.tokens.add(str(self.headers.get("PRIVATE-TOKEN") or self.headers.get("Authorization")))
        fault = (state.faults.get(self.command) or [None]).pop(0) if state.faults.get(self.command) else None
        if isinstance(fault, int):
            fault = (fault, {})
        if isinstance(fault, tuple):
            self._send(fault[0], {"message": "no\x1b[31m"}, fault[1])
            return
        gitlab = parts.path.startswith(("/user", "/projects/"))
        made = (state.of_gitlab if gitlab else state.of_github)(self.command, parts.path, sent)
        if fault == "lost":
            self.close_connection = True
            return
        if isinstance(made, list):
            asked = {key: int(value[0]) for key, value in parse_qs(parts.query).items() if key in {"page", "per_page"}}
            begin = (asked["page"] - 1) * asked["per_page"]
            made = made[begin : begin + asked["per_page"]]
        self._send(made if isinstance(made, int) else 200, made, {})

    def _send(self, status: int, body: Any, headers: dict[str, str]) -> None:
        raw = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(raw)))
        self.end_headers()
        self.wfile.write(raw)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _answer  # noqa: N815 - names of http.server


@contextmanager
def running() -> Iterator[State]:
    """A fake forge on a free port."""
    state = State()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"state": state}))
    state.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield state
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def environment(state: State, which: str) -> dict[str, str]:
    """The variables that a job of `github` or `gitlab` has."""
    if which == "github":
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_API_URL": state.url,
            "GITHUB_REPOSITORY": REPOSITORY,
            "GITHUB_TOKEN": TOKEN,
        }
    return {"GITLAB_CI": "true", "CI_API_V4_URL": state.url, "CI_PROJECT_ID": "12", "META_ACCESS_GITLAB_TOKEN": TOKEN}
