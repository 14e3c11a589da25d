from __future__ import annotations

import ast
import base64
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import spnego
from spnego.exceptions import SpnegoError

from lab.wire.auth import Authenticator, CredentialFile, Session, account, ntowfv1
from lab.wire.machine import WireSettings
from lab.wire.shell import Logon, Process

ROOT = Path(__file__).parents[4]


@dataclass
class Computer:
    name: str = "HOST-1"
    address: str = "127.77.1.2"
    accounts: Mapping[str, str] = field(default_factory=lambda: {"Administrator": "a:b", "CORP\\Jo": "x"})
    wire: WireSettings = field(default_factory=WireSettings)

    async def run(self, process: Process) -> int:
        raise NotImplementedError


@pytest.fixture
def authenticator() -> Iterator[Authenticator]:
    made = Authenticator(Computer())
    yield made
    made.close()


def header(word: str, token: bytes) -> str:
    return f"{word} {base64.b64encode(token).decode()}"


def log_on(authenticator: Authenticator, session: Session, word: str, user: str, password: str) -> Logon | None:
    """Play the client's part of a handshake; returns what the last answer says."""
    client = spnego.client(user, password, protocol="credssp" if word == "CredSSP" else "ntlm")
    token = client.step()
    while token:
        verdict = authenticator.check(session, header(word, token))
        answer = (*verdict.headers, "")[0].partition(" ")[2]
        token = client.step(base64.b64decode(answer)) if answer and not client.complete else None
    return verdict.logon


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        ("administrator", "Administrator"),
        ("host-1\\ADMINISTRATOR", "Administrator"),
        (".\\Administrator", "Administrator"),
        ("Administrator@HOST-1", "Administrator"),
        ("corp\\jo", "CORP\\Jo"),
        ("jo", None),
        ("CORP\\Administrator", None),
        ("", None),
    ],
)
def test_account(given: str, meant: str | None) -> None:
    assert account(Computer(), given) == meant


@pytest.mark.parametrize(("word", "delegates"), [("Negotiate", False), ("CredSSP", True)])
@pytest.mark.parametrize("user", ["administrator", "CORP\\jo"])
def test_handshake(authenticator: Authenticator, word: str, delegates: bool, user: str) -> None:
    session = Session()
    password = "x" if "jo" in user else "a:b"
    logon = log_on(authenticator, session, word, user, password)
    assert logon is not None and logon.delegates is delegates
    assert logon.user == account(Computer(), user)
    assert authenticator.check(session, None).logon == logon


def test_basic(authenticator: Authenticator) -> None:
    session = Session()
    verdict = authenticator.check(session, header("basic", b"administrator:a:b"))
    assert verdict.logon == Logon("Administrator", "basic") and verdict.logon.delegates
    assert authenticator.check(session, None).logon is None


@pytest.mark.parametrize("credentials", [b"Administrator:x", b"nobody:a:b", b"Administrator", b""])
def test_basic_refused(authenticator: Authenticator, credentials: bytes) -> None:
    verdict = authenticator.check(Session(), header("Basic", credentials))
    assert (verdict.logon, verdict.rejected) == (None, True)


def test_a_failed_logon_ends_the_one_before(authenticator: Authenticator) -> None:
    session = Session()
    log_on(authenticator, session, "Negotiate", "Administrator", "a:b")
    assert log_on(authenticator, session, "Negotiate", "Administrator", "wrong") is None
    assert authenticator.check(session, None).logon is None


def test_another_method_on_the_same_connection(authenticator: Authenticator) -> None:
    session = Session()
    authenticator.check(session, header("Negotiate", spnego.client("a", "b", protocol="ntlm").step() or b""))
    logon = log_on(authenticator, session, "CredSSP", "Administrator", "a:b")
    assert logon == Logon("Administrator", "credssp")


@pytest.mark.parametrize("word", ["Negotiate", "CredSSP"])
@pytest.mark.parametrize("token", [b"", b"x", b"NTLMSSP\0\x01", b"\x16\x03\x01\x00\x01x"])
def test_nonsense(authenticator: Authenticator, word: str, token: bytes) -> None:
    assert authenticator.check(Session(), header(word, token)).logon is None


@pytest.mark.parametrize("authorization", ["Digest eA==", "Basic !", "Negotiate é", ""])
def test_other_headers_are_challenged(authenticator: Authenticator, authorization: str) -> None:
    verdict = authenticator.check(Session(), authorization)
    assert verdict.headers == ("Negotiate", 'Basic realm="WSMAN"', "CredSSP")
    assert not verdict.rejected


def test_the_file_is_private_and_goes_away() -> None:
    file = CredentialFile("HOST-1")
    file.update({"Administrator": "secret"})
    with file.in_use():
        path = Path(os.environ["NTLM_USER_FILE"])
        assert path.stat().st_mode & 0o777 == 0o600
        assert "secret" not in path.read_text()
    assert "NTLM_USER_FILE" not in os.environ
    file.remove()
    assert not path.exists()


def test_one_name_of_pyspnego_is_private() -> None:
    """A new release may move it without a word; `requirements.txt` therefore stays within one minor release."""
    private = {
        (str(path.relative_to(ROOT)), f"{node.module}.{alias.name}")
        for path in (ROOT / "lab").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom) and str(node.module).startswith("spnego")
        for alias in node.names
        if "._" in f"{node.module}.{alias.name}"
    }
    assert private == {("lab/wire/auth.py", "spnego._ntlm_raw.crypto.ntowfv1")}
    assert "pyspnego>=0.12,<0.13\n" in (ROOT / "lab" / "requirements.txt").read_text("utf-8")


def test_the_hash_of_a_password() -> None:
    assert ntowfv1("password").hex() == "8846f7eaee8fb117ad06bdd830b7586c"


@pytest.mark.parametrize("user", ["Administrator", "nobody"])
def test_a_denied_logon_is_told_within_credssp(authenticator: Authenticator, user: str) -> None:
    session = Session()
    client = spnego.client(user, "wrong", protocol="credssp")
    token = client.step()
    with pytest.raises(SpnegoError, match=r"SpnegoError \(9\): Received NTStatus"):
        while token:
            answer = authenticator.check(session, header("CredSSP", token)).headers[0].partition(" ")[2]
            token = client.step(base64.b64decode(answer))
