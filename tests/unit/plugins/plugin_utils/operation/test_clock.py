"""A task does not outlive its run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.owner import process_began

RUN = """
import multiprocessing, os, pathlib, signal, sys
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.clock import Clock

def task(noted):
    os.setsid()  # as Ansible has it
    noted.write_text(str(os.getpid()))
    while True:
        Clock().sleep(0.05)

noted = pathlib.Path(sys.argv[1])
child = multiprocessing.get_context("fork").Process(target=task, args=[noted])
child.start()
while not noted.exists() or not noted.read_text():
    Clock().sleep(0.05)
print("waits", flush=True)
sys.stdin.readline()
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_a_task_that_waits_ends_when_its_run_is_killed(tmp_path: Path) -> None:
    noted = tmp_path / "pid"
    run = subprocess.Popen(
        [sys.executable, "-c", RUN, str(noted)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[5],
        env={"PYTHONPATH": ".tree"},
    )
    assert run.stdin is not None and run.stdout is not None
    assert run.stdout.readline() == "waits\n"
    task = noted.read_text()
    time.sleep(0.3)
    assert process_began(task), "it ended while its run was alive"
    run.stdin.write("now\n")
    run.stdin.close()
    run.wait(30)
    until = time.monotonic() + 30
    while process_began(task):
        if time.monotonic() > until:
            os.kill(int(task), signal.SIGKILL)
            pytest.fail("the task goes on without its run")
        time.sleep(0.05)
