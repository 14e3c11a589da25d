"""The one door: what is sent, what is understood, what is masked, and which failure is which."""

from __future__ import annotations

import base64
import json
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge import exchange as door
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge.masking import MASK, Masker
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import MARK, Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import (
    ConnectionLost,
    NoAnswer,
    Refused,
)

CANARY = "Canary  <9d3f>"
RESULT = {"name": "read", "output": ["x"], "errors": [], "warnings": [], "thrown": False, "seconds": 0.1}
ANSWER = {"protocol": 1, "results": [RESULT], "stopped": None, "prompts": []}
REQUEST = {"protocol": 1, "steps": [{"name": "read", "cmdlet": "Get-Thing"}]}
NOW = datetime(2020, 1, 1, tzinfo=UTC)


class Line:
    """A connection that does what it is told to."""

    def __init__(self, run: Callable[[bytes], tuple[int, bytes, bytes]]) -> None:
        self.run = run
        self.commands: list[str] = []

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        self.commands.append(cmd)
        return self.run(in_data or b"")

    def close(self) -> None:
        """Nothing to close."""


class Telling(Line):
    """One that says whether it is connected."""

    connected = False


def answering(stdout: str, code: int = 0, stderr: str = "") -> Line:
    return Line(lambda data: (code, stdout.encode(), stderr.encode()))


def marked(answer: Any) -> str:
    return MARK + json.dumps(answer)


def raising(error: Exception) -> Callable[[bytes], tuple[int, bytes, bytes]]:
    def run(data: bytes) -> tuple[int, bytes, bytes]:
        raise error

    return run


def exchange(line: Line, request: Any = REQUEST, timeout: float = 5, secrets: tuple[str, ...] = (CANARY,)) -> Answer:
    return door.exchange(line, request, timeout, Masker(secrets), lambda: NOW)


@pytest.fixture
def forever() -> Iterator[threading.Event]:
    event = threading.Event()
    yield event
    event.set()


# --- what is sent ---------------------------------------------------------------------------------------------------


def test_the_command_is_constant_and_short() -> None:
    line = answering(marked(ANSWER))
    exchange(line, {"protocol": 1, "steps": []})
    exchange(line)
    assert len(set(line.commands)) == 1
    assert len(line.commands[0]) < 500
    script = base64.b64decode(line.commands[0].rpartition(" ")[2]).decode("utf-16-le")
    assert script == door.BOOTSTRAP


def test_stdin_is_one_ascii_line_with_bridge_and_request() -> None:
    sent: list[bytes] = []
    line = Line(lambda data: (sent.append(data), (0, marked(ANSWER).encode(), b""))[1])
    exchange(line, {"protocol": 1, "steps": [], "text": "Z\u00fcrich \u2028"})
    assert sent[0].isascii() and sent[0].count(b"\n") == 1
    assert json.loads(sent[0])["request"]["text"] == "Z\u00fcrich \u2028"
    assert json.loads(sent[0])["bridge"] == door.bridge_text()


def test_a_masked_text_is_not_written_back() -> None:
    line = answering(marked(ANSWER))
    step = {
        "name": "write",
        "cmdlet": "Set-Content",
        "parameters": {"Value": f"[Common]\nSiteName=\u00e4{MASK}.example"},
    }
    with pytest.raises(Refused, match=r"holds \*{8}"):
        exchange(line, {"protocol": 1, "steps": [step]})
    assert not line.commands


def test_other_rows_of_stars_are_written() -> None:
    step = {"name": "read", "cmdlet": "Set-Content", "parameters": {"Value": "; ********** title *******"}}
    assert exchange(answering(marked(ANSWER)), {"protocol": 1, "steps": [step]}).raw == ANSWER


# --- what is understood ---------------------------------------------------------------------------------------------


def test_what_a_product_prints_before_the_answer_does_not_matter() -> None:
    noise = "host line\n#cc-bridge-not\nconsole line\n" + marked(ANSWER) + "\n"
    assert exchange(answering(noise)).raw == ANSWER


def test_the_answer_knows_when_it_was_asked_for_and_when_it_came() -> None:
    times = iter([NOW, NOW.replace(hour=1)])
    answer = door.exchange(answering(marked(ANSWER)), REQUEST, 5, Masker([]), lambda: next(times))
    assert (answer.begun, answer.ended) == (NOW, NOW.replace(hour=1))


def deep(levels: int) -> str:
    return '{"results": ' + "[" * levels + "]" * levels + "}"


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ('{"results": [', "cannot be used"),
        ("[]", "has no results"),
        ("1", "has no results"),
        ("{}", "has no results"),
        ('{"results": {}}', "has no results"),
        (deep(200), "nested too deep"),
        (deep(200_000), "nested too deep"),
        ('{"results": [1]}', "not as the bridge writes it"),
        ('{"results": [{"name": "read"}]}', "not as the bridge writes it"),
        ('{"results": [], "prompts": [1]}', "not as the bridge writes it"),
        ('{"results": [], "prompts": 1}', "not as the bridge writes it"),
        ('{"results": [], "stopped": "read"}', "not as the bridge writes it"),
        ('{"results": [], "stopped": {"name": "read"}}', "not as the bridge writes it"),
        (json.dumps({"results": [{**RESULT, "seconds": "long"}]}), "cannot be used"),
    ],
)
def test_what_is_no_answer_is_said_so(line: str, reason: str) -> None:
    with pytest.raises(NoAnswer, match=reason):
        exchange(answering(MARK + line))


