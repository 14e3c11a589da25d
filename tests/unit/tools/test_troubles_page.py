"""docs/troubles.md is made from the table of failure classes."""

from __future__ import annotations

from pathlib import Path

import pytest

from plugins.plugin_utils.cce.failure_classes import FAILURES
from tests.tools import troubles_page


def test_the_page_is_that_of_the_table() -> None:
    assert troubles_page.main(["--check"]) == 0, "run python -m tests.tools.troubles_page"


def test_every_class_is_in_exactly_one_section() -> None:
    wanted = [rows for heading, sentence, rows, columns in troubles_page.SECTIONS]
    assert all(sum(rows(row) for rows in wanted) == 1 for row in FAILURES.values())


def test_a_page_that_differs_is_found_and_written_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "troubles.md"
    path.write_text(f"# By hand\n\n{troubles_page.MARK}\nold", "utf-8")
    monkeypatch.setattr(troubles_page, "PAGE", path)
    assert troubles_page.main(["--check"]) == 1 and path.read_text("utf-8").endswith("old")
    assert troubles_page.main([]) == 0 and troubles_page.main(["--check"]) == 0
    text = path.read_text("utf-8")
    assert text.startswith("# By hand\n") and "| `credential-cache` | T11 |" in text and "\nold" not in text
    assert "-Version &lt;old&gt;" in text


def test_a_page_without_the_mark_is_not_overwritten() -> None:
    with pytest.raises(ValueError, match="no line"):
        troubles_page.page("# By hand\n")
