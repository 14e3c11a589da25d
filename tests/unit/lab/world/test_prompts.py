"""How the product asks: other words, everything twice, or past the bridge."""

from __future__ import annotations

import pytest

from lab.powershell.errors import NON_INTERACTIVE

KINDS = ("TenantAdmin", "ExternalCert", "CceService", "CABackupFile")


def answers(*prompts, password="x"):
    return [{"prompt": prompt, "user": "someone", "password": password} for prompt in prompts]


def ask_for_all(make, run, given=(), **switches):
    """The questions of a registration that enters everything anew, and its result."""
    result = run(make(switches=switches), "Register-CcAppliance", given, Local=True)
    return [prompt["text"] for prompt in result["prompts"]], result


@pytest.mark.parametrize("style", ["account types", "other words", "credential"])
def test_the_words_of_a_question(make, run, style):
    texts, result = ask_for_all(make, run, answers(*["."] * 4), prompt_style=style)
    assert result["errors"] == []
    named = [kind in text for kind, text in zip(KINDS, texts, strict=True)]
    assert named == [style != "other words"] * 4


def test_a_credential_wants_a_user_where_a_password_does_not(make, run):
    given = [{**one, "user": ""} for one in answers(*KINDS)]
    given[0]["user"] = "someone"
    assert ask_for_all(make, run, given)[1]["errors"] == []
    (error,) = ask_for_all(make, run, given, prompt_style="credential")[1]["errors"]
    assert '"userName" is not valid' in error["message"]


@pytest.mark.parametrize(
    ("style", "again"), [("account types", "Confirm the"), ("other words", "Please type it once more:")]
)
def test_every_password_may_be_asked_for_twice(make, run, style, again):
    texts, result = ask_for_all(make, run, answers(*["."] * 8), prompt_style=style, confirm_twice=True)
    assert (result["errors"], len(texts)) == ([], 8)
    assert all(text.startswith(again) for text in texts[1::2])


def test_one_answer_is_not_enough_for_two_questions(make, run):
    texts, result = ask_for_all(make, run, answers(*KINDS), confirm_twice=True)
    assert result["errors"][0]["id"] == "UnexpectedPrompt"
    assert texts[-1] == "Confirm the user name and password of the tenant administrator (TenantAdmin)"


def test_two_answers_have_to_be_the_same(make, run):
    given = [*answers("Enter"), *answers("Confirm", password="y")]
    assert "do not match" in ask_for_all(make, run, given, confirm_twice=True)[1]["errors"][0]["message"]


@pytest.mark.parametrize("twice", [True, False])
def test_an_old_password_is_asked_for_once(make, run, twice):
    lab = make(switches={"confirm_twice": twice})
    result = run(lab, "Set-CcCredential", answers(*["."] * 3), AccountType="VmAdmin")
    assert [prompt["text"].split()[0] for prompt in result["prompts"]] == ["Enter", "Enter", *["Confirm"] * twice]


@pytest.mark.parametrize("kind", ["TenantAdmin", "VmAdmin"])
def test_nobody_answers_what_is_asked_past_the_bridge(make, run, kind):
    lab = make(switches={"host_ui": True})
    result = run(lab, "Set-CcCredential", answers("."), AccountType=kind)
    assert NON_INTERACTIVE in result["errors"][0]["message"]
    assert (result["prompts"], result["errors"][0]["id"]) == ([], "PSInvalidOperationException")


def test_a_question_of_yes_or_no_past_the_bridge(make, run):
    agree = [{"prompt": "", "user": "", "password": "Y"}]
    for cmdlet, parameters in (("Import-CcConfiguration", {}), ("Uninstall-CcAppliance", {"Version": "2.0.1"})):
        assert run(make(), cmdlet, agree, **parameters)["errors"] == []
        lab = make(switches={"host_ui": True})
        assert NON_INTERACTIVE in run(lab, cmdlet, agree, **parameters)["errors"][0]["message"]
        assert lab.snapshot("cce-1")["running"] == "2.0.1"