def test_too_little_stack_for_an_answer_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def value(self: Masker, value: Any, **kwargs: Any) -> Any:
        raise RecursionError

    monkeypatch.setattr(Masker, "value", value)
    with pytest.raises(NoAnswer, match="cannot be used"):
        exchange(answering(marked(ANSWER)))


def test_an_answer_that_is_too_large_is_not_looked_at() -> None:
    with pytest.raises(NoAnswer, match="gave 8 MiB, which is more than any answer has"):
        exchange(Line(lambda data: (0, b" " * (door.LARGEST + 1), b"")))
    assert exchange(answering(" " * (door.LARGEST - 1000) + "\n" + marked(ANSWER))).raw == ANSWER


def test_a_flood_on_stderr_is_not_looked_at() -> None:
    with pytest.raises(NoAnswer, match="ended with 1 and no answer: too much on stderr"):
        exchange(Line(lambda data: (1, b"", b"x" * (door.LARGEST + 1))))


@pytest.mark.parametrize(
    "stderr", ['#< CLIXML\r\n<Objs><S S="Error">out of mem_x000D__x000A_</S></Objs>', "out of mem"]
)
def test_no_answer_tells_what_powershell_said(stderr: str) -> None:
    with pytest.raises(NoAnswer, match="ended with 1 and no answer: out of mem$"):
        exchange(answering("", 1, stderr))


def test_no_answer_and_no_error_is_said_too() -> None:
    with pytest.raises(NoAnswer, match="nothing on stderr either"):
        exchange(answering(""))


@pytest.mark.parametrize(
    ("text", "found"),
    [("", False), ("x\n" + marked(ANSWER), True), (MARK + '{"results": [', False), (MARK + "[]", False)],
)
def test_the_answer_file_of_a_job_may_be_cut(text: str, found: bool) -> None:
    assert (door.find_answer(text) is not None) is found


def test_the_last_answer_of_a_text_counts() -> None:
    answer = door.find_answer(marked({"results": []}) + "\n" + marked(ANSWER))
    assert answer is not None and answer.raw == ANSWER


# --- what is masked -------------------------------------------------------------------------------------------------


def test_no_text_of_an_answer_leaves_unmasked() -> None:
    error = {key: f"{key} {CANARY}" for key in ("message", "id", "category", "exception", "command")}
    result = {**RESULT, "output": [{"Path": [CANARY]}], "errors": [error], "warnings": ["(Password: x)", CANARY]}
    prompts = [{"text": f"{CANARY}?", "answered": False}]
    answer = exchange(answering(marked({**ANSWER, "results": [result], "prompts": prompts, "more": CANARY})))
    text = json.dumps(answer.raw)
    assert "Canary" not in text and "Password: x" not in text
    assert answer.result("read").output == [{"Path": [MASK]}]
    assert answer.unanswered == [f"{MASK}?"]


def test_control_characters_of_an_answer_are_shown() -> None:
    result = {**RESULT, "output": ["[A]\r\n\tb=\u00e4\n"], "warnings": ["\x1b[2J"]}
    read = exchange(answering(marked({**ANSWER, "results": [result]}))).result("read")
    assert (read.output, read.warnings) == (["[A]\r\n\tb=\u00e4\n"], ["\\u001b[2J"])


def test_names_that_the_request_has_stay_whatever_the_secrets_are() -> None:
    request = {"steps": [{"name": "read", "cmdlet": "Get-Thing", "keep": ["Status"]}]}
    result = {**RESULT, "output": [{"Status": "read"}]}
    raw = {**ANSWER, "results": [result], "stopped": {"name": "read", "reason": "error"}}
    answer = exchange(answering(marked(raw)), request, secrets=("read", "Status", "error", "results", "output"))
    assert answer.stopped == ("read", "error")
    assert answer.result("read").output == [{"Status": MASK}]


def test_names_that_the_request_has_not_are_texts_of_the_appliance() -> None:
    raw = {"results": [{**RESULT, "name": CANARY}], "stopped": {"name": CANARY, "reason": CANARY}}
    answer = exchange(answering(marked(raw)))
    assert list(answer.results) == [MASK] and answer.stopped == (MASK, MASK)


CLIXML = '#< CLIXML\r\n<Objs><S S="Error">{}</S></Objs>'


