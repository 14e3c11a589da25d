# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the directory of a site shows of its lease (`cce/lease.py`).

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from ..cce import lease, steps
from ..cce.answers import Answer, attempt
from ..cce.appliance import Lease
from ..cce.reading import Reading, Unknown
from .host import Host


@dataclass(frozen=True)
class Seen:
    """What one look at the site directory shows. `beat` is the sign of life of the lease that was asked about."""

    lease: Reading[Lease | None]
    names: Collection[str]
    log: Reading[str | None]
    beat: Reading[str | None]


def look(host: Host, folder: str, watched: Lease | None = None) -> Seen:
    """Look at the lease in a site directory.

    Args:
        watched: the lease whose sign of life is read, too.

    Raises:
        ConnectionLost, NoAnswer.
    """
    asked = [
        steps.file_text("lease", lease.path(folder)),
        lease.log_text("log", folder),
        steps.folder("names", folder),
    ]
    if watched is not None:
        asked.append(steps.file_text("beat", lease.beat_path(folder, watched)))
    return _seen(host.send(asked))


def _seen(answer: Answer) -> Seen:
    def found(answer: Answer) -> Lease | None:
        # A file that is not found proves nothing while the folder cannot be listed.
        answer.names("names")
        text = answer.file("lease")
        return None if text is None else lease.parse(text)

    names = attempt(answer.names, "names")
    beat = attempt(answer.file, "beat") if "beat" in answer.results else None
    return Seen(attempt(found, answer), () if isinstance(names, Unknown) else names, attempt(answer.file, "log"), beat)
