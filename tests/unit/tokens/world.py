"""A small Secrets Manager, a small Meta and a clock, for tests that crash, lie and wait.

The Secrets Manager follows AWS where moto does not: compare-and-set, labels on one version only, scheduled deletion.
"""

from __future__ import annotations

import contextlib
import json
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, cast

from botocore.exceptions import ClientError
from pydantic import SecretStr

from meta_access.errors import AuthError, GraphError, GraphUnreachableError
from meta_access.redaction import fingerprint
from meta_access.tokens.issuer import TokenFacts
from meta_access.tokens.run import ensure
from meta_access.tokens.spec import TokenSpec
from meta_access.tokens.store import SecretStore

if TYPE_CHECKING:
    from meta_access.tokens.observe import Outcome

START = datetime(2026, 11, 24, 8, 0, 0, tzinfo=UTC)
PREFIX = "EAA" + "EMU"
NAME = "meta/test/reporting/x1"
WRITES = {
    "create_secret",
    "put_secret_value",
    "update_secret_version_stage",
    "tag_resource",
    "delete_secret",
    "restore_secret",
    "update_secret",
    "rotate_secret",
    "cancel_rotate_secret",
}
FUNCTION = "arn:aws:lambda:eu-central-1:123456789012:function:rotate"


class Crash(BaseException):
    """The process dies here."""


class Time:
    """AWS's clock and the runner's monotonic one; sleeping moves both."""

    def __init__(self) -> None:
        self.now = START
        self.mono = 1000.0

    def monotonic(self) -> float:
        return self.mono

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float, *, runner: bool = True) -> None:
        self.now += timedelta(seconds=seconds)
        if runner:
            self.mono += seconds


Hook = Callable[[str, str], None]


def nothing(_when: str, _what: str) -> None:
    """The hook that does nothing."""


@dataclass
class Stored:
    """A version. `text` is None between AWS's beginning of a rotation and the first put."""

    text: str | None
    created: datetime
    labels: list[str]


@dataclass
class Vaulted:
    arn: str
    name: str
    tags: dict[str, str]
    versions: dict[str, Stored]
    kms: str | None = None
    deleted: datetime | None = None
    rotated_by: str | None = None
    primary: str | None = None


