"""When an update window opens, and what an update depends on."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import auto_update
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import Appliance
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.auto_update import Around, opens
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Observation, Unreadable
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.tenant import Schedule, Site, Tenant
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.tenant_records import RecordsAndWindows
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

from .builders import NOW, healthy

NIGHT = Schedule("22:00:00", "06:00:00")
SUNDAY = Schedule("01:00:00", "02:00:00", days_of_week=("Sunday",))
FIRST_SUNDAY = Schedule("01:00:00", "02:00:00", days_of_week=("Sunday",), weeks_of_month=("First",))
LAST_SUNDAY = Schedule("01:00:00", "02:00:00", days_of_week=("Sunday",), weeks_of_month=("Last",))
FIFTEENTH = Schedule("00:00:00", "1.00:00:00", day_of_month=15)
NEVER = Schedule("01:00:00", "01:00:00", day_of_month=10)


@pytest.mark.parametrize(
    ("schedule", "now", "at"),
    [
        (NIGHT, "2026-01-31T21:00", "2026-01-31T22:00"),
        (NIGHT, "2026-01-31T23:30", "2026-01-31T23:30"),
        (NIGHT, "2026-02-01T03:59", "2026-02-01T03:59"),
        (NIGHT, "2026-02-01T04:00", "2026-02-01T22:00"),
        (SUNDAY, "2026-01-31T02:00", "2026-02-01T01:00"),
        (SUNDAY, "2026-01-31T00:59", None),
        (SUNDAY, "2026-02-01T03:00", None),
        (FIRST_SUNDAY, "2026-01-31T12:00", "2026-02-01T01:00"),
        (FIRST_SUNDAY, "2026-02-07T12:00", None),
        (LAST_SUNDAY, "2026-02-21T12:00", "2026-02-22T01:00"),
        (LAST_SUNDAY, "2026-02-14T12:00", None),
        (FIFTEENTH, "2026-01-14T12:00", "2026-01-15T00:00"),
        (FIFTEENTH, "2026-01-15T23:59", "2026-01-15T23:59"),
        (FIFTEENTH, "2026-01-16T00:00", None),
        (Schedule("12:00:00", "3.00:00:00", day_of_month=1), "2026-01-04T11:00", "2026-01-04T11:00"),
        (Schedule("01:00:00", "01:00:00", day_of_month=31), "2026-02-27T12:00", None),
    ],
)
def test_when_a_window_opens_within_a_day(schedule: Schedule, now: str, at: str | None) -> None:
    assert opens(schedule, datetime.fromisoformat(now)) == (at and datetime.fromisoformat(at))


def around(**changes: Any) -> Around:
    site = Site("ap-berlin.contoso.com", True, ("Night",), ("Night",))
    tenant = Tenant({"berlin": site}, {"Night": NIGHT, "Never": NEVER})
    return Around(**{"tenant": tenant, "keeps_registry": False, **changes})


ON = healthy("2.1", auto_update=True)


def blocking(appliance: Any, beside: Around) -> list[str]:
    return [check.id for check in auto_update.checks(appliance, beside) if check.blocks]


def test_an_appliance_that_would_be_updated_tonight() -> None:
    """The clock of the builders is 1:00 UTC: within the window that began the evening before."""
    found = auto_update.checks(ON, around())
    assert auto_update.would_run(found) == "yes" and blocking(ON, around()) == []
    assert auto_update.running(ON) == "no"
    assert auto_update.told("cce-1", ON, found).startswith(
        "Microsoft's own update would run within a day on cce-1. None is"
    )


def test_windows_count_in_the_time_of_the_host() -> None:
    assert auto_update.openings(ON.with_changes(zone_minutes=120), around())["bits"].at == datetime(2026, 1, 31, 3, 0)
    assert auto_update.openings(ON.with_changes(zone_minutes=300), around())["bits"].at == datetime(2026, 1, 31, 22, 0)


@pytest.mark.parametrize(
    ("changes", "beside", "check", "answer"),
    [
        ({"auto_update": False}, {}, "enable_auto_update", "no"),
        ({"tenant_maintenance": True}, {}, "tenant_maintenance", "no"),
        ({"management_service": None}, {}, "management_service", "no"),
        ({"dotnet_release": 379893}, {}, "dotnet", "no"),
        ({"scripts": Version("1.4.1")}, {}, "user_registry", "no"),
        ({"scripts": Version("1.4.1")}, {"keeps_registry": Unknown("no")}, "user_registry", "unknown"),
        ({"tenant_logon": Unknown("refused")}, {}, "tenant_logon", "unknown"),
        ({"auto_update": Unknown("refused")}, {}, "enable_auto_update", "unknown"),
        ({"zone_minutes": Unknown("no answer")}, {}, "bits_window", "unknown"),
        ({}, {"tenant": Unknown("no answer")}, "os_window", "unknown"),
        ({}, {"tenant": Tenant({}, {})}, "bits_window", "unknown"),
    ],
)
def test_what_keeps_it_from_that(changes: Any, beside: Any, check: str, answer: str) -> None:
    appliance = ON.with_changes(**changes)
    found = auto_update.checks(appliance, around(**beside))
    assert check in blocking(appliance, around(**beside)) and auto_update.would_run(found) == answer
    assert check in auto_update.told("cce-1", appliance, found)


def test_the_policy_of_1_4_1_that_is_set() -> None:
    early = ON.with_changes(scripts=Version("1.4.1"))
    assert "user_registry" not in blocking(early, around(keeps_registry=True))


@pytest.mark.parametrize(
    ("bits", "windows", "answer"), [("Never", "Never", "no"), ("Never", "Night", "yes"), ("", "", "yes")]
)
def test_one_open_window_of_two_is_enough(bits: str, windows: str, answer: str) -> None:
    site = Site("ap", True, (bits,) if bits else (), (windows,) if windows else ())
    beside = around(tenant=Tenant({"berlin": site}, {"Night": NIGHT, "Never": NEVER}))
    assert auto_update.would_run(auto_update.checks(ON, beside)) == answer


@pytest.mark.parametrize(
    ("action", "lock", "answer"),
    [("BitsUpdate Started", None, "yes"), (Unknown("no"), None, "unknown"), (None, None, "unknown")],
)
def test_whether_one_is_under_way(action: Any, lock: Any, answer: str) -> None:
    assert auto_update.running(ON.with_changes(update_action=action, update_lock=lock)) == answer


# --- remarks of a site ---------------------------------------------------------------------------------------------------


def records(enabled: bool = True, windows: Any = None) -> RecordsAndWindows:
    """The tenant's records of berlin and of its two appliances, as one logon has read them."""
    site = {"Identity": "berlin", "EdgeFQDN": "ap-berlin.contoso.com", "EnableAutoUpdate": enabled}
    own = [{"Name": f"cce-{number}", "MaintenanceMode": False, "UpdateAction": None} for number in (1, 2)]
    return RecordsAndWindows("cce-1", (site,), tuple(own), around().tenant if windows is None else windows)


