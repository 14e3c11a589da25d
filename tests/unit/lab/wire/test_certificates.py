from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from lab.wire.certificates import CertificateAuthority


def handshake(server: ssl.SSLContext, trusted: Path, name: str) -> None:
    """A TLS handshake in memory; raises what the client refuses."""
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context(cafile=str(trusted)).wrap_bio(to_client, to_server, server_hostname=name)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    for end in (client, other, client):
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            continue


@pytest.mark.parametrize("name", ["127.77.1.3", "host-1.example"])
def test_trusted(tmp_path: Path, name: str) -> None:
    authority = CertificateAuthority(tmp_path)
    handshake(authority.server_context("host-1", ["127.77.1.3"], ["host-1.example"]), authority.certificate, name)


def test_another_name(tmp_path: Path) -> None:
    authority = CertificateAuthority(tmp_path)
    server = authority.server_context("host-1", ["127.77.1.3"])
    with pytest.raises(ssl.SSLCertVerificationError, match="IP address mismatch"):
        handshake(server, authority.certificate, "127.77.1.4")


def test_another_authority(tmp_path: Path) -> None:
    ours, theirs = CertificateAuthority(tmp_path / "a"), CertificateAuthority(tmp_path / "b")
    theirs.server_context("host-2", ["127.77.1.4"])
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(ours.server_context("host-1", ["127.77.1.3"]), theirs.certificate, "127.77.1.3")


def test_a_later_run_is_trusted_too(tmp_path: Path) -> None:
    CertificateAuthority(tmp_path).server_context("host-1", ["127.77.1.3"])
    before = (tmp_path / "ca.pem").read_bytes()
    CertificateAuthority(tmp_path).server_context("host-1", ["127.77.1.3"])
    assert (tmp_path / "ca.pem").read_bytes() == before


def test_keys_are_private(tmp_path: Path) -> None:
    CertificateAuthority(tmp_path).server_context("host-1", ["127.77.1.3"])
    assert {file.name: file.stat().st_mode & 0o077 for file in tmp_path.iterdir() if file.name != "ca.pem"} == {
        "ca.key": 0,
        "host-1.pem": 0,
    }
