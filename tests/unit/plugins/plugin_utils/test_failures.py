"""A failed answer as one sentence, a remedy, and the details as data."""

from __future__ import annotations

from typing import Any

import yaml
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._bridge import Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils._failures import StepsFailed

ASKED = [
    {"name": "read", "cmdlet": r"CloudConnector\Get-CcVersion", "parameters": {}},
    {"name": "act", "cmdlet": r"CloudConnector\Switch-CcVersion", "parameters": {}},
]


def error(message: str, id: str = "SomeId", command: str | None = None) -> dict[str, Any]:
    return {"message": message, "id": id, "category": "NotSpecified", "exception": "X", "command": command}


def failed(*errors: dict[str, Any], thrown: bool = True, **more: Any) -> StepsFailed:
    result = {"name": "act", "output": [], "errors": list(errors), "warnings": [], "thrown": thrown, "seconds": 1.0}
    stopped = {"name": "act", "reason": "error"}
    answer = {"protocol": 1, "results": [result], "stopped": stopped, "prompts": [], **more}
    return StepsFailed("do it", ASKED, Answer(answer))


def test_the_sentence_names_the_cmdlet_that_was_sent_and_its_words() -> None:
    failure = failed(error("No\r\n  way", command="Some-InnerCmdlet"))
    assert failure.what == "Could not do it: Switch-CcVersion said: No way."
    assert failure.details["cmdlet"] == "Switch-CcVersion" and failure.details["step"] == "act"


def test_an_unknown_error_says_where_to_look() -> None:
    failure = failed(error("No way"))
    assert failure.details["class"] == "unknown" and "Logs folder of the appliance directory" in failure.remedy


def test_of_several_errors_the_known_one_decides() -> None:
    failure = failed(error("Odd."), error("Service RTCMRAUTH failed to start."), thrown=False)
    assert failure.details["class"] == "T4-edge-authentication-service"
    assert failure.what.endswith("said: Odd. And: Service RTCMRAUTH failed to start.")


def test_of_several_known_errors_the_more_special_one_decides() -> None:
    failure = failed(
        error("Service RTCSRV failed to start."), error("Service RTCMRAUTH failed to start."), thrown=False
    )
    assert failure.details["class"] == "T4-edge-authentication-service"


def test_what_ended_the_cmdlet_is_told_beside_what_is_known() -> None:
    failure = failed(error("Service RTCMRAUTH failed to start."), error("minor"), error("The end."))
    assert failure.what.endswith("said: Service RTCMRAUTH failed to start. And: The end.")


def test_what_ended_the_cmdlet_is_told_alone_when_nothing_is_known() -> None:
    assert failed(error("Odd."), error("The end.")).what.endswith("said: The end.")


def test_the_same_words_are_said_once() -> None:
    assert failed(error("Odd."), error("Odd."), thrown=False).what.endswith("said: Odd.")


def test_a_question_comes_before_every_error() -> None:
    failure = failed(error("x"), prompts=[{"text": "Enter Bob's (it): ", "answered": False}])
    assert (failure.details["prompt"], failure.details["class"]) == ("Enter Bob's (it): ", "prompt")
    (line,) = yaml.safe_load(failure.remedy[failure.remedy.index("- {") :])
    assert line["prompt"] == r"Enter Bob's \(it\): "


def test_every_question_gets_its_line() -> None:
    asked = [{"text": text, "answered": False} for text in ("First?", "Second?", "First?")]
    failure = failed(error("x"), prompts=asked)
    lines = yaml.safe_load(failure.remedy[failure.remedy.index("- {") :])
    assert [line["prompt"] for line in lines] == [r"First\?", r"Second\?"]
    assert failure.details["prompts"] == ["First?", "Second?"] and "'First?' and 'Second?'" in failure.what


def test_a_question_that_the_product_swallowed_is_a_failure_of_unknown_outcome() -> None:
    failure = failed(stopped=None, prompts=[{"text": "Enter it", "answered": False}])
    assert failure.details["swallowed"] and "what it did then is not known" in failure.what
    assert not failed(error("x"), prompts=[{"text": "Enter it", "answered": False}]).details["swallowed"]


def test_a_job_is_not_told_to_be_given_answers() -> None:
    asked = [{"text": "Enter it", "answered": False}]
    answer = {"results": [], "stopped": {"name": "act", "reason": "error"}, "prompts": asked}
    failure = StepsFailed("deploy", ASKED, Answer(answer), attached=False)
    assert "credential operation" in failure.remedy and "- {prompt" not in failure.remedy


def test_a_question_past_the_bridge_is_named() -> None:
    text = "PowerShell is in NonInteractive mode. Read and Prompt functionality is not available."
    for one in (error(text), error("Auf Deutsch", id="PSInvalidOperationException")):
        assert failed(one).details["class"] == "prompt-past-the-bridge"


def test_a_question_that_was_answered_is_none() -> None:
    failure = failed(error("x"), prompts=[{"text": "Enter it", "answered": True}])
    assert failure.details["class"] == "unknown"


def test_a_fence_tells_what_was_there_instead() -> None:
    result = {"name": "read", "output": ["2.1"], "errors": [], "warnings": [], "thrown": False, "seconds": 1.0}
    answer = {"results": [result], "stopped": {"name": "read", "reason": "expect"}, "prompts": []}
    failure = StepsFailed("switch", ASKED, Answer(answer))
    assert failure.what.startswith("Could not switch: Get-CcVersion (read) on the appliance gave 2.1,")
    assert "Nothing after that was run" in failure.remedy and failure.details["class"] == "fence"
