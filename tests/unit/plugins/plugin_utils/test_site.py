"""The appliances of a site are read at once, in order, and none of them can hold up the others."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible.errors import AnsibleConnectionFailure
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils import _bridge, _site

NAMES = ("cce-1", "cce-2", "cce-3")
CLOCK = datetime(2026, 1, 1, tzinfo=UTC)
ANSWER = f"{_bridge.MARK}{json.dumps({'results': [], 'prompts': [], 'stopped': None})}"


def nothing() -> None:
    """Takes no time."""


class Line:
    """A connection; each of its acts can be replaced by another one."""

    def __init__(
        self,
        *,
        logon: Callable[[], Any] = nothing,
        work: Callable[[], Any] = nothing,
        end: Callable[[], Any] = nothing,
        stdout: str = ANSWER,
    ) -> None:
        self._connect, self.work, self.end, self.stdout = logon, work, end, stdout
        self.closed = False

    def exec_command(self, cmd: str, in_data: bytes | None = None, sudoable: bool = True) -> tuple[int, bytes, bytes]:
        self.work()
        return 0, self.stdout.encode(), b"it went wrong"

    def close(self) -> None:
        self.end()
        self.closed = True


def read(*lines: Line, timeout: float = 20.0) -> list[dict[str, Any]]:
    """The states of as many appliances."""
    found = dict(zip(NAMES, lines, strict=False))
    places = [{"name": n, "appliance_directory": "C:\\a", "site_directory": "\\\\s", "vms": None} for n in found]
    return _site.Reader(found.__getitem__, timeout, lambda: CLOCK).read(places)


def unread(states: list[dict[str, Any]]) -> list[str]:
    return [state["name"] for state in states if "unreadable" in state]


@pytest.fixture
def forever() -> Any:
    """Hangs until the test is over."""
    over = threading.Event()
    yield lambda: over.wait(20)
    over.set()


def test_all_are_read_at_the_same_time() -> None:
    """None of them gets any further before all of them are there."""
    together = threading.Barrier(3, timeout=20)
    states = read(*(Line(work=together.wait) for _ in NAMES))
    assert [state["name"] for state in states] == list(NAMES) and unread(states) == []


def test_the_first_to_answer_does_not_come_first() -> None:
    last = threading.Event()
    states = read(Line(work=lambda: last.wait(20)), Line(), Line(end=last.set))
    assert [state["name"] for state in states] == list(NAMES)


@pytest.mark.parametrize("when", ["logon", "work"])
def test_one_that_hangs_is_unreadable_and_the_others_are_read(when: str, forever: Any) -> None:
    states = read(Line(), Line(**{when: forever}), Line(), timeout=0.2)
    assert unread(states) == ["cce-2"]
    assert states[1] == {"name": "cce-2", "unreadable": "cce-2 cannot be reached: no answer within 0.2 seconds."}


def test_one_that_does_not_end_its_session_was_read(forever: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_site, "CLOSE_SECONDS", 0.05)
    assert unread(read(Line(end=forever))) == []


def broken() -> None:
    raise OSError("Connection refused")


def test_the_reason_is_told() -> None:
    silent = Line(stdout="not an answer")
    states = read(Line(logon=broken), silent)
    assert "cce-1 cannot be reached: nothing listens at this address" in states[0]["unreadable"]
    assert "no answer: it went wrong." in states[1]["unreadable"]


def test_one_that_there_is_no_connection_to_is_unreadable() -> None:
    def refuse(name: str) -> _bridge.Connection:
        raise AnsibleConnectionFailure(f"no connection to {name} can be made: no such plugin")

    place = {"name": "cce-1", "appliance_directory": "C:\\a", "site_directory": "\\\\s", "vms": None}
    state = _site.Reader(refuse, 1, lambda: CLOCK).read([place])[0]
    assert state == {"name": "cce-1", "unreadable": "no connection to cce-1 can be made: no such plugin"}


def test_a_site_of_none_is_read() -> None:
    assert read() == []


def test_the_time_of_a_reading_is_its_beginning() -> None:
    moments: list[float] = []
    state = read(Line(logon=lambda: moments.append(time.time())))[0]
    assert state["read_at"] <= moments[0]


def test_sessions_are_ended() -> None:
    """Windows allows a user 30 of them."""
    line = Line()
    read(line)
    assert line.closed


def test_the_clock_is_compared_around_the_exchange() -> None:
    clock = {
        "name": "clock",
        "output": [{"DateTime": "x"}],
        "errors": [],
        "warnings": [],
        "thrown": False,
        "seconds": 0,
    }
    state = read(Line(stdout=f"{_bridge.MARK}{json.dumps({'results': [clock], 'prompts': [], 'stopped': None})}"))[0]
    assert state["clock_skew"] != {"unknown": "not measured"}
