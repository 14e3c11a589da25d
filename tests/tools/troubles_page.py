"""Write docs/troubles.md from the table of failure classes; its introduction is written by hand and kept.

`python -m tests.tools.troubles_page` from the root of the repository writes it, with `--check` it only says whether it is right.
"""

from __future__ import annotations

import argparse
import html
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from plugins.plugin_utils.cce.failure_classes import FAILURES, NOT_MET, Failure, FailureClass, Found

PAGE = Path(__file__).parents[2] / "docs" / "troubles.md"
MARK = "<!-- Generated from plugins/plugin_utils/cce/failure_classes.py: python -m tests.tools.troubles_page -->"
"""What ends the introduction."""

Column = tuple[str, Callable[[FailureClass, Failure], str]]

CLASS: Column = ("Class", lambda name, row: f"`{name.value}`")
MEANS: Column = ("Means", lambda name, row: row.meaning)
DO: Column = ("Do", lambda name, row: row.remedy)
RETRY: Column = ("Retry", lambda name, row: "yes" if row.retry else "no")
SOURCE: Column = ("Source", lambda name, row: row.source.value)
FOUND: Column = ("Found by", lambda name, row: row.found.value)
NUMBER: Column = ("Number", lambda name, row: row.documented_as)
CODE: Column = ("Code", lambda name, row: str(row.exit_code or "any other"))

SECTIONS: Sequence[tuple[str, str, Callable[[Failure], bool], Sequence[Column]]] = (
    (
        "Troubles that Microsoft documents",
        "The numbers are this collection's own; most are issues of Microsoft's page \"Troubleshoot your Cloud Connector "
        'deployment".',
        lambda row: bool(row.documented_as),
        (CLASS, NUMBER, MEANS, DO, RETRY, FOUND, SOURCE),
    ),
    (
        "Errors of Windows, PowerShell and .NET",
        "",
        lambda row: not row.documented_as and row.found in (Found.ERROR, Found.WARNING),
        (CLASS, MEANS, DO, RETRY),
    ),
    (
        "What a check finds",
        "`check` in the failure names the check, `checks` has all of them with what was read.",
        lambda row: not row.documented_as and row.found is Found.CHECK,
        (CLASS, MEANS, DO, RETRY, SOURCE),
    ),
    (
        "What an operation or its job says by itself",
        "",
        lambda row: not row.documented_as and row.found in (Found.OPERATION, Found.JOB),
        (CLASS, MEANS, DO, RETRY),
    ),
    (
        "Exit codes of Windows Installer",
        "Microsoft documents none for the MSI of Cloud Connector; these are Windows Installer's own.",
        lambda row: row.found is Found.EXIT_CODE,
        (CLASS, CODE, MEANS, DO, RETRY),
    ),
)
"""Heading, a sentence on it, which rows it has, and its columns. Every row is in exactly one."""


def page(old: str) -> str:
    """The page as it should be: the introduction of the old one and the tables.

    Raises:
        ValueError: the old page does not say where its introduction ends.
    """
    introduction, mark, _tables = old.partition(MARK)
    if not mark:
        raise ValueError(f"the page has no line {MARK}")
    return f"{introduction}{MARK}\n\n" + "\n".join(_sections())


def _sections() -> Iterator[str]:
    for heading, sentence, wanted, columns in SECTIONS:
        rows = [(name, row) for name, row in FAILURES.items() if wanted(row)]
        cells = [[render(name, row) for _head, render in columns] for name, row in rows]
        yield _section(heading, sentence, [head for head, _render in columns], cells)
    cells = [[f"`{number}`", why] for number, why in NOT_MET.items()]
    yield _section("Documented troubles that are not met", "", ["Number", "Why"], cells)


def _section(heading: str, sentence: str, head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [_line(head), "|" + "---|" * len(head), *(_line([_escaped(cell) for cell in row]) for row in rows)]
    return "\n\n".join(filter(None, (f"## {heading}", sentence, "\n".join(lines)))) + "\n"


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    return html.escape(text, quote=False).replace("|", r"\|")


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or check it: 1 where it is not as it should be."""
    parser = argparse.ArgumentParser(description="Write docs/troubles.md from the table of failure classes.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 where the page differs")
    options = parser.parse_args(arguments)
    old = PAGE.read_text("utf-8")
    new = page(old)
    if options.check:
        return int(new != old)
    PAGE.write_text(new, "utf-8")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
