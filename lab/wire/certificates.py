"""Certificates for the simulated computers' HTTPS, from a certificate authority of the lab's own."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from collections.abc import Iterable
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from lab.wire.private import write_private

TlsContext = ssl.SSLContext
_LIFETIME = datetime.timedelta(days=365)
_CA_NAME = "Simulated lab CA"


class CertificateAuthority:
    """A certificate authority kept in a directory. Clients trust `ca.pem`; the private keys beside it are mode 0600."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    @property
    def certificate(self) -> Path:
        """The file clients are given to trust; it exists once a server context has been made."""
        return self._directory / "ca.pem"

    def server_context(self, name: str, addresses: Iterable[str], names: Iterable[str] = ()) -> TlsContext:
        """TLS for a server; its certificate is for these IP addresses and DNS names. It is kept in `name`.pem."""
        self._directory.mkdir(parents=True, exist_ok=True)
        key = _new_key()
        certificate = self._issue(name, key, [*map(_address, addresses), *map(x509.DNSName, names)])
        file = self._directory / f"{name}.pem"
        write_private(file, _pem(key) + certificate.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def _issue(self, name: str, key: ec.EllipticCurvePrivateKey, holds_for: list[x509.GeneralName]) -> x509.Certificate:
        ca_key, ca = self._authority()
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        return (
            _builder(name, key, issuer=ca.subject, issuer_key=ca_key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName(holds_for), critical=False)
            .add_extension(usage, critical=False)
            .sign(ca_key, hashes.SHA256())
        )

    def _authority(self) -> tuple[ec.EllipticCurvePrivateKey, x509.Certificate]:
        """The authority's key and certificate, made at the first use so that later runs are trusted as well."""
        key_file = self._directory / "ca.key"
        if not key_file.exists():
            key = _new_key()
            self.certificate.write_bytes(_self_signed(key).public_bytes(serialization.Encoding.PEM))
            write_private(key_file, _pem(key))
        loaded = serialization.load_pem_private_key(key_file.read_bytes(), None)
        assert isinstance(loaded, ec.EllipticCurvePrivateKey)
        return loaded, x509.load_pem_x509_certificate(self.certificate.read_bytes())


def _self_signed(key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, _CA_NAME)])
    return (
        _builder(_CA_NAME, key, issuer=name, issuer_key=key)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(_ca_usage(), critical=True)
        .sign(key, hashes.SHA256())
    )


def _ca_usage() -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=False,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=True,
        crl_sign=True,
        encipher_only=False,
        decipher_only=False,
    )


def _builder(
    name: str, key: ec.EllipticCurvePrivateKey, issuer: x509.Name, issuer_key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key())
    return (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + _LIFETIME)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(authority, critical=False)
    )


def _address(text: str) -> x509.IPAddress:
    return x509.IPAddress(ipaddress.ip_address(text))


def _new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
