"""The one seam: what is sent, what is understood, and which failure is which."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Callable
from types import SimpleNamespace

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils import _bridge

ANSWER = {"protocol": 1, "results": [], "stopped": None, "prompts": []}


class Line:
    """A connection that does what it is told to."""

    def __init__(self, run: Callable[[str, bytes], tuple[int, bytes, bytes]]) -> None:
        self.run = run
        self.commands: list[str] = []

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        self.commands.append(cmd)
        return self.run(cmd, in_data or b"")

    def close(self) -> None:
        """Nothing to close."""


def answering(text: str) -> Line:
    return Line(lambda cmd, data: (0, text.encode(), b""))


def raising(error: Exception) -> Line:
    def run(cmd: str, data: bytes) -> tuple[int, bytes, bytes]:
        raise error

    return Line(run)


def test_the_command_is_constant_and_short() -> None:
    line = answering("#cc-bridge# " + json.dumps(ANSWER))
    _bridge.exchange(line, {"protocol": 1, "steps": []}, 5)
    _bridge.exchange(line, {"protocol": 1, "steps": [{"name": "a", "cmdlet": "b"}]}, 5)
    assert len(set(line.commands)) == 1
    assert len(line.commands[0]) < 500
    script = base64.b64decode(line.commands[0].rpartition(" ")[2]).decode("utf-16-le")
    assert script == _bridge.BOOTSTRAP


def test_stdin_is_one_ascii_line_with_bridge_and_request() -> None:
    seen: list[bytes] = []
    line = Line(lambda cmd, data: (seen.append(data), (0, b"#cc-bridge# " + json.dumps(ANSWER).encode(), b""))[1])
    _bridge.exchange(line, {"protocol": 1, "steps": [], "text": "Z\u00fcrich \u2028"}, 5)
    assert seen[0].isascii() and seen[0].count(b"\n") == 1
    assert json.loads(seen[0])["request"]["text"] == "Z\u00fcrich \u2028"
    assert json.loads(seen[0])["bridge"] == _bridge.bridge_text()


def test_what_a_product_prints_before_the_answer_does_not_matter() -> None:
    noise = "host line\n#cc-bridge-not\nconsole line\n#cc-bridge# " + json.dumps(ANSWER) + "\n"
    assert _bridge.exchange(answering(noise), {}, 5).raw == ANSWER


def test_no_answer_tells_what_powershell_said() -> None:
    clixml = '#< CLIXML\r\n<Objs><S S="Error">out of memory_x000D__x000A_</S></Objs>'
    line = Line(lambda cmd, data: (1, b"", clixml.encode()))
    with pytest.raises(_bridge.NoAnswer, match="ended with 1 .* out of memory"):
        _bridge.exchange(line, {}, 5)


def test_an_exception_of_the_library_is_a_lost_connection_with_unknown_outcome() -> None:
    with pytest.raises(_bridge.ConnectionLost, match="reset by peer") as lost:
        _bridge.exchange(raising(ConnectionError("Connection reset by peer")), {}, 5)
    assert lost.value.sent


def test_a_failed_logon_is_known_to_have_sent_nothing() -> None:
    line = answering("")
    line._connect = lambda: (_ for _ in ()).throw(ValueError("the specified credentials were rejected"))  # type: ignore[attr-defined]
    with pytest.raises(_bridge.ConnectionLost, match="ansible_password") as lost:
        _bridge.exchange(line, {}, 5)
    assert not lost.value.sent
    assert not line.commands


def test_an_exchange_never_hangs() -> None:
    forever = threading.Event()
    line = Line(lambda cmd, data: (int(forever.wait(60)), b"", b""))
    with pytest.raises(_bridge.ConnectionLost, match="no answer within"):
        _bridge.exchange(line, {}, 0.05)
    forever.set()


def test_the_time_of_the_logon_is_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter([0.0, 60.0])
    monkeypatch.setattr(_bridge, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    over = threading.Event()
    line = Line(lambda cmd, data: (int(over.wait(1)), b"", b""))
    with pytest.raises(_bridge.ConnectionLost, match="no answer within 60 seconds"):
        _bridge.exchange(line, {}, 60)
    over.set()


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("(2148074252) UNKOWN_STATUS 0x8009030c", "ansible_password"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "ansible_winrm_ca_trust_path"),
        ("[Errno 111] Connection refused", "ansible_port"),
        ("Name or service not known", "ansible_host"),
    ],
)
def test_connection_errors_name_the_variable_to_look_at(text: str, word: str) -> None:
    assert word in _bridge.explain(Exception(text))


def test_an_unanswered_prompt_is_a_failure_though_the_product_caught_it() -> None:
    prompts = [{"text": "Password", "answered": False}]
    assert _bridge.Answer({**ANSWER, "prompts": prompts}).failed
    assert not _bridge.Answer({**ANSWER, "prompts": [{"text": "Password", "answered": True}]}).failed
