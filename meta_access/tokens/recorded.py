"""Secrets Manager in a snapshot: a client that writes down what it reads, and one that answers from what was written.

Only what describes a secret is recorded, and of that only what the store looks at; a value never.
"""

from __future__ import annotations

from datetime import UTC
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, NoReturn, cast

from meta_access import snapshot
from meta_access.aws_refusals import NOT_FOUND
from meta_access.clock import iso, parse_http_date, parse_iso
from meta_access.tokens import tags

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from mypy_boto3_secretsmanager import SecretsManagerClient

    from meta_access.snapshot import Snapshot

_DESCRIBE, _LIST = "DescribeSecret", "ListSecrets"
_TEXTS = ("ARN", "Name", "KmsKeyId", "RotationEnabled", "RotationLambdaARN", "PrimaryRegion")
_STAGES = ("VersionIdsToStages", "SecretVersionsToStages")
_MOMENT = "DeletedDate"


def client(region: str, endpoint_url: str | None) -> SecretsManagerClient:
    """A client of Secrets Manager: AWS's, which writes down what it reads while that is wanted, or the snapshot's."""
    if (shown := snapshot.given()) is not None:
        return cast("SecretsManagerClient", _Answering(shown, region, endpoint_url))
    # Botocore takes 45 ms to import, which the program and the plugin host have while they wait for Meta.
    from meta_access import aws  # noqa: PLC0415

    asked = aws.secrets_manager(region, endpoint_url)
    return cast("SecretsManagerClient", _Recording(asked, region, endpoint_url)) if snapshot.recording() else asked


class _Recording:
    def __init__(self, asked: SecretsManagerClient, region: str, endpoint_url: str | None) -> None:
        self._asked = asked
        self._place = _place(region, endpoint_url)

    def describe_secret(self, **wanted: Any) -> Any:
        return self._noted(_DESCRIBE, wanted, self._asked.describe_secret, _description)

    def list_secrets(self, **wanted: Any) -> Any:
        return self._noted(_LIST, wanted, self._asked.list_secrets, _page)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._asked, name)

    def _noted(
        self,
        operation: str,
        wanted: Mapping[str, Any],
        call: Callable[..., Any],
        kept: Callable[[Mapping[str, Any]], dict[str, Any]],
    ) -> Any:
        from meta_access import aws  # noqa: PLC0415 - see `client`

        question = {**self._place, "operation": operation, "params": dict(wanted)}
        try:
            answer = call(**wanted)
        except aws.Refused as error:
            # What is denied to one role may be allowed to another; that there is no such secret is so for all.
            if error.response.get("Error", {}).get("Code") == NOT_FOUND and not aws.is_of_credentials(error):
                self._record(question, {"refusal": NOT_FOUND}, error.response)
            raise
        self._record(question, {"data": kept(answer)}, answer)
        return answer

    @staticmethod
    def _record(question: Mapping[str, Any], told: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
        snapshot.record(question, told, parse_http_date(date) if date else None)


class _Answering:
    def __init__(self, shown: Snapshot, region: str, endpoint_url: str | None) -> None:
        self._shown = shown
        self._place = _place(region, endpoint_url)

    def describe_secret(self, **wanted: Any) -> Any:
        return _restored(self._answer(_DESCRIBE, wanted, f"Describing secret {wanted['SecretId']}"))

    def list_secrets(self, **wanted: Any) -> Any:
        page = self._answer(_LIST, wanted, "Listing the secrets of a stack")
        return {**page, "SecretList": [_restored(entry) for entry in page["SecretList"]]}

    def __getattr__(self, name: str) -> Any:
        def refuse(**wanted: Any) -> NoReturn:
            raise self._shown.refusal(f"{name} of secret {wanted.get('SecretId') or wanted.get('Name', '')}")

        return refuse

    def _answer(self, operation: str, wanted: Mapping[str, Any], doing: str) -> dict[str, Any]:
        found = self._shown.answer({**self._place, "operation": operation, "params": dict(wanted)}, doing)
        headers = {"HTTPHeaders": {"date": format_datetime(self._shown.date.astimezone(UTC), usegmt=True)}}
        if "refusal" in found:
            refusal: Any = {"Error": {"Code": found["refusal"], "Message": ""}, "ResponseMetadata": headers}
            from meta_access import aws  # noqa: PLC0415 - see `client`

            raise aws.Refused(refusal, operation)
        return {**found["data"], "ResponseMetadata": headers}


def _place(region: str, endpoint_url: str | None) -> dict[str, str]:
    return {"service": "secretsmanager", "region": region, "endpoint_url": endpoint_url or ""}


def _page(answer: Mapping[str, Any]) -> dict[str, Any]:
    more = {"NextToken": answer["NextToken"]} if answer.get("NextToken") else {}
    return {"SecretList": [_description(entry) for entry in answer.get("SecretList", [])], **more}


def _description(entry: Mapping[str, Any]) -> dict[str, Any]:
    found = {name: entry[name] for name in (*_TEXTS, *_STAGES) if name in entry}
    found["Tags"] = [pair for pair in entry.get("Tags", []) if str(pair.get("Key", "")).startswith(tags.PREFIX)]
    if regions := [row.get("Region", "") for row in entry.get("ReplicationStatus", [])]:
        found["ReplicationStatus"] = [{"Region": region} for region in regions]
    if _MOMENT in entry:
        found[_MOMENT] = iso(entry[_MOMENT])
    return found


def _restored(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {**entry, _MOMENT: parse_iso(entry[_MOMENT])} if _MOMENT in entry else dict(entry)
