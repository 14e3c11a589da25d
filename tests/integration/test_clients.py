"""The wire against real clients: pywinrm, pypsrp (WinRS) and ansible, all of them unmodified."""

from __future__ import annotations

import asyncio
import json
import os
import socket
import ssl as tls
import subprocess
import sys
import tempfile
import threading
from collections.abc import Coroutine, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import certifi
import pytest
import requests
import winrm.exceptions
from pypsrp.exceptions import AuthenticationError, WSManFaultError
from pypsrp.shell import Process as RemoteProcess
from pypsrp.shell import SignalCode, WinRS
from pypsrp.wsman import WSMan
from requests.exceptions import ConnectionError as ConnectionFailed
from requests_credssp import exceptions as credssp_exceptions  # type: ignore[import-untyped]
from winrm.protocol import Protocol

from lab.wire import clixml, faults
from lab.wire.certificates import CertificateAuthority
from lab.wire.counters import LogEntry
from lab.wire.machine import WireSettings
from lab.wire.scripts import recognise
from lab.wire.server import WireServer
from lab.wire.shell import Process

WORKER = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
ADDRESS = f"127.77.{WORKER}.1"
ELSEWHERE = f"127.77.{WORKER}.2"
"""An address of the same computer that its certificate does not name."""
PASSWORD = "Pass:w0rd é"  # A colon and a letter beyond ASCII: both have a meaning in some credential files.
DOCUMENT = json.dumps({"steps": [{"cmdlet": "Get-Thing", "parameters": {"Name": "é"}}]}).encode()
T = TypeVar("T")


@dataclass
class Computer:
    """A simulated computer with a handful of commands."""

    name: str = "HOST-1"
    address: str = ADDRESS
    accounts: dict[str, str] = field(default_factory=lambda: {"Administrator": PASSWORD})
    wire: WireSettings = field(default_factory=WireSettings)
    logons: list[tuple[str, str, bool]] = field(default_factory=list)
    finished: list[str] = field(default_factory=list)
    cancelled: threading.Event = field(default_factory=threading.Event)
    begun: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)

    async def run(self, process: Process) -> int:
        self.logons.append((process.logon.user, process.logon.method, process.logon.delegates))
        script = recognise(process.line)
        command, _, rest = (script.text if script else process.line).partition(" ")
        code: int = await getattr(self, f"run_{command}")(process, rest)
        self.finished.append(command)
        return code

    async def run_hostname(self, process: Process, rest: str) -> int:
        process.write("stdout", self.name.encode())
        return 0

    async def run_cat(self, process: Process, rest: str) -> int:
        process.write("stdout", await process.read_input())
        return 0

    async def run_print(self, process: Process, rest: str) -> int:
        process.write("stdout", b"x" * int(rest))
        return 0

    async def run_fail(self, process: Process, rest: str) -> int:
        process.write("stderr", clixml.error_text(["No such thing: <é>"]))
        return int(rest)

    async def run_wait(self, process: Process, rest: str) -> int:
        self.begun.set()
        try:
            while not self.go_on.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            self.cancelled.set()
            raise
        return 0


