"""What answers SIP in place of an appliance's Mediation Server: OPTIONS, and calls, which are calls of the simulated world.

As much of SIP (RFC 3261) as a caller needs that asks, calls, is answered, and hangs up. There is no media. Whom a real Mediation
Server answers, and how it refuses, is not documented for CCE: here everybody is a known gateway.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from lab.world.appliance import Appliance
from lab.world.calls import Source
from lab.world.record import Call

PORT = 5068
"""Where gateways reach a Mediation Server over TCP (cloud-connector.md 4)."""

REASONS = {
    100: "Trying",
    180: "Ringing",
    200: "OK",
    405: "Method Not Allowed",
    480: "Temporarily Unavailable",
    481: "Call/Transaction Does Not Exist",
    487: "Request Terminated",
    503: "Service Unavailable",
}
COPIED = ("via", "from", "to", "call-id", "cseq", "record-route")
LARGEST = 65536

Send = Callable[[bytes], None]


@dataclass(frozen=True)
class Message:
    """A request; a response has no method."""

    method: str
    headers: list[tuple[str, str]]

    @classmethod
    def parse(cls, text: str) -> Message:
        """The head of a message."""
        first, *lines = text.split("\r\n")
        pairs = (line.partition(":") for line in lines if ":" in line)
        headers = [(name.strip(), value.strip()) for name, _, value in pairs]
        return cls("" if first.startswith("SIP/2.0") else first.partition(" ")[0], headers)

    def get(self, name: str) -> str:
        """The first header of that name; empty where there is none."""
        return next((value for own, value in self.headers if own.lower() == name), "")


@dataclass(eq=False)
class Dialog:
    """A call that was answered; `ends`: the far end hangs up as soon as it is acknowledged."""

    call: Call
    invite: Message
    ends: bool = False


@dataclass(eq=False)
class SipResponder:
    """Answers for one appliance; `catch_up` brings the simulated world to the present."""

    appliance: Appliance
    catch_up: Callable[[], None] = lambda: None
    _dialogs: dict[str, Dialog] = field(default_factory=dict)
    _tags: itertools.count[int] = field(default_factory=lambda: itertools.count(1))
    _port: int = PORT
    _server: asyncio.Server | None = None
    _transport: asyncio.DatagramTransport | None = None

    async def start(self, port: int = PORT) -> int:
        """Answers on the appliance's address over TCP and UDP; returns the port (0: any). Raises OSError if it is taken."""
        self._server = await asyncio.start_server(self._converse, self.appliance.address, port)
        self._port = int(self._server.sockets[0].getsockname()[1])
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(self), local_addr=(self.appliance.address, self._port)
        )
        return self._port

    async def stop(self) -> None:
        """Ends it."""
        if self._server is not None:
            self._server.close()
        if self._transport is not None:
            self._transport.close()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).decode("utf-8", "replace").strip("\r\n")
                message = Message.parse(head)
                length = message.get("content-length") or message.get("l")
                await reader.readexactly(min(int(length or 0), LARGEST))
                self.take(message, writer.write)
                await writer.drain()
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, ConnectionError, ValueError):
            pass
        finally:
            writer.close()

    # --- what is answered -------------------------------------------------------------------------------------------------

    def take(self, message: Message, send: Send) -> None:
        """Answers a request, if it is answered at all."""
        self.catch_up()
        if not self._listens():
            return
        answers = {"OPTIONS": self._options, "INVITE": self._invite, "ACK": self._ack, "BYE": self._bye}
        answer = answers.get(message.method)
        if answer is not None:
            answer(message, send)
        elif message.method == "CANCEL":
            send(self._response(message, 200))
        elif message.method:
            send(self._response(message, 405))

    def _listens(self) -> bool:
        """Whether a Mediation Server is there that hears the gateway."""
        obstacle = self.appliance.obstacle
        return self.appliance.carrying is not None and (obstacle is None or obstacle.sip is not None)

    def _options(self, message: Message, send: Send) -> None:
        send(self._response(message, 200))

    def _invite(self, message: Message, send: Send) -> None:
        if message.get("call-id") in self._dialogs:
            return
        send(self._response(message, 100))
        obstacle, call = self.appliance.obstacle, self._source().bring(self.appliance.calls)
        status = 200 if call.outcome == "running" else 503
        if obstacle is not None and obstacle.sip is not None and not self.appliance.draining:
            status = obstacle.sip
        if status == 200:
            self._dialogs[message.get("call-id")] = Dialog(call, message, ends=call.outcome != "running")
        send(self._response(message, status))

    def _ack(self, message: Message, send: Send) -> None:
        dialog = self._dialogs.get(message.get("call-id"))
        if dialog is not None and dialog.ends:
            del self._dialogs[message.get("call-id")]
            send(_hang_up(dialog.invite))

    def _bye(self, message: Message, send: Send) -> None:
        dialog = self._dialogs.pop(message.get("call-id"), None)
        if dialog is None or dialog.call.outcome != "running":
            send(self._response(message, 481))
            return
        self._source().hang_up(dialog.call, self.appliance.calls)
        send(self._response(message, 200))

    def _source(self) -> Source:
        return self.appliance.site.sources["inbound"]

    def _response(self, message: Message, status: int) -> bytes:
        lines = [f"SIP/2.0 {status} {REASONS[status]}"]
        for name, value in message.headers:
            if name.lower() in COPIED:
                tag = f";tag=lab{next(self._tags)}" if name.lower() == "to" and ";tag=" not in value else ""
                lines.append(f"{name}: {value}{tag if status != 100 else ''}")
        lines += [
            f"Contact: <sip:{self.appliance.address}:{self._port};transport={_transport(message)}>",
            "Content-Length: 0",
        ]
        return "\r\n".join([*lines, "", ""]).encode()


class _Datagrams(asyncio.DatagramProtocol):
    """SIP over UDP: a datagram is a message."""

    def __init__(self, responder: SipResponder) -> None:
        self._responder = responder
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        transport = self._transport
        if transport is not None:
            head = data.decode("utf-8", "replace").partition("\r\n\r\n")[0]
            self._responder.take(Message.parse(head), lambda answer: transport.sendto(answer, addr))


def _transport(message: Message) -> str:
    return "tcp" if "/TCP" in message.get("via").upper() else "udp"


def _hang_up(invite: Message) -> bytes:
    """The far end's own BYE."""
    lines = [
        f"BYE {invite.get('contact').strip('<>') or 'sip:caller'} SIP/2.0",
        f"Via: {invite.get('via').partition(';')[0]};branch=z9hG4bKlab",
        f"From: {invite.get('to')};tag=lab",
        f"To: {invite.get('from')}",
        f"Call-ID: {invite.get('call-id')}",
        "CSeq: 1 BYE",
        "Max-Forwards: 70",
        "Content-Length: 0",
    ]
    return "\r\n".join([*lines, "", ""]).encode()
