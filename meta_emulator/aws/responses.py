"""moto's mapping of parameters to the backend, bound to a private backend and a body that was parsed already.

moto's own entry finds region, account and body in a Flask request and the backend in a global; here the door gives all
of them, so nothing of moto's process-wide state is read or written.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from moto.secretsmanager.exceptions import InvalidParameterException, SecretNotFoundException
from moto.secretsmanager.responses import SecretsManagerResponse, _validate_filters

from meta_emulator.aws import views

if TYPE_CHECKING:
    from collections.abc import Mapping

    from meta_emulator.aws.backend import Backend

PAGE = 100

# Operation -> the method that carries it out, for all that this door serves.
READS: Mapping[str, str] = {
    "BatchGetSecretValue": "batch_get_secret_value",
    "DescribeSecret": "describe_secret",
    "GetRandomPassword": "get_random_password",
    "GetResourcePolicy": "get_resource_policy",
    "GetSecretValue": "get_secret_value",
    "ListSecretVersionIds": "list_secret_version_ids",
    "ListSecrets": "list_secrets",
}
WRITES: Mapping[str, str] = {
    "CancelRotateSecret": "cancel_rotate_secret",
    "CreateSecret": "create_secret",
    "DeleteResourcePolicy": "delete_resource_policy",
    "DeleteSecret": "delete_secret",
    "PutResourcePolicy": "put_resource_policy",
    "PutSecretValue": "put_secret_value",
    "RemoveRegionsFromReplication": "remove_regions_from_replication",
    "ReplicateSecretToRegions": "replicate_secret_to_regions",
    "RestoreSecret": "restore_secret",
    "RotateSecret": "rotate_secret",
    "StopReplicationToReplica": "stop_replication_to_replica",
    "TagResource": "tag_resource",
    "UntagResource": "untag_resource",
    "UpdateSecret": "update_secret",
    "UpdateSecretVersionStage": "update_secret_version_stage",
}
# What does not go to a secret that is there, and the one write that a replica takes.
NOT_TO_A_PRIMARY = frozenset({"CreateSecret", "StopReplicationToReplica"})


class Responses(SecretsManagerResponse):
    """One call.

    Args:
        backend: Of the region that was signed for.
        params: The body, checked by `limits.check`.
    """

    def __init__(self, backend: Backend, params: Mapping[str, Any]) -> None:
        super().__init__()
        self._backend = backend
        self._params = params

    @property
    def backend(self) -> Backend:
        return self._backend

    def run(self, operation: str) -> dict[str, Any]:
        """Carry out one of READS and WRITES.

        Raises:
            SecretsManagerClientError: AWS's refusal; nothing is promised about what is stored then.
        """
        if operation in WRITES and operation not in NOT_TO_A_PRIMARY:
            self.backend.check_writable(self._params["SecretId"])
        answer = json.loads(getattr(self, (READS.get(operation) or WRITES[operation]))())
        if not isinstance(answer, dict):
            raise TypeError(f"{operation} answered no object")
        return answer

    def _get_param(self, param_name: str, if_none: Any = None) -> Any:
        value = self._params.get(param_name)
        return if_none if value is None else value

    def describe_secret(self) -> str:
        secret = self.backend.describe_secret(secret_id=self._get_param("SecretId"))
        return json.dumps(views.described(secret.to_dict()))

    def list_secrets(self) -> str:
        views.offset(self._get_param("NextToken"))
        self.backend.drop_expired()
        answer = json.loads(super().list_secrets())
        found = [views.listed(secret) for secret in answer["SecretList"]]
        return json.dumps(views.without_none({"SecretList": found, "NextToken": answer["NextToken"]}))

    def stop_replication_to_replica(self) -> str:
        return json.dumps({"ARN": self.backend.stop_replication_to_replica(self._get_param("SecretId"))})

    def batch_get_secret_value(self) -> str:
        views.offset(self._get_param("NextToken"))
        _validate_filters(self._get_param("Filters", if_none=[]))
        return json.dumps(views.without_none(json.loads(super().batch_get_secret_value())))

    def list_secret_version_ids(self) -> str:
        record = self.backend.record(self._get_param("SecretId"))
        if record is None:
            raise SecretNotFoundException
        start = views.offset(self._get_param("NextToken"))
        size = self._get_param("MaxResults", PAGE)
        return json.dumps(views.versions(record, start, size, deprecated=self._get_param("IncludeDeprecated", False)))

    def get_random_password(self) -> str:
        try:
            return super().get_random_password()
        except IndexError:  # moto draws from an empty set
            raise InvalidParameterException("The exclusions leave no character to choose from.") from None
