from __future__ import annotations

import asyncio
import base64
import re
import xml.etree.ElementTree as ET
from collections.abc import Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest

from lab.wire import wsman
from lab.wire.machine import WireSettings
from lab.wire.service import Caller, ShellService
from lab.wire.shell import CONTROL_C_EXIT, Logon, Process
from lab.wire.wsman_faults import Fault

CALLER = Caller(Logon("Administrator", "ntlm"), "127.0.0.1")


@dataclass
class Computer:
    """Echoes stdin; `fail` has a defect; `wait` does not end."""

    name: str = "HOST-1"
    address: str = "127.77.1.1"
    accounts: Mapping[str, str] = field(default_factory=dict)
    wire: WireSettings = field(default_factory=WireSettings)

    async def run(self, process: Process) -> int:
        if process.line == "fail":
            raise RuntimeError("defect")
        if process.line == "wait":
            await asyncio.Event().wait()
        process.write("stdout", await process.read_input())
        return 7


def request(operation: str, body: str = "", **header: Any) -> wsman.Request:
    namespace = f"{wsman.TRANSFER}/" if operation in ("Create", "Delete", "Get") else f"{wsman.SHELL}/"
    part = ET.fromstring(f'<b xmlns:rsp="{wsman.SHELL}">{body}</b>')
    values = {"message_id": wsman.new_id(), "to": "", "resource": wsman.CMD_SHELL, "shell_id": "", "timeout": 0.01}
    return wsman.Request(**{"action": namespace + operation, **values, "max_envelope": 153_600, "body": part, **header})


class Client:
    """Speaks to the service without HTTP."""

    def __init__(self, caller: Caller = CALLER, **settings: Any) -> None:
        self.computer = Computer(wire=WireSettings(**settings))
        self.service = ShellService(self.computer)
        self.caller = caller
        self.shell = ""
        self.command = ""

    async def ask(self, operation: str, body: str = "", **header: Any) -> str:
        asked = request(operation, body, **{"shell_id": self.shell, **header})
        return (await self.service.answer(asked, self.caller)).decode()

    async def open(self) -> None:
        answer = await self.ask("Create", "<rsp:Shell/>")
        self.shell = re.findall('Name="ShellId">(.*?)<', answer)[0]

    async def start(self, line: str = "cat") -> None:
        answer = await self.ask("Command", f"<rsp:CommandLine><rsp:Command>{line}</rsp:Command></rsp:CommandLine>")
        self.command = re.findall("CommandId>(.*?)<", answer)[0]

    async def send(self, text: bytes, end: bool = True) -> None:
        data = base64.b64encode(text).decode()
        await self.ask(
            "Send", f'<rsp:Send><rsp:Stream CommandId="{self.command}" End="{end}">{data}</rsp:Stream></rsp:Send>'
        )

    async def receive(self, **header: Any) -> str:
        body = f'<rsp:Receive><rsp:DesiredStream CommandId="{self.command}"/></rsp:Receive>'
        return await self.ask("Receive", body, **{"timeout": 5.0, **header})

    async def signal(self, code: str = "terminate") -> None:
        await self.ask("Signal", f'<rsp:Signal CommandId="{self.command}"><rsp:Code>x/{code}</rsp:Code></rsp:Signal>')


def play(story: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(story, 10))


def exit_code(answer: str) -> int | None:
    return next((int(code) for code in re.findall("ExitCode>(\\d+)<", answer)), None)


def test_output_and_exit_code() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start()
        await client.send(b"a", end=False)
        await client.send(b"b")
        answer = await client.receive()
        assert ">YWI=<" in answer and exit_code(answer) == 7

    play(story())


def test_large_output_comes_in_pieces() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start()
        await client.send(b"x" * 10_000)
        first, last = await client.receive(max_envelope=10_000), await client.receive()
        assert exit_code(first) is None and exit_code(last) == 7
        assert len(first) <= 10_000
        assert (
            sum(len(base64.b64decode(text)) for text in re.findall('"stdout" [^>]*>(x?.*?)<', first + last)) == 10_000
        )

    play(story())


