"""Endpoints, versions and references."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack


REAL = {
    "meta:connections/main/graph_url": "https://graph.facebook.com",
    "meta:connections/main/aws": {"region": "eu-central-1"},
}
REFERENCES = {
    "meta:connections/main/app_secret": "env:META_APP_SECRET",
    "meta:connections/main/admin_token": "env:META_ADMIN_TOKEN",
}


def test_meta_itself_is_called_outside_production_only_when_confirmed(
    load: Callable[..., Stack], refusals: Callable[..., list[str]]
) -> None:
    assert refusals({**REAL, **REFERENCES}) == [
        (
            "meta:confirm_real_graph: environment test would call Meta itself (connection main), "
            "and calls at every access "
            "level act on production data. Fix: write meta:confirm_real_graph: true if that is "
            "meant, or set graph_url to "
            "the emulator."
        )
    ]
    shouted = {**REAL, **REFERENCES, "meta:connections/main/graph_url": "https://GRAPH.Facebook.com"}
    assert len(refusals(shouted)) == 1
    assert load({**REAL, **REFERENCES, "meta:confirm_real_graph": "true"})
    assert load({**REAL, **REFERENCES, "meta:environment": "prod"})


def test_the_emulators_references_work_on_this_machine_only(refusals: Callable[..., list[str]]) -> None:
    refusal = (
        "emulator: works against the emulator only, and graph_url is not on this machine. "
        "Fix: write env:META_NAME or aws-secret:ARN#key."
    )
    assert refusals({**REAL, "meta:environment": "prod"}) == [
        f"meta:connections.main.app_secret: {refusal}",
        f"meta:connections.main.admin_token: {refusal}",
    ]


@pytest.mark.parametrize(
    ("graph_url", "endpoint_url", "pair"),
    [
        (
            "https://graph.facebook.com",
            "http://127.0.0.1:8766",
            "graph.facebook.com does not go with Secrets Manager at 127.0.0.1:8766",
        ),
        ("http://127.0.0.1:8765", None, "127.0.0.1:8765 does not go with Secrets Manager at AWS's own endpoint"),
        ("https://graph.example", None, "graph.example does not go with Secrets Manager at AWS's own endpoint"),
        (
            "https://graph.facebook.com.example",
            None,
            "graph.facebook.com.example does not go with Secrets Manager at AWS's own endpoint",
        ),
    ],
)
def test_endpoints_that_do_not_pair(
    refusals: Callable[..., list[str]], graph_url: str, endpoint_url: str | None, pair: str
) -> None:
    aws = {"region": "eu-central-1", "endpoint_url": endpoint_url}
    changes = {"meta:connections/main/graph_url": graph_url, "meta:connections/main/aws": aws}
    found = refusals({**changes, **REFERENCES, "meta:environment": "prod"})
    assert found[0] == (
        f"meta:connections.main: Graph at {pair}: a token could end up where it must not. Fix: pair "
        "https://graph.facebook.com with AWS's own endpoint (no endpoint_url), or 127.0.0.1 with 127.0.0.1. An "
        "exception is made on the runner only, in META_ACCESS_ALLOW_GRAPH_HOST."
    )


ROOT = {"meta:connections/main/admin_token": "identity:root"}


def test_an_admin_token_comes_from_an_admin_system_user(refusals: Callable[..., list[str]]) -> None:
    root = {"role": "EMPLOYEE", "scopes": ["ads_read"]}
    assert refusals({**ROOT, "meta:identities/root": root}) == [
        (
            "meta:connections.main.admin_token: root is no admin system user, and only one of those may create system "
            "users. Fix: write role: ADMIN at meta:identities.root, or name another."
        )
    ]


def test_an_admin_token_has_a_secret_whose_name_is_known(refusals: Callable[..., list[str]]) -> None:
    root = {"role": "ADMIN", "scopes": ["ads_read"], "secret": "meta/top/{suffix}"}
    assert refusals({**ROOT, "meta:identities/root": root}) == [
        (
            "meta:connections.main.admin_token: the secret of root has a random suffix, so nobody "
            "knows its name before it "
            "exists. Fix: give meta:identities.root a secret without {suffix}."
        )
    ]


def test_an_admin_token_is_one_that_the_stack_keeps(refusals: Callable[..., list[str]]) -> None:
    assert refusals({**ROOT, "meta:identities/root": {"role": "ADMIN", "token": "none"}}) == [
        (
            "meta:connections.main.admin_token: root has token: none, so this stack keeps no token of it. Fix: remove "
            "that line at meta:identities.root, or name another."
        )
    ]


def test_the_tier_is_probed_at_an_ad_account(refusals: Callable[..., list[str]]) -> None:
    assert refusals({"meta:connections/main/tier_probe": "1043217650987654"}) == [
        (
            "meta:connections.main.tier_probe: is no ad account; the tier shows in the answer to a read of one. "
            "Fix: write act_ and digits."
        )
    ]
