# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Updates of Windows: what the update agent is asked, what it answers, which updates are chosen, and what its codes mean.

The agent's interface, its result codes and its HRESULTs are those of Microsoft's Windows Update Agent API; meanings and remedies
are put in our words. Nothing of it was tried on Windows.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from .answers import Answer
from .exceptions import NotReadError

STEP = "windows_update"
"""The step of the program's answer that holds its report."""


class Goal(enum.StrEnum):
    """How far the chosen updates are to come."""

    SEARCHED = "searched"
    DOWNLOADED = "downloaded"
    INSTALLED = "installed"


class Source(enum.StrEnum):
    """Who is asked for updates."""

    CONFIGURED = "configured"
    WINDOWS_UPDATE = "windows_update"


SELECTION: Mapping[Source, int] = {Source.CONFIGURED: 0, Source.WINDOWS_UPDATE: 2}
"""`ServerSelection` of the agent: ssDefault asks whom policy names, and Windows Update where it names nobody."""

CLASSES: Mapping[str, str] = {
    "applications": "5c9376ab-8ce6-464a-b136-22113dd69801",
    "connectors": "434de588-ed14-48f5-8eed-a15e09a991f6",
    "criticalupdates": "e6cf1350-c01b-414d-a61f-263d14d133b4",
    "definitionupdates": "e0789628-ce08-4437-be74-2495b842f43b",
    "drivers": "ebfc1fc5-71a4-4f7b-9aca-3b9a503104a0",
    "featurepacks": "b54e7d24-7add-428f-8b75-90a396fa584f",
    "securityupdates": "0fa1201d-4330-4fa8-8ae9-b877473b6441",
    "servicepacks": "68c5b0a3-d1a6-4553-ae49-01d3a7827828",
    "tools": "b4832bd8-e735-4761-8daf-37f882276dab",
    "updaterollups": "28bc880e-0592-4cbf-8f95-c79b17911d5f",
    "updates": "cd5ffd1e-e932-4e3a-bf74-18bf0b1bbd83",
}
"""Classifications by name, and the ids that they have in every display language."""

ALL = "*"


@dataclass(frozen=True)
class Update:
    """An update that the agent finds missing.

    Attributes:
        kbs: numbers of its articles, each with `KB` before it.
        classes: ids of its categories.
        size: bytes of its download, at most.
        waits: it is installed, and a restart has to end that.
        asks: its installation may ask a person.
        optional: it is offered, and not installed by itself (`BrowseOnly`).
        exclusive: it has to be installed alone.
        code: the HRESULT of what was done with it last, `0x` and eight digits; None: nothing was.
    """

    id: str
    title: str
    kbs: tuple[str, ...]
    categories: tuple[str, ...]
    classes: tuple[str, ...]
    size: int
    downloaded: bool
    installed: bool
    waits: bool
    asks: bool
    optional: bool
    exclusive: bool
    code: str | None = None

    @property
    def name(self) -> str:
        """Its KB, or its title where it has none."""
        return ", ".join(self.kbs) or self.title

    @property
    def failed(self) -> bool:
        """Whether what was done with it last has failed."""
        return self.code is not None and int(self.code, 16) >= 0x80000000


@dataclass(frozen=True)
class Trouble:
    """Why the agent could not go on. `stage`: begin, search, download or install."""

    stage: str
    code: str
    message: str


@dataclass(frozen=True)
class Report:
    """What the program reports.

    Attributes:
        waits: whether Windows wants a restart; None: the agent did not say.
        server: the update server that policy names; None: it names none.
        warnings: why the search may have missed something: codes and the agent's words.
    """

    updates: tuple[Update, ...]
    waits: bool | None
    server: str | None
    trouble: Trouble | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """Which of the updates that are found are wanted.

    Attributes:
        categories: names, or ids, of classifications; `*`: all.
        accepted: KBs; where it is not empty, no others.
        rejected: KBs that are left out.
    """

    categories: tuple[str, ...] = (ALL,)
    accepted: tuple[str, ...] = ()
    rejected: tuple[str, ...] = ()


def request(source: Source, take: Sequence[str] = (), *, install: bool = False) -> dict[str, Any]:
    """What the program is asked: to search, to download the updates of these ids, and to install them."""
    return {"server": SELECTION[source], "take": list(take), "install": install}


