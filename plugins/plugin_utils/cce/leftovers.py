# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the collection itself left: on an appliance packages, saved files, logs and copies of inis of versions that are gone,
and files of jobs without a claim; in the site directory the probe of a commissioning run that died.

Only names that it gives itself are ever named; everything else stays, whoever put it there.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from . import commissioning, paths, steps, versions
from .answers import ABSENT, Answer
from .appliance import Appliance
from .reading import need
from .site import Place
from .steps import Step

KEPT_INIS = 10
"""Copies of inis of the versions that are still wanted, the newest of which stay."""

_VERSION = r"(?P<version>[0-9]{1,9}(?:\.[0-9]{1,9}){1,3})"
PACKAGE = re.compile(rf"CloudConnector-{_VERSION}\.msi", re.IGNORECASE)
SAVED = re.compile(_VERSION)
LOG = re.compile(rf"msi-{_VERSION}-(?:uninstall|install)\.log", re.IGNORECASE)
JOB = re.compile(r"(?P<job>[0-9A-Za-z][0-9A-Za-z._-]*)\.(?:request|partial|answer)", re.IGNORECASE)
INI = re.compile(rf"CloudConnector\.ini\.before-{_VERSION}-[0-9A-Za-z]+", re.IGNORECASE)


def asked(place: Place) -> list[Step]:
    """The folders that are looked through."""
    return [
        steps.folder("packages", paths.PACKAGES),
        steps.folder("saved_versions", paths.SAVED),
        steps.folder("logs", paths.LOGS),
        steps.folder("inis", place.appliance_directory),
        steps.folder("jobs_files", paths.JOBS),
    ]


def found(answer: Answer, place: Place) -> dict[str, tuple[tuple[str, str, bool], ...]]:
    """What was found by kind: of each its path, the version in its name, and whether it is a folder; the newest first.

    Raises NotReadError: a folder could not be listed.
    """
    kinds: Mapping[str, tuple[re.Pattern[str], str]] = {
        "packages": (PACKAGE, paths.PACKAGES),
        "saved_versions": (SAVED, paths.SAVED),
        "logs": (LOG, paths.LOGS),
        "inis": (INI, place.appliance_directory),
    }
    return {name: _named(answer, name, pattern, folder) for name, (pattern, folder) in kinds.items()}


def orphans(answer: Answer) -> tuple[str, ...]:
    """Files of jobs that have no claim any more: of one that wrote its answer after it was taken away.

    Raises NotReadError: the folder could not be listed.
    """
    names = {str(entry["Name"]) for entry in answer.objects("jobs_files", absent=ABSENT) if not entry["PSIsContainer"]}
    jobs = ((name, match["job"]) for name in sorted(names) if (match := JOB.fullmatch(name)))
    claims = {name.lower() for name in names}
    return tuple(rf"{paths.JOBS}\{name}" for name, job in jobs if f"{job}{paths.CLAIM}".lower() not in claims)


def claim_of(orphan: str) -> str:
    """Where the claim of its job would be."""
    return f"{orphan.rpartition('.')[0]}{paths.CLAIM}"


def _named(answer: Answer, name: str, pattern: re.Pattern[str], folder: str) -> tuple[tuple[str, str, bool], ...]:
    listed: Sequence[Mapping[str, Any]] = answer.objects(name, absent=ABSENT)
    newest_first = sorted(listed, key=lambda entry: str(entry["LastWriteTime"]), reverse=True)
    named = ((entry, pattern.fullmatch(str(entry["Name"]))) for entry in newest_first)
    return tuple(
        (rf"{folder}\{entry['Name']}", match["version"], bool(entry["PSIsContainer"]))
        for entry, match in named
        if match is not None
    )


def probes(appliance: Appliance, place: Place) -> tuple[str, ...]:
    """The file that a commissioning run of this appliance wrote into the site directory and did not live to remove.

    One that is alive holds the lease of the site, or has its job open: beside neither is anything removed. Raises NotReadError.
    """
    own = commissioning.probe_path(place.site_directory, place.name)
    names = {name.lower() for name in need(appliance.site_files)}
    return (own,) if own.rpartition("\\")[2].lower() in names else ()


def unwanted(
    listed: Mapping[str, Sequence[tuple[str, str, bool]]], appliance: Appliance
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The files and the folders that nobody needs any more.

    What is of the running version, the way back (backup), the scripts, or of a version newer than the running one, which may
    be about to come, is wanted.

    Raises:
        NotReadError: one of these versions could not be read.
    """
    kept = {need(appliance.running), need(appliance.backup), need(appliance.scripts)} - {None}
    running = need(appliance.running)

    def is_wanted(text: str) -> bool:
        version = versions.parse(text)
        return running is None or version in kept or versions.key(version) > versions.key(running)

    gone = [entry for entries in listed.values() for entry in entries if not is_wanted(entry[1])]
    older_inis = [entry for entry in listed.get("inis", ()) if is_wanted(entry[1])][KEPT_INIS:]
    chosen = [*gone, *older_inis]
    files = tuple(sorted(path for path, _version, folder in chosen if not folder))
    return files, tuple(sorted(path for path, _version, folder in chosen if folder))
