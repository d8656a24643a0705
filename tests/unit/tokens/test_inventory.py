from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from meta_access.errors import SecretDeniedError, SecretUnreachableError
from meta_access.tokens.store import SecretStore

ARN = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:"
DATED = {"HTTPHeaders": {"date": "Tue, 24 Nov 2026 08:00:00 GMT"}}


def entry(name: str, project: str = "meta-access", stack: str = "dev", **more: Any) -> dict[str, Any]:
    tags = {"meta-tokens:project": project, "meta-tokens:stack": stack}
    return {
        "ARN": f"{ARN}{name}-AbCdEf",
        "Name": name,
        "Tags": [{"Key": key, "Value": value} for key, value in tags.items()],
        "SecretVersionsToStages": {"v1": ["AWSCURRENT"]},
        **more,
    }


class Client:
    """Answers pages of secrets, and keeps what it was asked."""

    def __init__(self, *answers: Any) -> None:
        self._answers = list(answers)
        self.asked: list[dict[str, Any]] = []

    def list_secrets(self, **asked: Any) -> Any:
        self.asked.append(dict(asked))
        answer = self._answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"ResponseMetadata": DATED, **answer}


def store(client: Any) -> SecretStore:
    return SecretStore(client, "eu-central-1")


def test_all_pages_are_read_and_the_tags_decide() -> None:
    goes = datetime(2026, 12, 1, 8, tzinfo=UTC)
    client = Client(
        {"SecretList": [entry("a"), entry("b", stack="dev-two"), entry("c", project="other")], "NextToken": "2"},
        {"SecretList": [entry("d", DeletedDate=goes), {"ARN": f"{ARN}e", "Name": "e"}]},
    )

    found = store(client).owned_by("meta-access", "dev")

    assert [(one.name, one.deletes_at) for one in found] == [("a", None), ("d", goes)]
    assert found[0].stages == {"v1": ("AWSCURRENT",)}
    assert [asked.get("NextToken") for asked in client.asked] == [None, "2"]
    assert all(asked["IncludePlannedDeletion"] for asked in client.asked)


def test_a_stack_without_secrets_owns_none() -> None:
    assert store(Client({"SecretList": []})).owned_by("meta-access", "dev") == []


def test_a_refusal_and_a_senseless_answer_are_our_errors() -> None:
    denied = ClientError({"Error": {"Code": "AccessDeniedException"}}, "ListSecrets")

    with pytest.raises(SecretDeniedError, match="list of meta-access/dev was refused"):
        store(Client(denied)).owned_by("meta-access", "dev")
    with pytest.raises(SecretUnreachableError, match="not an answer of Secrets Manager"):
        store(Client({})).owned_by("meta-access", "dev")
