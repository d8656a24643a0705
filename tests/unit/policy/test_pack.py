"""The policy pack as the engine asks it, without an engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from google.protobuf.struct_pb2 import Struct
from pulumi.runtime.proto import analyzer_pb2

from components.policy_pack import Analyzer, is_preview
from meta_access.engine_marks import TYPE_PREFIX
from tests.unit.stack.conftest import SOUND

if TYPE_CHECKING:
    from pathlib import Path

POLICY = (
    '{"rules": {"admin-system-user": {"enforcement_level": "mandatory", "reason": "an audit"},'
    ' "open-gate": {"enforcement_level": "disabled", "reason": "told elsewhere"}}}'
)
URN = f"urn:pulumi:test::ads::meta:access:SystemIdentity${TYPE_PREFIX}SystemUser::ops"


def asked(folder: Path, *, acts: bool, **changes: Any) -> Any:
    """The analyzer of a sound stack, with its configuration as the engine sends it."""
    (folder / "Pulumi.yaml").write_text("name: ads\nruntime: python\nstackConfigDir: stacks\n")
    (folder / "stacks").mkdir()
    analyzer = Analyzer(folder, acts=acts)
    config = {**SOUND, "meta:policy": POLICY, **changes}
    texts = {key: value if isinstance(value, str) else str(value).replace("'", '"') for key, value in config.items()}
    analyzer.ConfigureStack(
        analyzer_pb2.AnalyzerStackConfigureRequest(stack="test", project="ads", dry_run=True, config=texts), None
    )
    return analyzer


def stack_of(*rows: tuple[str, str, dict[str, Any]]) -> Any:
    resources = []
    for urn, kind, inputs in rows:
        properties = Struct()
        properties.update(inputs)
        resources.append(
            analyzer_pb2.AnalyzerResource(type=kind, urn=urn, name=urn.rpartition("::")[2], properties=properties)
        )
    return analyzer_pb2.AnalyzeStackRequest(resources=resources)


ADMIN = (URN, f"{TYPE_PREFIX}SystemUser", {"name": "ops", "role": "ADMIN"})
STRANGER = ("urn:pulumi:test::ads::aws:s3:Bucket::logs", "aws:s3:Bucket", {"role": "ADMIN"})


@pytest.mark.parametrize(("acts", "level"), [(False, analyzer_pb2.MANDATORY), (True, analyzer_pb2.ADVISORY)])
def test_a_mandatory_finding_refuses_a_preview_and_no_run_that_acts(tmp_path: Path, acts: bool, level: int) -> None:
    analyzer = asked(tmp_path, acts=acts)

    (one,) = analyzer.AnalyzeStack(stack_of(ADMIN, STRANGER), None).diagnostics

    assert (one.policyName, one.policyPackName, one.urn) == ("admin-system-user", "meta-access", URN)
    assert (one.enforcementLevel, one.severity) == (level, analyzer_pb2.POLICY_SEVERITY_HIGH)
    assert one.message == (
        "SystemUser ops: ops is an ADMIN, which reaches every asset of the business, and no connection acts with it. "
        "Fix: Make it an EMPLOYEE with the tasks that it needs."
    )
    assert analyzer.AnalyzeStack(stack_of(STRANGER), None).diagnostics == []


def test_the_engine_is_told_every_rule_with_the_levels_of_the_stack(tmp_path: Path) -> None:
    info = asked(tmp_path, acts=False).GetAnalyzerInfo(None, None)

    levels = {one.name: one.enforcementLevel for one in info.policies}
    assert (info.name, len(levels)) == ("meta-access", 10)
    assert levels["admin-system-user"] == analyzer_pb2.MANDATORY
    assert levels["open-gate"] == analyzer_pb2.DISABLED
    assert levels["broad-scopes"] == analyzer_pb2.ADVISORY
    assert {one.policy_type for one in info.policies} == {analyzer_pb2.POLICY_TYPE_STACK}
    assert all(one.description for one in info.policies)


def test_without_a_stack_the_rules_are_those_of_the_package(tmp_path: Path) -> None:
    info = Analyzer(tmp_path, acts=False).GetAnalyzerInfo(None, None)

    assert {one.enforcementLevel for one in info.policies} == {analyzer_pb2.ADVISORY}


def test_a_refused_configuration_asks_no_rule_and_that_is_said(tmp_path: Path) -> None:
    analyzer = asked(tmp_path, acts=False, **{"meta:environment": "Not a name"})

    (one,) = analyzer.AnalyzeStack(stack_of(ADMIN), None).diagnostics
    assert (one.policyName, one.enforcementLevel) == ("unusable-policy", analyzer_pb2.MANDATORY)


@pytest.mark.parametrize(
    ("words", "looks"),
    [
        ("pulumi preview", True),
        ("/opt/pulumi/pulumi pre --stack prod", True),
        ("pulumi --cwd ads --non-interactive -v 3 preview", True),
        ("pulumi -C preview up", False),
        ("pulumi up --stack preview", False),
        ("pulumi up --yes --policy-pack preview", False),
        ("pulumi refresh", False),
        ("pulumi", False),
        ("", False),
    ],
)
def test_only_a_preview_of_its_own_is_one(words: str, looks: bool) -> None:
    assert is_preview(words.split()) is looks
