"""The appliances of a site are read at once, in order, and none of them can hold up the others."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible.playbook.play_context import PlayContext
from ansible.plugins.loader import connection_loader
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge.masking import Masker
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import MARK
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Observation, Place, Unreadable
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.state import appliance_survey
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation import site_reader
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.clock import Clock
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.site_reader import SiteReader

NAMES = ("cce-1", "cce-2", "cce-3")
NOW = datetime(2026, 1, 1, tzinfo=UTC)


def answer(*results: dict[str, Any]) -> str:
    """What the bridge prints."""
    return f"{MARK}{json.dumps({'results': results, 'prompts': [], 'stopped': None})}"


def nothing() -> None:
    """Takes no time."""


class Line:
    """A connection; each of its acts can be replaced by another one."""

    def __init__(
        self,
        *,
        work: Callable[[], Any] = nothing,
        end: Callable[[], Any] = nothing,
        stdout: str = "",
    ) -> None:
        self.work, self.end, self.stdout = work, end, stdout or answer()
        self.closed = False

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        self.work()
        return 0, self.stdout.encode(), b"it went wrong"

    def close(self) -> None:
        self.end()
        self.closed = True


def place(name: str) -> Place:
    return Place(name, "C:\\a", "\\\\s\\t", {})


def reader(connect: Callable[[str], Any], timeout: float = 20.0) -> SiteReader:
    return SiteReader(connect, timeout, Masker(["canary"]), Clock(now=lambda: NOW))


def read(*lines: Line, timeout: float = 20.0) -> dict[str, Observation]:
    """What is read of as many appliances."""
    found = dict(zip(NAMES, lines, strict=False))
    return reader(found.__getitem__, timeout).read([place(name) for name in found], appliance_survey)


def unread(found: dict[str, Observation]) -> dict[str, str]:
    """Why those that could not be read could not."""
    return {name: one.reason for name, one in found.items() if isinstance(one, Unreadable)}


@pytest.fixture
def forever() -> Any:
    """Hangs until the test is over."""
    over = threading.Event()
    yield lambda: over.wait(20)
    over.set()


def test_all_are_read_at_the_same_time() -> None:
    """None of them gets any further before all of them are there."""
    together = threading.Barrier(3, timeout=20)
    found = read(*(Line(work=together.wait) for _ in NAMES))
    assert list(found) == list(NAMES) and unread(found) == {}


def test_the_first_to_answer_does_not_come_first() -> None:
    last = threading.Event()
    assert list(read(Line(work=lambda: last.wait(20)), Line(), Line(end=last.set))) == list(NAMES)


def test_one_that_hangs_is_unreadable_and_the_others_are_read(forever: Any) -> None:
    found = read(Line(), Line(work=forever), Line(), timeout=0.2)
    assert unread(found) == {"cce-2": "cce-2 cannot be reached: no answer within 0.2 seconds."}


def test_one_that_does_not_end_its_session_was_read(forever: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(site_reader, "CLOSE_SECONDS", 0.05)
    assert unread(read(Line(end=forever))) == {}


def broken() -> None:
    raise OSError("Connection refused: canary")


def test_the_reason_is_told_and_no_secret_with_it() -> None:
    found = unread(read(Line(work=broken), Line(stdout="not an answer")))
    assert "cce-1 cannot be reached: the connection broke after the logon (OSError)" in found["cce-1"]
    assert "no answer: it went wrong" in found["cce-2"]
    assert "canary" not in str(found)


def test_one_that_there_is_no_connection_to_is_unreadable() -> None:
    def refuse(name: str) -> Any:
        raise AnsibleConnectionFailure(f"no connection to {name} can be made: the password is canary")

    found = unread(reader(refuse).read([place("cce-1")], appliance_survey))
    assert found == {"cce-1": "no connection to cce-1 can be made: the password is ********"}


def test_one_whose_connection_is_unsafe_is_sent_nothing_and_unreadable(monkeypatch: pytest.MonkeyPatch) -> None:
    clear = connection_loader.get("winrm", PlayContext())
    clear.set_options(var_options={"ansible_winrm_transport": "basic", "ansible_winrm_scheme": "http"})
    monkeypatch.setattr(clear, "exec_command", lambda *_, **__: pytest.fail("something was sent"))
    found = unread(reader(lambda name: clear).read([place("cce-1")], appliance_survey))
    assert "basic over HTTP" in found["cce-1"] and "HTTPS" in found["cce-1"]


@pytest.mark.parametrize("stdout", [f"{MARK}{'[' * 200_000}", answer({"name": "slot"})], ids=["deep", "half a result"])
def test_a_hostile_answer_is_unreadable_and_the_others_are_read(stdout: str) -> None:
    assert set(unread(read(Line(), Line(stdout=stdout), Line()))) == {"cce-2"}


def test_what_a_survey_cannot_make_of_an_answer_is_unreadable() -> None:
    """Whatever it raises: the readings of the others must not be lost."""

    def survey(one: Place) -> Any:
        made = appliance_survey(one)
        fails = replace(made, parse=lambda answer: 1 / 0)
        return fails if one.name == "cce-1" else made

    found = reader({"cce-1": Line(), "cce-2": Line()}.__getitem__).read([place("cce-1"), place("cce-2")], survey)
    assert "not as expected: ZeroDivisionError" in unread(found)["cce-1"] and len(unread(found)) == 1


def test_a_site_of_none_is_read() -> None:
    assert read() == {}


def test_sessions_are_ended() -> None:
    """Windows allows a user 30 of them."""
    line = Line()
    read(line)
    assert line.closed


def test_the_clock_is_compared_around_the_exchange() -> None:
    clock = {"name": "clock", "output": [NOW.isoformat()], "seconds": 0, "thrown": False}
    clock |= {"errors": [], "warnings": []}
    found = read(Line(stdout=answer(clock)))["cce-1"]
    assert isinstance(found, Appliance)
    assert found.read_at == NOW and not isinstance(found.clock_skew, Unknown)
