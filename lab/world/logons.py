"""Remote sessions to the tenant: how they begin and end (cloud-connector.md 10)."""

from __future__ import annotations

from lab.world.context import WorldContext
from lab.world.record import TenantSession


def log_on(world: WorldContext, appliance: str, user: str, password: str) -> TenantSession:
    """A new session of an administrator, opened by the host of an appliance. Raises `tenant.Refused`."""
    world.tenant.log_on(user, password)
    sessions = world.tenant.sessions
    session = TenantSession(world.next_session(), appliance, user, world.now(), len(sessions) + 1)
    sessions.append(session)
    world.record.begin(session)
    return session


def remove(world: WorldContext, session: TenantSession) -> None:
    """Ends a session properly; one that is over already stays as it is."""
    if session.end is None:
        session.outcome = "removed"
        _end(world, session)


def leave(world: WorldContext, session: TenantSession) -> None:
    """The process of a session is gone: the tenant keeps the session for a while (switch `tenant_session_linger`)."""
    if session.end is None:
        session.left = world.now()
        world.env.timeout(world.switches.tenant_session_linger).callbacks.append(lambda _: _expire(world, session))


def _expire(world: WorldContext, session: TenantSession) -> None:
    if session.end is None:
        session.outcome = "expired"
        _end(world, session)


def _end(world: WorldContext, session: TenantSession) -> None:
    session.end = world.now()
    world.tenant.sessions.remove(session)
    world.record.end(session)
