"""What people need for App Review, one folder per request: texts to adapt, a script, questions, the test call."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from meta_access import call_log, snapshot
from meta_access.cli.graph_client import client_for
from meta_access.cli.plain_files import Folder
from meta_access.clock import iso
from meta_access.errors import MetaAccessError
from meta_access.gates import upkeep
from meta_access.gates.status import Status
from meta_access.graph.debug_token import inspect
from meta_access.ids import parse_asset
from meta_access.stack import gate_names, use_cases
from meta_access.stack.connections import is_offline, settings_of
from meta_access.stack.credentials import credentials_for
from meta_access.stack.login_urls import login_urls

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from meta_access.rules import RuleSet
    from meta_access.rules.model import TestCall
    from meta_access.stack.connections import Connection
    from meta_access.stack.load import Stack
    from meta_access.tokens.issuer import TokenFacts


@dataclass(frozen=True, slots=True)
class ReviewCall:
    """How a test call went.

    Attributes:
        made: Whether anything was asked of Meta for it.
        call: What was asked: `GET act_1?fields=id,name`; empty when it is not known.
        at: When Meta answered, by its clock; `ms` how long that took.
        told: All of it in words, or why there was none.
    """

    made: bool
    succeeded: bool
    told: str
    call: str = ""
    at: str = ""
    ms: int = 0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class Caller:
    """Makes the test calls of one stack; each token is looked at once."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._tokens: dict[str, TokenFacts] = {}

    def make(self, app: str, name: str) -> ReviewCall:
        """Make the call for a permission or feature of an app. What prevents it is said in the result, and no error."""
        row = self._stack.rules.test_calls.get(name)
        if row is None:
            return _none(f"no cheap read that uses {name} is known. Make one with your own product.")
        if is_offline():
            return _none("META_ACCESS_OFFLINE=1 forbids every call. Unset it and repeat.")
        if snapshot.given() is not None:
            return _none(f"{snapshot.VARIABLE} forbids every call. Unset it and repeat.")
        connection = next(
            (one for one in settings_of(self._stack.spec).connections.values() if one.app_name == app), None
        )
        if connection is None:
            return _none(f"no connection of meta:connections acts for app {app}.")
        try:
            return self._through(connection, name, row)
        except MetaAccessError as error:
            return ReviewCall(made=True, succeeded=False, told=f"The test call failed. {error}")

    def _through(self, connection: Connection, name: str, row: TestCall) -> ReviewCall:
        client = client_for(connection)
        if connection.name not in self._tokens:
            self._tokens[connection.name] = inspect(client, credentials_for(connection).admin_token())
        token = self._tokens[connection.name]
        if name in self._stack.rules.permissions and name not in token.scopes:
            holds = ", ".join(token.scopes) or "nothing"
            return _none(
                f"the admin token of connection {connection.name} does not hold {name} (it holds {holds}). Add it to "
                "that identity's scopes, or make the call with your own product."
            )
        places = {
            "business": connection.business_id,
            "user": token.user_id,
            "ad_account": connection.tier_probe or self._asset("ad_account"),
            "page": self._asset("page"),
        }
        lacking = next((word for word, value in places.items() if f"{{{word}}}" in row.path and not value), None)
        if lacking is not None:
            return _none(f"the stack names no {lacking.replace('_', ' ')} to read.")
        path = row.path.format(**places)
        start = time.monotonic()
        client.get(path, {"fields": row.fields})
        ms = round((time.monotonic() - start) * 1000)
        at, review = client.now(), self._stack.rules.review
        until = (at + timedelta(days=review.call_within_days)).date()
        call = f"GET {path}?fields={row.fields}"
        sentence = (
            f"The test call went well: {call}, answered at {iso(at)} in {ms} ms. It counts until {until}, and may take "
            f"{review.call_shown_after_hours} hours to show in the form."
        )
        return ReviewCall(made=True, succeeded=True, told=sentence, call=call, at=iso(at), ms=ms)

    def _asset(self, kind: str) -> str:
        """Graph's id of the first asset of that kind in the stack's clients; empty when there is none."""
        assets = (parse_asset(asset) for client in self._stack.spec.clients.values() for asset in client.assets)
        return next((asset.graph_id for asset in assets if asset.kind == kind), "")


def _none(why: str) -> ReviewCall:
    return ReviewCall(made=False, succeeded=False, told=f"No test call was made: {why}")


MANIFEST = ".meta-access.json"
_FILL = "_To fill in._"


class ReviewPackError(MetaAccessError):
    """The folder cannot be written."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request for App Review.

    Attributes:
        key: Meta's identifier of the permission or feature; `name` is what people call it.
        tier: Whether it is the feature of the Marketing API's tier.
    """

    gate: str
    app: str
    key: str
    name: str
    level: str
    about: str
    tier: bool