@dataclass
class Lab:
    """A running server, in an event loop of its own thread, since the clients block."""

    computer: Computer
    server: WireServer
    tls: tls.SSLContext
    log: list[LogEntry]
    trust: Path
    loop: asyncio.AbstractEventLoop

    def do(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(10)

    def reset_connections(self) -> None:
        async def reset() -> None:
            self.server.reset_connections()

        self.do(reset())

    async def listening(self) -> None:
        while not self.server.listening:
            await asyncio.sleep(0.01)

    def inject(self, **rule: Any) -> None:
        self.server.faults.add(faults.parse(rule))

    def shell(self, scheme: str = "http", transport: str = "ntlm", **options: Any) -> Protocol:
        port = 5985 if scheme == "http" else 5986
        defaults: dict[str, Any] = {"username": "Administrator", "password": PASSWORD, "proxy": None}
        defaults |= {"operation_timeout_sec": 2, "read_timeout_sec": 4, "ca_trust_path": str(self.trust)}
        endpoint = f"{scheme}://{options.pop('address', ADDRESS)}:{port}/wsman"
        options = {**defaults, "transport": transport, **options}
        return Protocol(endpoint, **options)

    def run(self, protocol: Protocol, line: str, stdin: bytes | None = None) -> tuple[bytes, bytes, int]:
        shell = protocol.open_shell()
        program, *arguments = line.split(" ")
        command = protocol.run_command(shell, program, arguments)
        if stdin is not None:
            protocol.send_command_input(shell, command, stdin, end=True)
        output = protocol.get_command_output(shell, command)
        protocol.cleanup_command(shell, command)
        protocol.close_shell(shell)
        return output


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    authority = CertificateAuthority(tmp_path_factory.mktemp("certificates"))
    computer = Computer()
    context = authority.server_context("host-1", [ADDRESS], ["host-1.example"])
    log: list[LogEntry] = []
    server = WireServer(computer, context, log.append)
    lab = Lab(computer, server, context, log, authority.certificate, loop)
    lab.do(server.start())
    yield lab
    lab.do(server.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


@pytest.fixture
def lab(running: Lab) -> Iterator[Lab]:
    """The running server with nothing left of the test before."""
    computer = running.computer
    running.do(running.server.down())
    computer.wire.__dict__.update(WireSettings().__dict__)
    computer.logons.clear()
    computer.finished.clear()
    for event in (computer.cancelled, computer.begun, computer.go_on):
        event.clear()
    running.do(running.server.up())
    yield running
    running.server.faults.clear()
    computer.go_on.set()


PYWINRM = [
    ("http", "basic", {}, ("basic", True)),
    ("https", "basic", {}, ("basic", True)),
    ("http", "ntlm", {}, ("ntlm", False)),
    ("http", "ntlm", {"message_encryption": "never"}, ("ntlm", False)),
    ("https", "ntlm", {}, ("ntlm", False)),
    ("https", "ntlm", {"message_encryption": "always"}, ("ntlm", False)),
    ("http", "credssp", {}, ("credssp", True)),
    ("https", "credssp", {}, ("credssp", True)),
]


@pytest.mark.parametrize(("scheme", "transport", "options", "logon"), PYWINRM)
def test_pywinrm(lab: Lab, scheme: str, transport: str, options: dict[str, str], logon: tuple[str, bool]) -> None:
    assert lab.run(lab.shell(scheme, transport, **options), "cat", DOCUMENT) == (DOCUMENT, b"", 0)
    assert lab.run(lab.shell(scheme, transport, **options), "print 400000")[0] == b"x" * 400_000
    assert set(lab.computer.logons) == {("Administrator", *logon)}
    assert lab.server.open_shells == 0


@pytest.mark.parametrize(
    ("name", "encryption", "expected"),
    [("Negotiate", True, True), ("Negotiate", False, False), ("CredSSP", True, True), ("Basic", False, False)],
)
def test_what_is_encrypted_within_http(lab: Lab, name: str, encryption: bool, expected: bool) -> None:
    lab.computer.wire.allow_unencrypted = False
    transport = {"Negotiate": "ntlm"}.get(name, name.lower())
    protocol = lab.shell(transport=transport, message_encryption="auto" if encryption else "never")
    if expected:
        assert lab.run(protocol, "hostname")[0] == b"HOST-1"
    else:
        with pytest.raises(winrm.exceptions.InvalidCredentialsError):
            protocol.open_shell()


@pytest.mark.parametrize("transport", ["basic", "ntlm", "credssp"])
@pytest.mark.parametrize("user", ["ADMINistrator", "host-1\\administrator", ".\\Administrator", "administrator@Host-1"])
def test_forms_of_a_user_name(lab: Lab, transport: str, user: str) -> None:
    assert lab.run(lab.shell(transport=transport, username=user), "hostname")[0] == b"HOST-1"
    assert lab.computer.logons[0][0] == "Administrator"


@pytest.mark.parametrize("transport", ["basic", "ntlm", "credssp"])
@pytest.mark.parametrize("wrong", [{"password": "wrong"}, {"username": "nobody"}, {"username": "OTHER\\Administrator"}])
def test_wrong_credentials(lab: Lab, transport: str, wrong: dict[str, str]) -> None:
    before = lab.server.counters.auth_failures
    with pytest.raises(Exception, match="credentials were rejected|8009030c"):
        lab.shell(transport=transport, **wrong).open_shell()
    assert lab.server.counters.auth_failures > before
    assert lab.server.open_shells == 0


def test_https_is_validated(lab: Lab) -> None:
    checked = lab.shell("https", "basic", server_cert_validation="validate")
    assert lab.run(checked, "hostname")[0] == b"HOST-1"


@pytest.mark.parametrize("unknown", [{"ca_trust_path": certifi.where()}, {"address": ELSEWHERE}])
def test_https_is_refused_by_the_client(lab: Lab, unknown: dict[str, str]) -> None:
    other = WireServer(Computer(address=ELSEWHERE), lab.tls)
    lab.do(other.start())
    with pytest.raises(ConnectionFailed, match="certificate verify failed"):
        lab.shell("https", "basic", **unknown).open_shell()
    lab.do(other.stop())


def test_nothing_is_left_on_disk(lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    other = WireServer(Computer(address=ELSEWHERE), None)
    lab.do(other.start())
    lab.run(lab.shell(address=ELSEWHERE), "hostname")
    assert list(tmp_path.iterdir())
    lab.do(other.stop())
    assert not list(tmp_path.iterdir())


def test_identify_needs_no_logon(lab: Lab) -> None:
    headers = {"WSMANIDENTIFY": "unauthenticated", "Content-Type": "application/soap+xml"}
    answer = requests.post(f"http://{ADDRESS}:5985/wsman", data=b"<x/>", headers=headers, timeout=5)
    assert b"Microsoft Corporation" in answer.content


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/wsman", 405), ("POST", "/other", 404)])
def test_what_is_not_winrm(lab: Lab, method: str, path: str, status: int) -> None:
    assert requests.request(method, f"http://{ADDRESS}:5985{path}", timeout=5).status_code == status


def test_without_credentials_the_methods_are_named(lab: Lab) -> None:
    lab.computer.wire.methods = frozenset({"Negotiate", "CredSSP"})
    answer = requests.post(f"http://{ADDRESS}:5985/wsman", timeout=5)
    assert (answer.status_code, answer.headers["WWW-Authenticate"]) == (401, "Negotiate, CredSSP")


@pytest.mark.parametrize("transport", ["basic", "ntlm", "credssp"])
def test_a_method_not_offered(lab: Lab, transport: str) -> None:
    lab.computer.wire.methods = frozenset()
    with pytest.raises(Exception, match="credentials were rejected|not response CredSSP"):
        lab.shell(transport=transport).open_shell()


def test_a_changed_password_counts_at_once(lab: Lab) -> None:
    lab.computer.accounts["Operator"] = "first"
    lab.run(lab.shell(username="operator", password="first"), "hostname")
    lab.computer.accounts["Operator"] = "second"
    assert lab.run(lab.shell(username="operator", password="second"), "hostname")[0] == b"HOST-1"


def test_requests_are_counted_and_logged(lab: Lab) -> None:
    before = lab.server.counters
    lab.log.clear()
    lab.run(lab.shell("https", "ntlm"), "cat", b"x" * 1000)
    after = lab.server.counters
    assert [entry.operation for entry in lab.log] == [
        "HTTP",
        "HTTP",
        *["Create", "Command", "Send", "Receive", "Signal", "Delete"],
    ]
    assert [entry.status for entry in lab.log] == [401, 401, 200, 200, 200, 200, 200, 200]
    assert (after.requests - before.requests, after.commands - before.commands) == (8, 1)
    assert after.bytes_in - before.bytes_in == sum(entry.bytes_in for entry in lab.log) > 8 * 1000
    assert (lab.log[-1].user, lab.log[-1].secure, after.connections - before.connections) == ("Administrator", True, 1)


def test_error_text(lab: Lab) -> None:
    session = winrm.Session(ADDRESS, ("Administrator", PASSWORD), transport="ntlm", ca_trust_path=str(lab.trust))
    result = session.run_ps("fail 3")
    assert (result.status_code, result.std_err.decode()) == (3, "No such thing: <é>")


def test_terminate_ends_the_command(lab: Lab) -> None:
    protocol = lab.shell()
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "wait")
    protocol.cleanup_command(shell, command)
    assert lab.computer.cancelled.wait(5)
    with pytest.raises(winrm.exceptions.WSManFaultError, match="command identifier that does not exist"):
        protocol.get_command_output_raw(shell, command)


def test_delete_ends_the_command(lab: Lab) -> None:
    protocol = lab.shell()
    shell = protocol.open_shell()
    protocol.run_command(shell, "wait")
    protocol.close_shell(shell)
    assert lab.computer.cancelled.wait(5)


def test_a_command_goes_on_when_its_client_vanishes(lab: Lab) -> None:
    protocol = lab.shell("http", "basic")
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "wait")
    assert lab.computer.begun.wait(5)
    lab.reset_connections()
    protocol.transport.close_session()
    lab.computer.go_on.set()
    assert lab.shell("http", "basic").get_command_output(shell, command)[2] == 0


def test_a_sealed_session_does_not_survive_its_connection(lab: Lab) -> None:
    protocol = lab.shell()
    shell = protocol.open_shell()
    lab.reset_connections()
    with pytest.raises((winrm.exceptions.WinRMTransportError, ConnectionFailed), match="400|reset"):
        protocol.run_command(shell, "hostname")


def test_idle_connections_are_dropped(lab: Lab) -> None:
    lab.computer.wire.idle_timeout = 0.1
    lab.do(lab.server.down())
    lab.do(lab.server.up())
    connection = socket.create_connection((ADDRESS, 5985), 5)
    assert connection.recv(1) == b""
    connection.close()


def test_a_long_command_is_polled(lab: Lab) -> None:
    protocol = lab.shell(operation_timeout_sec=1)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "wait")
    with pytest.raises(winrm.exceptions.WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    lab.computer.go_on.set()
    assert protocol.get_command_output(shell, command)[2] == 0


def test_quota_of_shells(lab: Lab) -> None:
    lab.computer.wire.max_shells = 1
    protocol = lab.shell()
    shell = protocol.open_shell()
    with pytest.raises(winrm.exceptions.WSManFaultError) as refused:
        protocol.open_shell()
    protocol.close_shell(shell)
    assert refused.value.wsman_fault_code == 2150859173


def test_quota_of_operations(lab: Lab) -> None:
    lab.computer.wire.max_operations = 1
    protocol = lab.shell()
    shell = protocol.open_shell()
    protocol.run_command(shell, "hostname")
    with pytest.raises(winrm.exceptions.WSManFaultError) as refused:
        protocol.run_command(shell, "hostname")
    protocol.close_shell(shell)
    assert refused.value.wmierror_code == 2150859174


@pytest.mark.parametrize(("length", "exit_code"), [(8191, 0), (8192, 1)])
def test_longest_command_line(lab: Lab, length: int, exit_code: int) -> None:
    output = lab.run(lab.shell(), "hostname".ljust(9) + "x" * (length - 9))
    assert output[2] == exit_code
    assert output[1] == (b"The command line is too long.\r\n" if exit_code else b"")


def test_largest_envelope(lab: Lab) -> None:
    with pytest.raises(winrm.exceptions.WSManFaultError, match="maximum envelope size of 512000 bytes"):
        lab.run(lab.shell(), "cat", b"x" * 400_000)


SOAP_FAULTS = [("noshell", 2150858843), ("nocommand", 2150858843), ("quota_shells", 2150859173), ("busy", 170)]


@pytest.mark.parametrize("operation", ["Create", "Command", "Send", "Receive", "Signal"])
@pytest.mark.parametrize(("action", "code"), SOAP_FAULTS)
def test_injected_faults(lab: Lab, operation: str, action: str, code: int) -> None:
    lab.inject(op=operation, action=action)
    with pytest.raises(winrm.exceptions.WSManFaultError) as refused:
        lab.run(lab.shell(), "cat", b"x")
    assert refused.value.wsman_fault_code == code


def test_injected_operation_quota(lab: Lab) -> None:
    lab.inject(op="Command", action="quota_ops")
    with pytest.raises(winrm.exceptions.WSManFaultError) as refused:
        lab.run(lab.shell(), "hostname")
    assert refused.value.wmierror_code == 2150859174


@pytest.mark.parametrize("action", ["http404", "http413", "http500", "http503"])
@pytest.mark.parametrize("operation", ["HTTP", "Create", "Receive"])
def test_injected_http_errors(lab: Lab, operation: str, action: str) -> None:
    lab.inject(op=operation, action=action)
    with pytest.raises(winrm.exceptions.WinRMTransportError) as refused:
        lab.run(lab.shell(), "hostname")
    assert refused.value.code == int(action[4:])


@pytest.mark.parametrize("action", ["rst", "fin", "truncate"])
@pytest.mark.parametrize("operation", ["HTTP", "Create", "Command", "Receive"])
def test_injected_cuts(lab: Lab, operation: str, action: str) -> None:
    lab.inject(op=operation, action=action)
    with pytest.raises(
        (ConnectionFailed, requests.exceptions.ChunkedEncodingError, winrm.exceptions.WinRMTransportError)
    ):
        lab.run(lab.shell(), "hostname")
    assert lab.server.faults.listed() == []


@pytest.mark.parametrize(("action", "end"), [("rst", "reset"), ("fin", "nothing"), ("hang", "reset")])
def test_how_a_connection_ends(lab: Lab, action: str, end: str) -> None:
    lab.inject(op="HTTP", action=action, seconds=0.01)
    with socket.create_connection((ADDRESS, 5985), 5) as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        try:
            assert (connection.recv(1), end) == (b"", "nothing")
        except ConnectionResetError:
            assert end == "reset"


@pytest.mark.parametrize(("after", "commands"), [(False, 0), (True, 1)])
def test_after_means_the_command_was_run(lab: Lab, after: bool, commands: int) -> None:
    lab.inject(op="Command", action="rst", after=after)
    before = lab.server.counters.commands
    with pytest.raises((ConnectionFailed, winrm.exceptions.WinRMTransportError)):
        lab.run(lab.shell("http", "ntlm"), "hostname")
    assert lab.server.counters.commands - before == commands


def test_html_instead_of_output_is_polled_again(lab: Lab) -> None:
    lab.inject(op="Receive", action="html")
    assert lab.run(lab.shell(), "hostname")[0] == b"HOST-1"


@pytest.mark.parametrize("times", [1, 3])
def test_timed_out_receives_are_polled_again(lab: Lab, times: int) -> None:
    lab.inject(op="Receive", action="timeout", times=times)
    assert lab.run(lab.shell(), "hostname")[0] == b"HOST-1"


def test_slow(lab: Lab) -> None:
    lab.inject(op="Command", action="slow", seconds=0.01)
    assert lab.run(lab.shell(), "hostname")[0] == b"HOST-1"


def test_hang_until_the_client_gives_up(lab: Lab) -> None:
    lab.inject(op="Create", action="hang")
    with pytest.raises(requests.exceptions.ReadTimeout):
        lab.shell(operation_timeout_sec=1, read_timeout_sec=2).open_shell()


def test_lost_input(lab: Lab) -> None:
    lab.inject(op="Send", action="lost_input")
    protocol = lab.shell(operation_timeout_sec=1)
    shell = protocol.open_shell()
    command = protocol.run_command(shell, "cat")
    protocol.send_command_input(shell, command, b"x", end=True)
    with pytest.raises(winrm.exceptions.WinRMOperationTimeoutError):
        protocol.get_command_output_raw(shell, command)
    protocol.close_shell(shell)


@pytest.mark.parametrize(("action", "shells"), [("refuse", 1), ("reboot", 0)])
def test_outages(lab: Lab, action: str, shells: int) -> None:
    lab.inject(op="Command", action=action, seconds=3600)
    with pytest.raises((ConnectionFailed, winrm.exceptions.WinRMTransportError)):
        lab.run(lab.shell(), "hostname")
    with pytest.raises(ConnectionFailed, match="refused"):
        lab.shell().open_shell()
    assert lab.server.open_shells == shells
    lab.do(lab.server.down())


@pytest.mark.parametrize("action", ["refuse", "reboot"])
def test_outages_end(lab: Lab, action: str) -> None:
    lab.inject(op="Command", action=action, seconds=0.01)
    with pytest.raises((ConnectionFailed, winrm.exceptions.WinRMTransportError)):
        lab.run(lab.shell(), "hostname")
    lab.do(lab.listening())
    assert lab.run(lab.shell(), "hostname")[0] == b"HOST-1"


def test_who_is_down_stays_down(lab: Lab) -> None:
    lab.inject(op="Command", action="refuse", seconds=0.01)
    with pytest.raises((ConnectionFailed, winrm.exceptions.WinRMTransportError)):
        lab.run(lab.shell(), "hostname")
    lab.do(lab.server.down())
    lab.do(asyncio.sleep(0.05))
    assert not lab.server.listening


PYPSRP = [
    (False, "basic", {"encryption": "never"}),
    (True, "basic", {}),
    (False, "ntlm", {}),
    (False, "negotiate", {}),
    (True, "negotiate", {}),
    (False, "credssp", {}),
    (True, "credssp", {}),
]


def wsman(ssl: bool, auth: str, **options: Any) -> WSMan:
    defaults: dict[str, Any] = {"username": "Administrator", "password": PASSWORD, "cert_validation": False}
    return WSMan(ADDRESS, port=5986 if ssl else 5985, ssl=ssl, auth=auth, no_proxy=True, **{**defaults, **options})


@pytest.mark.parametrize(("ssl", "auth", "options"), PYPSRP)
def test_pypsrp(lab: Lab, ssl: bool, auth: str, options: dict[str, Any]) -> None:
    with wsman(ssl, auth, **options) as connection, WinRS(connection) as shell:
        echo = RemoteProcess(shell, "cat")
        echo.begin_invoke()
        echo.send(DOCUMENT * 1000)  # Above 16 KiB CredSSP sends several parts.
        echo.end_invoke()
        echo.signal(SignalCode.TERMINATE)
        large = RemoteProcess(shell, "print", ["400000"])
        large.invoke()
    assert (echo.stdout, echo.stderr, echo.rc, len(large.stdout)) == (DOCUMENT * 1000, b"", 0, 400_000)


@pytest.mark.parametrize(("ssl", "auth", "options"), PYPSRP)
def test_pypsrp_with_a_wrong_password(lab: Lab, ssl: bool, auth: str, options: dict[str, Any]) -> None:
    with (
        pytest.raises((AuthenticationError, credssp_exceptions.NTStatusException)),
        wsman(ssl, auth, password="no", **options) as connection,
    ):
        WinRS(connection).open()


def test_pypsrp_reads_the_envelope_size(lab: Lab) -> None:
    with wsman(False, "ntlm") as connection:
        connection.update_max_payload_size()
    assert connection.max_envelope_size == 512_000


def test_pypsrp_sees_faults(lab: Lab) -> None:
    lab.inject(op="Create", action="quota_shells")
    with wsman(False, "ntlm") as connection, pytest.raises(WSManFaultError) as refused:
        WinRS(connection).open()
    assert refused.value.code == 2150859173


ANSIBLE = Path(sys.executable).with_name("ansible")


def ansible(lab: Lab, tmp_path: Path, line: str, **options: Any) -> subprocess.CompletedProcess[str]:
    """`ansible -m raw` against the lab, with none of the user's own settings."""
    host: dict[str, Any] = {"ansible_connection": "winrm", "ansible_host": ADDRESS, "ansible_user": "Administrator"}
    host |= {
        "ansible_password": PASSWORD,
        "ansible_shell_type": "powershell",
        "ansible_winrm_ca_trust_path": str(lab.trust),
    }
    host |= {"ansible_port": 5986, "ansible_winrm_operation_timeout_sec": 2, "ansible_winrm_read_timeout_sec": 4}
    inventory = tmp_path / "inventory.yml"
    inventory.write_text(json.dumps({"all": {"hosts": {"host-1": host | options}}}))
    environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "no_proxy": "*"}
    command = [str(ANSIBLE), "host-1", "-i", str(inventory), "-m", "raw", "-a", line]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, env=environment, cwd=tmp_path)


