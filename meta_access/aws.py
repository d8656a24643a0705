"""Secrets Manager's client, and AWS's own trouble in a sentence each: credentials, configuration, network.

The only maker of AWS clients. Sources: botocore's `exceptions`, `credentials` and `session` (1.44), and the API
references of STS, of the IAM Identity Center portal and of Secrets Manager ("Common errors"), read 2026-12.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple, cast
from urllib.parse import urlsplit

import botocore.config
import botocore.session
from botocore import exceptions as boto
from botocore.configprovider import BOTOCORE_DEFAUT_SESSION_VARIABLES
from botocore.credentials import ProcessProvider
from botocore.parsers import ResponseParserError
from urllib3.exceptions import LocationValueError

from meta_access import redaction
from meta_access.aws_refusals import LOG_IN, of_credentials, profile, profile_option, refusal
from meta_access.endpoints import CA_VARIABLE, PROXY_VARIABLE, ca_bundle, is_loopback, proxy, proxy_shown, roots
from meta_access.errors import SecretDeniedError, SecretUnreachableError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient

    from meta_access.errors import SecretStoreError

Refused = boto.ClientError
PROCESS_TIMEOUT_S = 45.0
"""For a profile's `credential_process`, which botocore would wait for without end; one may wait for a key's touch."""
_CA_VARIABLES = (CA_VARIABLE, "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE")

_GIVE_CREDENTIALS = ("sts.", "portal.sso.", "oidc.", "signin.")

_MISREAD = (ValueError, LookupError, AttributeError, TypeError)
FAILURES = (boto.BotoCoreError, ResponseParserError, OSError, *_MISREAD, RuntimeError, EOFError)
"""What botocore raises besides refusals. Files, processes and JSON of a profile fail with Python's own errors."""

_OPERATIONS = frozenset(
    {
        "CancelRotateSecret",
        "CreateSecret",
        "DeleteSecret",
        "DescribeSecret",
        "GetSecretValue",
        "ListSecrets",
        "PutSecretValue",
        "RestoreSecret",
        "TagResource",
        "UpdateSecret",
        "UpdateSecretVersionStage",
    }
)


class Trouble(NamedTuple):
    """Why no answer of Secrets Manager came.

    Attributes:
        why: As the end of a sentence, without a full stop. Quotes neither a value nor a whole answer.
        remedy: One or two sentences.
        ours: Whether the cause lies with the credentials or the configuration of this machine: then nothing was sent.
    """

    why: str
    remedy: str
    ours: bool = True


def secrets_manager(region: str, endpoint_url: str | None) -> SecretsManagerClient:
    """A client of Secrets Manager.

    Args:
        region: Of Secrets Manager.
        endpoint_url: None takes AWS's own. A loopback one gets a fixed fake key pair, since an emulator takes any
            signature and a newcomer needs no AWS account; no profile, file or variable of AWS's is looked at.

    Raises:
        SecretDeniedError: The AWS configuration of this machine cannot be used.
        ConfigError: META_ACCESS_PROXY is no address of a proxy, or META_ACCESS_CA_BUNDLE no file of certificates.
    """
    redaction.install()
    loopback = endpoint_url is not None and is_loopback(urlsplit(endpoint_url))
    through = None if loopback else proxy()
    trusted = None if loopback else ca_bundle()
    fake = "emulator" if loopback else None
    proxies = {} if loopback else {"http": through, "https": through} if through else None
    config = botocore.config.Config(  # type: ignore[call-arg]  # the stubs lack ignore_configured_endpoint_urls
        retries={"mode": "standard", "total_max_attempts": 5},
        connect_timeout=3,
        read_timeout=10,
        # AWS_ENDPOINT_URL in the environment would send a real token over plain HTTP to wherever it says.
        ignore_configured_endpoint_urls=endpoint_url is None,
        proxies=proxies,
    )
    if not loopback:
        _check_variables(region)
    try:
        # A session of its own: a shared one is not safe to make clients from in several threads. Botocore's session
        # makes what boto3's would; importing boto3 takes each of two processes 60 ms more, for transfers to S3.
        core = _Session(session_vars=_without_environment() if loopback else None)
        if trusted:
            core.set_config_variable("ca_bundle", trusted)
        if through:
            # For what asks for credentials: STS and the Identity Center.
            core.set_default_client_config(botocore.config.Config(proxies=proxies))
        made = core.create_client(
            "secretsmanager",
            region_name=region,
            endpoint_url=endpoint_url,
            config=config,
            # What AWS_CA_BUNDLE and the like say is for AWS itself, and left to the library, unless ours outranks it.
            verify=roots(endpoint_url) if loopback and endpoint_url else None,
            aws_access_key_id=fake,
            aws_secret_access_key=fake,
        )
        return cast("SecretsManagerClient", made)
    except (*FAILURES, Refused) as error:
        found = trouble(error)
    raise SecretDeniedError(f"Calling Secrets Manager in {region} failed: {found.why}.", next_step=found.remedy)


