"""`meta:rules_overlay`: facts of a dated file beside the stack, or an error with its place and fix."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from meta_access.stack import notices
from tests.texts import lacks

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from meta_access.stack.load import Stack

SOURCE = "https://developers.facebook.com/docs/graph-api/changelog/versions"
HEAD = f'date = 2027-01-20\nsource = "{SOURCE}"\n'
ASKED = {
    "meta:rules_overlay": "rules.toml",
    "meta:identities/reporting": {"scopes": ["ads_write"]},
    "meta:apps/ads/permissions": {"standard": ["ads_write"]},
}
WHOLE = (
    HEAD
    + """
[api_versions]
"v28.0" = { released = 2027-01-20 }
"v25.0" = { marketing_ends = 2027-04-01 }
[tiers.full]
score_limit = 12000
system_users = { EMPLOYEE = 25 }
[permissions]
ads_write = { depends_on = ["ads_read"], system_user = true }
ads_read = { system_user = false }
"""
)


@pytest.fixture
def stacks(tmp_path: Path) -> Path:
    folder = tmp_path / "stacks"
    folder.mkdir()
    return folder


def test_rows_are_added_and_replaced_and_the_rest_stays(load: Callable[..., Stack], stacks: Path) -> None:
    (stacks / "rules.toml").write_text(WHOLE)

    found = load(ASKED).rules

    assert found.name == "2026-05"
    assert found.version_state("v28.0", date(2027, 2, 1)).kind == "ok"
    assert found.api_versions["v25.0"].marketing_ends == date(2027, 4, 1)
    assert found.api_versions["v25.0"].graph_ends == date(2028, 7, 29)
    assert (found.quota("full", "EMPLOYEE"), found.quota("full", "ADMIN")) == (25, 1)
    assert (found.tiers["full"].score_limit, found.tiers["limited"].score_limit) == (12000, 60)
    assert found.permissions["ads_write"].depends_on == ("ads_read",)
    assert found.sources["overlay"] == SOURCE


def test_one_notice_names_file_day_source_and_each_change(load: Callable[..., Stack], stacks: Path) -> None:
    (stacks / "rules.toml").write_text(WHOLE)
    stack = load(ASKED)

    assert stack.overlay is not None
    assert stack.overlay.notice() == (
        f"meta:rules_overlay: stacks/rules.toml of 2027-01-20 ({SOURCE}) changes of rule set 2026-05: "
        "api_versions.v28.0 new; "
        "api_versions.v25.0.marketing_ends 2027-02-23 => 2027-04-01; "
        "permissions.ads_write new; "
        "permissions.ads_read.system_user True => False; "
        "tiers.full.system_users EMPLOYEE 10, ADMIN 1 => EMPLOYEE 25, ADMIN 1; "
        "tiers.full.score_limit 9000 => 12000."
    )
    assert stack.overlay.warning() == ""


def test_yaml_says_the_same(load: Callable[..., Stack], stacks: Path) -> None:
    (stacks / "rules.yaml").write_text(
        f"date: 2027-01-20\nsource: {SOURCE}\napi_versions: {{v28.0: {{released: 2027-01-20}}}}\n"
    )
    stack = load({"meta:rules_overlay": "rules.yaml", "meta:connections/main/api_version": "v28.0"})

    assert list(notices.versions(stack.spec, stack.rules, datetime(2027, 2, 1, tzinfo=UTC).date())) == []


def test_one_that_is_older_than_the_rule_set_is_warned_of(load: Callable[..., Stack], stacks: Path) -> None:
    (stacks / "rules.toml").write_text(WHOLE.replace("date = 2027-01-20", "date = 2026-10-20"))
    overlay = load(ASKED).overlay

    assert overlay is not None
    assert not lacks(
        overlay.warning(), "meta:rules_overlay", "stacks/rules.toml", "2026-10-20", "2026-05", "2026-11-01"
    )


def test_a_scope_that_the_overlay_takes_from_system_users_is_refused(
    refusals: Callable[..., list[str]], stacks: Path
) -> None:
    (stacks / "rules.toml").write_text(HEAD + "[permissions.ads_read]\nsystem_user = false\n")

    assert refusals({"meta:rules_overlay": "rules.toml"}) == [
        f"meta:identities.reporting.use_case: a system user's token cannot hold ads_read ({SOURCE}). Fix: remove it."
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            'source = "x"\n',
            [
                ":date: is missing. Fix: add the day on which its source was read, such as 2027-01-15.",
                ":source: is no address of a page. Fix: write it from https:// on, on one line.",
            ],
        ),
        (HEAD + "[permission]\n", [':permission: an overlay has no key "permission". Fix: write "permissions".']),
        (HEAD + "[tiers.fully]\n", [':tiers.fully: rule set 2026-05 has no tier "fully". Fix: write "full".']),
        (
            HEAD + "[tiers.full]\nscore_limit = -1\nscore_limits = 5\n",
            [
                ":tiers.full.score_limit: is below zero. Fix: write zero or more.",
                ':tiers.full.score_limits: there is no key "score_limits" here. Fix: write "score_limit".',
            ],
        ),
        (
            HEAD + "[api_versions]\n28 = { released = 2027-01-20 }\n",
            [':api_versions.28: "28" is no version such as v28.0. Fix: correct it.'],
        ),
        (
            HEAD + '[api_versions."v28.0"]\nsource = "x"\n',
            [
                (
                    ":api_versions.v28.0.source: stands at a row. Fix: remove it: the file's own source is that of "
                    "every row."
                )
            ],
        ),
        (
            HEAD + '[permissions.ads_write]\ndepends_on = ["ads_reed"]\n',
            [
                (
                    ':permissions.ads_write.depends_on: there is no permission "ads_reed" in rule set 2026-05 or here. '
                    'Fix: write "ads_read".'
                )
            ],
        ),
        (HEAD + "permissions = 3\n", [":permissions: is a number, not a mapping. Fix: write rows below it."]),
        (HEAD + "date =\n", [": is not valid TOML (at line 3, column 7). Fix: correct that line."]),
        (
            HEAD + '[permissions.ads_read]\nabout = "a\\u001bb"\n',
            [
                (
                    ":permissions.ads_read: holds a line break, or a character that cannot be seen (U+001B). Fix: type "
                    "it anew, on one line."
                )
            ],
        ),
        (HEAD + f"tiers = {'[' * 3000}{']' * 3000}\n", [": is nested too deep to be read. Fix: correct it."]),
    ],
)
def test_a_bad_file_is_refused_with_key_and_fix(
    refusals: Callable[..., list[str]], stacks: Path, text: str, told: list[str]
) -> None:
    (stacks / "rules.toml").write_text(text)

    assert refusals({"meta:rules_overlay": "rules.toml"}) == [f"stacks/rules.toml{line}" for line in told]


ELSEWHERE = "is no file next to the stack file. Fix: write a path below the folder of the stack files, such as"
LEADS_OUT = "is a link that leads out of stacks. Fix: put the file itself there, not a link to another place."


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("none.toml", "there is no file stacks/none.toml. Fix: add it, or remove the key."),
        ("rules.json", "stacks/rules.json is neither TOML nor YAML. Fix: call it .toml or .yaml."),
        ("out.toml", f"stacks/out.toml {LEADS_OUT}"),
        ("self.toml", f"stacks/self.toml {LEADS_OUT}"),
        ("../rules.toml", f'"../rules.toml" {ELSEWHERE} rules.2027-01.toml.'),
        ("/etc/rules.toml", f'"/etc/rules.toml" {ELSEWHERE} rules.2027-01.toml.'),
    ],
)
def test_a_name_that_leads_nowhere_or_elsewhere(
    refusals: Callable[..., list[str]], stacks: Path, name: str, told: str
) -> None:
    (stacks.parent / "rules.toml").write_text(WHOLE)
    (stacks / "rules.json").write_text("{}")
    (stacks / "out.toml").symlink_to(stacks.parent / "rules.toml")
    (stacks / "self.toml").symlink_to(stacks / "self.toml")

    assert refusals({"meta:rules_overlay": name}) == [f"meta:rules_overlay: {told}"]
