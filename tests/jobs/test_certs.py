"""A cluster's certificates: who is let in, who is not, and what lies on the disk."""

from __future__ import annotations

import shutil
import socket
import ssl
import stat
import subprocess
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from jobs.certs import Certificates, Role, find_certificates, make_certificates, utc_now
from pipeline.errors import ClusterError

NOW = datetime(2026, 11, 22, 12, 0, tzinfo=UTC)


@pytest.fixture(scope="module")
def certs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster") / "certs"
    make_certificates(folder, 30, utc_now())
    return folder


def context(found: Certificates, purpose: ssl.Purpose) -> ssl.SSLContext:
    """As distributed makes one, and stricter: Python 3.13 asks for what RFC 5280 says."""
    made = ssl.create_default_context(purpose, cafile=found.ca)
    made.load_cert_chain(found.cert, found.key)
    made.verify_mode = ssl.CERT_REQUIRED
    made.check_hostname = False
    made.verify_flags |= ssl.VERIFY_X509_STRICT
    return made


def shake_hands(server: Certificates, client: Certificates) -> str:
    """The name that the server sees; raises if one of the two refuses the other."""
    seen: list[object] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            try:
                wrapped = context(server, ssl.Purpose.CLIENT_AUTH).wrap_socket(
                    connection, server_side=True
                )
            except ssl.SSLError as error:
                connection.close()
                seen.append(error)
                return
            with wrapped:
                seen.append(wrapped.getpeercert())
                wrapped.sendall(b"x")

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            with (
                socket.create_connection(listener.getsockname()) as connection,
                context(client, ssl.Purpose.SERVER_AUTH).wrap_socket(connection) as wrapped,
            ):
                wrapped.recv(1)
        finally:
            thread.join()
    if isinstance(seen[0], ssl.SSLError):
        raise seen[0]
    return str(seen[0])


@pytest.mark.parametrize("server", Role)
@pytest.mark.parametrize("client", Role)
def test_every_member_lets_every_member_in(certs: Path, server: Role, client: Role) -> None:
    one = find_certificates(certs, server, utc_now())
    other = find_certificates(certs, client, utc_now())
    assert f"actas {client}" in shake_hands(one, other)


def test_another_cluster_is_kept_out(certs: Path, tmp_path: Path) -> None:
    make_certificates(tmp_path / "other", 30, utc_now())
    own = find_certificates(certs, Role.SCHEDULER, utc_now())
    stranger = find_certificates(tmp_path / "other", Role.CLIENT, utc_now())
    with pytest.raises(ssl.SSLError):
        shake_hands(own, stranger)
    trusting = Certificates(own.ca, stranger.cert, stranger.key)
    with pytest.raises(ssl.SSLError):
        shake_hands(own, trusting)


def test_a_member_cannot_make_members(certs: Path) -> None:
    """Its certificate signs nothing, and the authority's key is nowhere."""
    leaf = x509.load_pem_x509_certificate((certs / "worker" / "cert.pem").read_bytes())
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    ca = x509.load_pem_x509_certificate((certs / "worker" / "ca.pem").read_bytes())
    keys = [path for path in certs.rglob("*") if path.is_file() and b"PRIVATE" in path.read_bytes()]
    assert len(keys) == 3
    signer = ca.public_key()
    for path in keys:
        cert = x509.load_pem_x509_certificate(path.with_name("cert.pem").read_bytes())
        assert cert.public_key() != signer


def test_openssl_finds_nothing_wrong(certs: Path) -> None:
    if not shutil.which("openssl"):
        pytest.skip("no openssl on this machine")
    for role in Role:
        folder = certs / role
        command = ["openssl", "verify", "-x509_strict", "-CAfile", str(folder / "ca.pem")]
        run = subprocess.run([*command, str(folder / "cert.pem")], capture_output=True, check=False)
        assert run.returncode == 0, run.stdout + run.stderr


def test_keys_are_for_their_owner_alone(certs: Path) -> None:
    for path in (certs, *certs.iterdir(), *certs.rglob("key.pem")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_certificates_are_never_overwritten(certs: Path) -> None:
    before = (certs / "client" / "key.pem").read_bytes()
    with pytest.raises(ClusterError, match="never overwritten"):
        make_certificates(certs, 30, NOW)
    assert (certs / "client" / "key.pem").read_bytes() == before


def test_they_are_valid_for_so_many_days_and_an_hour_back(tmp_path: Path) -> None:
    until = make_certificates(tmp_path / "c", 7, NOW)
    assert until == NOW + timedelta(days=7)
    find_certificates(tmp_path / "c", Role.WORKER, NOW - timedelta(minutes=59))
    find_certificates(tmp_path / "c", Role.WORKER, until - timedelta(seconds=1))
    with pytest.raises(ClusterError, match=r"expired on 2026-11-29 12:00 UTC"):
        find_certificates(tmp_path / "c", Role.WORKER, until)
    with pytest.raises(ClusterError, match="clock"):
        find_certificates(tmp_path / "c", Role.WORKER, NOW - timedelta(minutes=61))


def test_a_copied_folder_serves_as_well_as_the_first(certs: Path, tmp_path: Path) -> None:
    copied = tmp_path / "from-a-stick"
    shutil.copytree(certs / "worker", copied)
    found = find_certificates(copied, Role.WORKER, utc_now())
    assert found.cert.read_bytes() == (certs / "worker" / "cert.pem").read_bytes()


def test_what_is_wrong_with_a_copy_is_said(certs: Path, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    shutil.copytree(certs / "worker", copied)
    (copied / "key.pem").chmod(0o644)
    with pytest.raises(ClusterError, match=r"every user .* can read this key"):
        find_certificates(copied, Role.WORKER, utc_now())
    (copied / "key.pem").unlink()
    with pytest.raises(ClusterError, match=r"key\.pem: no such file"):
        find_certificates(copied, Role.WORKER, utc_now())
    shutil.copy(certs / "client" / "key.pem", copied / "key.pem")
    with pytest.raises(ClusterError, match="Copy the whole folder again"):
        find_certificates(copied, Role.WORKER, utc_now())