def test_ansible(lab: Lab, tmp_path: Path) -> None:
    done = ansible(lab, tmp_path, "hostname", ansible_winrm_transport="credssp")
    assert (done.returncode, done.stdout) == (0, "host-1 | CHANGED | rc=0 >>\nHOST-1\n"), done.stderr
    assert lab.computer.logons == [("Administrator", "credssp", True)]


def test_ansible_with_an_error(lab: Lab, tmp_path: Path) -> None:
    done = ansible(lab, tmp_path, "fail 3", ansible_winrm_transport="ntlm", ansible_port=5985)
    assert done.returncode == 2 and "FAILED | rc=3" in done.stdout and "No such thing: <é>" in done.stdout


def test_ansible_with_a_wrong_password(lab: Lab, tmp_path: Path) -> None:
    done = ansible(lab, tmp_path, "hostname", ansible_winrm_transport="ntlm", ansible_password="wrong")
    assert done.returncode == 4 and "UNREACHABLE" in done.stdout


def test_ansible_recreates_the_shell_at_the_operation_quota(lab: Lab, tmp_path: Path) -> None:
    lab.inject(op="Command", action="quota_ops")
    done = ansible(lab, tmp_path, "hostname", ansible_winrm_transport="ntlm")
    assert done.returncode == 0 and "HOST-1" in done.stdout


def test_ansible_fails_when_the_connection_is_reset(lab: Lab, tmp_path: Path) -> None:
    lab.inject(op="Receive", action="rst")
    done = ansible(lab, tmp_path, "hostname", ansible_winrm_transport="basic")
    assert done.returncode == 2 and "Connection aborted" in done.stdout