class Aws:
    """Looks like boto3's client. `stale` makes DescribeSecret answer as of before the last write, `ahead_s` is how far
    AWS's clock is ahead of everybody else's."""

    def __init__(self, time: Time, hook: Hook = nothing) -> None:
        self.time = time
        self.hook = hook
        self.secrets: dict[str, Vaulted] = {}
        self.current: list[str] = []
        self.stale = False
        self.ahead_s = 0.0
        self.denied: set[str] = set()
        self.calls: list[str] = []
        self._before: dict[str, Any] = {}
        self._lock = threading.RLock()

    @property
    def now(self) -> datetime:
        return self.time.now + timedelta(seconds=self.ahead_s)

    def __getattr__(self, operation: str) -> Any:
        handler = getattr(type(self), f"do_{operation}")

        def call(**arguments: Any) -> dict[str, Any]:
            self.calls.append(operation)
            self.hook("before", operation)
            if operation in self.denied:
                raise self.error("AccessDeniedException", operation)
            if operation in WRITES:
                self._before = {name: self._shown(secret) for name, secret in self.secrets.items()}
            with self._lock:
                answer = cast("dict[str, Any]", handler(self, **arguments))
            answer["ResponseMetadata"] = self._metadata(200)
            self.hook("after", operation)
            return answer

        return call

    def _metadata(self, status: int) -> dict[str, Any]:
        return {"HTTPStatusCode": status, "HTTPHeaders": {"date": format_datetime(self.now, usegmt=True)}}

    def error(self, code: str, operation: str = "describe_secret", status: int = 400) -> ClientError:
        answer: Any = {"Error": {"Code": code, "Message": "no"}, "ResponseMetadata": self._metadata(status)}
        return ClientError(answer, "".join(word.capitalize() for word in operation.split("_")))

    def find(self, secret: str) -> Vaulted:
        for vaulted in self.secrets.values():
            if secret in {vaulted.arn, vaulted.name}:
                return vaulted
        raise self.error("ResourceNotFoundException")

    def _open(self, secret: str) -> Vaulted:
        vaulted = self.find(secret)
        if vaulted.deleted is not None:
            raise self.error("InvalidRequestException")
        return vaulted

    def _shown(self, secret: Vaulted) -> dict[str, Any]:
        return {
            "ARN": secret.arn,
            "Name": secret.name,
            "Tags": [{"Key": key, "Value": value} for key, value in secret.tags.items()],
            "VersionIdsToStages": {
                key: list(version.labels) for key, version in secret.versions.items() if version.labels
            },
            **({"KmsKeyId": secret.kms} if secret.kms else {}),
            **({"DeletedDate": secret.deleted} if secret.deleted else {}),
            **({"RotationEnabled": True, "RotationLambdaARN": secret.rotated_by} if secret.rotated_by else {}),
            **({"PrimaryRegion": secret.primary} if secret.primary else {}),
        }

    def do_describe_secret(self, SecretId: str) -> dict[str, Any]:  # noqa: N803 - AWS's spelling
        secret = self.find(SecretId)
        if self.stale:
            if secret.name not in self._before:
                raise self.error("ResourceNotFoundException")
            return dict(self._before[secret.name])
        return self._shown(secret)

    def do_create_secret(  # noqa: PLR0917 - called by name, as boto3 is
        self,
        Name: str,  # noqa: N803
        ClientRequestToken: str,  # noqa: N803
        SecretString: str,  # noqa: N803
        Description: str,  # noqa: N803
        Tags: Sequence[Mapping[str, str]],  # noqa: N803
        KmsKeyId: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        if Name in self.secrets:
            if self.secrets[Name].deleted:
                raise self.error("InvalidRequestException")
            same = self.secrets[Name].versions.get(ClientRequestToken)
            if same is None or same.text != SecretString:
                raise self.error("ResourceExistsException")
        else:
            self.secrets[Name] = Vaulted(
                arn=f"arn:aws:secretsmanager:eu-central-1:123456789012:secret:{Name}-AbCdEf",
                name=Name,
                tags={tag["Key"]: tag["Value"] for tag in Tags},
                versions={ClientRequestToken: Stored(SecretString, self.now, ["AWSCURRENT"])},
                kms=KmsKeyId,
            )
            self.current.append(ClientRequestToken)
        return {"ARN": self.secrets[Name].arn, "Name": Name, "VersionId": ClientRequestToken}

    def do_list_secrets(self, Filters: Sequence[Mapping[str, Any]], **_: Any) -> dict[str, Any]:  # noqa: N803
        # Not by its filters: they shorten the pages, and the tags decide.
        assert Filters
        return {"SecretList": [self._shown(secret) for secret in self.secrets.values()]}

    def do_get_secret_value(
        self,
        SecretId: str,  # noqa: N803
        VersionId: str = "",  # noqa: N803
        VersionStage: str = "AWSCURRENT",  # noqa: N803
    ) -> dict[str, Any]:
        secret = self._open(SecretId)
        labelled = [key for key, version in secret.versions.items() if VersionStage in version.labels]
        VersionId = VersionId or labelled[0]  # noqa: N806
        if VersionId not in secret.versions or secret.versions[VersionId].text is None:
            raise self.error("ResourceNotFoundException")
        version = secret.versions[VersionId]
        return {"ARN": secret.arn, "SecretString": version.text, "CreatedDate": version.created}

    def do_put_secret_value(
        self,
        SecretId: str,  # noqa: N803
        ClientRequestToken: str,  # noqa: N803
        SecretString: str,  # noqa: N803
        VersionStages: Sequence[str],  # noqa: N803
    ) -> dict[str, Any]:
        secret = self._open(SecretId)
        found = secret.versions.get(ClientRequestToken)
        if found is None:
            self._room(secret, VersionStages)
            for version in secret.versions.values():
                version.labels = [label for label in version.labels if label not in VersionStages]
            found = Stored(SecretString, self.now, list(VersionStages))
            secret.versions[ClientRequestToken] = found
        elif found.text is None:
            found.text = SecretString
            for version in secret.versions.values():
                version.labels = [label for label in version.labels if label not in VersionStages]
            found.labels = [*found.labels, *VersionStages]
        elif found.text != SecretString:
            raise self.error("ResourceExistsException")
        return {"ARN": secret.arn, "VersionId": ClientRequestToken, "VersionStages": list(found.labels)}

    def _room(self, secret: Vaulted, adding: Sequence[str]) -> None:
        if len({label for version in secret.versions.values() for label in version.labels} | set(adding)) > 20:
            raise self.error("LimitExceededException")

    def do_update_secret_version_stage(
        self,
        SecretId: str,  # noqa: N803
        VersionStage: str,  # noqa: N803
        RemoveFromVersionId: str | None = None,  # noqa: N803
        MoveToVersionId: str | None = None,  # noqa: N803
    ) -> dict[str, Any]:
        secret = self._open(SecretId)
        at = next((key for key, version in secret.versions.items() if VersionStage in version.labels), None)
        known = {RemoveFromVersionId, MoveToVersionId} - {None} <= secret.versions.keys()
        if not known or at != RemoveFromVersionId or at == MoveToVersionId:
            raise self.error("InvalidParameterException")
        if MoveToVersionId is None and VersionStage == "AWSCURRENT":
            raise self.error("InvalidParameterException")
        if at is None:
            self._room(secret, [VersionStage])
        else:
            secret.versions[at].labels.remove(VersionStage)
        if MoveToVersionId:
            secret.versions[MoveToVersionId].labels.append(VersionStage)
        if VersionStage == "AWSCURRENT" and at:
            for version in secret.versions.values():
                version.labels = [label for label in version.labels if label != "AWSPREVIOUS"]
            secret.versions[at].labels.append("AWSPREVIOUS")
            self.current.append(str(MoveToVersionId))
        return {"ARN": secret.arn, "Name": secret.name}

    def do_tag_resource(self, SecretId: str, Tags: Sequence[Mapping[str, str]]) -> dict[str, Any]:  # noqa: N803
        self._open(SecretId).tags.update({tag["Key"]: tag["Value"] for tag in Tags})
        return {}

    def do_update_secret(self, SecretId: str, KmsKeyId: str) -> dict[str, Any]:  # noqa: N803
        secret = self._open(SecretId)
        secret.kms = KmsKeyId
        return {"ARN": secret.arn}

    def do_delete_secret(self, SecretId: str, RecoveryWindowInDays: int) -> dict[str, Any]:  # noqa: N803
        secret = self._open(SecretId)
        secret.deleted = self.now + timedelta(days=RecoveryWindowInDays)
        return {"ARN": secret.arn, "DeletionDate": secret.deleted}

    def do_rotate_secret(
        self,
        SecretId: str,  # noqa: N803
        ClientRequestToken: str,  # noqa: N803
        RotateImmediately: bool = True,  # noqa: N803
    ) -> dict[str, Any]:
        """What AWS does before it calls the function: a version without a value, or a copy to be tested only."""
        secret = self._open(SecretId)
        pending = next((key for key, version in secret.versions.items() if "AWSPENDING" in version.labels), None)
        if pending and "AWSCURRENT" not in secret.versions[pending].labels:
            raise self.error("InvalidRequestException")
        for version in secret.versions.values():
            version.labels = [label for label in version.labels if label != "AWSPENDING"]
        current = next(version for version in secret.versions.values() if "AWSCURRENT" in version.labels)
        text = None if RotateImmediately else current.text
        secret.versions[ClientRequestToken] = Stored(text, self.now, ["AWSPENDING"])
        secret.rotated_by = FUNCTION
        return {"ARN": secret.arn, "VersionId": ClientRequestToken}

    def do_cancel_rotate_secret(self, SecretId: str) -> dict[str, Any]:  # noqa: N803
        secret = self._open(SecretId)
        secret.rotated_by = None
        return {"ARN": secret.arn}

    def do_restore_secret(self, SecretId: str) -> dict[str, Any]:  # noqa: N803
        secret = self.find(SecretId)
        secret.deleted = None
        return {"ARN": secret.arn}


@dataclass
class Minted:
    user: str
    scopes: tuple[str, ...]
    issued: datetime
    expires: datetime | None
    app: str = "120"
    type: str = "SYSTEM_USER"
    revoked: bool = False


@dataclass
class Meta:
    """An Issuer. `spoil` mints that many tokens that lack a scope; `outage` answers nothing."""

    time: Time
    hook: Hook = nothing
    tokens: dict[str, Minted] = field(default_factory=dict)
    outage: bool = False
    spoil: int = 0
    refuse: GraphError | None = None
    calling: str = PREFIX + "calling"
    caller: str = "root"
    calls: list[str] = field(default_factory=list)

    def _called(self, what: str) -> None:
        self.calls.append(what)
        self.hook("before", what)
        if self.outage:
            raise GraphUnreachableError("no answer", sent=True)

    def mint(self, system_user_id: str, scopes: Sequence[str], *, expires: bool, deadline_s: float) -> SecretStr:
        assert 0 < deadline_s < 120
        self._called("mint")
        if self.refuse:
            raise self.refuse
        value = f"{PREFIX}{len(self.tokens) + 1:08d}"
        spoiled, self.spoil = self.spoil > 0, max(0, self.spoil - 1)
        self.tokens[value] = Minted(
            user=system_user_id,
            scopes=tuple(scopes)[1:] if spoiled else tuple(scopes),
            issued=self.time.now,
            expires=self.time.now + timedelta(days=60) if expires else None,
        )
        self.hook("after", "mint")
        return SecretStr(value)

    def alive(self, value: str) -> bool:
        token = self.tokens.get(value)
        return token is not None and not token.revoked and not (token.expires and token.expires <= self.time.now)

    def inspect(self, token: SecretStr) -> TokenFacts:
        self._called("inspect")
        value = token.get_secret_value()
        found = self.tokens.get(value)
        self.hook("after", "inspect")
        if found is None or not self.alive(value):
            return TokenFacts(False, "", "", "", (), None, None)
        return TokenFacts(True, found.app, found.user, found.type, found.scopes, found.issued, found.expires)

    def revoke(self, token: SecretStr) -> None:
        self._called("revoke")
        found = self.tokens.get(token.get_secret_value())
        if found is None or not self.alive(token.get_secret_value()):
            raise AuthError("not a token", code=190)
        found.revoked = True
        self.hook("after", "revoke")

    def calling_token(self) -> tuple[str, str]:
        return (self.caller, fingerprint(self.calling))

    def server_time(self) -> datetime:
        return self.time.now

    def living(self) -> set[str]:
        return {value for value in self.tokens if self.alive(value)}


SPEC = TokenSpec(
    project="meta-access",
    stack="test",
    secret_name=NAME,
    app_id="120",
    business_id="178",
    system_user_id="301",
    api_version="v26.0",
    scopes=("ads_read", "business_management"),
    expires=True,
    grace_s=24 * 3600,
    rotate_before_s=20 * 86400,
)


class World:
    """One secret's surroundings, and ways to run the protocol in them."""

    def __init__(self, client: Any = None, time: Time | None = None) -> None:
        self.time = time or Time()
        self.aws: Any = client or Aws(self.time)
        self.meta = Meta(self.time)
        self.said: list[str] = []
        self.store = self.new_store()

    def new_store(self) -> SecretStore:
        return SecretStore(self.aws, "eu-central-1", clock=self.time)

    def hook(self, hook: Hook) -> None:
        self.aws.hook = self.meta.hook = hook

    def ensure(
        self,
        spec: TokenSpec = SPEC,
        *,
        claim: str | None = None,
        alive: Callable[[], bool] = lambda: True,
        store: SecretStore | None = None,
    ) -> Outcome:
        # A run of its own process: nothing but AWS and Meta passes from one to the next.
        store = store or self.new_store()
        return ensure(store, self.meta, spec, claim=claim, engine_alive=alive, clock=self.time, notify=self.said.append)

    # --- what is there -----------------------------------------------------------------------

    def stages(self, name: str = NAME) -> dict[str, list[str]]:
        return dict(self.aws.describe_secret(SecretId=name)["VersionIdsToStages"])

    def labels(self, name: str = NAME) -> set[str]:
        return {label for labels in self.stages(name).values() for label in labels}

    def payload(self, version_id: str, name: str = NAME) -> dict[str, Any]:
        answer = self.aws.get_secret_value(SecretId=name, VersionId=version_id)
        return dict(json.loads(answer["SecretString"]))

    def at(self, label: str, name: str = NAME) -> dict[str, Any]:
        version_id = next(key for key, labels in self.stages(name).items() if label in labels)
        return self.payload(version_id, name)

    def held(self, name: str = NAME) -> set[str]:
        """Values of tokens in versions with a label."""
        found = []
        for version_id in self.stages(name):
            # A version that AWS has begun for a rotation has a label before it has a value.
            with contextlib.suppress(ClientError):
                found.append(self.payload(version_id, name))
        return {payload["access_token"] for payload in found if "access_token" in payload}

    def tags(self, name: str = NAME) -> dict[str, str]:
        return {tag["Key"]: tag["Value"] for tag in self.aws.describe_secret(SecretId=name).get("Tags", [])}

    def suspects(self) -> set[int]:
        return {suspect["generation"] for suspect in self.at("META_INTENT").get("suspects", [])}
