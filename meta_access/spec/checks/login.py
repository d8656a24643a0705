"""Redirect URIs: what Meta compares to the letter is looked at before a person types it in."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from meta_access.spec.base import shown
from meta_access.spec.problems import unknown_permission
from meta_access.validation import https_redirect_uri

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from meta_access.errors import Problem
    from meta_access.spec.app import LoginSpec
    from meta_access.spec.draft import Draft
    from meta_access.spec.problems import Loc


def check_login(draft: Draft) -> Iterator[Problem]:
    for key, app in draft.spec.apps.items():
        if app.login is not None:
            at: Loc = ("apps", key, "login")
            yield from _redirect_uris(draft, at, app.login)
            yield from _configurations(draft, at, app.login)


def _redirect_uris(draft: Draft, at: Loc, login: LoginSpec) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for place, uri in enumerate(login.redirect_uris):
        loc: Loc = (*at, "redirect_uris", place)
        reason = https_redirect_uri(uri, login.hosts)
        if reason is not None:
            yield draft.problem(loc, f"{shown(uri)} {reason}.", _mend(uri, login.hosts))
        elif (same := seen.get(_normal(uri))) is not None:
            text = f"{shown(uri)} is the same address as {shown(same)}."
            yield draft.problem(loc, text, "keep the one your application sends.")
        else:
            seen[_normal(uri)] = uri


def _mend(uri: str, hosts: Collection[str]) -> str:
    """What to write instead, where a scheme, a fragment or a slash is all that is wrong."""
    try:
        parts = urlsplit(uri)._replace(scheme="https", fragment="")
    except ValueError:
        return "write the URI as Meta is to compare it."
    for mended in (parts.geturl(), parts._replace(path=f"{parts.path}/").geturl()):
        if https_redirect_uri(mended, hosts) is None:
            return f'write "{mended}".'
    return "write the URI as Meta is to compare it."


def _normal(uri: str) -> str:
    parts = urlsplit(uri)
    port = "" if parts.port in {None, 443} else f":{parts.port}"
    return parts._replace(scheme=parts.scheme.lower(), netloc=f"{parts.hostname}{port}").geturl()


def _configurations(draft: Draft, at: Loc, login: LoginSpec) -> Iterator[Problem]:
    for name, configuration in login.configurations.items():
        for place, permission in enumerate(configuration.permissions):
            if permission not in draft.rules.permissions:
                loc: Loc = (*at, "configurations", name, "permissions", place)
                yield draft.problem(loc, *unknown_permission(draft.rules, permission))