def remarks(*found: Observation, **told: Any) -> list[str]:
    return auto_update.remarks({f"ber-{number}": one for number, one in enumerate(found, 1)}, records(**told))


def named(number: int, **changes: Any) -> Appliance:
    return healthy("2.1", computer_name=f"cce-{number}", **changes)


def test_the_same_of_many_is_said_once() -> None:
    assert remarks(named(1), named(2), Unreadable("off")) == [
        "Microsoft's own update would run within a day on ber-1, ber-2: bits_window, os_window: "
        "Night is open from 2026-01-31 01:00 on, in the host's own time."
    ]


def test_why_not_is_said_of_each() -> None:
    off, old = remarks(named(1), named(2, dotnet_release=379893), enabled=False)
    assert "would not run within a day on ber-1: enable_auto_update: EnableAutoUpdate of the site is False." in off
    assert "would not run within a day on ber-2: " in old and "dotnet" in old


def test_one_that_is_under_way_is_a_remark_of_its_own() -> None:
    _would, now = remarks(named(1, update_lock=NOW), named(2))
    assert now.startswith("Microsoft's own update is under way on ber-1 now: ")


def test_windows_that_could_not_be_read_are_no_answer() -> None:
    (said,) = remarks(named(1), windows=Unknown("no answer"))
    assert "may or may not run within a day on ber-1: bits_window, os_window: could not be read: no answer." in said
