"""The rotation function that AWS calls: `meta_access.vault.lambda_handler.lambda_handler`.

What to mint stands in the secret's tags, where Pulumi wrote it. The function's environment says with what, and binds
what it may be:

    META_ACCESS_APP_SECRET       reference to the app's secret: aws-secret:ARN#key, or env:META_…
    META_ACCESS_ADMIN_TOKEN      reference to the token that acts, likewise
    META_ACCESS_ROTATION_POLICY  what it may mint (`Policy`); without it, what the secret's token has
    META_ACCESS_GRAPH_URL        only against an emulator; Meta's own otherwise
    META_ACCESS_AWS_URL          likewise, for Secrets Manager

`meta-access function` prints it for a stack. Credentials are resolved anew in every call, since they are rotated too.
`docs/lambda.md` says how to deploy it.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from meta_access import redaction, validation
from meta_access.connection import AwsSettings, Connection
from meta_access.endpoints import REAL_GRAPH_HOST, check_pairing
from meta_access.errors import ConfigError, Problem, printable
from meta_access.graph.client import GraphClient
from meta_access.graph.issuer import TokenIssuer
from meta_access.redaction import scrub
from meta_access.stack.credentials import Credentials
from meta_access.tokens import aws_rotation
from meta_access.tokens.store import store_for

if TYPE_CHECKING:
    from meta_access.tokens.aws_rotation import Policy
    from meta_access.tokens.issuer import Issuer
    from meta_access.tokens.spec import TokenSpec

APP_SECRET = "META_ACCESS_APP_SECRET"  # noqa: S105 - names of variables, not secrets
ADMIN_TOKEN = "META_ACCESS_ADMIN_TOKEN"  # noqa: S105 - likewise
GRAPH_URL = "META_ACCESS_GRAPH_URL"
AWS_URL = "META_ACCESS_AWS_URL"

_LONGEST_S = 900.0
# Parts of an ARN, between colons.
_REGION, _ACCOUNT = 3, 4


class RotationFailedError(Exception):
    """What AWS sees of a failed step: one sentence, and no cause that could quote anything."""


def lambda_handler(event: Mapping[str, Any], context: Any = None) -> None:
    """Carry out the step of a rotation that AWS asks for.

    Args:
        event: `Step`, `SecretId` and `ClientRequestToken`.
        context: Lambda's, for the time that is left; None outside of Lambda.

    Raises:
        RotationFailedError: AWS counts the step as failed, and calls again later.
    """
    redaction.install()
    try:
        _rotate(event, context)
    except Exception as error:  # noqa: BLE001 - its text and its traceback, which AWS would log, may quote a secret
        text = scrub(printable(error))  # in one line, which is one record of the log
    else:
        return
    print(text)
    raise RotationFailedError(text)


def _rotate(event: object, context: Any) -> None:
    given = event if isinstance(event, Mapping) else {}  # AWS passes on whatever JSON a caller sends
    step, arn, version_id = (given.get(key) for key in ("Step", "SecretId", "ClientRequestToken"))
    if step not in aws_rotation.STEPS or not isinstance(arn, str) or not isinstance(version_id, str):
        raise _wrong("event", "is no call of Secrets Manager's rotation.", "let RotateSecret call this function.")
    if not validation.is_secret_arn(arn):
        raise _wrong("event.SecretId", "is no ARN of a secret.", "let RotateSecret call this function.")
    region, account = arn.split(":")[_REGION : _ACCOUNT + 1]
    policy = aws_rotation.policy_of(os.environ)
    _check_place(policy, region, account, context)
    aws = AwsSettings(region=region, endpoint_url=os.environ.get(AWS_URL) or None)
    check_pairing(_graph_url(), aws, path="environment of the function")
    if policy is None and step == aws_rotation.CREATE:
        print(
            f"This function has no {aws_rotation.VARIABLE}: it mints what the secret's token has already, and no more. "
            "Write what `meta-access function` prints into its environment."
        )
    aws_rotation.rotate(
        store_for(aws),
        lambda spec: _issuer(spec, aws),
        step,
        arn,
        version_id,
        policy=policy,
        seconds_left=lambda: context.get_remaining_time_in_millis() / 1000 if context else _LONGEST_S,
    )


def _check_place(policy: Policy | None, region: str, account: str, context: Any) -> None:
    """Refuse a secret of another account, which anybody there may tag and fill as they like, or of another region."""
    if policy is not None:
        policy.check_place(region, account)
        return
    # Without a policy the function goes by where it runs itself, which outside of Lambda nobody knows.
    own = str(getattr(context, "invoked_function_arn", "")).split(":")
    if len(own) > _ACCOUNT and own[_REGION : _ACCOUNT + 1] != [region, account]:
        here = f"this function is in {own[_REGION]}, account {own[_ACCOUNT]}"
        raise aws_rotation.foreign_place(f"{region}, account {account}", here)


def _issuer(spec: TokenSpec, aws: AwsSettings) -> Issuer:
    connection = Connection(
        name="rotation-function",
        environment=spec.stack,
        rules="",
        graph_url=_graph_url(),
        api_version=spec.api_version,
        business_id=spec.business_id,
        business_name=spec.business_id,
        app_id=spec.app_id,
        app_name=spec.app_id,
        app_claimed=True,
        app_secret=_reference(APP_SECRET),
        admin_token=_reference(ADMIN_TOKEN),
        tier_probe=None,
        tier=None,
        aws=aws,
    )
    # Not kept, unlike `issuer_of`: a warm function reads its credentials anew in every call.
    return TokenIssuer(GraphClient(connection, Credentials(connection)))


def _graph_url() -> str:
    return os.environ.get(GRAPH_URL) or f"https://{REAL_GRAPH_HOST}"


def _reference(variable: str) -> str:
    value = os.environ.get(variable, "")
    if reason := validation.credential_reference(value):
        raise _wrong(variable, f"{reason}.", "write aws-secret:ARN#key into the function's environment.")
    return value


def _wrong(path: str, problem: str, fix: str) -> ConfigError:
    return ConfigError([Problem(path, problem, fix)])
