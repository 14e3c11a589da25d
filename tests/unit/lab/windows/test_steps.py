"""Every step of the collection that is Windows' own finds its cmdlet here, with parameters that the lab heeds."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import steps

PATH = r"C:\Data\a.txt"
STEPS = [
    steps.programs(),
    steps.file_text("text", PATH),
    steps.file_exists("there", PATH),
    steps.file_hash("hash", PATH, "00"),
    steps.folder("folder", r"C:\Data"),
    steps.version_files(r"\\files\berlin"),
    steps.management_service(),
    steps.disk("C:\\CloudConnector"),
    steps.memory(),
    steps.dotnet(),
    steps.clock(),
    steps.services(["RTCSRV", "REPLICA"]),
    steps.make_folder("make", r"C:\New"),
    steps.claim("claim", PATH, "me"),
    steps.write_file("write", PATH, "text"),
    steps.copy_file("copy", PATH, r"C:\Data\b.txt"),
    steps.move_file("move", PATH, r"C:\Data\c.txt"),
    steps.place_file("end", PATH, r"C:\Data\d.txt"),
    steps.remove_file("remove", PATH),
    steps.fetch("fetch", "https://packages.lab/a.msi", PATH),
    steps.msiexec("install", ["/i", PATH]),
    steps.task_register("register", "task", "<Task/>", "CceAdmin", "right"),
    steps.task_start("start", "task"),
    steps.task_state("state", "task"),
    steps.task_info("info", "task"),
    steps.task_unregister("unregister", "task"),
]
NOT_ANSWERED = (
    "NotSimulated",
    "CommandNotFound",
    "NamedParameterNotFound",
    "ParameterArgument",
    "AmbiguousParameterSet",
)


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step["name"])
def test_the_step_is_answered(console: Any, step: dict[str, Any]) -> None:
    (result,) = console.steps([step])
    assert not [error["id"] for error in result["errors"] if error["id"].startswith(NOT_ANSWERED)]
