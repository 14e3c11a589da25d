"""A failed answer as one sentence, a remedy, and the details as data."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import (
    OptionError,
    Refused,
    Unfinished,
    WorkFailed,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.failure_classes import FAILURES, FailureClass
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.health import CALLS, FAIL, Check
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.operation.failures import (
    checks_failed,
    describe,
    from_text,
    steps_failed,
    warned,
)

ASKED = [
    {"name": "read", "cmdlet": r"CloudConnector\Get-CcVersion", "parameters": {}},
    {"name": "act", "cmdlet": r"CloudConnector\Switch-CcVersion", "parameters": {}},
]


def error(message: str, id: str = "SomeId", command: str | None = None) -> dict[str, Any]:
    return {"message": message, "id": id, "category": "NotSpecified", "exception": "X", "command": command}


def failed(*errors: dict[str, Any], thrown: bool = True, **more: Any) -> WorkFailed:
    result = {"name": "act", "output": [], "errors": list(errors), "warnings": [], "thrown": thrown, "seconds": 1.0}
    stopped = {"name": "act", "reason": "error"}
    answer = {"protocol": 1, "results": [result], "stopped": stopped, "prompts": [], **more}
    return steps_failed("do it", ASKED, Answer(answer))


def test_the_sentence_names_the_cmdlet_that_was_sent_and_its_words() -> None:
    failure = failed(error("No\r\n  way", command="Some-InnerCmdlet"))
    assert failure.what == "Could not do it: Switch-CcVersion said: No way."
    assert failure.details["cmdlet"] == "Switch-CcVersion" and failure.details["step"] == "act"


def test_an_unknown_error_says_where_to_look() -> None:
    failure = failed(error("No way"))
    described = describe(failure)
    assert described["class"] == "unknown" and "Logs folder of the appliance directory" in described["remedy"]


def test_of_several_errors_the_known_one_decides() -> None:
    failure = failed(error("Odd."), error("Service RTCMRAUTH failed to start."), thrown=False)
    assert failure.failure is FailureClass.EDGE_AUTHENTICATION_SERVICE
    assert failure.what.endswith("said: Odd. And: Service RTCMRAUTH failed to start.")


def test_of_several_known_errors_the_more_special_one_decides() -> None:
    failure = failed(
        error("Service RTCSRV failed to start."), error("Service RTCMRAUTH failed to start."), thrown=False
    )
    assert failure.failure is FailureClass.EDGE_AUTHENTICATION_SERVICE


def test_what_ended_the_cmdlet_is_told_beside_what_is_known() -> None:
    failure = failed(error("Service RTCMRAUTH failed to start."), error("minor"), error("The end."))
    assert failure.what.endswith("said: Service RTCMRAUTH failed to start. And: The end.")


def test_what_ended_the_cmdlet_is_told_alone_when_nothing_is_known() -> None:
    assert failed(error("Odd."), error("The end.")).what.endswith("said: The end.")


def test_the_same_words_are_said_once() -> None:
    assert failed(error("Odd."), error("Odd."), thrown=False).what.endswith("said: Odd.")


def test_a_question_comes_before_every_error() -> None:
    failure = failed(error("x"), prompts=[{"text": "Enter Bob's (it): ", "answered": False}])
    assert (failure.details["prompt"], failure.failure) == ("Enter Bob's (it): ", FailureClass.PROMPT)
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
    failure = steps_failed("deploy", ASKED, Answer(answer), attached=False)
    assert "`credential` operation" in failure.remedy and "- {prompt" not in failure.remedy
    assert failure.failure is FailureClass.PROMPT_IN_JOB


def test_a_question_past_the_bridge_is_named() -> None:
    text = "PowerShell is in NonInteractive mode. Read and Prompt functionality is not available."
    for one in (error(text), error("Auf Deutsch", id="PSInvalidOperationException")):
        assert failed(one).failure is FailureClass.PROMPT_PAST_THE_BRIDGE


def test_a_question_that_was_answered_is_none() -> None:
    failure = failed(error("x"), prompts=[{"text": "Enter it", "answered": True}])
    assert failure.failure is FailureClass.UNKNOWN


def test_a_fence_tells_what_was_there_instead() -> None:
    result = {"name": "read", "output": ["2.1"], "errors": [], "warnings": [], "thrown": False, "seconds": 1.0}
    answer = {"results": [result], "stopped": {"name": "read", "reason": "expect"}, "prompts": []}
    failure = steps_failed("switch", ASKED, Answer(answer))
    assert failure.what.startswith("Could not switch: Get-CcVersion (read) on the appliance gave 2.1,")
    assert "Nothing after that was run" in failure.remedy and failure.failure is FailureClass.FENCE
    assert failure.details == {"step": "read", "cmdlet": "Get-CcVersion", "output": ["2.1"]}
    assert describe(failure)["retry"] is True


def test_a_known_error_has_meaning_and_remedy_of_its_class() -> None:
    failure, row = failed(error("x", id="Some,0xc1550115")), FAILURES[FailureClass.WINDOWS_IMAGE]
    assert (failure.failure, failure.remedy) == (FailureClass.WINDOWS_IMAGE, f"{row.meaning} {row.remedy}")


def test_a_failure_holds_what_the_cmdlet_said_whole() -> None:
    first, last = error("minor\nthing"), error("The end.", id="EndId", command="Some-InnerCmdlet")
    assert failed(first, last).details == {
        "step": "act",
        "cmdlet": "Switch-CcVersion",
        "message": "The end.",
        "id": "EndId",
        "category": "NotSpecified",
        "errors": [{**first, "command": ""}, last],
    }


def test_the_class_of_an_error_may_hang_on_the_cmdlet_that_was_sent() -> None:
    asked = [{"name": "act", "cmdlet": r"CloudConnector\Set-CcExternalCertificateFilePath", "parameters": {}}]
    told = {**error("Das Kennwort"), "exception": "System.Security.Cryptography.CryptographicException"}
    result = {"name": "act", "output": [], "errors": [told], "warnings": [], "thrown": True, "seconds": 1.0}
    answer = Answer({"results": [result], "stopped": {"name": "act", "reason": "error"}, "prompts": []})
    assert steps_failed("do it", asked, answer).failure is FailureClass.CERTIFICATE_PASSWORD


# --- warnings, reasons, the return value ------------------------------------------------------------------------------


def test_only_the_products_warnings_are_passed_on_each_once_and_explained() -> None:
    asked = [*ASKED, {"name": "other", "cmdlet": "Get-VM", "parameters": {}}]
    texts = {"act": ["No gateway\nspecified for the route", "Odd", "Odd"], "other": ["Not ours"]}
    results = [
        {"name": name, "output": [], "errors": [], "warnings": found, "thrown": False, "seconds": 1.0}
        for name, found in texts.items()
    ]
    row = FAILURES[FailureClass.ROUTE_WITHOUT_GATEWAY]
    assert warned(asked, Answer({"results": results})) == [
        "Switch-CcVersion warned: No gateway specified for the route [route-without-gateway] "
        f"{row.meaning} {row.remedy}",
        "Switch-CcVersion warned: Odd",
    ]


def test_a_reason_gives_a_failure_its_class_when_it_is_known() -> None:
    known = from_text("It cannot be judged.", "Key not valid for use in specified state.", FailureClass.UNREAD)
    assert known.failure is FailureClass.CREDENTIAL_CACHE and "cannot decrypt the credential cache" in known.remedy
    other = describe(from_text("It cannot be judged.", "line cut", FailureClass.UNREAD))
    assert (other["class"], other["what"]) == ("unread", "It cannot be judged.")


def test_what_an_error_does_not_say_is_that_of_its_class() -> None:
    assert describe(Unfinished("It goes on.", job="install-2.1")) == {
        "what": "It goes on.",
        "remedy": FAILURES[FailureClass.UNFINISHED].remedy,
        "class": "unfinished",
        "retry": True,
        "job": "install-2.1",
    }
    assert type(describe(Unfinished("x"))["class"]) is str


def test_what_an_error_says_itself_counts() -> None:
    said = describe(OptionError("It is wrong.", "Write it right.", failure=FailureClass.UNFINISHED, retry=False))
    assert said == {"what": "It is wrong.", "remedy": "Write it right.", "class": "unfinished", "retry": False}


@pytest.mark.parametrize(
    ("classes", "retry"),
    [
        ([FailureClass.UPDATE_UNDER_WAY], True),
        ([FailureClass.UPDATE_UNDER_WAY, FailureClass.SHARE_UNREACHABLE], True),
        ([FailureClass.UPDATE_UNDER_WAY, FailureClass.NOT_ELEVATED], False),
        ([FailureClass.NOT_ELEVATED, FailureClass.UPDATE_UNDER_WAY], False),
    ],
)
def test_waiting_helps_against_checks_where_it_helps_against_each(classes: list[FailureClass], retry: bool) -> None:
    stopping = [Check("a", FAIL, "it is wrong", CALLS, one) for one in classes]
    said = describe(checks_failed(Refused, "cce-1 is not ready", stopping))
    assert said["retry"] is retry and said["class"] == classes[0].value
