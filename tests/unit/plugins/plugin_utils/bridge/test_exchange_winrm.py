"""Ansible's own winrm plugin at the one door: whether steps may have been sent is known in each kind of failure."""

from __future__ import annotations

import http.server
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge import exchange as door
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge.masking import Masker
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import ConnectionLost

from lab.wire.certificates import CertificateAuthority

CANARY = "Canary-9d3f"
SHELL = b'<Envelope><Selector Name="ShellId">1</Selector></Envelope>'


class Host(http.server.ThreadingHTTPServer):
    """A listener that opens shells and does with everything after that what it is told to."""

    daemon_threads = True

    def __init__(self, *, status: int = 200, before: Callable[[], Any] | None = None) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.status, self.before = status, before
        self.asked: list[str] = []
        self.work: Callable[[Handler], None] = Handler.cut

    @property
    def kinds(self) -> list[str]:
        """The last words of the actions that were asked for."""
        return [body.partition("</a:Action>")[0].rpartition("/")[2] for body in self.asked]


class Handler(http.server.BaseHTTPRequestHandler):
    server: Host

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append(body)
        if not body.partition("</a:Action>")[0].endswith("/Create"):
            self.server.work(self)
            return
        if self.server.before is not None:
            self.server.before()
        self.reply(self.server.status, SHELL)

    def reply(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/soap+xml")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def confirm(self) -> None:
        """What was asked for is done."""
        message = self.server.asked[-1].partition("<a:MessageID>")[2].partition("<")[0]
        self.reply(200, f"<Envelope><RelatesTo>{message}</RelatesTo></Envelope>".encode())

    def cut(self) -> None:
        """The line breaks."""
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing to log."""


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Host]]:
    monkeypatch.setenv("no_proxy", "*")
    hosts: list[Host] = []

    def start(context: ssl.SSLContext | None = None, **described: Any) -> Host:
        host = Host(**described)
        if context is not None:
            host.socket = context.wrap_socket(host.socket, server_side=True)
        threading.Thread(target=host.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        hosts.append(host)
        return host

    yield start
    for host in hosts:
        host.shutdown()
        host.server_close()


@pytest.fixture
def forever() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


def connect(port: int, scheme: str = "http", **extras: Any) -> Any:
    made = connection_loader.get("winrm", PlayContext())
    variables = {
        "ansible_host": "127.0.0.1",
        "ansible_port": port,
        "ansible_winrm_scheme": scheme,
        "ansible_winrm_transport": ["basic"],
        "ansible_user": "CceAdmin",
        "ansible_password": CANARY,
        "_extras": {"ansible_winrm_read_timeout_sec": 10, "ansible_winrm_operation_timeout_sec": 5, **extras},
    }
    made.set_options(var_options=variables)
    return made


def lost(connection: Any, timeout: float = 10) -> ConnectionLost:
    request = {"steps": [{"name": "a", "cmdlet": "b", "parameters": {"Password": CANARY}}]}
    with pytest.raises(ConnectionLost) as found:
        door.exchange(connection, request, timeout, Masker([CANARY]), lambda: datetime.now(UTC))
    return found.value


def closed_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")
    found = lost(connect(closed_port()))
    assert not found.sent and "ansible_port" in str(found)


def test_the_logon_is_rejected(serve: Callable[..., Host]) -> None:
    host = serve(status=401)
    found = lost(connect(host.server_port))
    assert not found.sent and "ansible_password" in str(found)
    assert found.__cause__ is None and found.__suppress_context__
    assert host.kinds == ["Create"]


def test_the_certificate_is_not_trusted(serve: Callable[..., Host], tmp_path: Path) -> None:
    host = serve(CertificateAuthority(tmp_path).server_context("host", ["127.0.0.1"]))
    found = lost(connect(host.server_port, "https"))
    assert not found.sent and "ansible_winrm_ca_trust_path" in str(found)
    assert not host.asked


def test_the_line_breaks_after_the_logon(serve: Callable[..., Host]) -> None:
    host = serve()
    found = lost(connect(host.server_port))
    assert found.sent and "broke after the logon" in str(found)
    assert host.kinds[:2] == ["Create", "Command"]


def test_a_session_that_is_ended_during_the_work_was_sent(serve: Callable[..., Host]) -> None:
    host = serve()
    connection = connect(host.server_port)

    def end(handler: Handler) -> None:
        connection._connected = False
        handler.cut()

    host.work = end
    assert lost(connection).sent


def test_the_host_refuses_after_the_logon(serve: Callable[..., Host]) -> None:
    host = serve()
    host.work = lambda handler: handler.reply(401, b"")
    assert lost(connect(host.server_port)).sent


def test_no_answer_after_the_logon(serve: Callable[..., Host], forever: threading.Event) -> None:
    host = serve()
    host.work = lambda handler: forever.wait(20) and None
    found = lost(connect(host.server_port), timeout=1)
    assert found.sent and "no answer within" in str(found)


def test_a_logon_that_ends_too_late_sends_nothing(serve: Callable[..., Host], forever: threading.Event) -> None:
    host = serve(before=lambda: forever.wait(20))
    connection = connect(host.server_port)
    found = lost(connection, timeout=0.3)
    assert not found.sent and "no logon within" in str(found)
    forever.set()
    until = time.monotonic() + 10
    while not connection.connected and time.monotonic() < until:
        time.sleep(0.02)
    time.sleep(0.1)
    assert connection.connected and host.kinds == ["Create"]


def test_after_hanging_up_a_broken_session_a_failed_logon_has_sent_nothing(serve: Callable[..., Host]) -> None:
    host = serve()
    connection = connect(host.server_port)
    assert lost(connection).sent
    host.shutdown()
    host.server_close()
    door.hang_up(connection, 10)
    assert not connection.connected
    assert not lost(connection).sent


def test_hanging_up_a_broken_session_leaves_none_open(serve: Callable[..., Host]) -> None:
    host = serve()
    connection = connect(host.server_port)
    lost(connection)
    deletes = iter([Handler.cut, Handler.confirm])
    host.work = lambda handler: next(deletes)(handler)
    door.hang_up(connection, 10)
    assert host.kinds[-3:] == ["Delete", "Create", "Delete"] and not connection.connected


def test_hanging_up_ends_the_session(serve: Callable[..., Host]) -> None:
    host = serve()
    connection = connect(host.server_port)
    lost(connection)
    host.work = Handler.confirm
    door.hang_up(connection, 10)
    assert host.kinds[-1] == "Delete" and not connection.connected


def test_a_session_that_is_left_alone_is_not_closed(serve: Callable[..., Host], forever: threading.Event) -> None:
    """What runs in it goes on; the next exchange has a session of its own, and only that is closed in the end."""
    host = serve()
    host.work = lambda handler: forever.wait(20) and None
    connection = connect(host.server_port)
    assert lost(connection, timeout=1).sent
    host.work = Handler.confirm
    door.abandon(connection, 10)
    assert connection.connected and "Delete" not in host.kinds and host.kinds[-1] == "Create"
    door.hang_up(connection, 10)
    assert host.kinds[-1] == "Delete" and host.kinds.count("Delete") == 1
