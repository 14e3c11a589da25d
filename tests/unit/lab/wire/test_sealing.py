from __future__ import annotations

import pytest
import spnego

from lab.wire.auth import CredentialFile, Session
from lab.wire.sealing import NotForUs, seal, unseal
from lab.wire.shell import Logon


@pytest.fixture
def sessions() -> tuple[Session, Session]:
    """Both ends of an NTLM logon, each as a session of ours."""
    file = CredentialFile("HOST-1")
    file.update({"Administrator": "secret"})
    client = spnego.client("Administrator", "secret", protocol="ntlm")
    with file.in_use():
        server = spnego.server(protocol="ntlm")
        server.step(client.step(server.step(client.step())))
    file.remove()
    ends = [Session("ntlm", context, Logon("Administrator", "ntlm")) for context in (client, server)]
    return ends[0], ends[1]


def test_round_trip(sessions: tuple[Session, Session]) -> None:
    client, server = sessions
    kind, sealed = seal(client, b"<x/>")
    assert kind.startswith('multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted"')
    assert b"<x/>" not in sealed
    assert unseal(server, sealed) == b"<x/>"


@pytest.mark.parametrize(
    ("old", "new"), [(b"Length=4", b"Length=5"), (b"--\r\n", b""), (b"Original", b"Other"), (b"\x10\x00\x00", b"")]
)
def test_what_was_changed_on_the_way(sessions: tuple[Session, Session], old: bytes, new: bytes) -> None:
    client, server = sessions
    sealed = seal(client, b"<x/>")[1]
    with pytest.raises(NotForUs):
        unseal(server, sealed.replace(old, new))


def test_the_same_message_twice(sessions: tuple[Session, Session]) -> None:
    client, server = sessions
    sealed = seal(client, b"<x/>")[1]
    unseal(server, sealed)
    with pytest.raises(NotForUs):
        unseal(server, sealed)


def test_nobody_is_logged_on(sessions: tuple[Session, Session]) -> None:
    with pytest.raises(NotForUs, match="nobody"):
        unseal(Session(), seal(sessions[0], b"<x/>")[1])
