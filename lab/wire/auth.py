"""Logging on: Basic with each request; Negotiate (NTLM, raw or in SPNEGO) and CredSSP once per TCP connection.

The handshakes are pyspnego's acceptors. What they need to be told, and how clients behave: winrm.md 3.
"""

from __future__ import annotations

import base64
import functools
import hmac
import os
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spnego

# The one private name of pyspnego: it keeps MD4, which OpenSSL 3 has no more, to itself. test_auth.py holds it to its value.
from spnego._ntlm_raw.crypto import ntowfv1
from spnego.channel_bindings import GssChannelBindings
from spnego.exceptions import InvalidTokenError, SpnegoError
from spnego.tls import CredSSPTLSContext, default_tls_context, generate_tls_certificate

from lab.wire.machine import Machine
from lab.wire.private import PrivateFolder, remove_left_over, write_private
from lab.wire.shell import Logon, Method

_ADVERTISED = {"Negotiate": "Negotiate", "Basic": 'Basic realm="WSMAN"', "CredSSP": "CredSSP"}
_HANDSHAKES: dict[str, Method] = {"Negotiate": "ntlm", "CredSSP": "credssp"}
_NTLM_NEGOTIATE = b"NTLMSSP\x00\x01"
_PREFIX = "lab-accounts-"
_environment = threading.Lock()


@dataclass
class Session:
    """The logon state of one TCP connection. It dies with the connection, and sealed messages with it."""

    method: Method | None = None
    context: spnego.ContextProxy | None = None
    logon: Logon | None = None

    def forget(self) -> None:
        """Begin anew: nobody is logged on."""
        self.method = self.context = self.logon = None


@dataclass(frozen=True)
class Verdict:
    """What came of a request's credentials: a logon, or a 401 with the `WWW-Authenticate` headers to go on with."""

    logon: Logon | None
    headers: tuple[str, ...] = ()
    rejected: bool = False
    """Whether credentials were given and are wrong."""