@dataclass(slots=True)
class Written:
    """What became of one request's folder; files are relative to the pack."""

    gate: str
    call: ReviewCall
    written: list[str] = field(default_factory=list)
    unchanged: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Pack:
    folder: str
    requests: tuple[Written, ...]

    def as_json(self) -> dict[str, Any]:
        return {"folder": self.folder, "requests": [asdict(one) for one in self.requests]}


def requests(stack: Stack) -> Iterator[Request]:
    """What a stack asks App Review for: permissions at advanced level, features above their lowest, the tier."""
    rules = stack.rules
    for app, row in stack.spec.apps.items():
        features = dict(row.features)
        if row.tier is not None:
            features[rules.tier_feature_key] = row.tier
        for key, level in features.items():
            known = rules.features.get(key)
            if known is not None and level != known.levels[0]:
                tier = key == rules.tier_feature_key
                gate = gate_names.tier(app) if tier else gate_names.feature(app, key)
                yield Request(gate, app, key, known.name, level, known.about, tier)
        for name, level in use_cases.permissions_of(stack.spec, rules, app).items():
            if level == use_cases.ADVANCED and name in rules.permissions:
                about = rules.permissions[name].about
                yield Request(gate_names.permission(app, name), app, name, name, level, about, tier=False)


def make(
    folder: Path,
    stack: Stack,
    gates: Mapping[str, Mapping[str, Any]],
    now: datetime,
    notify: Callable[[str], None],
) -> Pack:
    """Write the pack of every request that is not granted yet.

    Args:
        folder: Made when it is not there.
        stack: Whose requests.
        gates: What the last update said of each.
        now: Of the judgement of the app's calls.
        notify: Told before each call.

    Raises:
        ReviewPackError: The folder cannot be written.
        LinkError: It, or something in it, is a link.
    """
    caller, found = Caller(stack), []
    asked = [one for one in requests(stack) if gates.get(one.gate, {}).get("status") != Status.SATISFIED]
    try:
        with Folder(folder) as pack:
            pack.refuse_links(*(request.gate for request in asked))
            written = _manifest(pack)
            for request in asked:
                notify(f"{request.gate}: making its test call.")
                call = caller.make(request.app, request.key)
                done = Written(request.gate, call)
                for name, text in files(request, stack, gates.get(request.gate, {}), call, now).items():
                    _put(pack, f"{request.gate}/{name}", text, written, done)
                found.append(done)
            pack.write(MANIFEST, json.dumps(written, indent=2, sort_keys=True) + "\n")
    except OSError as error:
        raise ReviewPackError(
            f"Writing the review pack to {folder} failed: {error.strerror}.", next_step="Name another folder."
        ) from None
    return Pack(str(folder), tuple(found))


def _manifest(pack: Folder) -> dict[str, str]:
    try:
        found = json.loads(pack.read(MANIFEST) or b"{}")
    except (RecursionError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}


def _put(pack: Folder, name: str, text: str, written: dict[str, str], done: Written) -> None:
    """Write a file, unless a person has changed it since it was written."""
    before, fresh = pack.read(name), _digest(text.encode())
    if before is not None:
        there = _digest(before)
        if there != fresh and there != written.get(name):
            done.kept.append(name)
            return
        if there == fresh:
            done.unchanged.append(name)
            written[name] = fresh
            return
    pack.write(name, text)
    written[name] = fresh
    done.written.append(name)


def _digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


# --- The texts -----------------------------------------------------------------------------------


def files(request: Request, stack: Stack, gate: Mapping[str, Any], call: ReviewCall, now: datetime) -> dict[str, str]:
    """The files of one request by name. Pure."""
    return {
        "README.md": _overview(request, stack, gate, now),
        "usage.md": _usage(request, stack),
        "screencast.md": _screencast(request, stack),
        "data-handling.md": _data_handling(request, stack.rules),
        "test-call.md": _test_call(request, stack.rules, call),
    }


