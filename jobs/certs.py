"""Certificates for one cluster: whoever holds one is let in, everybody else is kept out.

Distributed checks who signed a certificate and not whose name it bears, so an authority that signs
for two clusters would open each to the other's machines. Hence one authority for each cluster. Its
key signs three certificates (scheduler, worker, client) and is then forgotten: nothing is left by
which somebody could make a fourth. A further worker gets a copy of the workers' folder.
"""

from __future__ import annotations

import os
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from pipeline.errors import ClusterError

CA, CERT, KEY = "ca.pem", "cert.pem", "key.pem"
CLOCKS = timedelta(hours=1)
"""Certificates are valid from so long ago: a machine whose clock is behind is let in too."""
Key = ec.EllipticCurvePrivateKey


class Role(StrEnum):
    """Who shows a certificate."""

    SCHEDULER = "scheduler"
    WORKER = "worker"
    CLIENT = "client"


@dataclass(frozen=True)
class Certificates:
    """The three files that a process of a cluster needs."""

    ca: Path
    cert: Path
    key: Path


def make_certificates(folder: Path, days: int, now: datetime) -> datetime:
    """Make a cluster's certificates in a new folder; returns until when they are valid.

    Raises:
        ClusterError: the folder exists and is not empty, or cannot be written.
    """
    until = (now + timedelta(days=days)).replace(microsecond=0)
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if any(folder.iterdir()):
            raise ClusterError(
                f"{folder}: there is something already; certificates are never overwritten.",
                "Name a new folder. Certificates of two folders do not fit each other.",
            )
        _write_all(folder, now, until)
    except OSError as error:
        raise ClusterError(f"{folder}: cannot be written ({error.strerror}).") from error
    return until


def _write_all(folder: Path, now: datetime, until: datetime) -> None:
    authority = ec.generate_private_key(ec.SECP256R1())
    name = _name(f"actas cluster of {now:%Y-%m-%d}")
    ca = _authority(authority, name, now, until)
    for role in Role:
        own = folder / role
        own.mkdir(mode=0o700)
        key = ec.generate_private_key(ec.SECP256R1())
        cert = _certificate(role, key, ca, authority)
        _write(own / CA, _pem(ca), 0o644)
        _write(own / CERT, _pem(cert), 0o644)
        _write(own / KEY, _secret(key), 0o600)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _authority(key: Key, name: x509.Name, now: datetime, until: datetime) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - CLOCKS)
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_usage(signs=True), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


def _certificate(role: Role, key: Key, ca: x509.Certificate, authority: Key) -> x509.Certificate:
    """Every process both listens and connects, so each certificate serves for both."""
    both = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
    issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(authority.public_key())
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(f"actas {role}"))
        .issuer_name(ca.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(ca.not_valid_before_utc)
        .not_valid_after(ca.not_valid_after_utc)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_usage(signs=False), critical=True)
        .add_extension(x509.ExtendedKeyUsage(both), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(issuer, critical=False)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(role)]), critical=False)
    )
    return builder.sign(authority, hashes.SHA256())


def _usage(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs,
        key_cert_sign=signs,
        crl_sign=signs,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _pem(cert: x509.Certificate) -> bytes:
    return cert.public_bytes(serialization.Encoding.PEM)


def _secret(key: Key) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )


def _write(path: Path, content: bytes, mode: int) -> None:
    """Write a new file that has its mode from its first moment."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def find_certificates(folder: Path, role: Role, now: datetime) -> Certificates:
    """A role's certificates: in the folder itself, or below it where they were made.

    Raises:
        ClusterError: a file is missing, is not valid now, or its key can be read by others.
    """
    own = folder / role if (folder / role).is_dir() else folder
    found = Certificates(own / CA, own / CERT, own / KEY)
    for path in (found.ca, found.cert, found.key):
        if not path.is_file():
            raise ClusterError(
                f"{path}: no such file.",
                "Name the folder that `actas cluster certs` made, or a copy of its folder "
                f"{role!r}.",
            )
    _check_key(found)
    _check_dates(found.cert, now)
    return found


def _check_key(found: Certificates) -> None:
    """Whoever reads a key may run code on every machine of the cluster."""
    try:
        if found.key.stat().st_mode & 0o007:
            raise ClusterError(
                f"{found.key}: every user of this machine can read this key.",
                f"chmod 600 {found.key}",
            )
        context = ssl.create_default_context(cafile=found.ca)
        context.load_cert_chain(found.cert, found.key)
    except (ssl.SSLError, OSError) as error:
        raise ClusterError(
            f"{found.cert.parent}: these certificates cannot be used: {error}",
            "Copy the whole folder again from where `actas cluster certs` made it.",
        ) from error


def _check_dates(path: Path, now: datetime) -> None:
    try:
        cert = x509.load_pem_x509_certificate(path.read_bytes())
    except (OSError, ValueError) as error:
        raise ClusterError(f"{path}: not a certificate: {error}") from error
    if now >= cert.not_valid_after_utc:
        raise ClusterError(
            f"{path}: expired on {cert.not_valid_after_utc:%Y-%m-%d %H:%M} UTC.",
            "Make new ones with `actas cluster certs`, for all machines of the cluster.",
        )
    if now < cert.not_valid_before_utc:
        raise ClusterError(
            f"{path}: not valid before {cert.not_valid_before_utc:%Y-%m-%d %H:%M} UTC.",
            "Is this machine's clock right?",
        )


def utc_now() -> datetime:
    """The clock by which certificates are judged."""
    return datetime.now(UTC)
