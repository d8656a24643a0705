"""Which endpoints may be used together, so that real tokens stay with real services and fake ones with fake ones."""

from __future__ import annotations

import ipaddress
import os
import socket
import ssl
from functools import cache
from typing import TYPE_CHECKING
from urllib.parse import SplitResult, urlsplit

from meta_access.errors import ConfigError, Problem

if TYPE_CHECKING:
    from meta_access.stack.connections import AwsSettings

REAL_GRAPH_HOST = "graph.facebook.com"
ALLOW_VARIABLE = "META_ACCESS_ALLOW_GRAPH_HOST"
ROOTS_VARIABLE = "SSL_CERT_FILE"
"""Names what certificates of this machine's own services are checked by, such as the emulator's with --tls."""
PROXY_VARIABLE = "META_ACCESS_PROXY"
"""Names the proxy for Graph and AWS: in the runner's environment, never in a stack file."""
CA_VARIABLE = "META_ACCESS_CA_BUNDLE"
"""Names a file of certificates to trust for Graph and AWS, likewise: of a network whose proxy opens TLS."""
_OTHER_PROXIES = ("HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy", "HTTP_PROXY", "http_proxy")
EMULATOR_PREFIX = "EAAEMU"
"""Begins every token and every app secret of the emulator, and no real one."""
OWN_AWS_ENDPOINT = "aws"
"""How an exception names AWS's own endpoint: `graph.example:8443+aws`."""


def check_pairing(graph_url: str, aws: AwsSettings, *, path: str = "meta:connections") -> None:
    """Refuse a pair of endpoints that could leak a real token, or store a fake one where real ones live.

    Args:
        graph_url: Base URL of Graph.
        aws: Its `endpoint_url` None means AWS's own endpoint of the region.
        path: Where the settings stand, for the message.

    Raises:
        ConfigError: Neither real with real nor loopback with loopback, and the runner's environment excepts it not.
    """
    graph = base_url(graph_url, f"{path}.graph_url")
    store = None if aws.endpoint_url is None else base_url(aws.endpoint_url, f"{path}.aws.endpoint_url")
    if graph.hostname == REAL_GRAPH_HOST and (graph.scheme != "https" or graph.port not in {None, 443}):
        raise _wrong(f"{path}.graph_url", "Meta is reached over https only.", f"write https://{REAL_GRAPH_HOST}.")
    if graph.hostname == REAL_GRAPH_HOST and store is None:
        return
    if is_loopback(graph) and store is not None and is_loopback(store):
        return
    if _excepted(graph, store):
        return
    where = "AWS's own endpoint" if store is None else store.netloc
    raise _wrong(
        path,
        f"Graph at {graph.netloc} does not go with Secrets Manager at {where}: a token could end up where it must not.",
        f"pair https://{REAL_GRAPH_HOST} with AWS's own endpoint (no endpoint_url), or 127.0.0.1 with 127.0.0.1. "
        f"An exception is made on the runner only, in {ALLOW_VARIABLE}.",
    )


def check_destination(graph_url: str, value: str, *, path: str, source: str) -> None:
    """Refuse to send a real credential to this machine, where any program may listen on a port.

    A pull request can move `graph_url` there, and an exception of the runner's (`META_ACCESS_ALLOW_GRAPH_HOST`) is made
    for a pair of endpoints, not for a credential.

    Args:
        graph_url: Base URL of Graph.
        value: A token, an app's among them, or an app secret.
        path: Where the reference to it stands, for the message.
        source: What it was read from, for the message.

    Raises:
        ConfigError: Graph is on this machine, and the value is not the emulator's.
    """
    graph = base_url(graph_url, f"{path.rpartition('.')[0]}.graph_url")
    secret = value.rpartition("|")[2]  # an app's token is its id, a bar and its secret
    if _is_here(graph) and not secret.startswith(EMULATOR_PREFIX):
        raise _wrong(
            path,
            f"the value of {source} is not the emulator's, and graph_url is {graph.netloc} on this machine, where any "
            "program may listen. It was not sent.",
            f'write "emulator:" with a loopback graph_url, or set graph_url to https://{REAL_GRAPH_HOST}.',
        )


def is_loopback(url: SplitResult) -> bool:
    """Whether a URL points at this machine."""
    host = url.hostname or ""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def roots(url: str) -> str | None:
    """The file with the authorities that may vouch for a service; None takes the public ones.

    One of this machine is checked by SSL_CERT_FILE, Meta by what `ca_bundle` says, and by no other variable.

    Raises:
        ConfigError: The variable names no such file.
    """
    parts, named = urlsplit(url), os.environ.get(ROOTS_VARIABLE, "")
    if not is_loopback(parts):
        return ca_bundle()
    if parts.scheme != "https" or not named:
        return None
    if not os.path.isfile(named):  # noqa: PTH113 - a text of the environment, which a Path would change
        raise _wrong(
            ROOTS_VARIABLE,
            f"names no file, and {parts.netloc} on this machine is checked by it.",
            'run eval "$(meta-access emulator env)" again, or unset it.',
        )
    return named


