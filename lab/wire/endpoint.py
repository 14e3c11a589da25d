"""One HTTP request to WinRM: who is it, what does it want, and is it to go wrong?"""

from __future__ import annotations

import asyncio
import itertools
import weakref
from dataclasses import dataclass, field

from aiohttp import web

from lab.wire import sabotage, sealing, wsman, wsman_faults
from lab.wire.auth import Authenticator, Session, Verdict
from lab.wire.counters import Counters, Log, LogEntry
from lab.wire.faults import Rule, Rules
from lab.wire.machine import Machine
from lab.wire.sabotage import Saboteur
from lab.wire.service import Caller, ShellService
from lab.wire.shell import Logon

_PATH = "/wsman"
_SERVER = {"Server": "Microsoft-HTTPAPI/2.0"}


@dataclass
class _Connection:
    number: int
    session: Session = field(default_factory=Session)


@dataclass
class _Visit:
    """One request on its way through the endpoint, with what has been learned about it."""

    request: web.BaseRequest
    connection: _Connection
    body: bytes
    operation: str = "HTTP"
    user: str = ""
    fault: str = ""

    @property
    def sealed(self) -> bool:
        """Whether the message is encrypted within HTTP."""
        return self.request.content_type.startswith("multipart/")


@dataclass(frozen=True)
class _Outcome:
    status: int
    envelope: bytes


@dataclass(frozen=True)
class Parts:
    """What an endpoint is made of."""

    machine: Machine
    authenticator: Authenticator
    service: ShellService
    rules: Rules
    saboteur: Saboteur
    counters: Counters
    log: Log


class Endpoint:
    """Handles the requests to one computer, of all its connections."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._connections: weakref.WeakKeyDictionary[asyncio.Transport, _Connection] = weakref.WeakKeyDictionary()
        self._numbers = itertools.count(1)

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer the request; counted and logged, whatever becomes of it."""
        visit = _Visit(request, self._connection(request), await request.read())
        response: web.Response | None = None
        try:
            response = await self._respond(visit)
            return response
        finally:
            self._record(visit, response)

    def _connection(self, request: web.BaseRequest) -> _Connection:
        if request.transport is None:
            raise asyncio.CancelledError  # The client is gone already.
        if request.transport not in self._connections:
            self._connections[request.transport] = _Connection(next(self._numbers))
            self._parts.counters.connections += 1
        return self._connections[request.transport]

    async def _respond(self, visit: _Visit) -> web.Response:
        rule = self._hit(visit)
        if rule is None:
            return await self._serve(visit)
        done = await self._serve(visit) if rule.after else None
        broken = await self._parts.saboteur.apply(rule, visit.request)
        return broken or done or await self._serve(visit)

    def _hit(self, visit: _Visit) -> Rule | None:
        rule = self._parts.rules.take(visit.operation)
        if rule is not None:
            visit.fault = rule.action
            self._parts.counters.faults += 1
        return rule

    async def _serve(self, visit: _Visit) -> web.Response:
        request = visit.request
        if request.method != "POST" or request.path != _PATH:
            return web.Response(status=404 if request.method == "POST" else 405, headers=_SERVER)
        if "WSMANIDENTIFY" in request.headers:
            return _response(200, wsman.identity())
        verdict = self._parts.authenticator.check(visit.connection.session, request.headers.get("Authorization"))
        self._parts.counters.auth_failures += verdict.rejected
        if verdict.logon is None:
            return _unauthorized(verdict)
        visit.user = verdict.logon.user
        response = await self._open(visit, verdict.logon) if visit.body else web.Response(headers=_SERVER)
        _add_headers(response, verdict)
        return response

    async def _open(self, visit: _Visit, logon: Logon) -> web.Response:
        """Open the message and have it answered; what is no message for this connection is a bad request."""
        if not visit.sealed and not visit.request.secure and not self._parts.machine.wire.allow_unencrypted:
            return _unauthorized(self._parts.authenticator.challenge())
        try:
            document = sealing.unseal(visit.connection.session, visit.body) if visit.sealed else visit.body
            return await self._converse(visit, document, Caller(logon, visit.request.remote or ""))
        except (sealing.NotForUs, wsman.Malformed):
            return web.Response(status=400, headers=_SERVER)

    async def _converse(self, visit: _Visit, document: bytes, caller: Caller) -> web.Response:
        message = wsman.parse(document)
        visit.operation = message.operation
        rule = self._hit(visit)
        if rule is None:
            return _closed(visit, await self._outcome(message, len(document), caller))
        done = await self._outcome(message, len(document), caller) if rule.after else None
        broken = await self._parts.saboteur.apply(rule, visit.request)
        if broken is not None:
            return broken
        outcome = self._spoiled(rule, message) or done
        return _closed(visit, outcome or await self._outcome(message, len(document), caller))

    async def _outcome(self, message: wsman.Request, size: int, caller: Caller) -> _Outcome:
        limit = self._parts.machine.wire.max_envelope_kb * 1024
        try:
            if size > limit:
                raise wsman_faults.too_large(limit)
            return _Outcome(200, await self._parts.service.answer(message, caller))
        except wsman_faults.Fault as fault:
            return self._faulty(fault, message)

    def _spoiled(self, rule: Rule, message: wsman.Request) -> _Outcome | None:
        try:
            answer = sabotage.soap_answer(rule, message, self._parts.machine.wire)
        except wsman_faults.Fault as fault:
            return self._faulty(fault, message)
        return _Outcome(200, answer) if answer is not None else None

    def _faulty(self, fault: wsman_faults.Fault, message: wsman.Request) -> _Outcome:
        return _Outcome(500, wsman_faults.envelope(fault, message.message_id, self._parts.machine.name))

    def _record(self, visit: _Visit, response: web.Response | None) -> None:
        entry = LogEntry(
            machine=self._parts.machine.name,
            connection=visit.connection.number,
            secure=visit.request.secure,
            operation=visit.operation,
            user=visit.user,
            status=response.status if response else 0,
            bytes_in=_request_size(visit),
            bytes_out=_response_size(response) if response else 0,
            fault=visit.fault,
        )
        self._parts.counters.add(entry)
        self._parts.log(entry)


def _closed(visit: _Visit, outcome: _Outcome) -> web.Response:
    """The answer, sealed if the request was."""
    kind, body = wsman.CONTENT_TYPE, outcome.envelope
    if visit.sealed:
        kind, body = sealing.seal(visit.connection.session, body)
    return _response(outcome.status, body, kind)


def _add_headers(response: web.Response, verdict: Verdict) -> None:
    for header in verdict.headers:
        response.headers.add("WWW-Authenticate", header)


def _unauthorized(verdict: Verdict) -> web.Response:
    response = web.Response(status=401, headers=_SERVER)
    _add_headers(response, verdict)
    return response


def _response(status: int, body: bytes, content_type: str = wsman.CONTENT_TYPE) -> web.Response:
    return web.Response(status=status, body=body, headers={**_SERVER, "Content-Type": content_type})


def _request_size(visit: _Visit) -> int:
    request = visit.request
    head = sum(len(name) + len(value) + 4 for name, value in request.raw_headers)
    return len(f"{request.method} {request.raw_path} HTTP/1.1\r\n\r\n") + head + len(visit.body)


def _response_size(response: web.Response) -> int:
    head = sum(len(name) + len(value) + 4 for name, value in response.headers.items())
    body = response.body if isinstance(response.body, bytes) else b""
    return len(f"HTTP/1.1 {response.status} {response.reason}\r\n\r\n") + head + len(body)
