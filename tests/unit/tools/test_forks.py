"""A copy of the process ends where it belongs, whatever happens in it."""

from __future__ import annotations

from tests.forks import Answer, Forks


def test_each_case_is_answered_by_its_copy_and_the_process_itself_goes_on() -> None:
    forks, played = Forks[str](), list[str | None]()

    def play() -> None:
        case = forks.begin(["well", "wrong", "broken"])
        played.append(case)
        if case == "broken":
            raise RuntimeError("half-way")

    def judge() -> Answer:
        return Answer([] if forks.case == "well" else ["it is wrong"], end=str(forks.case))

    assert forks.explored(play, judge) == {
        "well": Answer([], "well"),
        "wrong": Answer(["it is wrong"], "wrong"),
        "broken": Answer(["the case broke: RuntimeError('half-way')"]),
    }
    assert played == [None]