class _NeverEndedError(boto.CredentialRetrievalError):
    """A `credential_process` was stopped after its time."""


class _Process(subprocess.Popen[bytes]):
    """A `credential_process` that ends: botocore asks for its output without a timeout."""

    def communicate(self, *args: Any, **options: Any) -> tuple[bytes, bytes]:
        try:
            return super().communicate(*args, **{"timeout": PROCESS_TIMEOUT_S, **options})
        except subprocess.TimeoutExpired:
            self.kill()
            self.wait()  # for itself alone: what it has started may hold its output open
        raise _NeverEndedError(provider=ProcessProvider.METHOD, error_msg="")


class _Session(botocore.session.Session):
    """Botocore's, with bounded processes; it has no setting for that, nor for those of a role's source profile."""

    def _create_credential_resolver(self) -> Any:
        resolver = super()._create_credential_resolver()  # type: ignore[misc]  # the stubs leave private names out
        for provider in resolver.providers:
            _bound(provider)
            if builder := getattr(provider, "_profile_provider_builder", None):
                make = builder._create_process_provider  # noqa: SLF001
                builder._create_process_provider = lambda profile_name, make=make: _bound(make(profile_name))  # noqa: SLF001
        return resolver


def _bound(provider: Any) -> Any:
    if provider.METHOD == ProcessProvider.METHOD:
        provider._popen = _Process  # noqa: SLF001
    return provider


def _check_variables(region: str) -> None:
    """Refuse pasted credentials that no header takes: the library's error would send people to the network."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN"):
        value = os.environ.get(name, "")
        if any(char.isspace() or not char.isascii() or not char.isprintable() for char in value):
            redaction.hide(value)
            raise SecretDeniedError(
                f"Calling Secrets Manager in {region} failed: {name} of the AWS credentials has a line break, a blank "
                "or an invisible character in it.",
                next_step=f"Set {name} to the bare value.",
            )


def _without_environment() -> dict[str, tuple[Any, Any, Any, Any]]:
    """Botocore's settings, cut off from variables and files: `/dev/null` is a config file that does not exist."""
    cut = {name: (None, None, row[2], row[3]) for name, row in BOTOCORE_DEFAUT_SESSION_VARIABLES.items()}
    files = dict.fromkeys(("config_file", "credentials_file"), (None, None, os.devnull, None))
    return {**cut, **files}


def is_of_credentials(error: Refused) -> bool:
    """Whether another service than Secrets Manager refused: the one that was to give the credentials.

    Its "not found" says nothing about a secret.
    """
    return error.operation_name not in _OPERATIONS


def trouble(error: Exception) -> Trouble:
    """Sort what a call, or the making of a client, raised."""
    if isinstance(error, Refused):
        return _of_session(error.operation_name, _refused_with(error)[0])
    # Some of botocore's errors of the network are Python's OSError as well.
    for kinds, why, remedy in _BOTOCORES if isinstance(error, boto.BotoCoreError) else _PYTHONS:
        if isinstance(error, kinds):
            return Trouble(
                why(error), (remedy if isinstance(remedy, str) else remedy(error)).format(profile=profile_option())
            )
    return _of_network(error)


def failure(about: str, region: str, error: Exception) -> SecretStoreError:
    """The error of this library for what a call of Secrets Manager raised.

    Args:
        about: What failed: `Reading secret x`.
        region: Where it was asked.
        error: What was raised.
    """
    if isinstance(error, Refused) and not is_of_credentials(error):
        return refusal(about, *_refused_with(error))
    return failed(f"{about} in {region}", trouble(error))


