"""A certificate authority of the emulator's own, so that clients that insist on https can be pointed at it.

It is in the state folder, its key with mode 0600, and outlives the emulator: a client that trusts it once trusts the
next start. Its certificates are made anew at each start, for loopback and the allowed names.

TLS follows the machine's time, never the emulator's: clients compare a certificate with a clock of their own.
"""

from __future__ import annotations

import ipaddress
import ssl
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import certifi
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from meta_access.errors import MetaAccessError
from meta_emulator import private_files

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from meta_emulator.certificates import Files

AUTHORITY_LASTS = timedelta(days=3650)
CERTIFICATE_LASTS = timedelta(days=397)  # what browsers and Apple's clients take at most
_EARLIER = timedelta(hours=1)  # for a client whose clock is behind this one's
NAME = "meta-access emulator, this machine only"


class CertificateError(MetaAccessError):
    """The authority of the state folder cannot be used."""


def server_context(files: Files, names: Collection[str], now: datetime | None = None) -> ssl.SSLContext:
    """What the doors speak TLS with; makes the authority where there is none, or where it has come to its end.

    Args:
        files: Where all of it lies.
        names: Addresses and names of hosts that clients may use.
        now: The machine's time; a test's otherwise.

    Raises:
        CertificateError: The folder holds something else, or cannot be written.
    """
    at = now or datetime.now(UTC)
    try:
        files.folder.mkdir(mode=0o700, exist_ok=True)
        key, certificate = _authority(files, at)
        private_files.replace(files.server, _signed(key, certificate, names, at))
        private_files.replace(files.bundle, files.authority.read_bytes() + _public_roots())
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.server)
    except OSError as failed:
        raise CertificateError(f"cannot use the certificates in {files.folder}: {failed.strerror}.") from None
    except ValueError as wrong:  # a name that no certificate can hold
        raise CertificateError(f"cannot make a certificate for {', '.join(names)}: {wrong}") from None
    return context


def _authority(files: Files, at: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    try:
        key = serialization.load_pem_private_key(files.key.read_bytes(), None)
        certificate = x509.load_pem_x509_certificate(files.authority.read_bytes())
        if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate.public_key() != key.public_key():
            raise CertificateError(_broken(files))
        certificate.verify_directly_issued_by(certificate)
    except FileNotFoundError:
        return _new_authority(files, at)
    except (ValueError, TypeError, InvalidSignature):
        raise CertificateError(_broken(files)) from None
    if certificate.not_valid_after_utc - CERTIFICATE_LASTS <= at:
        return _new_authority(files, at)
    return key, certificate


def _broken(files: Files) -> str:
    return (
        f"cannot use the certificate authority in {files.folder}: its files are not what the emulator wrote. Remove "
        "that folder; the next start makes another one, which clients have to be given anew."
    )


def _new_authority(files: Files, at: datetime) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    usage = x509.KeyUsage(
        digital_signature=False, content_commitment=False, key_encipherment=False, data_encipherment=False,
        key_agreement=False, key_cert_sign=True, crl_sign=True, encipher_only=False, decipher_only=False,
    )  # fmt: skip
    certificate = (
        _builder(name, name, key, at, AUTHORITY_LASTS)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )
    private_files.replace(files.key, _pem(key))
    private_files.replace(files.authority, certificate.public_bytes(serialization.Encoding.PEM))
    return key, certificate


def _signed(key: ec.EllipticCurvePrivateKey, authority: x509.Certificate, names: Iterable[str], at: datetime) -> bytes:
    """The doors' key and certificate, as one PEM text."""
    own = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "meta-access emulator")])
    by = x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key())
    certificate = (
        _builder(subject, authority.subject, own, at, CERTIFICATE_LASTS)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in dict.fromkeys(names)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(by, critical=False)
        .sign(key, hashes.SHA256())
    )
    return _pem(own) + certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey, at: datetime, lasts: timedelta
) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(at - _EARLIER)
        .not_valid_after(at + lasts)
    )


def _name(text: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(text))
    except ValueError:
        return x509.DNSName(text)


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public_roots() -> bytes:
    with open(certifi.where(), "rb") as file:  # noqa: PTH123 - a path that the library gives as text
        return file.read()
