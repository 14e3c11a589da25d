# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads the state of every appliance of a site at once."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ansible.utils.display import Display

from ..plugin_utils.bridge.connections import connect
from ..plugin_utils.bridge.exchange import Connection
from ..plugin_utils.bridge.masking import Masker
from ..plugin_utils.cce.reading import Unknown
from ..plugin_utils.cce.site import Observation, Place, Unreadable, observed
from ..plugin_utils.cce.state import Survey, appliance_survey, tenant_survey, windows_survey
from ..plugin_utils.cce.tenant_records import RecordsAndWindows, TenantRecords
from ..plugin_utils.controller.action import ControllerAction
from ..plugin_utils.operation.arguments import APPLIANCE, SUBSET, subset
from ..plugin_utils.operation.clock import Clock
from ..plugin_utils.operation.options import refuse_keywords
from ..plugin_utils.operation.predictions import PredictionStore
from ..plugin_utils.operation.site_option import PLACES, place
from ..plugin_utils.operation.site_reader import SiteReader
from ..plugin_utils.operation.tenant_logon import patiently

TENANT = "tenant"
"""The subset for which somebody has to log on."""

LOGONS = 2
"""Appliances of a site through which a logon is tried: one may lack the administrator, all of them may not be asked."""


@dataclass(frozen=True)
class Asked:
    """What is read in the session with the tenant, and the kind of record that it makes."""

    survey: Callable[[Place], Survey[Any]]
    kind: type[TenantRecords]


RECORDS_ONLY, WITH_WINDOWS = Asked(tenant_survey, TenantRecords), Asked(windows_survey, RecordsAndWindows)


def _known(found: Observation, records: TenantRecords) -> Observation:
    """The observation with what the tenant's records say of it."""
    return found if isinstance(found, Unreadable) else records.applied(found)


class ActionModule(ControllerAction):
    """Runs for one host and talks to many: the connection of the task is not used."""

    ARGUMENTS = {
        **PLACES,
        **SUBSET,
        "exchange_timeout": APPLIANCE["exchange_timeout"],
        "update_windows": {"type": "bool", "default": False},
    }

    BYPASS_HOST_LOOP = False

    clock = Clock()

    def answer(self, given: Mapping[str, Any], task_vars: Mapping[str, Any]) -> dict[str, Any]:
        refuse_keywords(self)
        places = [place(one, one["name"]) for one in given["appliances"]]
        reader = SiteReader(
            lambda host: self.connect(task_vars, host), given["exchange_timeout"], Masker(()), self.clock
        )
        wanted = subset(given["gather_subset"])
        found = reader.read(places, lambda at: appliance_survey(at, wanted)) if set(wanted) - {TENANT} else {}
        records = None
        if TENANT in wanted:
            readable = [at for at in places if not isinstance(found.get(at.name), Unreadable)]
            records = self._records(reader, readable, WITH_WINDOWS if given["update_windows"] else RECORDS_ONLY)
            found = {name: _known(one, records) for name, one in found.items()}
        states = [self._state(name, one, task_vars) for name, one in found.items()]
        return {"states": states, **({} if records is None else {"tenant": records.to_dict()})}

    def connect(self, task_vars: Mapping[str, Any], host: str) -> Connection:
        """A connection to an appliance of the inventory. Raises AnsibleConnectionFailure."""
        return connect(self, task_vars, host)

    def _records(self, reader: SiteReader, places: Sequence[Place], asked: Asked) -> TenantRecords:
        """The tenant's records through the first of these appliances, or the next one where that cannot log on."""
        refused: list[str] = []
        for at in places[:LOGONS]:
            records = self._ask(reader, at, asked)
            if not isinstance(records.logon, Unknown):
                return records
            refused.append(f"{at.name}: {records.logon.reason}")
            if records.sessions_are_full:
                break
        return asked.kind.unread(
            "; ".join(refused) or "no appliance of the site could be asked for the tenant's records"
        )

    def _ask(self, reader: SiteReader, at: Place, asked: Asked) -> TenantRecords:
        def ask() -> TenantRecords:
            found = reader.read([at], asked.survey)[at.name]
            return asked.kind.unread(found.reason) if isinstance(found, Unreadable) else found

        def tell(text: str) -> None:
            Display().display(f"  {at.name}: {text}")

        return patiently(ask, lambda found: found.sessions_are_full, tell, self.clock.sleep)

    def _state(self, name: str, found: Observation, task_vars: Mapping[str, Any]) -> dict[str, Any]:
        """The state as it is returned; in check mode as the operations before this one would have left it."""
        if not isinstance(found, Unreadable):
            store = PredictionStore.of(name, name, task_vars, check_mode=self._task.check_mode)
            found = found.inherit(store.inherited)
        try:
            return observed(name, found)
        except RecursionError:
            return observed(name, Unreadable("what it answered is nested too deep"))
