"""`rotate --due` on the real engine: the credential first, exit codes, and a configuration that the program refuses."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.engine import lindenhof
from tests.engine.commands import DAY_S, run, values

if TYPE_CHECKING:
    from tests.emulators import RunningEmulator
    from tests.engine.projects import Project

ROOT, REPORTING = "meta/dev/root", "meta/dev/reporting"


def config(emulator: RunningEmulator, *, admin_token: str = "identity:root") -> dict[str, Any]:
    """The dev stack, which keeps its own credential fresh."""
    identities = {
        "root": {
            "role": "ADMIN",
            "adopt": lindenhof.ROOT,
            "on_destroy": "keep",
            "scopes": ["ads_management", "business_management"],
            "secret": ROOT,
        },
        "reporting": {"use_case": "read_reports", "secret": REPORTING},
    }
    made = lindenhof.config(emulator, identities=identities)
    made["meta:connections"]["main"]["admin_token"] = admin_token
    permissions = {"standard": ["ads_read", "ads_management", "business_management"]}
    made["meta:apps"]["ads"]["permissions"] = permissions
    return made


def minted_for(emulator: RunningEmulator) -> list[str]:
    """System users whose tokens were minted, in order."""
    paths = [call["path"] for call in emulator.calls("graph") if call["method"] == "POST"]
    return [path.split("/")[-2] for path in paths if path.endswith("/access_tokens")]


def test_due_tokens_are_rotated_credential_first_with_and_without_the_program(
    dev: Project, emulator: RunningEmulator
) -> None:
    dev.configure(config(emulator, admin_token="emulator:"))
    assert dev.up().code == 0
    [reporting] = [user["id"] for user in emulator.world()["system_users"] if user["name"] == "reporting"]

    # By pulumi, a run for the credential and then one for the rest.
    dev.configure(config(emulator))
    emulator.clock(advance_s=41 * DAY_S)
    emulator.forget_calls()
    code, told, said = run(dev, "rotate", "--due")
    assert code == 0, said
    assert (set(told["acted"]), told["outside"], told["refused"]) == ({"root", "reporting"}, [], False)
    assert minted_for(emulator) == [lindenhof.ROOT, reporting]
    assert [values(emulator, secret)["generation"] for secret in (ROOT, REPORTING)] == [2, 2]

    # A slip in a client's assets: the program refuses the configuration, and what is due is done without it.
    broken = config(emulator)
    broken["meta:task_sets"]["read"]["ad_account"] = ["ANALYSE"]
    dev.configure(broken)
    emulator.clock(advance_s=41 * DAY_S)
    emulator.forget_calls()
    code, told, said = run(dev, "rotate", "--due")
    assert code == 0, said
    assert '"ANALYSE" is no task of assets of kind ad_account' in said
    assert "Acting outside Pulumi for root, through the connections of the update of 20" in said
    assert (told["outside"], told["refused"], told["failed"]) == (["root", "reporting"], True, False)
    assert freshness(told) == {"root": "current", "reporting": "current"}
    assert minted_for(emulator) == [lindenhof.ROOT, reporting]
    held = [values(emulator, secret) for secret in (ROOT, REPORTING)]
    assert [payload["generation"] for payload in held] == [3, 3]
    assert not any(payload["access_token"] in said for payload in held)
    # Each predecessor lives through its grace.
    assert len(lindenhof.live_tokens(emulator)) == 4

    # Mended, the stack has nothing to do, and its state follows with the refresh.
    dev.configure(config(emulator))
    mended = dev.up("--expect-no-changes")
    assert mended.code == 0, mended.stdout
    secrets = dev.outputs()["secrets"]
    assert [secrets[name]["generation"] for name in ("root", "reporting")] == [3, 3]
    assert secrets["reporting"]["fingerprint"] == held[1]["fingerprint"]

    check_codes(dev, emulator)


def check_codes(dev: Project, emulator: RunningEmulator) -> None:
    """The other exit codes, in the same stack."""
    # What an operator must look at is left alone: 2.
    claim = tag(emulator, "meta-tokens:claim", "somebody-else")
    code, told, said = run(dev, "rotate", "--due")
    assert (code, freshness(told)) == (2, {"root": "current", "reporting": "claimed by another resource"}), said
    tag(emulator, "meta-tokens:claim", claim)
    move_back(emulator)
    code, told, said = run(dev, "rotate", "--due")
    moved = "edited by hand: moved back to generation 2"
    # 3: what is left alone is near its end, which the secret's tags still tell of the one before.
    assert (code, freshness(told)) == (3, {"root": "current", "reporting": moved}), said

    # A stack file that cannot be read at all is no hindrance; what Meta refuses is an error, and told as one.
    dev.configure_text("config:\n  meta:environment: [dev\n")
    emulator.clock(advance_s=41 * DAY_S)
    emulator.fault("graph", method="POST", path="access_tokens$", code=100, times=None)
    code, told, said = run(dev, "rotate", "--due")
    assert (code, told["failed"], told["outside"]) == (1, True, []), said
    assert "The configuration of stack dev is refused. Reading the stack's configuration failed: " in said
    emulator.clear_faults()
    # 3: what is left alone has come near its end.
    code, told, said = run(dev, "rotate", "--due")
    assert (code, told["outside"], freshness(told)["root"]) == (3, ["root"], "current"), said
    assert "Traceback" not in said


def freshness(told: dict[str, Any]) -> dict[str, str]:
    return {row["name"]: row["freshness"] for row in told["tokens"]}


def tag(emulator: RunningEmulator, key: str, value: str) -> str:
    """Write a tag of the reporting secret by hand; what stood there before."""
    client = emulator.secrets()
    before = {pair["Key"]: pair["Value"] for pair in client.describe_secret(SecretId=REPORTING)["Tags"]}
    client.tag_resource(SecretId=REPORTING, Tags=[{"Key": key, "Value": value}])
    return before[key]


def move_back(emulator: RunningEmulator) -> None:
    """What an operator does who does not trust the new token."""
    client = emulator.secrets()
    stages = client.describe_secret(SecretId=REPORTING)["VersionIdsToStages"]
    where = {label: version_id for version_id, labels in stages.items() for label in labels}
    client.update_secret_version_stage(
        SecretId=REPORTING,
        VersionStage="AWSCURRENT",
        RemoveFromVersionId=where["AWSCURRENT"],
        MoveToVersionId=where["AWSPREVIOUS"],
    )
