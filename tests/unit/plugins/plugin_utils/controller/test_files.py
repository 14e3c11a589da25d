"""Files on the controller."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.controller import files


def test_a_file_is_replaced_as_a_whole_and_leaves_nothing_beside(tmp_path: Path) -> None:
    path = tmp_path / "new" / "plan.json"
    files.replace(path, "one")
    files.replace(path, "two")
    assert path.read_text() == "two"
    assert list(path.parent.iterdir()) == [path]


def test_the_old_text_stays_until_the_new_one_is_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plan.json"
    files.replace(path, "one")
    seen = []
    monkeypatch.setattr(Path, "replace", lambda new, target: seen.append((new.read_text(), target.read_text())))
    files.replace(path, "two")
    assert seen == [("two", "one")]
