"""The lease of a site: its text, its steps, and who may have it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import lease, site_file, slot, state, steps
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Place, Policy, Site, Unreadable

from .builders import healthy

NOW = datetime(2026, 1, 31, 1, 0, tzinfo=UTC)
HERE = lease.Machine("boot-1", "pid:[4026531836]", "4711", "12345")
FOLDER = r"\\files\berlin"


def made(token: str = "a", **changes: Any) -> Any:
    given = {"run": "run-1", "who": "ann@controller", "machine": HERE, "since": NOW, "seconds": 180.0, **changes}
    return lease.make(**given, token=token * 32)


# --- its text ---------------------------------------------------------------------------------------------------------


def test_what_is_made_is_what_is_read() -> None:
    first = made()
    second = made("b", found=first, take_over=lease.TakeOver("Ann", "its controller burnt"))
    assert lease.parse(first.text) == first and lease.parse(second.text) == second
    assert (second.after, second.by, second.reason) == ("run-1", "Ann", "its controller burnt")
    assert (first.after, first.by, first.reason) == ("", "", "")


@pytest.mark.parametrize("part", ["run", "who"])
def test_each_part_is_short_and_printable(part: str) -> None:
    made_of = made(**{part: "x\n\x1b[31m" + "y" * 900})
    found = getattr(lease.parse(made_of.text), part)
    assert len(found) == site_file.MOST_CHARACTERS and found.isprintable()


@pytest.mark.parametrize(
    "broken",
    [
        "",
        "{",
        "[]",
        "null",
        *(
            json.dumps({**json.loads(made().text), **change})
            for change in (
                {"token": r"..\..\evil"},
                {"token": "A" * 32},
                {"who": "x" * 201},
                {"who": "a\nb"},
                {"run": 1},
                {"seconds": 0},
                {"seconds": True},
                {"seconds": 1e300},
                {"seconds": lease.MOST_SECONDS + 1},
            )
        ),
    ],
)
def test_what_is_none_is_never_taken_for_one(broken: str) -> None:
    with pytest.raises(NotReadError, match="is not a lease of this collection"):
        lease.parse(broken)


@pytest.mark.parametrize(("given", "lasts"), [(0.0, 1), (179.6, 180), (1e9, lease.MOST_SECONDS)])
def test_the_time_of_a_lease_is_bounded(given: float, lasts: int) -> None:
    assert lease.parse(made(seconds=given).text).seconds == lasts


# --- its steps --------------------------------------------------------------------------------------------------------


def test_a_claim_is_one_file_and_never_by_force() -> None:
    claim, beat = lease.claim_steps(FOLDER, made(), "sign")
    assert claim["cmdlet"] == "New-Item" and "Force" not in claim["parameters"]
    assert claim["parameters"]["Path"] == rf"{FOLDER}\{lease.NAME}"
    assert beat["on_error"] == "continue" and beat["parameters"]["LiteralPath"].endswith(f".{'a' * 32}.beat")


def test_a_lease_is_taken_over_only_where_it_is_still_the_one_that_was_seen() -> None:
    fence, ended, removed, claim, beat, log = lease.claim_steps(
        FOLDER, made("b"), "sign", made("a"), [lease.NAME], "a line"
    )
    assert fence["expect"] == [made("a").text] and "on_error" not in fence
    assert ended["cmdlet"] == "Move-Item" and "Force" not in ended["parameters"]
    assert ended["parameters"]["Destination"].endswith("." + "a" * 32)
    assert removed["parameters"]["LiteralPath"] == [lease.beat_path(FOLDER, made("a"))]
    assert [one["name"] for one in (claim, beat, log)] == ["lease_claimed", lease.BEAT, "lease_log"]


def test_the_end_of_a_lease_removes_what_earlier_ones_left_and_nothing_else() -> None:
    kept = (
        lease.NAME,
        f"{lease.NAME}.{'a' * 32}",
        lease.LOG,
        "sfb.cloud_connector.slot",
        f"{lease.NAME}.x.beat",
        "Bits",
    )
    gone = (f"{lease.NAME}.{'c' * 32}", f"{lease.NAME}.{'c' * 32}.beat", f"{lease.NAME}.{'a' * 32}.beat")
    assert lease.leftovers(made("a"), [*kept, *gone]) == sorted(gone)


def test_a_fence_expects_the_very_text() -> None:
    fence = lease.fence(FOLDER + "\\", made())
    assert fence["expect"] == [made().text] and fence["parameters"]["LiteralPath"] == rf"{FOLDER}\{lease.NAME}"


PLACE = Place("cce-1", r"C:\Cce", FOLDER, {"cms": "10.0.0.2", "mediation": "10.0.0.3", "edge": "10.0.0.4"})


@pytest.mark.parametrize("made_of", [*state.appliance_survey(PLACE).steps, *state.tenant_survey(PLACE).steps])
def test_no_survey_acts(made_of: dict[str, Any]) -> None:
    assert not lease.is_acting(made_of)


@pytest.mark.parametrize(
    "act",
    [
        steps.register(),
        steps.switch_version(),
        steps.write_file("x", "C:\\x", ""),
        steps.remove_file("x", "C:\\x"),
        steps.step("x", "Some-Thing"),
        steps.inside("edge", "10.0.0.4", "c", [steps.services(["REPLICA"]), steps.step("x", "Restart-Computer")]),
    ],
)
def test_what_is_not_known_to_read_acts(act: dict[str, Any]) -> None:
    assert lease.is_acting(act)


# --- who may have it --------------------------------------------------------------------------------------------------

RUNNING = {"4711": "12345", "4712": "99999"}


@pytest.mark.parametrize(
    ("change", "dead"),
    [
        ({}, False),
        ({"pid": "4712"}, True),
        ({"pid": "9"}, True),
        ({"boot": "boot-2", "pid": "9"}, False),
        ({"namespace": "pid:[1]", "pid": "9"}, False),
        ({"boot": "", "pid": "9"}, False),
    ],
)
def test_only_a_process_of_this_boot_and_name_space_is_known_to_be_dead(change: dict[str, str], dead: bool) -> None:
    """A process id that another process has by now is that of a dead one, too."""
    found = made(machine=replace(HERE, **change))
    assert lease.is_dead(found, HERE, RUNNING.get) is dead
    assert not lease.is_dead(found, replace(HERE, boot=""), RUNNING.get)


def site(**changes: Any) -> Site:
    others = {"cce-ber-2": healthy(number=2, **changes)}
    return Site("berlin", Policy(500), {"cce-ber-1": healthy(number=1), **others})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"jobs": ("install-2.1",)}, "install-2.1 is under way on cce-ber-2"),
        ({"jobs": Unknown("Access is denied")}, "could not be read: Access is denied"),
    ],
)
def test_work_of_another_appliance_keeps_the_lease(changes: dict[str, Any], words: str | None) -> None:
    found = lease.unfinished("cce-ber-1", site(**changes), healthy(number=1))
    assert found is None if words is None else words in str(found)


def test_work_of_the_appliance_itself_does_not() -> None:
    own = healthy(number=1, jobs=("install-2.1",))
    assert lease.unfinished("cce-ber-1", site().with_observations({"cce-ber-1": own}), own) is None


def test_an_appliance_that_cannot_be_read_keeps_the_lease() -> None:
    seen = site().with_observations({"cce-ber-2": Unreadable("no route")})
    assert "cce-ber-2 could not be read: no route" in str(lease.unfinished("cce-ber-1", seen, healthy(number=1)))


def test_a_slot_whose_holder_does_not_serve_keeps_the_lease() -> None:
    held = slot.make("cce-ber-2", "cce-ber-2", "version", NOW, "5" * 32)
    ill = site(slot=held, machines=())
    assert "held by cce-ber-2" in str(lease.unfinished("cce-ber-1", ill, healthy(number=1, slot=held)))
    well = site(slot=held)
    assert lease.unfinished("cce-ber-1", well, healthy(number=1, slot=held)) is None


def test_a_slot_that_cannot_be_read_keeps_the_lease() -> None:
    with pytest.raises(NotReadError):
        lease.unfinished("cce-ber-1", site(), healthy(number=1, slot=Unknown("Access is denied")))


# --- who took it over -------------------------------------------------------------------------------------------------


def test_takeovers_by_name_are_kept_up_to_a_bound() -> None:
    text = "half a li"
    for number in range(3 * lease.LOGGED):
        new = made("b", found=made(), take_over=lease.TakeOver("Ann", f"reason {number}"))
        text = lease.logged(text, new, made())
    assert len(lease.entries(text)) == lease.LOGGED
    assert lease.entries(text)[-1]["reason"] == f"reason {3 * lease.LOGGED - 1}"
    assert lease.entries(text)[-1]["from"].startswith("ann@controller (run run-1)")


def test_a_forged_log_shows_nothing_unprintable() -> None:
    assert lease.entries('{"by": "\\u001b[31m"}\n[1]\n{"by": 1}\n\x00\n{"by": "Ann"}') == [{"by": "Ann"}]
