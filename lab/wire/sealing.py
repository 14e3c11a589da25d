"""Message encryption: envelopes inside `multipart/encrypted`, sealed with the key of the connection's logon.

Layout: winrm.md 3. CredSSP puts long messages into several parts (`multipart/x-multi-encrypted`).
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator

from spnego import ContextProxy
from spnego.exceptions import SpnegoError

from lab.wire.auth import Session
from lab.wire.wsman import CONTENT_TYPE

_BOUNDARY = b"--Encrypted Boundary"
_END = _BOUNDARY + b"--\r\n"
_HEAD = re.compile(
    _BOUNDARY
    + rb"\r\n\s*Content-Type:[^\r\n]*\r\n\s*OriginalContent:[^\r\n]*;Length=(\d+)\r\n"
    # The sealed bytes follow at once.
    + _BOUNDARY
    + rb"\r\n\s*Content-Type: application/octet-stream\r\n"
)
_PROTOCOLS = {
    "ntlm": "application/HTTP-SPNEGO-session-encrypted",
    "credssp": "application/HTTP-CredSSP-session-encrypted",
}
_CREDSSP_PART = 16_384


class NotForUs(ValueError):
    """Not a message sealed with the key of this connection; answered with HTTP 400, as Windows does."""


def unseal(session: Session, body: bytes) -> bytes:
    """The envelope inside of a sealed message; raises `NotForUs`."""
    if session.context is None or session.logon is None:
        raise NotForUs("nobody is logged on on this connection")
    if not body.endswith(_END):
        raise NotForUs("the message has no end")
    return b"".join(_unsealed(session.context, length, data) for length, data in _parts(body[: -len(_END)]))


def _parts(body: bytes) -> Iterator[tuple[int, bytes]]:
    """Length in clear, and the sealed bytes, of each part."""
    heads = list(_HEAD.finditer(body))
    if not heads or heads[0].start() != 0:
        raise NotForUs("the message has no parts")
    ends = [head.start() for head in heads[1:]] + [len(body)]
    for head, end in zip(heads, ends, strict=True):
        yield int(head[1]), body[head.end() : end]


def _unsealed(context: ContextProxy, length: int, data: bytes) -> bytes:
    size = int.from_bytes(data[:4], "little")
    try:
        message = context.unwrap_winrm(data[4 : 4 + size], data[4 + size :])
    except (SpnegoError, struct.error) as error:
        raise NotForUs(str(error)) from error
    if len(message) != length:
        raise NotForUs(f"{len(message)} bytes instead of {length}")
    return message


def seal(session: Session, message: bytes) -> tuple[str, bytes]:
    """Content type and body of the sealed message."""
    assert session.context is not None and session.method is not None
    protocol = _PROTOCOLS[session.method]
    step = _CREDSSP_PART if session.method == "credssp" else len(message)
    pieces = [message[start : start + step] for start in range(0, len(message), step)]
    kind = "encrypted" if len(pieces) == 1 else "x-multi-encrypted"
    body = b"".join(_sealed(session.context, protocol, piece) for piece in pieces)
    return f'multipart/{kind};protocol="{protocol}";boundary="Encrypted Boundary"', body + _END


def _sealed(context: ContextProxy, protocol: str, piece: bytes) -> bytes:
    sealed = context.wrap_winrm(piece)
    head = (
        f"\r\n\tContent-Type: {protocol}\r\n"
        f"\tOriginalContent: type={CONTENT_TYPE};Length={len(piece) + sealed.padding_length}\r\n"
    )
    octets = b"\r\n\tContent-Type: application/octet-stream\r\n" + struct.pack("<i", len(sealed.header))
    return _BOUNDARY + head.encode() + _BOUNDARY + octets + sealed.header + sealed.data
