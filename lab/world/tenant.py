"""The Office 365 tenant: its administrator, PSTN sites and appliances (cloud-connector.md 2). Gone since July 2021."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from datetime import timedelta

from lab.world.record import TenantSession


class Refused(Exception):
    """The tenant refuses; the text is what a cmdlet throws."""


class TooManySessions(Refused):
    """The administrator, or the tenant, has as many remote sessions as it may have. The text is documented (LIMITS)."""

    def __init__(self, whose: str) -> None:
        super().__init__(
            f"[{ADMIN_HOST}] Connecting to remote server {ADMIN_HOST} failed with the following error message : The "
            f"WS-Management service cannot process the request. The maximum number of concurrent shells for this {whose} has "
            f"been exceeded. Close existing shells or raise the quota for this {whose}. For more information, see the "
            "about_Remote_Troubleshooting Help topic."
        )


ADMIN_HOST = "simulated.online.lync.com"
MOST_SESSIONS_OF_TENANT = 9
"""Remote sessions of all administrators together (cloud-connector.md 10)."""


CONFLICT = (
    "Cannot register appliance because your current input/configuration <SiteName> or <ApplianceName> or "
    "<Mediation Server FQDN> or <Mediation Server IP Address> conflicts with existing appliance(s). Remove conflict "
    "appliance or update your input/configuration information then register again."
)
"""The documented text (T6)."""


@dataclass
class TenantSite:
    """One PSTN site as the tenant knows it."""

    name: str
    edge_fqdn: str
    enable_auto_update: bool = True
    bits_windows: list[str] = field(default_factory=list)
    os_windows: list[str] = field(default_factory=list)


@dataclass
class TenantAppliance:
    """One appliance as the tenant knows it; which properties the real object has is not documented.

    What they hold is inferred from their setters (2.2): status, version and error from Set-CsCceApplianceStatus, the last action
    with its status from Set-CsCceApplianceDeploymentStatus, whose values are documented.
    """

    identity: str
    name: str
    site: str
    mediation_fqdn: str
    mediation_address: str
    maintenance_mode: bool = False
    status: str = "Running"
    """None, Running, Maintenance or Error."""
    version: str = ""
    action: str = "Deploy"
    """The last one: Deploy, BitsUpdate, OsUpdate or Remove."""
    action_status: str = "Finished"
    """Started, Finished or Error."""
    error: str = ""

    def same_half(self, other: TenantAppliance) -> bool:
        """Whether any part of the identity is shared: name, FQDN and address must each be unique."""
        return (
            self.name == other.name
            or self.mediation_fqdn == other.mediation_fqdn
            or self.mediation_address == other.mediation_address
        )

    def same(self, other: TenantAppliance) -> bool:
        """Whether all parts of the identity are shared."""
        return (self.name, self.site, self.mediation_fqdn, self.mediation_address) == (
            other.name,
            other.site,
            other.mediation_fqdn,
            other.mediation_address,
        )


@dataclass(frozen=True)
class UpdateWindow:
    """When updates may run; which properties the real object has is not documented, these follow from its setters."""

    type: str
    """Daily, Weekly or Monthly."""
    start: timedelta = timedelta(0)
    duration: timedelta = timedelta(days=1)
    days_of_week: tuple[str, ...] = ()
    weeks_of_month: tuple[str, ...] = ()
    day_of_month: int = 0


MOST_WINDOWS = 20


@dataclass
class Tenant:
    """The tenant; `reachable` is its network, `wants_second_factor` a policy that shuts unattended logons out."""

    administrator: str = "cceadmin@contoso.onmicrosoft.com"
    password: str = "tenant-secret"
    reachable: bool = True
    wants_second_factor: bool = False
    sites: dict[str, TenantSite] = field(default_factory=dict)
    appliances: dict[str, TenantAppliance] = field(default_factory=dict)
    """By identity, a GUID."""
    windows: dict[str, UpdateWindow] = field(default_factory=lambda: {"Default": UpdateWindow("Daily")})
    """By name; the automatic update heeds them. A new tenant has a default one, whose name and hours are the lab's (2.3)."""

    session_limit: int | None = field(default=None, init=False)
    """Remote sessions that an administrator may have; set from the switch `tenant_session_limit`."""
    sessions: list[TenantSession] = field(default_factory=list, init=False)
    """Those that exist: in use, or left open and not given up yet."""

    def log_on(self, user: str, password: str) -> None:
        """Raises Refused; the texts of a wrong password (T10) and of too many sessions are documented, the others the lab's."""
        if not self.reachable:
            raise Refused("Unable to connect to the tenant. (simulated)")
        if user.casefold() != self.administrator.casefold() or password != self.password:
            raise Refused(f"Logon failed for the user '{user}'.")
        if self.wants_second_factor:
            raise Refused(f"Logon failed for the user '{user}': a second factor is required. (simulated)")
        if self.session_limit is None:
            return
        if sum(session.user.casefold() == user.casefold() for session in self.sessions) >= self.session_limit:
            raise TooManySessions("user")
        if len(self.sessions) >= MOST_SESSIONS_OF_TENANT:
            raise TooManySessions("tenant")

    def register(self, site: TenantSite, appliance: TenantAppliance, again: bool = True) -> TenantAppliance:
        """Registers an appliance, and its site when it is new.

        A full match is the record that is there (unless not `again`); half a match is Refused.
        """
        self._check_site(site)
        for known in self.appliances.values():
            if known.same(appliance) and again:
                return known
            if known.same_half(appliance):
                raise Refused(CONFLICT)
        self.sites.setdefault(site.name, site)
        self.appliances[appliance.identity] = appliance
        return appliance

    def unregister(self, name: str, site: str) -> None:
        """Forgets an appliance; Refused when there is none of that name in the site."""
        self.appliances.pop(self.find(name, site).identity)

    def find(self, name: str, site: str) -> TenantAppliance:
        """The appliance of that name in that site, or Refused."""
        for known in self.appliances.values():
            if (known.name, known.site) == (name, site):
                return known
        raise Refused(f"Appliance '{name}' is not registered in site '{site}'. (simulated)")

    def put_window(self, name: str, window: UpdateWindow, *, new: bool) -> None:
        """Keeps a window; Refused when a new one is there already or one too many, or a changed one is not there."""
        known = next((key for key in self.windows if key.casefold() == name.casefold()), None)
        if new and known:
            raise Refused(f"The update time window '{name}' exists already. (simulated)")
        if new and len(self.windows) >= MOST_WINDOWS:
            raise Refused(f"A tenant can have {MOST_WINDOWS} update time windows. (simulated)")
        if not new and known is None:
            raise Refused(f"Cannot find object '{name}'. (simulated)")
        self.windows[known or name] = window

    def _check_site(self, site: TenantSite) -> None:
        """A site is known by its name and its Edge FQDN: half a match is a conflict."""
        for known in self.sites.values():
            if (known.name == site.name) != (known.edge_fqdn == site.edge_fqdn):
                raise Refused(CONFLICT)


def new_identity(site: str, name: str) -> str:
    """A GUID that is the same in every run."""
    return str(uuid.uuid5(uuid.NAMESPACE_URL, f"simulated/{site}/{name}"))