class Authenticator:
    """Checks the credentials of requests to one computer. `close` removes what it wrote to disk."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._file = CredentialFile(machine.name)

    def close(self) -> None:
        """Remove the file with the accounts."""
        self._file.remove()

    def challenge(self, rejected: bool = False) -> Verdict:
        """Refuse, naming the methods on offer."""
        offered = (text for method, text in _ADVERTISED.items() if method in self._machine.wire.methods)
        return Verdict(None, tuple(offered), rejected)

    def check(self, session: Session, authorization: str | None) -> Verdict:
        """Judge the `Authorization` header of a request; without one, the logon of the connection counts."""
        if authorization is None:
            return Verdict(session.logon) if session.logon else self.challenge()
        scheme, _, encoded = authorization.partition(" ")
        word = next((word for word in _ADVERTISED if word.lower() == scheme.lower()), "")
        token = _decoded(encoded)
        if word not in self._machine.wire.methods or token is None:
            return self.challenge()
        return self._basic(token) if word == "Basic" else self._handshake(session, word, token)

    def _basic(self, token: bytes) -> Verdict:
        given, _, password = _text(token).partition(":")
        user = account(self._machine, given)
        if user is None or not hmac.compare_digest(self._machine.accounts[user].encode(), password.encode()):
            return self.challenge(rejected=True)
        return Verdict(Logon(user, "basic"))

    def _handshake(self, session: Session, word: str, token: bytes) -> Verdict:
        self._file.update(self._machine.accounts)
        with self._file.in_use():
            try:
                answer = _step(session, word, token)
            except Exception:  # Whatever the acceptor makes of a stranger's bytes, it is no logon.
                session.forget()
                return self.challenge(rejected=True)
        return self._judge(session, word, answer)

    def _judge(self, session: Session, word: str, token: bytes | None) -> Verdict:
        assert session.context is not None and session.method is not None
        header = f"{word} {base64.b64encode(token).decode()}" if token else ""
        if session.context.get_extra_info("auth_stage") == "Authentication failure":
            session.forget()
            return Verdict(None, (header,), rejected=True)
        if not session.context.complete:
            return Verdict(None, (header or word,))
        user = account(self._machine, _principal(session.context))
        if user is None:
            session.forget()
            return self.challenge(rejected=True)
        session.logon = Logon(user, session.method)
        return Verdict(session.logon, (header,) if header else ())


def account(machine: Machine, given: str) -> str | None:
    r"""The account that `user`, `HOST\user`, `.\user` or `user@HOST` means, in its own spelling; None for nobody."""
    domain, name = _split(given)
    meant = {given.lower()}
    if domain.lower() in ("", ".", machine.name.lower()):
        meant.add(name.lower())
    return next((user for user in machine.accounts if user.lower() in meant), None)


def _split(given: str) -> tuple[str, str]:
    if "\\" in given:
        domain, _, name = given.partition("\\")
        return domain, name
    name, _, domain = given.partition("@")
    return domain, name


def _decoded(encoded: str) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True)
    except ValueError:
        return None


def _text(token: bytes) -> str:
    """The credentials of Basic. No header names their character set: pypsrp sends UTF-8, pywinrm Latin-1."""
    try:
        return token.decode("utf-8")
    except UnicodeDecodeError:
        return token.decode("latin-1")


def _step(session: Session, word: str, token: bytes) -> bytes | None:
    anew = session.logon is not None or token.startswith(_NTLM_NEGOTIATE)
    if session.context is None or session.method != _HANDSHAKES[word] or anew:
        session.forget()
        _begin(session, word)
    assert session.context is not None
    return session.context.step(token)


def _begin(session: Session, word: str) -> None:
    # pyspnego's own acceptor: it takes NTLM raw and in SPNEGO, and does not ask for a Kerberos of this computer.
    acceptor = spnego.server(protocol="negotiate", options=spnego.NegotiateOptions.use_negotiate)
    session.method = _HANDSHAKES[word]
    session.context = _credssp(acceptor) if session.method == "credssp" else acceptor


def _credssp(acceptor: spnego.ContextProxy) -> spnego.ContextProxy:
    inner = _DeniedLogons(acceptor)
    return spnego.server(protocol="credssp", credssp_negotiate_context=inner, credssp_tls_context=_credssp_tls())


class _DeniedLogons:
    """The acceptor within CredSSP. Every error of it is a denied logon (SEC_E_LOGON_DENIED), which CredSSP tells the client.

    pyspnego alone answers an unknown account with a status that no Windows sends.
    """

    def __init__(self, acceptor: spnego.ContextProxy) -> None:
        self._acceptor = acceptor

    def __getattr__(self, name: str) -> Any:
        return getattr(self._acceptor, name)

    def step(
        self, in_token: bytes | None = None, *, channel_bindings: GssChannelBindings | None = None
    ) -> bytes | None:
        try:
            return self._acceptor.step(in_token, channel_bindings=channel_bindings)
        except SpnegoError as error:
            raise InvalidTokenError(context_msg=str(error)) from error


def _principal(context: spnego.ContextProxy) -> str:
    """The user as the client wrote it. With CredSSP it is the one whose password was delegated."""
    delegated = context.get_extra_info("client_credential")
    if delegated is None:
        return context.client_principal or ""
    return f"{delegated.domain_name}\\{delegated.username}" if delegated.domain_name else str(delegated.username)


@functools.cache
def _credssp_tls() -> CredSSPTLSContext:
    """The TLS inside CredSSP, with a certificate of its own; one for all computers, since making a key is slow."""
    tls = default_tls_context(usage="accept")
    certificate, key, tls.public_key = generate_tls_certificate()
    with tempfile.TemporaryDirectory(prefix="lab-credssp-") as directory:
        path = Path(directory, "certificate.pem")
        write_private(path, certificate + key)
        tls.context.load_cert_chain(path)
    return tls


@functools.cache
def _clean_up() -> None:
    """Once in each process."""
    remove_left_over(_PREFIX)


class CredentialFile:
    """The accounts in the only form pyspnego's NTLM acceptor takes: a file that the environment names.

    Its lines are those of smbpasswd(5), with the NT hash: the other form cannot hold a password with a colon.
    """

    def __init__(self, domain: str) -> None:
        self._domain = domain
        self._folder: PrivateFolder | None = None
        self._written: dict[str, str] = {}

    def update(self, accounts: Mapping[str, str]) -> None:
        """Write the accounts, unless they are what the file holds."""
        if self._folder is None:
            _clean_up()
            self._folder = PrivateFolder(_PREFIX)
        elif self._written == accounts:
            return
        write_private(self._path, "".join(self._lines(accounts)).encode())
        self._written = dict(accounts)

    def remove(self) -> None:
        """Delete the file."""
        if self._folder is not None:
            self._folder.remove()
        self._folder = None

    @contextmanager
    def in_use(self) -> Iterator[None]:
        """Make this the file that pyspnego reads. Never wait inside: the environment is one for the whole process."""
        with _environment:
            before = os.environ.get("NTLM_USER_FILE")
            os.environ["NTLM_USER_FILE"] = str(self._path)
            try:
                yield
            finally:
                _restore("NTLM_USER_FILE", before)

    @property
    def _path(self) -> Path:
        assert self._folder is not None
        return self._folder.path / "smbpasswd"

    def _lines(self, accounts: Mapping[str, str]) -> Iterator[str]:
        for user, password in accounts.items():
            nt_hash = ntowfv1(password).hex()
            for name in (user, rf"{self._domain}\{user}", rf".\{user}", f"{user}@{self._domain}"):
                yield f"{name}:0:{'0' * 32}:{nt_hash}:[U]:LCT-00000000\n"


def _restore(name: str, value: str | None) -> None:
    if value is None:
        del os.environ[name]
    else:
        os.environ[name] = value