@pytest.mark.parametrize(
    "stderr",
    [
        f"said {CANARY}",
        "x" * 490 + CANARY,
        CLIXML.format("said Canary  &lt;9d3f&gt;_x000D__x000A_"),
        CLIXML.format("said Canary_x0020__x0020__x003C_9d3f_x003E_"),
        CLIXML.format('said Can_x000D__x000A_</S><S S="Error">ary  &lt;9d3f&gt;_x000D__x000A_'),
        "said Can\r\nary  <9d3f>",
    ],
)
def test_no_secret_of_stderr_leaves(stderr: str) -> None:
    with pytest.raises(NoAnswer) as silence:
        exchange(answering("", 1, stderr))
    assert "Can" not in str(silence.value).replace("PowerShell", "")
    assert "9d3f" not in str(silence.value)


def test_no_secret_with_a_line_end_leaves_from_stderr() -> None:
    with pytest.raises(NoAnswer, match=r"no answer: said \*{8} twice$"):
        exchange(answering("", 1, "said Can\r\nary twice"), secrets=("Can\r\nary",))


@pytest.mark.parametrize(
    "text",
    [f"said {CANARY}", "said " + json.dumps(CANARY), "x" * 490 + CANARY, "Connection refused" + " " * 275 + CANARY],
)
def test_no_secret_of_a_failed_logon_leaves(text: str) -> None:
    with pytest.raises(ConnectionLost) as lost:
        exchange(Telling(raising(ValueError(text))))
    assert "Canary" not in str(lost.value)
    assert lost.value.__cause__ is None and lost.value.__suppress_context__


def test_an_error_after_the_logon_does_not_show_what_was_sent() -> None:
    with pytest.raises(ConnectionLost, match=r"broke after the logon \(ValueError\)") as lost:
        exchange(Line(raising(ValueError("400 for <Stream>c2VjcmV0</Stream>"))))
    assert "c2VjcmV0" not in str(lost.value)
    assert lost.value.__cause__ is None and lost.value.__suppress_context__


# --- which failure is which ------------------------------------------------------------------------------------------


def test_an_error_of_a_connection_that_does_not_tell_counts_as_sent() -> None:
    with pytest.raises(ConnectionLost) as lost:
        exchange(Line(raising(ConnectionError("Connection refused"))))
    assert lost.value.sent


@pytest.mark.parametrize("connected", [True, False])
def test_an_error_of_a_connection_that_tells_is_sent_where_it_was_connected(connected: bool) -> None:
    line = Telling(raising(ValueError("the specified credentials were rejected")))
    line.connected = connected
    with pytest.raises(ConnectionLost) as lost:
        exchange(line)
    assert lost.value.sent is connected
    assert ("ansible_password" in str(lost.value)) is not connected


@pytest.mark.parametrize("kind", [Line, Telling])
def test_an_exchange_never_hangs_and_a_late_one_may_have_been_sent(kind: type[Line], forever: threading.Event) -> None:
    begun = time.monotonic()
    with pytest.raises(ConnectionLost, match=r"no answer within 0\.05 seconds") as lost:
        exchange(kind(lambda data: (int(forever.wait(60)), b"", b"")), timeout=0.05)
    assert lost.value.sent
    assert time.monotonic() - begun < 5


def test_nothing_is_sent_when_the_logon_took_all_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    line = answering(marked(ANSWER))
    clock = iter([0.0, 5.0])
    monkeypatch.setattr(door, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    with pytest.raises(ConnectionLost, match="no logon within 5 seconds") as lost:
        exchange(line, timeout=5)
    assert not lost.value.sent and not line.commands


def test_the_time_of_the_logon_is_a_part_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, given, bounded = [0.0], [], door._bounded

    def log_on(connection: Any) -> bool:
        clock[0] += 0.6
        return True

    def noted(call: Callable[[], Any], timeout: float) -> Any:
        given.append(timeout)
        return bounded(call, 60)

    monkeypatch.setattr(door, "time", SimpleNamespace(monotonic=lambda: clock[0]))
    monkeypatch.setattr(door, "log_on", log_on)
    monkeypatch.setattr(door, "_bounded", noted)
    exchange(answering(marked(ANSWER)), timeout=1)
    assert given == [1, pytest.approx(0.4)]


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("(2148074252) UNKOWN_STATUS 0x8009030c", "ansible_password"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", "ansible_winrm_ca_trust_path"),
        ("[Errno 111] Connection refused", "ansible_port"),
        ("Name or service not known", "ansible_host"),
        ("[Errno 113] No route to host", "ansible_host"),
    ],
)
def test_connection_errors_name_the_variable_to_look_at(text: str, word: str) -> None:
    assert word in door.explain(Exception(text), Masker([]))


def test_an_error_without_a_text_is_named() -> None:
    assert door.explain(KeyError(), Masker([])) == "KeyError"


def test_a_session_that_cannot_be_ended_is_no_error(forever: threading.Event) -> None:
    line = answering("")
    line.close = lambda: forever.wait(60)  # type: ignore[method-assign,assignment,return-value]
    begun = time.monotonic()
    door.hang_up(line, 0.05)
    assert time.monotonic() - begun < 5