def _is_here(url: SplitResult) -> bool:
    """Whether a URL leads to this machine in any form, also in those that never go with a loopback store."""
    host = (url.hostname or "").rstrip(".")
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        # A short or a hexadecimal form (127.1, 0x7f.1, 2130706433) is an address to the resolver.
        last = host.rpartition(".")[2]
        return last == "localhost" or last.isdigit() or last.startswith("0x")
    mapped = getattr(address, "ipv4_mapped", None) or address
    return bool(mapped.is_loopback or mapped.is_unspecified)


def base_url(url: str, path: str) -> SplitResult:
    """Read the base URL of a service; `path` says where it stood.

    Raises:
        ConfigError: It has a path, a query, a user name or no host, or characters that readers take differently.
    """
    try:
        # urlsplit drops tabs and line breaks, and resolvers fold wide letters and dots to plain ones.
        parts = urlsplit(url if url.isascii() and url.isprintable() else "")
        _ = parts.port
    except ValueError:
        parts = SplitResult("", "", "", "", "")
    plain = parts.path in {"", "/"} and not parts.query and not parts.fragment and "@" not in parts.netloc
    if parts.scheme not in {"http", "https"} or not parts.hostname or not plain:
        raise _wrong(path, "is not the base URL of a service.", f"write it like https://{REAL_GRAPH_HOST}.")
    return parts


def proxy() -> str | None:
    """The proxy that the runner names; None when it names none. Never used for this machine.

    Raises:
        ConfigError: What it names is none. The text is not repeated, since it may hold a password.
    """
    text = os.environ.get(PROXY_VARIABLE, "").strip()
    if not text:
        return None
    try:
        parts = urlsplit(text)
        whole = parts.scheme in {"http", "https"} and parts.hostname and parts.port
    except ValueError:
        whole = False
    plain = text.isascii() and text.isprintable() and not set(text) & set(" \\\"'<>")
    if not whole or not plain or parts.path not in {"", "/"} or parts.query or parts.fragment:
        raise _wrong(
            PROXY_VARIABLE,
            "is not the address of a proxy.",
            "write it like http://proxy.example:3128 (http or https, with a port and without a path), or unset it.",
        )
    return text.rstrip("/")


def ca_bundle() -> str | None:
    """The file of certificates that the runner names in place of the public ones; None when it names none.

    Raises:
        ConfigError: It is no file of certificates.
    """
    named = os.environ.get(CA_VARIABLE, "").strip()
    if not named:
        return None
    try:
        _read_certificates(named)
    except (OSError, ValueError):  # an SSLError is an OSError
        raise _wrong(
            CA_VARIABLE,
            "names no file of certificates that can be read.",
            "name a PEM file that holds all the certificates to trust, the public ones with your proxy's, or unset it.",
        ) from None
    return named


@cache
def _read_certificates(file: str) -> None:
    """Fail where a file holds none; once for each, since every call of Graph asks and a bundle is large."""
    ssl.create_default_context(cafile=file)


def proxy_shown() -> str:
    """The proxy for a message, without user and password; empty when none is named."""
    named = proxy()
    return f"the proxy {urlsplit(named).netloc.rpartition('@')[2]} of {PROXY_VARIABLE}" if named else ""


def ignored_proxy() -> str:
    """The name of a variable by which other programs would find a proxy, and Graph's client does not; or empty."""
    return next((name for name in _OTHER_PROXIES if os.environ.get(name)), "")


def source_address(url: str) -> str | None:
    """The address from which this machine would call `url`; None where there is no way there. Sends nothing.

    Behind NAT or a proxy the other side sees another one.
    """
    parts = urlsplit(url)
    try:
        found = socket.getaddrinfo(parts.hostname, parts.port or 443, type=socket.SOCK_DGRAM)
        family, kind, protocol, _, address = found[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.connect(address)  # of a datagram socket: chooses a route, and no packet leaves
            return str(probe.getsockname()[0])
    except OSError:
        return None


def _excepted(graph: SplitResult, store: SplitResult | None) -> bool:
    pair = f"{graph.netloc}+{OWN_AWS_ENDPOINT if store is None else store.netloc}".lower()
    return pair in {entry.strip().lower() for entry in os.environ.get(ALLOW_VARIABLE, "").split(",")}


def _wrong(path: str, problem: str, fix: str) -> ConfigError:
    return ConfigError([Problem(path, problem, fix)])