def parse(answer: Answer) -> Report:
    """The report that an answer holds.

    Raises:
        NotReadError: it holds none.
    """
    try:
        (found,) = answer.output(STEP)
        trouble = found["failure"]
        return Report(
            tuple(_update(row) for row in found["updates"]),
            found["waits"],
            found["server"],
            None if trouble is None else Trouble(trouble["stage"], trouble["code"], str(trouble["message"])),
            tuple(str(text) for text in answer.result(STEP).warnings),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise NotReadError(f"the update program gave no report: {error!r}") from error


def _update(row: Mapping[str, Any]) -> Update:
    return Update(
        str(row["id"]),
        str(row["title"]),
        tuple(kb(str(number)) for number in row["kbs"]),
        tuple(map(str, row["categories"])),
        tuple(str(one).lower() for one in row["classes"]),
        int(row["size"]),
        bool(row["downloaded"]),
        bool(row["installed"]),
        bool(row["waits"]),
        bool(row["asks"]),
        bool(row["optional"]),
        bool(row["exclusive"]),
        row["code"],
    )


def kb(text: str) -> str:
    """A KB as `KB` and its number. Raises ValueError where it is none."""
    found = re.fullmatch(r"\s*(?:KB)?(\d{5,8})\s*", text, re.IGNORECASE)
    if found is None:
        raise ValueError(f"{text!r} is no KB: write KB and its number")
    return f"KB{found[1]}"


def left_out(update: Update, choice: Choice) -> str | None:
    """Why an update is not wanted; None where it is."""
    if choice.accepted and not set(update.kbs) & set(choice.accepted):
        return "it is none of the accepted ones"
    if set(update.kbs) & set(choice.rejected):
        return "it is rejected"
    if update.optional and not choice.accepted:
        return "it is optional: who wants it names it in accept"
    if not _fits(update, choice.categories):
        return "it is of none of the categories"
    if update.asks:
        return "its installation may ask a person, and nobody would answer: install it at the console"
    return None


def _fits(update: Update, categories: Iterable[str]) -> bool:
    wanted = {_bare(name) for name in categories}
    ids = {CLASSES[name] for name in wanted if name in CLASSES} | wanted
    return ALL in wanted or bool({_bare(name) for name in update.categories} & wanted or set(update.classes) & ids)


def _bare(name: str) -> str:
    return name.replace(" ", "").lower()


def wanted(report: Report, choice: Choice, goal: Goal) -> tuple[Update, ...]:
    """The updates that have not come as far as they are to."""
    if goal is Goal.SEARCHED:
        return ()
    open_ones = (one for one in report.updates if not one.waits and not one.installed)
    chosen = (one for one in open_ones if left_out(one, choice) is None)
    return tuple(one for one in chosen if goal is Goal.INSTALLED or not one.downloaded)


def batch(updates: Sequence[Update]) -> tuple[Update, ...]:
    """Those of `updates` that are installed at once: one that has to be alone, else all of them."""
    alone = [one for one in updates if one.exclusive]
    return (alone[0],) if alone else tuple(updates)


def merged(before: Report, after: Report) -> Report:
    """What is known after some updates were taken: those that are not found any more were installed before."""
    found = {one.id: one for one in after.updates}
    kept = [one for one in before.updates if one.id not in found and (one.installed or one.waits)]
    return replace(after, updates=(*kept, *after.updates))


# --- codes ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Code:
    """What an HRESULT of the agent means, and what to do. `retry`: whether the same command may succeed by itself."""

    name: str
    meaning: str
    remedy: str
    retry: bool = False

    def __str__(self) -> str:
        return f"{self.meaning} {self.remedy}"


_RESTART = "Restart the computer with the `restart` operation, then run the same command again."
_LOG = r"Read the end of C:\Windows\WindowsUpdate.log on that computer."
_LATER = "Run the same command again later; where it recurs, look at the way to the update server."
_STORE = (
    "Repair the component store at the computer itself: DISM /Online /Cleanup-Image /RestoreHealth, then sfc /scannow; then run "
    "the same command again."
)
_WSUS = "Look at the update server that policy names (WSUSServer of the ini): its address, its service, its application pool."

CODES: Mapping[int, Code] = {
    0x80070005: Code(
        "E_ACCESSDENIED",
        "The update agent refused the logon: it works for no logon that came over the network, and for administrators only.",
        "Let this module run it: it does so as a scheduled task of SYSTEM. Where it was that task, look at the rights of "
        "C:\\Windows\\SoftwareDistribution.",
    ),
    0x8007000E: Code("E_OUTOFMEMORY", "The computer is out of memory.", "Free memory or restart the computer.", True),
    0x80070020: Code(
        "ERROR_SHARING_VIOLATION",
        "Another program holds a file of the update.",
        "Exclude C:\\Windows\\SoftwareDistribution from the virus scanner, then run the same command again.",
        True,
    ),
    0x80070070: Code(
        "ERROR_DISK_FULL",
        "The disk is full.",
        "Free space on the system drive of that computer, then run the same command again.",
    ),
    0x80070422: Code(
        "ERROR_SERVICE_DISABLED",
        "The service Windows Update is disabled.",
        "Set the start type of the service wuauserv to Manual (a policy may have disabled it), then run the same command again.",
    ),
    0x8007045B: Code(
        "ERROR_SHUTDOWN_IN_PROGRESS",
        "Windows is going down.",
        "Wait for the restart, then run the same command again.",
        True,
    ),
    0x800705B4: Code("ERROR_TIMEOUT", "The agent waited too long for something.", _LATER, True),
    0x80070643: Code(
        "ERROR_INSTALL_FAILURE",
        "The installer of the update failed.",
        f"{_LOG} {_RESTART} Where it fails again, install this KB by hand or reject it.",
    ),
    0x80070BC2: Code("ERROR_SUCCESS_REBOOT_REQUIRED", "The update waits for a restart.", _RESTART),
    0x80070BC9: Code("ERROR_FAIL_REBOOT_REQUIRED", "Before this update a restart is needed.", _RESTART),
    0x80072EE2: Code("ERROR_INTERNET_TIMEOUT", "The update server did not answer in time.", _LATER, True),
    0x80072EE7: Code(
        "ERROR_INTERNET_NAME_NOT_RESOLVED",
        "The name of the update server is not resolved.",
        "Look at DNS of that computer; an Edge VM asks InternetDNSIPAddress of the ini.",
    ),
    0x80072EFD: Code(
        "ERROR_INTERNET_CANNOT_CONNECT",
        "The update server cannot be reached.",
        "Look at firewall, proxy and gateway between that computer and its update server.",
    ),
    0x80072EFE: Code("ERROR_INTERNET_CONNECTION_ABORTED", "The line to the update server broke.", _LATER, True),
    0x80072F8F: Code(
        "ERROR_INTERNET_SECURE_FAILURE",
        "The certificate of the update server is not accepted.",
        "Look at the clock of that computer and at its root certificates; Windows Server 2012 R2 has to offer TLS 1.2.",
    ),
    0x80073701: Code("ERROR_SXS_ASSEMBLY_MISSING", "A component of Windows is missing in its store.", _STORE),
    0x80073712: Code("ERROR_SXS_COMPONENT_STORE_CORRUPT", "The component store of Windows is damaged.", _STORE),
    0x800B0109: Code(
        "CERT_E_UNTRUSTEDROOT",
        "The signature of the update leads to a root that is not trusted.",
        "Import the root certificate (of a WSUS that publishes own updates, say), then run the same command again.",
    ),
    0x800F081F: Code("CBS_E_SOURCE_MISSING", "A file that the update needs is nowhere to be found.", _STORE),
    0x800F0922: Code(
        "CBS_E_INSTALLERS_FAILED",
        "Servicing failed: often the system reserved partition is too small, or a server could not be reached.",
        f"Read C:\\Windows\\Logs\\CBS\\CBS.log on that computer. {_RESTART}",
    ),
    0x8024000B: Code("WU_E_CALL_CANCELLED", "The work was cancelled.", "Run the same command again.", True),
    0x80240009: Code(
        "WU_E_OPERATIONINPROGRESS",
        "Another program is using the update agent.",
        "Wait until it has ended, then run the same command again.",
        True,
    ),
    0x80240016: Code("WU_E_INSTALL_NOT_ALLOWED", "An installation is under way, or a restart is waited for.", _RESTART),
    0x80240017: Code(
        "WU_E_NOT_APPLICABLE",
        "The update does not fit this computer.",
        "Reject this KB, or install what it presupposes first.",
    ),
    0x80240020: Code(
        "WU_E_NO_INTERACTIVE_USER",
        "The update wants a person who is logged on.",
        "Install this KB at the console, or reject it.",
    ),
    0x80240022: Code("WU_E_ALL_UPDATES_FAILED", "Every update has failed.", "Read the codes of the single updates."),
    0x80240023: Code(
        "WU_E_EULAS_DECLINED", "The terms of an update were declined.", "Install this KB at the console, or reject it."
    ),
    0x80240024: Code("WU_E_NO_UPDATE", "There is nothing to be done.", "Run the same command again.", True),
    0x8024002E: Code(
        "WU_E_WU_DISABLED",
        "Policy forbids to ask another server than the configured one.",
        "Use source: configured, or change the policy.",
    ),
    0x80240030: Code(
        "WU_E_INVALID_PROXYLIST",
        "The list of proxies is not valid.",
        "Look at netsh winhttp show proxy on that computer.",
    ),
    0x80240032: Code(
        "WU_E_INVALID_CRITERIA",
        "The agent does not understand the search.",
        "Report it: it is a fault of this collection.",
    ),
    0x80240037: Code(
        "WU_E_NOT_SUPPORTED",
        "The agent of that computer is too old for this.",
        "Install the newest Windows Update Agent.",
    ),
    0x80240438: Code(
        "WU_E_PT_ENDPOINT_UNREACHABLE",
        "No way leads to the update server.",
        "Look at firewall, proxy and gateway between that computer and its update server.",
    ),
    0x8024001E: Code(
        "WU_E_SERVICE_STOP", "The service Windows Update was stopped meanwhile.", "Run the same command again.", True
    ),
    0x80240FFF: Code("WU_E_UNEXPECTED", "The agent failed without a reason.", _RESTART),
    0x80242014: Code(
        "WU_E_UH_POSTREBOOTSTILLPENDING",
        "The work that the last restart had to do is not at its end.",
        "Wait some minutes, then run the same command again.",
        True,
    ),
    0x80244007: Code("WU_E_PT_SOAPCLIENT_SOAPFAULT", "The update server answered with an error.", _WSUS),
    0x8024400E: Code("WU_E_PT_SOAP_SERVER", "The update server failed while it answered.", _WSUS),
    0x80244017: Code(
        "WU_E_PT_HTTP_STATUS_DENIED",
        "The update server, or a proxy, wants a logon (401).",
        "Let that computer through without one, or configure the proxy.",
    ),
    0x80244018: Code(
        "WU_E_PT_HTTP_STATUS_FORBIDDEN",
        "The update server, or a proxy, forbids it (403).",
        "Allow that computer at the server or proxy.",
    ),
    0x80244019: Code(
        "WU_E_PT_HTTP_STATUS_NOT_FOUND", "The update server does not have what was asked for (404).", _WSUS
    ),
    0x8024401B: Code(
        "WU_E_PT_HTTP_STATUS_PROXY_AUTH_REQ",
        "The proxy wants a logon (407).",
        "Let the computer account through, or take another way.",
    ),
    0x8024401C: Code(
        "WU_E_PT_HTTP_STATUS_REQUEST_TIMEOUT",
        "The update server took too long (408).",
        f"{_WSUS} Run the same command again.",
        True,
    ),
    0x80244022: Code("WU_E_PT_HTTP_STATUS_SERVICE_UNAVAIL", "The update server is not available (503).", _WSUS, True),
    0x8024402C: Code(
        "WU_E_PT_WINHTTP_NAME_NOT_RESOLVED",
        "The name of the update server, or of the proxy, is not resolved.",
        "Look at DNS of that computer, at WSUSServer of the ini, and at netsh winhttp show proxy.",
    ),
    0x8024402F: Code(
        "WU_E_PT_ECP_SUCCEEDED_WITH_ERRORS", "What the update server sent could not be read as a whole.", _LATER, True
    ),
    0x80246007: Code("WU_E_DM_NOTDOWNLOADED", "The update was not downloaded.", "Run the same command again.", True),
    0x80246008: Code(
        "WU_E_DM_FAILTOCONNECTTOBITS",
        "The Background Intelligent Transfer Service cannot be reached.",
        "Start the service BITS on that computer, then run the same command again.",
    ),
    0x80248007: Code(
        "WU_E_DS_NODATA",
        "The agent's own data is damaged.",
        "Stop wuauserv, rename C:\\Windows\\SoftwareDistribution, start wuauserv; then run the same command again.",
    ),
    0x8024A000: Code(
        "WU_E_AU_NOSERVICE",
        "Automatic updates could not be asked.",
        "Start the service wuauserv on that computer, then run the same command again.",
    ),
    0x8024D009: Code("WU_E_SETUP_SKIP_UPDATE", "The agent cannot renew itself: the server says it must not.", _WSUS),
}
"""What is known of the codes, by number; any other one is passed on as it is."""

UNKNOWN_CODE = Code(
    "unknown",
    "This collection does not know that code.",
    f"{_LOG} Look the code up. Repair, or reject the KB, then run the same command again.",
)


def code(hresult: str) -> Code:
    """What a code means; `hresult` is `0x` and its digits."""
    return CODES.get(int(hresult, 16), UNKNOWN_CODE)


def told(hresult: str) -> str:
    """The code with its meaning and remedy, as sentences."""
    found = code(hresult)
    name = "" if found is UNKNOWN_CODE else f" ({found.name})"
    return f"{hresult}{name}: {found}"
