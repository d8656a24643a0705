"""Whole commands with a credential that was pasted with something foreign in it: none of them shows it."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from meta_access.cli import main, pulumi_stack
from meta_access.cli.pulumi_stack import Project
from meta_access.providers.payloads import PAYLOADS
from tests.unit.cli import newcomer
from tests.unit.cli.states import DYNAMIC, resource, state
from tests.unit.cli.test_bootstrap import values
from tests.unit.emulated import secrets

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.emulated import EmulatedMeta

CANARY = "c0ffee" + "5ec2e7" * 4 + "00"  # of the form of Meta's own
FORMS = {
    "a line break": "{0}\n{0}",
    "U+200B (zero width space)": "{0}\u200b",
    "stands in quotes": '"{0}"',
    "U+0000 (a control character)": "{0}\0",
    "U+00E9 (latin small letter e with acute)": "{0}\u00e9",
    "the word Bearer": "Bearer {0}",
    "NAME=value": "META_APP_SECRET={0}",
    "is JSON": '{{"token": "{0}"}}',
    "is base64 of the value": base64.b64encode(CANARY.encode()).decode(),
}
COMMANDS = (
    ["bootstrap", "--stack", "prod", "--yes"],
    ["token", "adopt", "root", "--stack", "prod", "--yes"],
    ["function", "--stack", "prod"],
    ["revoke", "root", "--stack", "prod", "--yes"],
    ["orphans", "--stack", "prod"],
)


def put(meta: EmulatedMeta, name: str, value: Any) -> str:
    aws = meta.connection.aws
    made: str = secrets(aws.region, aws.endpoint_url).create_secret(Name=name, SecretString=json.dumps(value))["ARN"]
    return made


@pytest.mark.parametrize("reason", FORMS)
def test_no_command_shows_a_credential_that_is_unclean(
    nordwind: EmulatedMeta,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    reason: str,
) -> None:
    pasted = FORMS[reason].format(CANARY)
    reference = f"aws-secret:{put(nordwind, 'meta/test/pasted', {'value': pasted})}#value"
    owned = put(nordwind, "meta/test/root", {"access_token": pasted})
    typed = values(nordwind.emulator.graph_url, nordwind.emulator.aws_url)
    connections = json.loads(typed["meta:connections"])
    connections["main"] |= {"app_secret": reference, "admin_token": reference}
    typed["meta:connections"] = json.dumps(connections)
    typed["meta:identities"] = json.dumps(
        {"root": {"role": "ADMIN", "scopes": ["business_management"], "secret": "meta/test/root", "adopt": "122"}}
    )
    typed["meta:apps"] = typed["meta:apps"].replace(
        '"tier"', '"permissions": {"standard": ["business_management"]}, "tier"'
    )
    payload = PAYLOADS[f"{DYNAMIC}SystemUserToken"]
    held: dict[str, Any] = {
        "arn": owned,
        "secret_name": "meta/test/root",
        "connection": "main",
        "system_user_id": "122",
    }
    held |= {"scopes": ["business_management"], "lifetime": "60d", "claim": "c", "version_id": "v" * 32}
    held |= {"generation": 1, "grace": "24h", "rotate_before": "20d", "owner": "access/prod"}
    token = resource("SystemUserToken", "root", id_=owned, payload=payload, rotation_owner="lambda", **held)
    monkeypatch.delenv("META_ACCESS_OFFLINE", raising=False)
    monkeypatch.setattr(pulumi_stack, "find", lambda _: Project("access", tmp_path))
    monkeypatch.setattr(pulumi_stack, "config", lambda _: typed)
    monkeypatch.setattr(pulumi_stack, "export", lambda _: state(token))
    monkeypatch.setenv("META_BOOTSTRAP_TOKEN", newcomer.login(nordwind).get_secret_value())
    monkeypatch.setenv("PATH", str(tmp_path))  # no pulumi

    printed = ""
    for command in COMMANDS:
        with pytest.raises(SystemExit):
            main(command)
        said = capsys.readouterr()
        printed += f"\n== {command[0]}\n{said.out}{said.err}"

    assert "Traceback" not in printed
    assert "unexpected" not in printed
    raw = CANARY.encode()
    for form in (CANARY, *(base64.b64encode(bytes(lead) + raw).decode()[4:-4] for lead in range(3))):
        assert form not in printed
    # Where it is resolved: by the person's bootstrap, the adoption, and the look for orphans.
    assert printed.count(reason) == 3
