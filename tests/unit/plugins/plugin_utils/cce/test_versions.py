from __future__ import annotations

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce import versions


def test_releases_are_in_order() -> None:
    assert sorted(versions.KNOWN, key=versions.key) == list(versions.KNOWN)
    assert versions.is_upgrade("2.0.1", "2.1")
    assert not versions.is_upgrade("2.1", "2.1.0")


@pytest.mark.parametrize(
    ("text", "normal"), [("2.1.0", "2.1"), (" 2.0.1 ", "2.0.1"), ("2.0.0.0", "2.0"), ("02.1", "2.1")]
)
def test_a_version_has_one_text(text: str, normal: str) -> None:
    assert versions.parse(text) == normal


@pytest.mark.parametrize("text", ["", "2", "2.", "2.x", "2.1.0.0.0", "٢.١"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a version"):
        versions.key(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("RunningBits 2.0.1", "2.0.1"),
        ("2.1.0-AD", "2.1"),
        ("AD2.1", "2.1"),
        ("no version", None),
        ("2.0.1 and 2.1", None),
        ("2.1 or 2.1.0", "2.1"),
        ("1.2.3.4.5", None),
    ],
)
def test_the_one_version_of_a_text(text: str, found: str | None) -> None:
    assert versions.find(text) == found


def test_target_is_a_known_release_from_2_0_on() -> None:
    assert versions.parse_target("2.1.0") == "2.1"
    with pytest.raises(ValueError, match=r"1\.4\.2 .* write one of 2\.0, 2\.0\.1, 2\.1"):
        versions.parse_target("1.4.2")


@pytest.mark.parametrize(
    ("running", "target", "why"),
    [
        ("2.0.1", "2.1", None),
        ("2.1", "2.1", None),
        ("2.1", "2.0.1", "never goes back"),
        ("1.3.8", "2.1", "none of the known"),
    ],
)
def test_path(running: str, target: str, why: str | None) -> None:
    problem = versions.path_problem(running, target)
    assert problem is None if why is None else why in str(problem)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2.0.0", "2.0.0"),
        ("Version 2.0.0.0 (backup)", "2.0.0.0"),
        ("upgraded 2.0.1 to 2.00", "2.00"),
        ("2.0.1", None),
        ("none", None),
        ("", None),
    ],
)
def test_the_spelling_of_a_version_is_that_of_the_text(text: str, found: str | None) -> None:
    assert versions.spelling(text, versions.parse("2.0")) == found
