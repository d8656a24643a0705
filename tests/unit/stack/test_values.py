"""Values of the wrong kind, one message each; the whole message is written out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable

DIGITS = "is a number; Meta's ids exceed 2^53, and a number that large loses digits. Fix: put it in quotes."


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("meta:apps/ads/id", 1204817736400555, f"meta:apps.ads.id: {DIGITS}"),
        ("meta:apps/ads/id", 1.2048177364005551e18, f"meta:apps.ads.id: {DIGITS}"),
        ("meta:identities/reporting/adopt", 122096106543457614, f"meta:identities.reporting.adopt: {DIGITS}"),
        (
            "meta:apps/ads/id",
            "12O48",
            'meta:apps.ads.id: "12O48" is no id; an id has digits only. Fix: copy it from the dashboard, in quotes.',
        ),
        (
            "meta:people/nadia/user_id",
            True,
            f"meta:people.nadia.user_id: {DIGITS}",
        ),
        (
            "meta:businesses/agency/name",
            42,
            "meta:businesses.agency.name: is a number, not text. Fix: put it in quotes.",
        ),
        (
            "meta:businesses/agency/name",
            True,
            "meta:businesses.agency.name: is true or false, not text. Fix: put it in quotes.",
        ),
        (
            "meta:apps/ads/roles",
            ["nadia"],
            "meta:apps.ads.roles: is a list, not a mapping. Fix: write keys and values below it.",
        ),
        ("meta:people/nadia", None, "meta:people.nadia: is empty, not a mapping. Fix: write keys and values below it."),
        ("meta:people", "nadia", "meta:people: is text, not a mapping. Fix: write names and values below it."),
        (
            "meta:confirm_real_graph",
            "perhaps",
            "meta:confirm_real_graph: is text, not true or false. Fix: write true or false.",
        ),
        (
            "meta:environment",
            "Test Env",
            (
                'meta:environment: "Test Env" is no name. Fix: start with a small letter; go on with '
                "small letters, digits, - and _."
            ),
        ),
        (
            "meta:people/Nadia K",
            {},
            (
                'meta:people.Nadia K: "Nadia K" is no name. Fix: start with a small letter; go on '
                "with small letters, digits, - and _."
            ),
        ),
        (
            "meta:identities/reporting/role",
            "EMPLOYE",
            ('meta:identities.reporting.role: "EMPLOYE" is not one of EMPLOYEE, ADMIN. Fix: write "EMPLOYEE".'),
        ),
        (
            "meta:connections/main/aws/region",
            "frankfurt",
            ('meta:connections.main.aws.region: "frankfurt" is no AWS region. Fix: write it like eu-central-1.'),
        ),
        ("meta:connections", {}, "meta:connections: is empty. Fix: add an entry, or remove the key."),
        (
            "meta:clients/own/assets/act_1/reporting",
            3,
            (
                "meta:clients.own.assets.act_1.reporting: is a number, not tasks. Fix: write a name "
                "of meta:task_sets, or a list such as [ANALYZE]."
            ),
        ),
        (
            "meta:quota_overrides/agency/EMPLOYEE",
            {"limit": "many", "reason": "r", "date": "2026-10-01"},
            (
                "meta:quota_overrides.agency.EMPLOYEE.limit: is text, not a whole number. Fix: write "
                "a whole number, without quotes."
            ),
        ),
        (
            "meta:quota_overrides/agency/EMPLOYEE",
            {"limit": -1, "reason": "r", "date": "2026-10-01"},
            "meta:quota_overrides.agency.EMPLOYEE.limit: is below zero. Fix: write zero or more.",
        ),
        (
            "meta:token_defaults/secret",
            "meta/{stack}/{identity}",
            (
                'meta:token_defaults.secret: "meta/{stack}/{identity}" has a placeholder that is not '
                "known. Fix: use {environment}, {identity} and {suffix} only."
            ),
        ),
    ],
)
def test_a_value_of_the_wrong_kind(refusals: Callable[..., list[str]], path: str, value: Any, problem: str) -> None:
    assert refusals({path: value}) == [problem]


@pytest.mark.parametrize(
    ("path", "value", "problem"),
    [
        ("meta:conections", {}, 'meta:conections: there is no key "conections" here. Fix: write "connections".'),
        (
            "meta:connections/main/admin",
            "x",
            'meta:connections.main.admin: there is no key "admin" here. Fix: write "admin_token".',
        ),
        (
            "meta:businesses/agency/colour",
            "x",
            (
                'meta:businesses.agency.colour: there is no key "colour" here. Fix: remove it, or install '
                "the meta-access that knows it; the keys are id, name, verification, two_factor, owner."
            ),
        ),
        (
            "meta:apps/ads/login/redirect_uri",
            [],
            ('meta:apps.ads.login.redirect_uri: there is no key "redirect_uri" here. Fix: write "redirect_uris".'),
        ),
        ("meta:clients/own/asset", {}, 'meta:clients.own.asset: there is no key "asset" here. Fix: write "assets".'),
    ],
)
def test_an_unknown_key_is_refused_with_the_nearest_known_one(
    refusals: Callable[..., list[str]], path: str, value: Any, problem: str
) -> None:
    assert refusals({path: value}) == [problem]


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("meta:rules", 'meta:rules: is missing. Fix: add it: the rule set, such as "2026-11".'),
        ("meta:apps/ads/id", "meta:apps.ads.id: is missing. Fix: add it: the app's id, in quotes."),
        (
            "meta:connections/main/aws",
            ("meta:connections.main.aws: is missing. Fix: add it: {region: …}, where Secrets Manager is."),
        ),
        ("meta:clients/own/access", "meta:clients.own.access: is missing. Fix: add it: own, partner or login."),
    ],
)
def test_something_missing(refusals: Callable[..., list[str]], removed: object, path: str, problem: str) -> None:
    assert refusals({path: removed}) == [problem]


UNQUOTED = "is an unquoted date, which YAML turns into a timestamp. Fix: put it in quotes"


@pytest.mark.parametrize(
    ("due", "problem"),
    [
        # What Pulumi hands over for `due: 2026-11-01`.
        ("2026-11-01 00:00:00 +0000 UTC", f'{UNQUOTED}: "2026-11-01".'),
        ("1 March", '"1 March" is no date. Fix: write it like "2026-11-24", in quotes.'),
        ("2027-02-30", '"2027-02-30" is a day that does not exist. Fix: correct it.'),
        (20270301, 'a number is no date. Fix: write it like "2026-11-24", in quotes.'),
    ],
)
def test_dates_are_quoted(refusals: Callable[..., list[str]], due: Any, problem: str) -> None:
    changes = {"meta:apps/ads/obligations": {"data_use_checkup": {"due": due}}}
    assert refusals(changes) == [f"meta:apps.ads.obligations.data_use_checkup.due: {problem}"]


def test_an_unquoted_date_in_place_of_text(refusals: Callable[..., list[str]]) -> None:
    assert refusals({"meta:rules": "2026-05-01 00:00:00 +0000 UTC"}) == [f"meta:rules: {UNQUOTED}."]


@pytest.mark.parametrize(
    ("field", "value", "problem"),
    [
        ("grace", 24, 'is a number without a unit. Fix: write a number and s, m, h or d, such as "20d".'),
        ("rotate_before", "2 weeks", '"2 weeks" is no duration. Fix: write a number and s, m, h or d, such as "20d".'),
        (
            "lifetime",
            "90d",
            (
                '"90d" is no lifetime; Meta mints tokens for 60 days or for ever. Fix: write 60d, or '
                'never: {reason: …, until: "2027-03-01"}.'
            ),
        ),
        (
            "lifetime",
            {"never": {"until": "2027-03-01"}},
            ".never.reason: is missing. Fix: add it: why this token may live for ever.",
        ),
        (
            "lifetime",
            60,
            (
                "a number is no lifetime; Meta mints tokens for 60 days or for ever. Fix: write 60d, or "
                'never: {reason: …, until: "2027-03-01"}.'
            ),
        ),
        ("lifetime", {"ever": {}}, '.ever: there is no key "ever" here. Fix: write "never".'),
    ],
)
def test_durations_and_lifetimes(refusals: Callable[..., list[str]], field: str, value: Any, problem: str) -> None:
    place = f"meta:identities.reporting.{field}"
    assert refusals({f"meta:identities/reporting/{field}": value}) == [
        place + problem if problem.startswith(".") else f"{place}: {problem}"
    ]


# --- secrets ---

WAYS = "env:META_NAME, aws-secret:ARN#key, or emulator: against the emulator"
PASTED = (
    "holds a secret itself; it would stay in the repository and in the engine's history. "
    f"Fix: write a reference ({WAYS}), and replace the secret at Meta, since it has been in a file."
)
TOKEN = "EAA" + "EMU" + "f00d" * 12
APP_SECRET = "0123456789abcdef" * 2


@pytest.mark.parametrize("field", ["app_secret", "admin_token"])
@pytest.mark.parametrize(
    "value", [TOKEN, APP_SECRET, APP_SECRET.upper(), f"env:{TOKEN}", f"1204817736400555|{APP_SECRET}"]
)
def test_a_pasted_secret_is_refused_and_not_repeated(
    refusals: Callable[..., list[str]], field: str, value: Any
) -> None:
    (problem,) = refusals({f"meta:connections/main/{field}": value})
    assert problem == f"meta:connections.main.{field}: {PASTED}"


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("hunter2", f"is no reference to a secret. Fix: write {WAYS}."),
        (7, f"is a number, not a reference to a secret. Fix: write {WAYS}."),
        ("identity:root", f"is no reference to a secret. Fix: write {WAYS}."),
        (
            "env:HOME",
            (f"is no usable reference: env: takes the name of a variable that starts with META_. Fix: write {WAYS}."),
        ),
        (
            "emulator:please",
            (f"is no usable reference: emulator: stands alone, with nothing behind it. Fix: write {WAYS}."),
        ),
        (
            "aws-secret:meta/prod/app#app_secret",
            (
                "is no usable reference: aws-secret: takes the full ARN of a secret, then # and the "
                f"key inside it. Fix: write {WAYS}."
            ),
        ),
    ],
)
def test_what_is_no_reference(refusals: Callable[..., list[str]], value: Any, problem: str) -> None:
    assert refusals({"meta:connections/main/app_secret": value}) == [f"meta:connections.main.app_secret: {problem}"]


@pytest.mark.parametrize(
    "path", ["meta:gates", "meta:apps/ads/tier", "meta:apps/ads/id", "meta:identities/reporting/use_case"]
)
@pytest.mark.parametrize("secret", [TOKEN, APP_SECRET])
def test_a_secret_in_the_wrong_place_is_not_repeated(
    refusals: Callable[..., list[str]], path: str, secret: str
) -> None:
    assert not any(secret in problem or secret[8:24] in problem for problem in refusals({path: secret}))


def test_a_secret_as_a_key_is_not_repeated(refusals: Callable[..., list[str]]) -> None:
    assert not any("f00df00d" in problem for problem in refusals({f"meta:apps/ads/{TOKEN}": "x"}))