def test_a_repeated_receive_gets_the_same_answer() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start()
        await client.send(b"x")
        first = await client.receive(message_id="1")
        assert await client.receive(message_id="1") == first
        assert await client.receive(message_id="2") != first

    play(story())


def test_a_receive_repeated_while_the_first_still_waits() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start()
        waiting = [asyncio.create_task(client.receive(message_id="1")) for _ in range(2)]
        await asyncio.sleep(0)
        await client.send(b"x")
        first, second = await asyncio.gather(*waiting)
        assert first == second and ">eA==<" in first

    play(story())


def fails_with(code: int) -> Any:
    return pytest.raises(Fault, check=lambda fault: fault.code == code)


def test_nothing_to_say() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start("wait")
        with fails_with(2150858793):
            await client.receive(timeout=0.01)
        await client.service.end_all()

    play(story())


@pytest.mark.parametrize("code", ["ctrl_c", "terminate"])
def test_signal_answers_a_receive_that_waits(code: str) -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start("wait")
        waiting = asyncio.create_task(client.receive())
        await asyncio.sleep(0)
        await client.signal(code)
        assert exit_code(await waiting) == CONTROL_C_EXIT

    play(story())


def test_after_ctrl_c_the_command_is_still_there() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start("wait")
        await client.signal("ctrl_c")
        assert exit_code(await client.receive()) == CONTROL_C_EXIT
        await client.signal("terminate")
        with fails_with(2150858843):
            await client.receive()

    play(story())


def test_an_unknown_signal_changes_nothing() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start()
        with fails_with(2150858754):
            await client.signal("wave")
        await client.send(b"")
        assert exit_code(await client.receive()) == 7

    play(story())


def test_a_deleted_shell_is_gone() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start("wait")
        await client.ask("Delete")
        assert client.service.open_shells == 0
        with fails_with(2150858843):
            await client.receive()

    play(story())


def test_a_terminated_command_frees_its_operation() -> None:
    async def story() -> None:
        client = Client(max_operations=1)
        await client.open()
        await client.start()
        with fails_with(2150859174):
            await client.start()
        await client.signal()
        await client.start()

    play(story())


def test_shells_are_counted_by_user() -> None:
    async def story() -> None:
        client = Client(max_shells=1)
        await client.open()
        with fails_with(2150859173):
            await client.open()
        client.caller = Caller(Logon("Operator", "ntlm"), "127.0.0.1")
        await client.open()

    play(story())


def test_an_idle_shell_is_removed() -> None:
    async def story() -> None:
        client = Client(shell_idle_timeout=0.0)
        await client.open()
        await asyncio.sleep(0.001)
        with fails_with(2150858843):
            await client.start()

    play(story())


def test_a_defect_of_the_computer() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        await client.start("fail")
        answer = await client.receive()
        (text,) = re.findall('"stderr" [^>]*>([^<]+)<', answer)
        assert exit_code(answer) == 1 and b"RuntimeError" in base64.b64decode(text)

    play(story())


def test_configuration() -> None:
    async def story() -> None:
        answer = await Client(max_envelope_kb=8).ask("Get", resource=wsman.CONFIG)
        assert "MaxEnvelopeSizekb>8<" in answer

    play(story())


def test_a_shell_describes_itself() -> None:
    async def story() -> None:
        client = Client()
        await client.open()
        assert "<rsp:Owner>Administrator</rsp:Owner>" in await client.ask("Get")

    play(story())


def test_another_kind_of_shell() -> None:
    async def story() -> None:
        with fails_with(2150858752):
            await Client().ask("Create", "<rsp:Shell/>", resource="http://schemas.microsoft.com/powershell/x")

    play(story())


def test_another_action() -> None:
    async def story() -> None:
        with fails_with(2150858754):
            await Client().ask("Disconnect")

    play(story())
