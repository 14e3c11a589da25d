# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""How long the releases that run are supported, for playbooks; the filter is documented in the file of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import date
from typing import Any

from ansible.errors import AnsibleFilterError

from ..plugin_utils.cce import support as domain
from ..plugin_utils.cce.versions import Version


def support(
    states: Iterable[Mapping[str, Any]], release_dates: Mapping[str, str] | None = None, today: str | None = None
) -> list[str]:
    running = {
        str(state["name"]): Version(state["running"]) for state in states if isinstance(state.get("running"), str)
    }
    try:
        day = date.fromisoformat(today) if today else date.today()
        return domain.sentences(running, domain.parse_dates(release_dates or {}), day)
    except ValueError as error:
        raise AnsibleFilterError(f"These are no release dates: {error}") from error


class FilterModule:
    """The filters by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        return {"support": support}
