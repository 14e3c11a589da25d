"""`make demo` as a person stops it: nothing is left running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from lab.commands.demo import INTERRUPTED
from lab.server.running import ROOT

SECONDS = 60.0


def processes_with(text: str) -> list[str]:
    """Command lines that hold a text, of processes that run now."""
    listed = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True).stdout
    return [line for line in listed.splitlines() if text in line]


def heed_interrupts() -> None:
    """What runs in the background of a shell hands on that SIGINT is ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_an_interrupted_demo_leaves_no_process_and_a_complete_record(tmp_path: Path) -> None:
    folder, shown = tmp_path / "demo", tmp_path / "shown"
    command = [sys.executable, "-m", "lab", "demo", "--dir", str(folder)]
    with shown.open("wb") as output:
        demo = subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output, preexec_fn=heed_interrupts)
    until = time.monotonic() + SECONDS
    while "Step 5 of 8" not in shown.read_text("utf-8"):
        assert demo.poll() is None and time.monotonic() < until, shown.read_text("utf-8")
        time.sleep(0.05)
    os.kill(demo.pid, signal.SIGINT)
    assert demo.wait(SECONDS) == INTERRUPTED
    assert processes_with(str(folder)) == []
    assert '"name": "Start-CcDownload"' in (folder / "record.jsonl").read_text("utf-8")
