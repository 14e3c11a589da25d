# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Signs of life of a run while it waits for something on the controller, which may last longer than the lease of the site.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from ..cce import steps
from ..cce.exceptions import ConnectionLost, NoAnswer
from .host import Host


@contextmanager
def shown(host: Host, seconds: float) -> Iterator[None]:
    """Show every so many seconds that the run is alive, by a small reading, which carries the sign of life of the lease.

    By a thread: a line that hangs must not hold up what is waited for. Nothing else may use the connection meanwhile. Whether a
    sign gets there is no matter of the wait: a run that lost its site is refused at its next act.
    """
    over = threading.Event()

    def show() -> None:
        while not over.wait(seconds):
            with suppress(ConnectionLost, NoAnswer):
                host.exchange([steps.clock()])
                host.hang_up()

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
