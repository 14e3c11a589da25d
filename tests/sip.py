"""A simulated appliance that answers SIP on its loopback address, and what may call it."""

from __future__ import annotations

import asyncio
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from lab.server.sip import SipResponder
from lab.world.appliance import Appliance

STAND_IN = str(Path(__file__).with_name("sipp_stand_in.py"))
SIPP = shutil.which("sipp")

CALLERS = [
    pytest.param(STAND_IN, id="stand-in"),
    pytest.param(
        SIPP, id="sipp", marks=pytest.mark.skipif(SIPP is None, reason="SIPp is not installed (Debian: sip-tester)")
    ),
]
"""Whatever calls is called in the same way: where SIPp is missing, the same code is driven with what stands in for it."""


@contextmanager
def answering(appliance: Appliance) -> Iterator[int]:
    """The port on which the appliance answers while the block runs."""
    loop, responder = asyncio.new_event_loop(), SipResponder(appliance)
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(responder.start(0), loop).result(10)
    finally:
        asyncio.run_coroutine_threadsafe(responder.stop(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()
