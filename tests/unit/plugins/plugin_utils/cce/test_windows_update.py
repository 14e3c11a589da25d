"""The report of the update program, the choice of updates, and the codes."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import windows_update
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.windows_update import (
    Choice,
    Goal,
    Report,
    Update,
)

ONE: dict[str, Any] = {
    "id": "1",
    "title": "Security Update",
    "kbs": ["5000001"],
    "categories": ["Security Updates", "Windows Server 2012 R2"],
    "classes": ["0FA1201D-4330-4FA8-8AE9-B877473B6441"],
    "size": 1.5e6,
    "downloaded": False,
    "installed": False,
    "waits": False,
    "asks": False,
    "optional": False,
    "exclusive": False,
    "restart": 2,
    "result": None,
    "code": None,
}


def answer(*rows: dict[str, Any], **more: Any) -> Answer:
    report = {"updates": list(rows), "waits": False, "server": None, "failure": None, **more}
    step = {"name": "windows_update", "output": [report], "errors": [], "warnings": [], "thrown": False, "seconds": 0}
    return Answer({"results": [step], "stopped": None, "prompts": []})


def made(**more: Any) -> Update:
    (found,) = windows_update.parse(answer({**ONE, **more})).updates
    return found


def report(*updates: Update) -> Report:
    return Report(updates, False, None)


def test_a_report_is_read() -> None:
    found = made()
    assert (found.kbs, found.size, found.classes) == (("KB5000001",), 1_500_000, (ONE["classes"][0].lower(),))
    assert found.name == "KB5000001" and made(kbs=[]).name == "Security Update"


@pytest.mark.parametrize("wrong", [{"updates": None}, {"updates": [{}]}, {"failure": {"stage": "search"}}])
def test_what_is_no_report_is_not_read(wrong: dict[str, Any]) -> None:
    with pytest.raises(NotReadError, match="gave no report"):
        windows_update.parse(answer(**wrong))


@pytest.mark.parametrize(
    ("categories", "fits"),
    [
        (("*",), True),
        (("security updates",), True),
        (("SecurityUpdates",), True),
        (("0fa1201d-4330-4fa8-8ae9-b877473b6441",), True),
        (("Update Rollups", "Tools"), False),
        ((), False),
    ],
)
def test_categories_fit_by_name_and_by_id(categories: tuple[str, ...], fits: bool) -> None:
    for names in (ONE["categories"], ["Sicherheitsupdates"]):
        assert (windows_update.left_out(made(categories=names), Choice(categories)) is None) is fits


@pytest.mark.parametrize(
    ("more", "goal", "open_"),
    [
        ({}, Goal.SEARCHED, False),
        ({}, Goal.DOWNLOADED, True),
        ({"downloaded": True}, Goal.DOWNLOADED, False),
        ({"downloaded": True}, Goal.INSTALLED, True),
        ({"installed": True}, Goal.INSTALLED, False),
        ({"waits": True}, Goal.INSTALLED, False),
    ],
)
def test_what_is_still_wanted(more: dict[str, Any], goal: Goal, open_: bool) -> None:
    assert bool(windows_update.wanted(report(made(**more)), Choice(), goal)) is open_


def test_one_that_has_to_be_alone_is_a_batch_of_its_own() -> None:
    first, alone, other = made(id="1"), made(id="2", exclusive=True), made(id="3", exclusive=True)
    assert windows_update.batch([first, alone, other]) == (alone,)
    assert windows_update.batch([first]) == (first,)


def test_what_was_installed_before_is_kept() -> None:
    done, open_ = made(id="1", installed=True), made(id="2")
    merged = windows_update.merged(report(done, open_), report(made(id="2", installed=True)))
    assert [(one.id, one.installed) for one in merged.updates] == [("1", True), ("2", True)]


@pytest.mark.parametrize("text", ["", "KB", "KB12", "all", "5000001x"])
def test_what_is_no_kb(text: str) -> None:
    with pytest.raises(ValueError, match="is no KB"):
        windows_update.kb(text)


@pytest.mark.parametrize(
    ("code", "failed"), [(None, False), ("0x00000000", False), ("0x00240005", False), ("0x80240017", True)]
)
def test_a_code_says_whether_it_failed(code: str | None, failed: bool) -> None:
    assert made(code=code).failed is failed


def test_an_unknown_code_is_passed_on() -> None:
    assert windows_update.told("0x8024FFFF").startswith("0x8024FFFF: This collection does not know that code.")
