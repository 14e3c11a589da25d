from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import tenant
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.exceptions import NotReadError
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.reading import Unknown
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.tenant import Schedule, Site, Tenant

from .builders import answer, result

SITE = {
    "Identity": "AEPSITE1",
    "EdgeFQDN": "AEPSITE1.SONUSMS01.COM",
    "EnableAutoUpdate": True,
    "BitsUpdateTimeWindowList": [],
    "OsUpdateTimeWindowList": ["Night"],
}
WINDOW = {
    "Identity": "Weekend",
    "StartTime": "01:00:00",
    "Duration": "05:00:00",
    "DaysOfWeek": "Sunday, Saturday",
    "WeeksOfMonth": ["last", "First"],
    "DayOfMonth": 0,
}


def answered(name: str, *output: Any) -> Answer:
    return answer(result(name, *output))


def windows(**changes: Any) -> Any:
    return tenant.parse_windows(answered("update_windows", {**WINDOW, **changes}))["Weekend"]


def test_the_documented_record_of_a_site_is_read() -> None:
    found = tenant.parse_sites(answered("site_records", SITE))
    assert found == {"AEPSITE1": Site("AEPSITE1.SONUSMS01.COM", True, (), ("Night",))}


@pytest.mark.parametrize(
    ("key", "field"),
    list(zip(list(SITE)[1:], ("edge_fqdn", "auto_update", "bits_windows", "os_windows"), strict=True)),
)
def test_a_property_that_is_missing_is_unknown(key: str, field: str) -> None:
    (site,) = tenant.parse_sites(answered("site_records", {**SITE, key: None})).values()
    assert isinstance(getattr(site, field), Unknown)


def test_a_schedule_is_read_whichever_way_its_days_are_written() -> None:
    weekend = Schedule("01:00:00", "05:00:00", ("Sunday", "Saturday"), ("First", "Last"))
    assert windows() == weekend
    assert windows(DaysOfWeek=["Saturday", "Sunday"], WeeksOfMonth="First, Last", DayOfMonth=None) == weekend


@pytest.mark.parametrize("changes", [{"StartTime": None}, {"Duration": 5}, {"StartTime": "soon"}])
def test_a_schedule_that_is_not_as_expected_is_unknown(changes: dict[str, Any]) -> None:
    assert isinstance(windows(**changes), Unknown)


@pytest.mark.parametrize(
    ("schedule", "frequency"),
    [
        (Schedule("", ""), "daily"),
        (Schedule("", "", ("Monday",)), "weekly"),
        (Schedule("", "", day_of_month=1), "monthly"),
        (Schedule("", "", ("Monday",), ("First",)), "monthly"),
    ],
)
def test_the_frequency_follows_from_the_days(schedule: Schedule, frequency: str) -> None:
    assert schedule.frequency == frequency


def test_one_appliance_is_read_and_two_are_too_many() -> None:
    record = {"Identity": "guid", "MaintenanceMode": None}
    member = tenant.parse_member(answered("appliance_record", record), "x")
    assert member is not None and isinstance(member.maintenance_mode, Unknown)
    assert tenant.parse_member(answered("appliance_record"), "x") is None
    with pytest.raises(NotReadError, match="2 appliances x"):
        tenant.parse_member(answered("appliance_record", record, record), "x")


@pytest.mark.parametrize(
    ("text", "written"),
    [("22:00", "22:00:00"), ("6:00", "06:00:00"), ("1.00:00", "1.00:00:00"), (" 0:00:30 ", "00:00:30")],
)
def test_a_time_is_written_as_net_writes_it(text: str, written: str) -> None:
    assert tenant.span(text) == written


@pytest.mark.parametrize("text", ["24:00", "1320", "", "1:2", "1:60", "-1:00"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a time"):
        tenant.span(text)


@pytest.mark.parametrize(
    ("present", "wanted", "modifier"),
    [
        (["a"], ["A", "b"], {"add": ["b"]}),
        (["a", "b"], ["B"], {"remove": ["a"]}),
        (["a", "b"], [], {"remove": ["a", "b"]}),
        (["a"], ["b"], {"replace": ["b"]}),
    ],
)
def test_a_list_is_changed_by_no_more_than_has_to_be(present: Any, wanted: Any, modifier: Any) -> None:
    assert tenant.list_modifier(present, wanted) == modifier


def test_names_are_added_and_removed_whatever_their_case() -> None:
    assert tenant.modified(["a", "b"], {"add": ["B", "c"], "remove": ["A"]}) == ("b", "c")
    assert tenant.modified(["a"], {"set": []}) == ()


def test_records_come_back_from_json() -> None:
    state = Tenant({"s": Site(Unknown("why"), True, (), ("w",))}, {"w": Schedule("a", "b"), "v": Unknown("odd")})
    assert Tenant.from_dict(state.to_dict()) == state


def test_later_records_stand_over_earlier_ones() -> None:
    found = Tenant({"a": Site("x", True, (), ())}, {})
    window = {"w": Schedule("a", "b")}
    assert found.inherit(Tenant(windows=window).parts()) == Tenant(found.sites, window)
    assert found.inherit(Tenant(sites={}).parts()).sites == {}