def failed(about: str, found: Trouble) -> SecretStoreError:
    """The error of this library for a call that got no answer."""
    kind = SecretDeniedError if found.ours else SecretUnreachableError
    return kind(f"{about} failed: {found.why}.", next_step=found.remedy)


def _refused_with(error: Refused) -> tuple[str, int]:
    code = error.response.get("Error", {}).get("Code", "unknown")
    return code, error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)


def _of_session(operation: str, code: str) -> Trouble:
    why = f"AWS gave no credentials, since {operation} was refused ({code})"
    if known := of_credentials(code):
        return Trouble(f"{why}: {known[0]}", known[1])
    if operation.startswith("AssumeRole"):
        remedy = "Compare role_arn (or AWS_ROLE_ARN) with the role in IAM, and have its trust policy name this caller."
        return Trouble(why, remedy)
    return Trouble(
        why, f"{LOG_IN.format(profile=profile_option())} If it stays, look whether the profile's role is yours."
    )


def _named() -> str:
    return f"the AWS profile {name}" if (name := profile()) else "the default AWS profile"


_LINK = "source_profile"  # of a role, whose credentials stand elsewhere


def _half(error: Exception) -> str:
    missing = _detail(error, "cred_var", "one part")
    if _LINK in missing:
        return f"{_named()} takes a role (role_arn) and does not say with whose credentials"
    where = f" in {_named()}" if missing.islower() else ""
    return f"the AWS credentials are half a pair: {missing} is missing{where}"


def _whole(error: Exception) -> str:
    missing = _detail(error, "cred_var", "")
    if _LINK in missing:
        return "Write source_profile or credential_source into it, or take another profile."
    if missing.islower():
        return "Write aws_access_key_id and aws_secret_access_key into it, or take another profile."
    return "Set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or unset them and use a profile."


def _provider(error: Exception) -> str:
    return f"{_named()} gave no AWS credentials ({_detail(error, 'provider', 'its provider')} failed)"


def _other_provider(error: Exception) -> str:
    if _detail(error, "provider", ProcessProvider.METHOD) == ProcessProvider.METHOD:
        return "Run its credential_process by hand and look what it says, or log in with `aws sso login{profile}`."
    return (
        "What its credential_source names has no credentials on this machine: run where it has, or take another "
        "profile."
    )


def _detail(error: Exception, name: str, otherwise: str) -> str:
    """A word of botocore's error. Never its text, which quotes what a process or a server said."""
    return str(getattr(error, "kwargs", {}).get(name) or otherwise)


def _file_of(error: Exception) -> str:
    return f"the AWS config file {_detail(error, 'path', 'of this machine')} cannot be read"


def _os_error(error: Exception) -> str:
    name = getattr(error, "filename", None)
    what = f"{name} " if isinstance(name, str) else "a file or program that it names "
    return f"{_named()} cannot be used: {what}is not there or may not be used"


