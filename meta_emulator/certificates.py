"""Where the emulator's certificates lie, and the variables that make clients trust them. `authority` makes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Files:
    """The certificates of one state folder."""

    folder: Path

    @property
    def authority(self) -> Path:
        """The authority's certificate, for clients that add it to what they trust, as Node does."""
        return self.folder / "ca.pem"

    @property
    def bundle(self) -> Path:
        """The same before the usual public ones, for clients whose setting replaces what they trust."""
        return self.folder / "bundle.pem"

    @property
    def key(self) -> Path:
        """The authority's private key."""
        return self.folder / "ca.key"

    @property
    def server(self) -> Path:
        """Private key and certificate of the doors."""
        return self.folder / "server.pem"

    def variables(self) -> dict[str, str]:
        """What makes clients trust it: OpenSSL and Python, requests, curl, AWS's SDKs and CLI, and Node."""
        bundled = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE")
        return {**dict.fromkeys(bundled, str(self.bundle)), "NODE_EXTRA_CA_CERTS": str(self.authority)}
