"""Loading: the sample stacks, the three places a stack is read from, and every problem in one go."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from meta_access.errors import ConfigError
from meta_access.stack import yaml_files
from meta_access.stack.files import config_of
from meta_access.stack.load import load_stack

if TYPE_CHECKING:
    from collections.abc import Callable

    from meta_access.stack.load import Stack

STACKS = Path(__file__).resolve().parents[3] / "stacks"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)

# Everything the configuration knows, in one stack: the shape people type.
FULL = """
config:
  aws:region: eu-central-1
  meta:environment: prod
  meta:rules: "2026-05"
  meta:gates: block
  meta:confirm_real_graph: "false"
  meta:connections:
    main:
      business: agency
      app: ads
      graph_url: https://graph.facebook.com
      api_version: v26.0
      app_secret: aws-secret:arn:aws:secretsmanager:eu-central-1:111122223333:secret:meta/prod/app-AbC123#app_secret
      admin_token: identity:root
      tier_probe: act_1043217650987654
      aws: {region: eu-central-1, kms_key: alias/meta-prod}
  meta:businesses:
    agency: {id: "178435550012345", name: Agency, verification: verified, two_factor: all_required, owner: nadia}
  meta:people:
    nadia: {email: nadia@agency.example, business: ADMIN, user_id: "100004471120031"}
    ines: {email: ines@agency.example, business: EMPLOYEE}
  meta:apps:
    ads:
      id: "1204817736400555"
      name: Ads
      kind: use_case
      claimed_by: agency
      mode: live
      tier: full
      owner: nadia
      roles: {admin: [nadia], developer: [ines], tester: [], analytics: []}
      permissions: {standard: [business_management], advanced: [ads_read, ads_management]}
      features: {human_agent: standard}
      login:
        product: login_for_business
        hosts: [connect.agency.example]
        redirect_uris: ["https://connect.agency.example/meta/callback/"]
        configurations:
          client_reporting: {config_id: "889900112233445", token: system_user, permissions: [ads_read]}
      settings: {app_domains: [agency.example], privacy_policy_url: "https://agency.example/privacy"}
      obligations: {data_use_checkup: {due: "2027-03-01", owner: nadia}, access_verification: {owner: nadia}}
      webhooks: {verify_token: generate}
  meta:task_sets:
    read: {ad_account: [ANALYZE], page: [ANALYZE]}
  meta:token_defaults: {lifetime: 60d, rotate_before: 20d, grace: 24h, secret: "meta/{environment}/{identity}"}
  meta:identities:
    root: {role: ADMIN, adopt: "122096106543457614", scopes: [business_management, ads_management]}
    reporting: {use_case: read_reports, name: Reports, lifetime: {never: {reason: trial, until: "2027-01-01"}}}
    trading: {use_case: manage_ads, keepers: {round: "2"}, secret: meta/prod/ads, grace: 2h, rotate_before: 10d}
  meta:clients_dir: clients.prod
  meta:clients:
    acme:
      business: "998877665544332"
      name: Acme
      access: partner
      contact: lena@acme.example
      assets:
        act_1043217650987654: {reporting: read, trading: [ADVERTISE, ANALYZE]}
  meta:quota_overrides:
    agency: {EMPLOYEE: {limit: 12, reason: granted by support, date: "2026-10-01"}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    stacks = tmp_path / "stacks"
    (stacks / "clients.prod").mkdir(parents=True)
    (stacks / "Pulumi.prod.yaml").write_text(FULL)
    return stacks


@pytest.mark.parametrize("stack", ["dev", "staging", "prod"])
def test_every_stack_of_the_repository_loads(stack: str) -> None:
    found = load_stack(config_of(STACKS / f"Pulumi.{stack}.yaml"), stack, STACKS, now=NOW)
    assert found.spec.environment == stack
    assert len(found.spec.clients) >= 2


def test_staging_and_production_hold_back_what_a_closed_gate_concerns_and_dev_does_not() -> None:
    modes = {
        stack: load_stack(config_of(STACKS / f"Pulumi.{stack}.yaml"), stack, STACKS, now=NOW).spec.gate_mode
        for stack in ("dev", "staging", "prod")
    }
    assert modes == {"dev": "warn", "staging": "block", "prod": "block"}


def test_everything_people_type_parses(folder: Path) -> None:
    found = load_stack(config_of(folder / "Pulumi.prod.yaml"), "prod", folder, now=NOW)
    assert found.name == "prod"
    assert found.rules.name == "2026-05"
    roles, lifetime = found.spec.apps["ads"].roles, found.spec.identities["reporting"].lifetime
    assert roles is not None
    assert lifetime is not None
    assert roles.by_person() == {"nadia": "admin", "ines": "developer"}
    assert lifetime.declared == {"never": {"reason": "trial", "until": "2027-01-01"}}


def test_pulumis_texts_mean_the_same_as_the_file(folder: Path) -> None:
    typed = config_of(folder / "Pulumi.prod.yaml")
    texts = {key: value if isinstance(value, str) else json.dumps(value) for key, value in typed.items()}
    assert load_stack(texts, "prod", folder, now=NOW) == load_stack(typed, "prod", folder, now=NOW)


def test_gates_block_in_production_unless_told_otherwise(load: Callable[..., Stack]) -> None:
    assert load({"meta:environment": "prod"}).spec.gate_mode == "block"
    assert load({"meta:environment": "prod", "meta:gates": "warn"}).spec.gate_mode == "warn"
    assert load().spec.gate_mode == "warn"


def test_every_problem_is_told_at_once_with_its_place(refusals: Callable[..., list[str]]) -> None:
    assert refusals(
        {
            "meta:gates": "blok",
            "meta:apps/ads/id": 1204817736400555,
            "meta:apps/ads/tiers": "full",
            "meta:connections/main/api_version": "26",
            "meta:identities/reporting": {"scopes": ["ads_raed"]},
            "meta:clients/own/assets": {"act_3": {"reporting": ["ANALYSE"]}},
        }
    ) == [
        'meta:gates: "blok" is not one of warn, block. Fix: write "block".',
        'meta:connections.main.api_version: "26" is no Graph version. Fix: write it like v26.0.',
        (
            "meta:apps.ads.id: is a number; Meta's ids exceed 2^53, and a number that large loses digits. "
            "Fix: put it in quotes."
        ),
        'meta:apps.ads.tiers: there is no key "tiers" here. Fix: write "tier".',
        (
            'meta:identities.reporting.scopes[0]: Meta has no permission "ads_raed" (rule set 2026-05). '
            'Fix: write "ads_read".'
        ),
        (
            'meta:clients.own.assets.act_3.reporting[0]: "ANALYSE" is no task of assets of kind ad_account '
            '(rule set 2026-05). Fix: write "ANALYZE".'
        ),
    ]


def test_the_error_is_one_text_that_counts_its_problems(load: Callable[..., Stack]) -> None:
    with pytest.raises(ConfigError) as refused:
        load({"meta:gates": "blok", "meta:rules": "2024"})
    assert str(refused.value) == (
        "2 problems in the configuration:\n"
        '  - meta:gates: "blok" is not one of warn, block. Fix: write "block".\n'
        '  - meta:rules: there is no rule set "2024"; known are 2025-06, 2026-05, 2026-11. Fix: write "2026-11".'
    )


def test_what_follows_from_a_refused_value_is_not_reported_as_well(refusals: Callable[..., list[str]]) -> None:
    # Without permissions every scope would be uncovered, without the task set every asset without tasks.
    assert refusals(
        {"meta:apps/ads/permissions": {"standard": "ads_read"}, "meta:task_sets/read": {"ad_account": "ANALYZE"}}
    ) == [
        "meta:apps.ads.permissions.standard: is text, not a list. Fix: put it in brackets: [one, two].",
        "meta:task_sets.read.ad_account: is text, not a list. Fix: put it in brackets: [one, two].",
    ]


# --- clients folder ---


CLIENT = 'business: "776655443322110"\naccess: partner\nassets:\n  act_2055512345678901: {reporting: read}\n'


@pytest.fixture
def with_clients(tmp_path: Path) -> Path:
    clients = tmp_path / "stacks" / "clients.test"
    clients.mkdir(parents=True)
    return clients


def test_each_file_of_the_folder_is_a_client(load: Callable[..., Stack], with_clients: Path) -> None:
    (with_clients / "birch.yaml").write_text(CLIENT)
    (with_clients / "cedar.yml").write_text("cedar:\n  access: own\n")
    found = load({"meta:clients_dir": "clients.test"}).spec.clients
    assert list(found) == ["own", "birch", "cedar"]
    assert found["birch"].assets == {"act_2055512345678901": {"reporting": "read"}}


def test_one_client_in_two_files_is_refused_by_the_second_name(
    refusals: Callable[..., list[str]], with_clients: Path
) -> None:
    for name in ("birch.yaml", "birch.yml"):
        (with_clients / name).write_text(CLIENT)
    assert refusals({"meta:clients_dir": "clients.test"}) == [
        (
            'stacks/clients.test/birch.yml: is the client "birch" again, next to stacks/clients.test/birch.yaml. '
            "Fix: keep one of the two files."
        )
    ]


def test_a_twin_of_a_broken_file_is_told_as_well(refusals: Callable[..., list[str]], with_clients: Path) -> None:
    (with_clients / "birch.yaml").write_text("- no client\n")
    (with_clients / "birch.yml").write_text(CLIENT)
    told = refusals({"meta:clients_dir": "clients.test"})
    assert [text.partition(":")[0] for text in told] == [
        "stacks/clients.test/birch.yaml",
        "stacks/clients.test/birch.yml",
    ]


def test_many_client_files_cost_together_no_more_than_a_few(
    refusals: Callable[..., list[str]], with_clients: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(yaml_files, "MOST_IN_FOLDER", 100)
    honest = "access: own\nassets: &a [1, 2, 3, 4]\nmore: [*a, *a]\n"
    broken = honest + "- "  # what a refused file has cost counts as well
    for number in range(40):
        (with_clients / f"c{number:02}.yaml").write_text(broken if number % 2 else honest)

    assert refusals({"meta:clients_dir": "clients.test"}) == [
        (
            "stacks/clients.test: its files hold together 101 values or more, and at most 100 are "
            "read. Fix: divide the clients among stacks, or correct a file."
        )
    ]


def test_the_aliases_of_client_files_count_as_what_they_stand_for(
    refusals: Callable[..., list[str]], with_clients: Path
) -> None:
    lines = "\n".join(["a: &a [x, x, x, x, x, x, x, x, x]", *(f"{key}: &{key} [{'*a, ' * 99}]" for key in "bcdefgh")])
    for number in range(40):
        (with_clients / f"c{number:02}.yaml").write_text(lines)

    [told] = refusals({"meta:clients_dir": "clients.test"})
    assert told.startswith("stacks/clients.test: its files hold together 1")
    assert told.endswith("at most 100000 are read. Fix: divide the clients among stacks, or correct a file.")


def test_client_files_of_too_many_bytes_are_not_read(
    refusals: Callable[..., list[str]], with_clients: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        (with_clients / f"c{number}.yaml").write_text("#" * 1024 * 1024)
    monkeypatch.setattr(yaml_files, "read_text", lambda *_: pytest.fail("a file was read"))

    assert refusals({"meta:clients_dir": "clients.test"}, in_a_file=False) == [
        (
            "stacks/clients.test: its files hold together 5242880 bytes, and at most 4194304 are read. "
            "Fix: divide the clients among stacks, or correct a file."
        )
    ]


def test_client_files_that_nothing_reads_are_refused(refusals: Callable[..., list[str]], with_clients: Path) -> None:
    (with_clients / "birch.YAML").write_text(CLIENT)
    (with_clients / "north").mkdir()
    (with_clients / "north" / "cedar.yaml").write_text(CLIENT)
    (with_clients / "south" / "east").mkdir(parents=True)
    (with_clients / "south" / "east" / "dune.yaml").write_text(CLIENT)
    (with_clients / "README.md").write_text("Read me.")
    assert refusals({"meta:clients_dir": "clients.test"}) == [
        (
            "stacks/clients.test/birch.YAML: is not read: only .yaml and .yml are, in small letters. "
            "Fix: remove it, or call it birch.yaml."
        ),
        (
            "stacks/clients.test/north: is a folder, and client files are not read from folders within. "
            "Fix: move its files up."
        ),
        (
            "stacks/clients.test/south: is a folder, and client files are not read from folders within. "
            "Fix: move its files up."
        ),
    ]


def test_files_that_look_like_clients_and_are_not_read_are_refused_by_name(
    refusals: Callable[..., list[str]], with_clients: Path
) -> None:
    (with_clients / "ash.json").write_text('{"name": "Ash", "business": "1", "assets": {}}')
    for name in ("acme.yaml.txt", "acme.yml.bak", "oak.txt", "pine"):
        (with_clients / name).write_text(CLIENT)

    why = "looks like a client, and is not read: only .yaml and .yml are."
    assert refusals({"meta:clients_dir": "clients.test"}) == [
        f"stacks/clients.test/acme.yaml.txt: {why} Fix: call it acme.yaml, or remove it.",
        f"stacks/clients.test/acme.yml.bak: {why} Fix: call it acme.yaml, or remove it.",
        f"stacks/clients.test/ash.json: {why} Fix: call it ash.yaml, or remove it.",
        f"stacks/clients.test/oak.txt: {why} Fix: call it oak.yaml, or remove it.",
        f"stacks/clients.test/pine: {why} Fix: call it pine.yaml, or remove it.",
    ]


def test_files_that_are_no_clients_may_lie_beside_them(load: Callable[..., Stack], with_clients: Path) -> None:
    editors = (".birch.yaml.swp", "birch.yaml~", "#birch.yaml#", ".#birch.yaml", "new.yaml.example")
    for name in ("README.md", "CONTRIBUTING.markdown", ".gitkeep", *editors):
        (with_clients / name).write_text(CLIENT)
    (with_clients / "CODEOWNERS").write_text("* @lindenhof/business: assets\n")
    (with_clients / "client.schema.json").write_text('{"type": "object"}')

    load({"meta:clients_dir": "clients.test"})


@pytest.mark.parametrize(
    ("key", "problem"),
    [
        ("access:gates", 'gates: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:gates".'),
        ("gates", 'gates: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:gates".'),
        (
            "access:clients_dir",
            'clients_dir: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:clients_dir".',
        ),
        (
            "access:clients-dir",
            'clients-dir: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:clients_dir".',
        ),
        (
            "access:clientsDir",
            'clientsDir: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:clients_dir".',
        ),
        (
            "metaAccess:gates",
            'metaAccess:gates: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:gates".',
        ),
        (
            "access:people",
            'people: lacks the prefix "meta:", so nothing reads it. Fix: remove it, since meta:people is there, too.',
        ),
        (
            "meta-access:apps",
            (
                'meta-access:apps: lacks the prefix "meta:", so nothing reads it. '
                "Fix: remove it, since meta:apps is there, too."
            ),
        ),
        (
            "access:client_dir",
            'client_dir: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:clients_dir".',
        ),
        ("access:gate", 'gate: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:gates".'),
        ("gaets", 'gaets: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:gates".'),
        (
            "access:identites",
            (
                'identites: lacks the prefix "meta:", so nothing reads it. '
                "Fix: remove it, since meta:identities is there, too."
            ),
        ),
        ("mata:gates", 'mata:gates: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:gates".'),
        ("metta:gate", 'metta:gate: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:gates".'),
        ("Meta:gates", 'Meta:gates: lacks the prefix "meta:", so nothing reads it. Fix: write "meta:gates".'),
    ],
)
def test_a_known_key_without_the_prefix_is_refused(refusals: Callable[..., list[str]], key: str, problem: str) -> None:
    assert refusals({key: "block"}, project="access") == [problem]


def test_keys_of_others_are_theirs(load: Callable[..., Stack]) -> None:
    others = ("access:colour", "access:app", "access:gateway", "access:client_id", "access:person", "beta:region")
    strangers = ("azure:environment", "aws:region", "docker:clients", "data:people", "mesh:gates")
    load(dict.fromkeys((*others, *strangers), "red"), project="access")


def test_every_secret_key_is_refused_beside_the_other_problems(
    refusals: Callable[..., list[str]], tmp_path: Path
) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "Pulumi.test.yaml").write_text(
        "config:\n  meta:apps: {ads: {redirect_uris: [{secure: v1:abc}, plain]}}\n  meta:rules: {secure: v1:abc}\n"
    )
    told = refusals({"meta:gates": "bock"}, secret=["meta:apps", "meta:people", "meta:rules", "aws:token"])
    assert [text.partition(": ")[0] for text in told] == [
        "meta:apps.ads.redirect_uris[0]",
        "meta:people",
        "meta:rules",
        "meta:gates",
    ]


def test_evidence_that_nothing_reads_is_refused(refusals: Callable[..., list[str]], tmp_path: Path) -> None:
    (tmp_path / "stacks").mkdir()
    (tmp_path / "stacks" / "evidence.test.yml").write_text("{}")
    assert refusals({}) == [
        "stacks/evidence.test.yml: is not read: evidence stands in evidence.test.yaml. Fix: rename it."
    ]


def test_a_problem_in_a_clients_file_names_the_file(refusals: Callable[..., list[str]], with_clients: Path) -> None:
    (with_clients / "birch.yaml").write_text(CLIENT.replace("reporting: read", "reportin: red"))
    (with_clients / "cedar.yaml").write_text("business: 776655443322110\naccess: partners\n")
    assert refusals({"meta:clients_dir": "clients.test"}) == [
        (
            "stacks/clients.test/cedar.yaml:business: is a number; Meta's ids exceed 2^53, and a number that large "
            "loses "
            "digits. Fix: put it in quotes."
        ),
        'stacks/clients.test/cedar.yaml:access: "partners" is not one of own, partner, login. Fix: write "partner".',
        (
            'stacks/clients.test/birch.yaml:assets.act_2055512345678901.reportin: there is no "reportin" in '
            'meta:identities. Fix: write "reporting".'
        ),
        (
            'stacks/clients.test/birch.yaml:assets.act_2055512345678901.reportin: there is no "red" in meta:task_sets. '
            'Fix: write "read".'
        ),
    ]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (
            "access: own\naccess: partner\n",
            (
                'stacks/clients.test/birch.yaml: is not valid YAML: the key "access" is there twice (line 2). '
                "Fix: correct that line."
            ),
        ),
        (
            "access: [own\nassets: {}\n",
            (
                "stacks/clients.test/birch.yaml: is not valid YAML: expected ',' or ']', but got ':' (line 2). "
                "Fix: correct that line."
            ),
        ),
        (
            "- access: own\n",
            (
                "stacks/clients.test/birch.yaml: is a list, not a client. "
                "Fix: write what stands under a client's name: business, access, assets."
            ),
        ),
        (
            "",
            (
                "stacks/clients.test/birch.yaml: is empty, not a client. "
                "Fix: write what stands under a client's name: business, access, assets."
            ),
        ),
    ],
)
def test_a_clients_file_that_cannot_be_read(
    refusals: Callable[..., list[str]], with_clients: Path, text: str, problem: str
) -> None:
    (with_clients / "birch.yaml").write_text(text)
    assert refusals({"meta:clients_dir": "clients.test"}) == [problem]


def test_a_client_may_stand_in_one_place_only(refusals: Callable[..., list[str]], with_clients: Path) -> None:
    (with_clients / "own.yaml").write_text("access: own\n")
    assert refusals({"meta:clients_dir": "clients.test"}) == [
        'stacks/clients.test/own.yaml: the client "own" is also in meta:clients. Fix: keep one of the two.'
    ]


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        (
            "clients.tset",
            (
                "meta:clients_dir: there is no folder stacks/clients.tset. "
                "Fix: make the folder stacks/clients.tset, or remove the key."
            ),
        ),
        (
            "../elsewhere",
            (
                'meta:clients_dir: "../elsewhere" is no folder next to the stack file. '
                "Fix: write one name, such as clients.prod."
            ),
        ),
    ],
)
def test_the_clients_folder_must_be_there(refusals: Callable[..., list[str]], name: str, problem: str) -> None:
    assert refusals({"meta:clients_dir": name}) == [problem]