_Kinds = type[Exception] | tuple[type[Exception], ...]
_Text = Callable[[Exception], str]
_BOTOCORES: tuple[tuple[_Kinds, _Text, str | _Text], ...] = (
    (
        boto.ProfileNotFound,
        lambda _: f"{_named()} (AWS_PROFILE) is not in the AWS config files of this machine",
        "Unset AWS_PROFILE, or name one that `aws configure list-profiles` shows, or make it with `aws configure sso`.",
    ),
    (
        (boto.ConfigParseError, boto.ConfigNotFound),
        _file_of,
        "Mend it: sections in brackets, `key = value` below them. AWS_CONFIG_FILE names another one.",
    ),
    (
        (boto.SSOError, boto.LoginError, boto.TokenRetrievalError, boto.NoAuthTokenError),
        lambda _: f"nobody is logged in to AWS for {_named()}, or the login has ended",
        LOG_IN,
    ),
    (
        boto.NoCredentialsError,
        lambda _: "there are no AWS credentials",
        "Log in to AWS in this shell first (`aws sso login{profile}`), or give the job a role.",
    ),
    (
        boto.PartialCredentialsError,
        _half,
        _whole,
    ),
    (
        _NeverEndedError,
        lambda _: (
            f"{_named()} gave no AWS credentials: its credential_process did not end within "
            f"{PROCESS_TIMEOUT_S:.0f} s and was stopped"
        ),
        "Run it by hand: it must ask nobody. Or log in with `aws sso login{profile}`.",
    ),
    (
        boto.CredentialRetrievalError,
        _provider,
        _other_provider,
    ),
    (
        (boto.MetadataRetrievalError, boto.RefreshWithMFAUnsupportedError),
        lambda _: f"AWS credentials could not be fetched for {_named()}",
        LOG_IN,
    ),
    (
        boto.MissingDependencyException,
        lambda _: f"{_named()} logs in in a way that needs the AWS CLI (login_session)",
        'Let that give the credentials: `eval "$(aws configure export-credentials{profile} --format env)"`.',
    ),
    (
        (
            boto.InvalidConfigError,
            boto.UnknownCredentialError,
            boto.UnknownTokenProviderError,
            boto.InvalidRetryConfigurationError,
            boto.InvalidSTSRegionalEndpointsConfigError,
            boto.InvalidDefaultsMode,
            boto.InvalidIMDSEndpointModeError,
            boto.InvalidProxiesConfigError,
            boto.InvalidChecksumConfigError,
            boto.NoRegionError,
        ),
        lambda error: f"{_named()} or a variable AWS_… has a setting that cannot be used ({type(error).__name__})",
        "Correct it in the AWS config file, or take another profile; try `aws sts get-caller-identity{profile}`.",
    ),
)
_PYTHONS: tuple[tuple[_Kinds, _Text, str | _Text], ...] = (
    (
        OSError,
        _os_error,
        "Look at AWS_WEB_IDENTITY_TOKEN_FILE and AWS_CA_BUNDLE, and at credential_process of the profile.",
    ),
    (
        _MISREAD,
        lambda error: f"the AWS credentials of {_named()} cannot be read ({type(error).__name__})",
        "Run its credential_process by hand: it has to print one JSON object. Otherwise mend the AWS config file.",
    ),
    (
        EOFError,
        lambda _: f"{_named()} asks for an MFA code, and nobody can type one here",
        "Log in by hand first (`aws sts get-session-token{profile}`), or give the job a role without MFA.",
    ),
    (
        RuntimeError,
        lambda _: f"the AWS credentials of {_named()} have ended, and what renews them gave ended ones again",
        LOG_IN,
    ),
)


def _of_network(error: Exception) -> Trouble:
    kind = type(error).__name__
    cause = getattr(error, "kwargs", {}).get("error")
    named = PROXY_VARIABLE if proxy() else "HTTPS_PROXY"
    if isinstance(error, boto.ProxyConnectionError):
        return Trouble(f"the proxy of {named} was not reached ({kind})", f"Check {named}, then run again.", ours=False)
    if isinstance(cause, LocationValueError):  # of the two addresses, only that of a proxy is anybody's text
        return Trouble(f"{named} is not the address of a proxy", f"Correct {named} or unset it, then run again.")
    if isinstance(cause, ValueError):  # of a header, which it would quote
        return Trouble(
            f"the AWS credentials of {_named()} hold a character that no header takes",
            "Write the bare values again where they stand, without quotes, blanks and line breaks.",
        )
    host = urlsplit(str(getattr(error, "kwargs", {}).get("endpoint_url") or "")).hostname or ""
    if host.startswith(_GIVE_CREDENTIALS):
        return Trouble(
            f"{host}, which was to give the AWS credentials, did not answer ({kind})",
            f"Check the network, and the region of {_named()}, then run again.",
            ours=False,
        )
    bundle = next((name for name in _CA_VARIABLES if os.environ.get(name)), "")
    if isinstance(error, boto.SSLError) and bundle:
        return Trouble(
            f"AWS's certificate was not accepted, or the file that {bundle} names cannot be read ({kind})",
            f"Check {bundle}, or unset it, then run again.",
            ours=False,
        )
    return no_answer(kind)


def no_answer(what: str) -> Trouble:
    """No answer, or none of Secrets Manager's."""
    through = f" through {shown}" if (shown := proxy_shown()) else ""
    return Trouble(
        f"no usable answer from Secrets Manager{through} ({what})",
        "Check the network, the region and the endpoint, then run again.",
        ours=False,
    )