def _overview(request: Request, stack: Stack, gate: Mapping[str, Any], now: datetime) -> str:
    rules, app = stack.rules, stack.spec.apps[request.app]
    link = rules.links["features" if request.key in rules.features else "permissions"]
    step = gate.get("next_step") or {}
    first = f"- Before: {step['first']} (gates of this stack that are not open yet).\n" if step.get("first") else ""
    along = [one for one in rules.with_dependencies([request.key]) if one != request.key]
    together = f"- Along with it: {', '.join(along)}, which it depends on.\n" if along else ""
    wanted = "".join(f"- [ ] {one}\n" for one in rules.review.wants)
    figures = _figures(request, stack, now)
    return (
        f"# {request.name}, level {request.level}, for {app.name or request.app}\n\n"
        f"{request.about}\n\n"
        f"- App: {app.name or request.app}, id {app.id}. Look for it on the page before you click.\n"
        f"- Where: {link.at(app_id=app.id)}\n"
        f"- Menu, should the link have moved: {link.menu}\n"
        f"{first}{together}"
        f"- Stands at: {gate.get('status') or 'not made yet'}, {gate.get('phase') or 'not started'}.\n\n"
        f"Nothing in this folder was submitted. A person copies it into the form, sends it, and then states it:\n\n"
        f"    meta-access attest {request.gate} --by PERSON --status submitted --note 'submission NUMBER'\n\n"
        f"## Wanted for any submission\n\n{wanted}{figures}\n"
        f"Rules {rules.name} of {rules.published}, read {rules.read}: {rules.sources[rules.review.source]}\n"
    )


def _figures(request: Request, stack: Stack, now: datetime) -> str:
    """Where the calls of an app stand that asks for the tier: to reach it takes what keeping it takes."""
    if not request.tier:
        return ""
    found = upkeep.of_app(request.app, stack, call_log.read, now)
    why = "" if found is None else f"- {found.reason}\n"
    return f"\n## Calls\n\n- [ ] {upkeep.wants(stack.rules.thresholds)}\n{why}"


def _usage(request: Request, stack: Stack) -> str:
    uses = _uses(request, stack)
    return (
        f"# How the app uses {request.name}\n\n"
        "Adapt this to what your product does; reviewers compare it with the screencast.\n\n"
        f"Our app uses {request.name} for: {request.about[:1].lower()}{request.about[1:]}\n\n"
        f"{uses}"
        f"Who signs in, and whose accounts are read or changed: {_FILL}\n\n"
        f"What a person sees in the product thanks to {request.name}: {_FILL}\n\n"
        f"What would not work without it: {_FILL}\n"
    )


def _uses(request: Request, stack: Stack) -> str:
    found = []
    for key, identity in stack.spec.identities.items():
        expansion = use_cases.expansion(stack.spec, stack.rules, key)
        if expansion is None or not use_cases.lives_in(stack.spec, identity, request.app):
            continue
        if request.key in expansion.permissions or request.tier:
            tasks = "; ".join(f"{kind}: {', '.join(names)}" for kind, names in expansion.tasks.items())
            found.append(f"- {stack.rules.use_cases[expansion.use_case].about} ({key}; {tasks})\n")
    return f"What this stack does with it:\n\n{''.join(found)}\n" if found else ""


def _screencast(request: Request, stack: Stack) -> str:
    head = f"# Screencast for {request.name}\n\n"
    if request.tier and not stack.rules.review.screencast_for_tier:
        return f"{head}Not wanted for the tier (rule set {stack.rules.name}). Add one only if the form asks for it.\n"
    version = next((one.api_version for one in stack.spec.connections.values() if one.app == request.app), None)
    found = login_urls(stack.spec, stack.rules, request.app, version) if version else {}
    urls = [url for one in found.values() for url in one.values()]
    dialog = next((url for url in urls if request.tier or "config_id=" in url or request.key in url), "")
    login = f"Open the login: {dialog}" if dialog else "Show where the app gets its token: no login of the stack asks"
    return (
        f"{head}One take, in English or with captions, the address bar in the picture, no token and no secret.\n\n"
        "1. Open the product, signed out. Say what it is for.\n"
        f"2. {login}\n"
        f"3. Show the dialog, and that it names {request.name}. Give consent.\n"
        f"4. Do in the product what needs {request.name}: {request.about[:1].lower()}{request.about[1:]}\n"
        "5. Show the same in Meta's own tool (Ads Manager, Business settings), where the reviewer can compare it.\n"
        "6. Show where a person takes the access back, and that the product then stops.\n"
    )


def _data_handling(request: Request, rules: RuleSet) -> str:
    asked = "".join(f"{number}. {one}\n\n   {_FILL}\n\n" for number, one in enumerate(rules.review.data_handling, 1))
    return (
        f"# Data handling, for {request.name}\n\n"
        "In our words; answer what the form asks. The answers are the company's, and the same for every request.\n\n"
        f"{asked}"
    )


def _test_call(request: Request, rules: RuleSet, call: ReviewCall) -> str:
    review = rules.review
    return (
        f"# Test call for {request.name}\n\n{call.told}\n\n"
        f"Meta wants at least one successful call in the last {review.call_within_days} days. It may take "
        f"{review.call_shown_after_hours} hours until the form shows it, and the button stays grey till then: come "
        "back instead of sending more.\n\n"
        "Make it again, and date this page anew: run `meta-access gates --review-pack` with this folder.\n"
    )
