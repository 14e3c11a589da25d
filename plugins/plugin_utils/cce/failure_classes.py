# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The classes of failures: what each means and what to do about it. The only table of them.

A new class is a member of the enum and a row of the table; `python -m tests.tools.troubles_page` writes docs/troubles.md from it.
"""

from __future__ import annotations

import enum
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass


class FailureClass(enum.StrEnum):
    """The value of `failure.class`, named by its meaning."""

    # Of no one error.
    UNKNOWN = "unknown"
    CHECK = "check"
    OPTION = "option"
    REFUSED = "refused"
    UNREAD = "unread"
    NO_ANSWER = "no-answer"
    PROMPT = "prompt"
    PROMPT_IN_JOB = "prompt-in-job"
    FENCE = "fence"
    UNFINISHED = "unfinished"
    JOB_NOT_BEGUN = "job-not-begun"
    JOB_COLLECTED = "job-collected"
    ANSWER_LOST = "answer-lost"
    LATE_START = "late-start"
    NOT_CONFIRMED = "not-confirmed"
    NOT_SWITCHED = "not-switched"
    CONNECTION = "connection"
    LEASE_HELD = "lease-held"
    LEASE_LOST = "lease-lost"
    SLOT_HELD = "slot-held"
    CAPACITY = "capacity"
    SITE_DIRECTORY = "site-directory"
    GATEWAY_UNREACHABLE = "gateway-unreachable"
    WRONG_HOST = "wrong-host"
    JOB_OPEN = "job-open"
    STATE_CHANGED = "state-changed"
    FAULT_IN_SOAK = "fault-in-soak"
    HELD = "held"
    STOPPED = "stopped"
    LEFT_OUT = "left-out"
    WINDOW_CLOSED = "window-closed"

    IN_SERVICE = "in-service"
    WINDOWS_UPDATE = "windows-update"
    WINDOWS_UPDATE_HANGS = "windows-update-hangs"
    RESTART_NOT_BEGUN = "restart-not-begun"
    RESTART_NOT_ENDED = "restart-not-ended"

    # Documented by Microsoft (T numbers of cloud-connector.md 6.3).
    NEW_VM_NETWORK = "new-vm-network"
    DOMAIN_JOIN = "domain-join"
    MANAGEMENT_SWITCH_IN_USE = "management-switch-in-use"
    EDGE_AUTHENTICATION_SERVICE = "edge-authentication-service"
    HOST_RESTARTED = "host-restarted"
    REGISTRATION_CONFLICT = "registration-conflict"
    VERSION_UNKNOWN = "version-unknown"
    NO_HIGH_AVAILABILITY = "no-high-availability"
    INTERNAL_CERTIFICATES = "internal-certificates"
    TENANT_LOGON = "tenant-logon"
    CREDENTIAL_CACHE = "credential-cache"
    DOTNET = "dotnet"
    STATE_KEY = "state-key"
    WINDOWS_IMAGE = "windows-image"
    MODULE_CACHE = "module-cache"
    MODULE_MISSING = "module-missing"
    HYPER_V_MODULE = "hyper-v-module"
    AUTOMATIC_UPDATING = "automatic-updating"
    ROUTE_WITHOUT_GATEWAY = "route-without-gateway"
    CERTIFICATE_PASSWORD = "certificate-password"
    BASE_VM_UPDATES = "base-vm-updates"

    # Of Windows, PowerShell and .NET.
    TENANT_MULTI_FACTOR = "tenant-multi-factor"
    TENANT_MODULE_MISSING = "tenant-module-missing"
    CMDLET_MISSING = "cmdlet-missing"
    PROMPT_PAST_THE_BRIDGE = "prompt-past-the-bridge"
    EXECUTION_POLICY = "execution-policy"
    NOT_ELEVATED = "not-elevated"
    VM_REFUSED = "vm-refused"
    VM_NOT_TRUSTED = "vm-not-trusted"
    VM_UNREACHABLE = "vm-unreachable"
    TENANT_SESSIONS_FULL = "tenant-sessions-full"
    PROGRAM_KEY = "program-key"
    BATCH_LOGON = "batch-logon"
    PASSWORD_NOT_STORED = "password-not-stored"
    BITS_LOGON = "bits-logon"
    SECURE_CHANNEL = "secure-channel"
    LOGON_FAILURE = "logon-failure"
    SHARE_UNREACHABLE = "share-unreachable"
    NETWORK_LOGON = "network-logon"
    DISK_FULL = "disk-full"
    MEMORY_SHORT = "memory-short"
    FILE_IN_USE = "file-in-use"
    DOWNLOAD_FAILED = "download-failed"
    SERVICE_NOT_STARTED = "service-not-started"
    SHUTTING_DOWN = "shutting-down"

    # What a check finds.
    NOTHING_DEPLOYED = "nothing-deployed"
    VMS_DOWN = "vms-down"
    VMS_DISCONNECTED = "vms-disconnected"
    SERVICES_DOWN = "services-down"
    AUTOMATIC_RECOVERY = "automatic-recovery"
    EXTERNAL_CERTIFICATE = "external-certificate"
    TWO_SETS_ON = "two-sets-on"
    CALL_COUNTERS = "call-counters"
    FIREWALL_RULE = "firewall-rule"
    CALL_EVENTS = "call-events"
    MANAGEMENT_SERVICE = "management-service"
    NOT_REGISTERED = "not-registered"
    TENANT_MAINTENANCE = "tenant-maintenance"
    CALLS_NOT_PROVEN = "calls-not-proven"
    NO_UPGRADE_PATH = "no-upgrade-path"
    OTHER_ACCOUNT = "other-account"
    CREDENTIAL_NOT_CACHED = "credential-not-cached"
    AUTO_UPDATE_ON = "auto-update-on"
    AUTO_UPDATE_SUSPENDED = "auto-update-suspended"
    WORK_UNFINISHED = "work-unfinished"
    WORK_BY_HAND = "work-by-hand"
    AUTO_UPDATE_OFF = "auto-update-off"
    NO_UPDATE_WINDOW = "no-update-window"
    USER_REGISTRY = "user-registry"
    UPDATE_UNDER_WAY = "update-under-way"
    CLOCK_OFF = "clock-off"
    PENDING_RESTART = "pending-restart"
    PENDING_RESTART_AT_SWITCH = "pending-restart-at-switch"
    SET_INCOMPLETE = "set-incomplete"
    ROOM_FOR_SECOND_SET = "room-for-second-set"

    # Exit codes of Windows Installer.
    MSI_CANCELLED = "msi-cancelled"
    MSI_FAILED = "msi-failed"
    MSI_NOT_INSTALLED = "msi-not-installed"
    MSI_BUSY = "msi-busy"
    MSI_UNREADABLE = "msi-unreadable"
    MSI_NO_PACKAGE = "msi-no-package"
    MSI_OTHER_VERSION = "msi-other-version"
    MSI_RESTARTS = "msi-restarts"
    MSI_RESTART_NEEDED = "msi-restart-needed"
    MSI_OTHER = "msi-other"

    # Before the MSI is replaced.
    PREVIOUS_MSI_MISSING = "previous-msi-missing"
    OTHER_BITS_OFFERED = "other-bits-offered"

    # The way back, and a drain that does not end.
    SITE_ON_HOLD = "site-on-hold"
    NO_WAY_BACK = "no-way-back"
    DRAIN_LIMIT = "drain-limit"


class Source(enum.StrEnum):
    """Where a row is known from."""

    DOCUMENTED = "documented"
    """Microsoft's troubleshooting page gives this text, or this state."""
    INFERRED = "inferred"
    """The trouble is documented, but not the text it shows itself by."""
    WINDOWS = "Windows"
    """Known of Windows, PowerShell or .NET, not from a page about Cloud Connector."""
    OURS = "ours"
    """A judgement or a rule of this collection."""


class Found(enum.StrEnum):
    """What shows a failure."""

    ERROR = "error"
    """An error of a cmdlet."""
    WARNING = "warning"
    """A warning of a cmdlet."""
    CHECK = "check"
    """A check of the state (`health.py`)."""
    JOB = "job"
    """A job that does not end as it should."""
    OPERATION = "operation"
    """The operation itself."""
    EXIT_CODE = "exit-code"
    """The exit code of Windows Installer."""


@dataclass(frozen=True)
class Failure:
    """One row of the table.

    Attributes:
        meaning: what is wrong, sentences.
        remedy: what to do next, sentences.
        retry: whether the same command may succeed without anybody changing anything first.
        source: where it is known from.
        found: what shows it.
        documented_as: the number of the documented trouble (T1 to T25, docs/troubles.md); empty where it is none.
        pattern: the regular expression by which a text is recognised; empty where no text shows it. It sees the lines cmdlet, id,
            category, exception and message, in this order, the message as one line; capitals and small letters are the same.
        instead_of: more general classes: where the patterns of both fit, it is this one.
        exit_code: the exit code of Windows Installer.
    """

    meaning: str
    remedy: str
    retry: bool = False
    source: Source = Source.WINDOWS
    found: Found = Found.ERROR
    documented_as: str = ""
    pattern: str = ""
    instead_of: tuple[FailureClass, ...] = ()
    exit_code: int | None = None


def _missing(cmdlet: str) -> str:
    """A cmdlet that is not found: by the id of the error and its name, or as a text that the product passed on."""
    return rf"CommandNotFoundException.*\b{cmdlet}|term '{cmdlet}' is not recognized"


_DRAIN_FIRST = (
    "That ends every call on the appliance, so drain it first: `maintenance` operation with state present, then this, "
    "then `maintenance` with state absent."
)
"""What a remedy says that restarts or stops what carries calls."""

_AGAIN = "then run the same command again."


FAILURES: Mapping[FailureClass, Failure] = {
    # --- of no one error ----------------------------------------------------------------------------------------------
    FailureClass.UNKNOWN: Failure(
        "An error that this collection does not know; it is passed on whole.",
        "This collection does not know this error: read the newest log in the Logs folder of the appliance directory, repair "
        f"what it names, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.CHECK: Failure(
        "A check of the state says stop, and has no class of its own; `check` in the failure names it.",
        f"Repair what the check names, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.OPTION: Failure(
        "The options of the task are wrong; nobody was asked anything.",
        f"Correct the options, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.REFUSED: Failure(
        "The operation refused by itself, for the reason it gives; it changed nothing.",
        f"Remove the reason, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.UNREAD: Failure(
        "Something could not be read that a decision needs.",
        f"What is not known counts as bad: repair what the reason names, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.NO_ANSWER: Failure(
        "PowerShell on the host ran, and gave no answer of the bridge.",
        f"Look at PowerShell on the host, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.PROMPT: Failure(
        "The product asked a question and nobody had an answer.",
        "Add the answer to cloud_connector_prompts in the inventory, with the right user (where one is asked for) and password "
        f"from your vault, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.PROMPT_IN_JOB: Failure(
        "The product asked a question in a job, which is given no passwords. Most likely a credential is not in the cache "
        "(inferred).",
        "Enter it with the `credential` operation, or register the appliance again with cloud_connector_prompts; "
        f"{_AGAIN}",
        source=Source.OURS,
        found=Found.JOB,
    ),
    FailureClass.FENCE: Failure(
        "The state on the appliance was not what it had been when it was read; nothing after that was run.",
        "Run the same command again: it reads the state anew.",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.UNFINISHED: Failure(
        "The wait for a job is over, the job is not: it goes on by itself.",
        "Wait, then run the same command again: it finds the job and does not start a second one.",
        retry=True,
        source=Source.OURS,
        found=Found.JOB,
    ),
    FailureClass.JOB_NOT_BEGUN: Failure(
        "A job was claimed and did not begin: its start was cut between the two.",
        "Run the same command again: the claim was withdrawn, and nothing of the job was done.",
        retry=True,
        source=Source.OURS,
        found=Found.JOB,
    ),
    FailureClass.JOB_COLLECTED: Failure(
        "Another run has fetched the answer of the job this one waited for, and the state does not show its work as done.",
        "Read the result of that run, then run the same command again: it goes on from the state it finds.",
        retry=True,
        source=Source.OURS,
        found=Found.JOB,
    ),
    FailureClass.ANSWER_LOST: Failure(
        "What was under way on the appliance has ended, nobody got its answer, and the state does not show its work as done.",
        "Run the same command again: it goes on from the state it finds, and says what the product answers.",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.LATE_START: Failure(
        "What was to be begun came to the appliance later than the readings allow on which it was decided.",
        "Run the same command again. Where that recurs, look at the line to the appliance.",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.NOT_CONFIRMED: Failure(
        "The work reported no error, but the state does not show it.",
        f"Look at the newest log in the Logs folder of the appliance directory, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.NOT_SWITCHED: Failure(
        "Switch-CcVersion gave up, and the old VMs run on as before.",
        "Make a call through this appliance: whether it takes new ones again cannot be read. Where the error speaks of the "
        "drain, the calls did not end in time: send new ones to the other appliances at the "
        "gateway, or choose a quieter time, and run the same command again. Option force of the version operation cuts them "
        "instead.",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.CONNECTION: Failure(
        "The appliance could not be reached, or the line was lost.",
        "Run the same command again when the appliance answers: it reads what was done.",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.WINDOW_CLOSED: Failure(
        "A clean stop: the work on the appliance, with a way back, does not fit into what is left of the window of its site. It "
        "was not begun, and what was done before it is done.",
        "Run the same command again at the time that the message names; what is done is skipped.",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.LEASE_HELD: Failure(
        "Another run works on the site, or has left something unfinished there.",
        "Wait until that run has ended, or end it; then run the same command again. A run that gives no sign of life any more is "
        "taken over as soon as nothing of it is unfinished, or by a person: cloud_connector_take_over.",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.LEASE_LOST: Failure(
        "Another run has taken the site over while this one gave no sign of life.",
        "Nothing more was done by this run. Read how the other one ended, then run the same command again: it goes on from what "
        "it finds.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.SLOT_HELD: Failure(
        "Another appliance of the site holds the one out-of-service slot: it is out of service, or its operation was cut.",
        "Run the operation that holds the slot on that appliance again until it is done: it gives the slot back.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.CAPACITY: Failure(
        "Without this appliance the rest of the site could not carry its calls.",
        "Bring the other appliances of the site into service first. Where there is no spare, get the consent of its owner and "
        f"write cloud_connector_outage_consent, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.SITE_DIRECTORY: Failure(
        "The appliances of the site do not see the same folder as their site directory, so the slot in it guards nothing.",
        "Give all appliances of the site one site directory, the share that the product uses (`directories` operation); "
        f"{_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.GATEWAY_UNREACHABLE: Failure(
        "The Mediation VM cannot make a TCP connection to a gateway: calls over it fail.",
        f"Compare address and port in CloudConnector.ini with the gateway's own, and look at firewalls between the two, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.WRONG_HOST: Failure(
        "Another computer answered than the one that was meant: an address in the inventory is wrong.",
        f"Correct ansible_host of the appliances that are named, {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.JOB_OPEN: Failure(
        "A job of this collection is open on the appliance: it may be running now.",
        "Run the operation that began the job again: it waits for it and collects it.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.STATE_CHANGED: Failure(
        "The appliance is not as it was before its upgrade in something that an upgrade does not change.",
        "Look at each difference. What is wrong: repair it. What is meant: write its name (area/item) in "
        "cloud_connector_accepted_changes, for a key of the ini in cloud_connector_accepted_ini_changes. Then run the same "
        "command again: it compares again.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.FAULT_IN_SOAK: Failure(
        "While the first site was watched after its upgrade, something went wrong there; the later sites were not begun.",
        "Look at what is named: it did not show when the site was validated. Repair it, or go back to the old version. Then run "
        "the same command again: it watches again from the beginning.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.HELD: Failure(
        "A person holds the run, or the control file cannot be read, and the wait for the word to go on is over.",
        "Nothing is under way on the appliance. Give the word to go on (`playbooks/control.yml -e action=go_on`), or repair the "
        "control file; then run the same command again.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.STOPPED: Failure(
        "A person had the run stop before the next appliance.",
        "Nothing is wrong. To go on run the same command again: the stop was for this run only.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.LEFT_OUT: Failure(
        "A person left an appliance out whose upgrade has begun: as it is, it has no high availability.",
        "Take it in again (`playbooks/control.yml -e action=go_on -e appliance=<name>`), then run the same command again. Or "
        "bring it back to its old version first.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    # --- documented by Microsoft --------------------------------------------------------------------------------------
    FailureClass.NEW_VM_NETWORK: Failure(
        "A deployment that does not end: a VM may have no or a wrong IP address on one of its network adapters.",
        "Look at the VMs of the new version in Hyper-V Manager. Where one has no address: end the scheduled task, remove these "
        "VMs and Uninstall-CcAppliance -Version <new version>, never without -Version; then run the same command again.",
        source=Source.DOCUMENTED,
        found=Found.JOB,
        documented_as="T1",
    ),
    FailureClass.DOMAIN_JOIN: Failure(
        "The CMS or Mediation VM could not join the domain of the AD VM.",
        "See that the AD VM runs, that the VM has the address of the AD VM as its DNS server and reaches it; an address conflict "
        "needs a new address for the AD VM.",
        source=Source.INFERRED,
        documented_as="T2",
        pattern=r"FailToJoinDomain|(did not|failed to|could not|cannot|unable to) join\b[^\n]*\bdomain",
    ),
    FailureClass.MANAGEMENT_SWITCH_IN_USE: Failure(
        "A management switch is left over from an earlier deployment, and a VM may still use it.",
        "In Hyper-V Manager disconnect left-over VMs from the management switch, never those of the running version, and delete "
        f"it. Only where that fails restart the host. {_DRAIN_FIRST} In the end run the same command again.",
        source=Source.DOCUMENTED,
        documented_as="T3",
        pattern=r"Remove-VMSwitch.*being used by running virtual machines"
        r"|virtual switch '[^']*Management Switch' cannot be deleted",
    ),
    FailureClass.EDGE_AUTHENTICATION_SERVICE: Failure(
        "RTCMRAUTH does not start: the chain of the external certificate is not trusted on the Edge VM.",
        "Import root and intermediate certificates on the Edge VM, then restart that VM. Where the appliance carries calls: "
        f"{_DRAIN_FIRST} When RTCMRAUTH and RTCSRV run, run the same command again.",
        source=Source.DOCUMENTED,
        documented_as="T4",
        pattern=r"Service RTCMRAUTH failed to start",
        instead_of=(FailureClass.SERVICE_NOT_STARTED,),
    ),
    FailureClass.HOST_RESTARTED: Failure(
        "The host restarted, or the process was killed, under a running job.",
        "See that the VMs and their services run again; then run the same command again: it goes on from the state it finds.",
        retry=True,
        source=Source.DOCUMENTED,
        found=Found.JOB,
        documented_as="T5",
    ),
    FailureClass.REGISTRATION_CONFLICT: Failure(
        "The tenant has a record that matches only part of the identity of this appliance or its site.",
        "Compare SiteName, ApplianceName and the Mediation Server's name and address in CloudConnector.ini with "
        "Get-CsHybridPSTNAppliance and Get-CsHybridPSTNSite. Correct the ini or unregister the old appliance; then register with "
        "the `registration` operation.",
        source=Source.DOCUMENTED,
        documented_as="T6",
        pattern=r"Cannot register appliance because your current input/configuration",
    ),
    FailureClass.VERSION_UNKNOWN: Failure(
        "The product does not know which version runs: module.ini was not migrated.",
        "Compare module.ini in C:\\ProgramData\\CloudConnector and in the profile's CloudConnector folder: delete the one in "
        "ProgramData and run Register-CcAppliance, or write the running and the backup version into it.",
        source=Source.DOCUMENTED,
        found=Found.CHECK,
        documented_as="T7",
    ),
    FailureClass.NO_HIGH_AVAILABILITY: Failure(
        "Scripts and running VMs are not both of the wanted version: the site has no high availability until they are.",
        "Finish the upgrade: the `package` operation brings the scripts to the version, the `version` operation the VMs. In a "
        "site that goes back, run the playbook rollback again. Leave a version that is bad, and remove it, as soon as possible.",
        source=Source.DOCUMENTED,
        found=Found.CHECK,
        documented_as="T8",
    ),
    FailureClass.INTERNAL_CERTIFICATES: Failure(
        "Certificates of the appliance's own authority expire, or have expired.",
        "Renew them with the `certification_authority` operation; export the root to the gateways after a reset. Services of the "
        f"VMs may restart for that. {_DRAIN_FIRST} A certificate that is not in use any more may be removed.",
        source=Source.DOCUMENTED,
        found=Found.CHECK,
        documented_as="T9",
    ),
    FailureClass.TENANT_LOGON: Failure(
        "The tenant administrator cannot log on.",
        "Enter the present password of an administrator without multi-factor authentication: Set-CcCredential -AccountType "
        "TenantAdmin on every appliance, or the `credential` operation.",
        source=Source.DOCUMENTED,
        documented_as="T10",
        pattern=r"Logon failed for the user|AADSTS\d+|\ANew-CsOnlineSession\n.*(password|logon|unauthorized)",
        instead_of=(FailureClass.NETWORK_LOGON, FailureClass.LOGON_FAILURE, FailureClass.VM_UNREACHABLE),
    ),
    FailureClass.CREDENTIAL_CACHE: Failure(
        "This logon cannot decrypt the credential cache: another account or another kind of logon stored it, or the account's "
        "password was changed.",
        "Log on as the deployment account with CredSSP. Only where that account's password was changed: restart the host. "
        f"{_DRAIN_FIRST} Then enter the same passwords as before with the `credential` operation, operation register_local, and "
        r"discard_cache_of naming the account: it puts C:\ProgramData\CloudConnector\credentials.<user>.xml aside.",
        source=Source.DOCUMENTED,
        documented_as="T11",
        pattern=r"Key not valid for use in specified state|ImportSecureString_InvalidArgument_CryptographicError|0x8009000B",
        instead_of=(FailureClass.CERTIFICATE_PASSWORD,),
    ),
    FailureClass.DOTNET: Failure(
        "2.1 needs .NET Framework 4.6.1 or later on the host.",
        f"Install it; its installer may want to restart the host. {_DRAIN_FIRST} In the end run the same command again.",
        source=Source.DOCUMENTED,
        documented_as="T12",
        pattern=r"property 'Common' cannot be found|PropertyNotFound\w*\n.*\bCommon\b|MtHostCommon\.ps1:681",
    ),
    FailureClass.STATE_KEY: Failure(
        "The ini has no State line in [Common].",
        "Add `State=` to [Common] of CloudConnector.ini; the value may be empty. Import it, then run the same command again.",
        source=Source.DOCUMENTED,
        documented_as="T13",
        pattern=r"\bState\b[^\n]*\bXmlNode|XmlNodeSetShouldBeAString",
    ),
    FailureClass.WINDOWS_IMAGE: Failure(
        "A Windows image was left mounted.",
        "Run dism /Cleanup-Wim on the host, then the same command again.",
        source=Source.DOCUMENTED,
        documented_as="T14",
        pattern=r"0xc1550115",
    ),
    FailureClass.MODULE_CACHE: Failure(
        "PowerShell's module cache on the host is damaged.",
        r"Delete ModuleAnalysisCache under AppData\Local\Microsoft\Windows\PowerShell of the account, then run the same command "
        "again.",
        source=Source.DOCUMENTED,
        documented_as="T18",
        pattern=_missing("Stop-CsWindowsService"),
        instead_of=(FailureClass.TENANT_MODULE_MISSING, FailureClass.CMDLET_MISSING),
    ),
    FailureClass.MODULE_MISSING: Failure(
        "PowerShell finds no CloudConnector module on the host, or its release lacks this cmdlet.",
        r"Look for C:\Program Files\WindowsPowerShell\Modules\CloudConnector and PSModulePath; while an upgrade is unfinished, "
        "run it again: it installs the module. Where somebody else removed it, install the MSI of the running version.",
        source=Source.DOCUMENTED,
        documented_as="T19",
        pattern=_missing(r"CloudConnector\\\w+-\w+")
        + r"|(Modules_ModuleNotFound|CouldNotAutoLoad\w*)\b.*\bCloudConnector\b|module \W?CloudConnector\W? was not loaded"
        r"|CloudConnector module is not there",
        instead_of=(FailureClass.TENANT_MODULE_MISSING, FailureClass.CMDLET_MISSING),
    ),
    FailureClass.HYPER_V_MODULE: Failure(
        "The Hyper-V module for Windows PowerShell is missing.",
        "Install the feature on the host and run the same command again.",
        source=Source.DOCUMENTED,
        documented_as="T20",
        pattern=_missing(r"\w+-VM\w*"),
        instead_of=(FailureClass.CMDLET_MISSING,),
    ),
    FailureClass.AUTOMATIC_UPDATING: Failure(
        "Windows in a new VM does not update itself, which is as it should be where the product does it.",
        "Ignore it where EnableAutoUpdate of the site is true; else turn that on after the upgrade, or update by hand.",
        source=Source.DOCUMENTED,
        found=Found.WARNING,
        documented_as="T21",
        pattern=r"Windows automatic updating is not enabled",
    ),
    FailureClass.ROUTE_WITHOUT_GATEWAY: Failure(
        "A warning of 1.3.8.",
        "Ignore it.",
        source=Source.DOCUMENTED,
        found=Found.WARNING,
        documented_as="T22",
        pattern=r"No gateway specified for the route",
    ),
    FailureClass.CERTIFICATE_PASSWORD: Failure(
        "The password of the certificate is not the one in the credential cache. (The wording is that of .NET; how the product "
        "words it is not documented.)",
        "Enter the certificate's password with the `credential` operation, operation register_local; then run the same command "
        "again.",
        source=Source.INFERRED,
        documented_as="T24",
        pattern=r"\ASet-CcExternalCertificateFilePath\n.*\bCryptographicException\b|network password is not correct|0x80070056",
    ),
    FailureClass.BASE_VM_UPDATES: Failure(
        "The temporary VM of Convert-CcIsoToVhdx could not be updated.",
        "Update it by hand at the host, then run Convert-CcIsoToVhdx -GeneralizeOnly there.",
        source=Source.DOCUMENTED,
        documented_as="T25",
        pattern=r"Failed to install Windows updates\. Please manually update the VM",
    ),
    # --- of Windows, PowerShell and .NET ------------------------------------------------------------------------------
    FailureClass.TENANT_MULTI_FACTOR: Failure(
        "The tenant asks the cached administrator for a second factor, which nobody can give here.",
        "Use an administrator without multi-factor authentication, as the product requires: Set-CcCredential -AccountType "
        "TenantAdmin on every appliance, or the `credential` operation.",
        pattern=r"AADSTS500(7[469]|72)|multi-?factor authentication",
        instead_of=(FailureClass.TENANT_LOGON,),
    ),
    FailureClass.TENANT_MODULE_MISSING: Failure(
        "The Skype for Business Online module is not on the host, or its session gave no cmdlets.",
        "Install the Skype for Business Online, Windows PowerShell Module on the host.",
        pattern=_missing(r"(\w+-Cs\w+|Import-PSSession)"),
        instead_of=(FailureClass.CMDLET_MISSING, FailureClass.TENANT_LOGON),
    ),
    FailureClass.CMDLET_MISSING: Failure(
        "PowerShell on the host does not have a cmdlet that is needed; the message names it.",
        "Install the feature or module it belongs to, then run the same command again.",
        pattern=r"CommandNotFoundException|is not recognized as (the|a) name of a cmdlet",
    ),
    FailureClass.PROMPT_PAST_THE_BRIDGE: Failure(
        "The product asked in a way that only a person at its console can answer.",
        "Run this cmdlet once at the console of the host, as the deployment account; then run the same command again.",
        pattern=r"\A[^\n]*\nPSInvalidOperationException\b|NonInteractive mode|does not support user interaction",
        instead_of=(FailureClass.TENANT_LOGON,),
    ),
    FailureClass.EXECUTION_POLICY: Failure(
        "PowerShell's execution policy does not let the product's scripts run.",
        "Set-ExecutionPolicy RemoteSigned on the host, as the product requires.",
        pattern=r"PSSecurityException|\nSecurityError\n|running scripts is disabled",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.NOT_ELEVATED: Failure(
        "The logon has not the full token of an administrator, which the product's cmdlets need.",
        "Log on as the built-in Administrator or an account of the domain that is local administrator; for another local account "
        "set LocalAccountTokenFilterPolicy to 1 on the host (docs/authentication.md); then run the same command again.",
        pattern=r"started as administrator|from an elevated process|requires elevation"
        r"|0x800702e4|Requested registry access is not allowed",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.VM_NOT_TRUSTED: Failure(
        "The host's WinRM client may send no credential to a VM: its address is not in TrustedHosts. The VM itself may be well.",
        "Add the addresses of the CMS, Mediation and Edge VMs to TrustedHosts of the host (docs/authentication.md has the "
        "command); then run the same command again.",
        pattern=r"ServerNotTrusted|added to the TrustedHosts",
        instead_of=(FailureClass.VM_UNREACHABLE,),
    ),
    FailureClass.VM_REFUSED: Failure(
        "A VM does not let the host in with the cached VmAdmin. Whether a real one does is not documented.",
        "Enter the VmAdmin password that the VMs have with the `credential` operation.",
        pattern=r"AccessDenied,PSSessionStateBroken",
        instead_of=(FailureClass.VM_UNREACHABLE, FailureClass.NETWORK_LOGON),
    ),
    FailureClass.VM_UNREACHABLE: Failure(
        "A VM does not answer.",
        "See that it runs, is connected, and that the addresses in `vms` are those of CloudConnector.ini.",
        retry=True,
        pattern=r"PSSessionStateBroken|PSRemotingTransportException|WinRMOperationTimeout",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.TENANT_SESSIONS_FULL: Failure(
        "The tenant administrator has as many sessions open as the tenant allows: three, nine for all administrators together.",
        "Close the sessions that other people and programs have open as this administrator; one that was left open ends by "
        "itself after about 15 minutes. Then run the same command again.",
        retry=True,
        source=Source.DOCUMENTED,
        pattern=r"maximum number of concurrent shells|exceeded the maximum number of (concurrent )?(shells|sessions|connections)"
        r"|\ANew-CsOnlineSession\n.*throttl",
        instead_of=(FailureClass.TENANT_LOGON, FailureClass.VM_UNREACHABLE),
    ),
    FailureClass.PROGRAM_KEY: Failure(
        "An entry of Programs and Features on the host has a malformed value, over which PowerShell stumbles; it need not be of "
        "Cloud Connector.",
        r"Look below HKLM:\SOFTWARE\Microsoft\Windows\CurrentVersion\Uninstall, and below WOW6432Node, for the key that "
        "Get-ItemProperty cannot read, and repair the program it belongs to; then run the same command again.",
        pattern=r"Specified cast is not valid|InvalidCastException\b.*\bGetItemProperty",
    ),
    FailureClass.BATCH_LOGON: Failure(
        "The account of the task may not log on as a batch job.",
        "Give it the right 'Log on as a batch job' in the local security policy of the host.",
        pattern=r"0x80070569|not been granted the requested logon type",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.PASSWORD_NOT_STORED: Failure(
        "A policy of Windows forbids to store passwords for network logons, so that no task can be registered with one.",
        "Disable 'Network access: Do not allow storage of passwords and credentials for network authentication' on the host for "
        "the time of the upgrade, in the policy that sets it; then run the same command again.",
        pattern=r"0x80070520|specified logon session does not exist",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.BITS_LOGON: Failure(
        "Windows' background transfer (BITS) moves files only while their owner is logged on at the console, and a task is not. "
        "Whether Start-CcDownload uses BITS is not documented.",
        "Log on to the host as the deployment account, by Remote Desktop, and stay logged on; then run the same "
        "command again. Or "
        "run Start-CcDownload -DownloadBitsOnly there once.",
        pattern=r"0x800704dd|not logged on to the network",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.SECURE_CHANNEL: Failure(
        "The host and the server of the download found no common TLS: as it is delivered, .NET of Windows Server 2012 R2 offers "
        "TLS 1.0 only. Or the server's certificate is not trusted on the host.",
        "Set SchUseStrongCrypto on the host (docs/authentication.md has the command), or take the file from a share; "
        "then run the "
        "same command again.",
        pattern=r"could not create SSL/TLS secure channel|could not establish trust relationship for the SSL/TLS"
        r"|SecureChannelFailure",
        instead_of=(FailureClass.DOWNLOAD_FAILED,),
    ),
    FailureClass.LOGON_FAILURE: Failure(
        "Windows refused the account of the task.",
        "Check cloud_connector_deployment_user and cloud_connector_deployment_password.",
        pattern=r"0x8007052e|user name or password is incorrect|unknown user name or bad password",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.SHARE_UNREACHABLE: Failure(
        "The site directory's file server does not answer, or has no such share.",
        "See that the host reaches the share; then run the same command again.",
        retry=True,
        pattern=r"0x80070035|0x80070043|network (path|name) (was not|cannot be) found|Could not find a part of the path '\\\\",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.NETWORK_LOGON: Failure(
        "This logon may not read or write there; a network logon (NTLM) reaches no second host.",
        "Use ansible_winrm_transport credssp, and give the account its rights on the site directory.",
        pattern=r"Access (to the path .* )?is denied|UnauthorizedAccess|\nPermissionDenied\n|0x80070005",
    ),
    FailureClass.DISK_FULL: Failure(
        "The disk is full.",
        "Make room: remove an old backup with Uninstall-CcAppliance -Version <old>, never without -Version; then run the same "
        "command again.",
        pattern=r"0x80070070|not enough space on the disk",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.MEMORY_SHORT: Failure(
        "The host has too little memory for another set of VMs.",
        "Turn off what else runs on the host, never a VM of the running version; then run the same command again.",
        pattern=r"Not enough memory in the system|0x8007000E|OutOfMemoryException",
    ),
    FailureClass.FILE_IN_USE: Failure(
        "Another program holds a file.",
        "Run the same command again; exclude the product's folders from the virus scanner.",
        retry=True,
        pattern=r"0x80070020|used by another process",
        instead_of=(FailureClass.NETWORK_LOGON,),
    ),
    FailureClass.DOWNLOAD_FAILED: Failure(
        "The host could not download.",
        "See that the host reaches the address, through its per-machine proxy settings; then run the same command again.",
        retry=True,
        pattern=r"WebCmdletWebResponseException|System\.Net\.WebException|remote name could not be resolved|\(407\)",
    ),
    FailureClass.SERVICE_NOT_STARTED: Failure(
        "A Windows service does not start.",
        "See the event logs of the machine it belongs to, repair what they name; then run the same command again.",
        pattern=r"CouldNotStartService|StartServiceFailed|Service \w+ failed to start",
    ),
    FailureClass.SHUTTING_DOWN: Failure(
        "The host is shutting down.",
        "Run the same command again when it is back.",
        retry=True,
        pattern=r"0x8007045B|system shutdown is in progress",
    ),
    # --- what a check finds (health.py) -------------------------------------------------------------------------------
    FailureClass.NOTHING_DEPLOYED: Failure(
        "The product says that no version runs on the appliance.",
        "Find out what runs on it. Only an appliance that is deployed can be upgraded; where VMs of a version are on all the "
        "same, module.ini was not migrated.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.VMS_DOWN: Failure(
        "Not all four VMs of the version run.",
        "Look at the VMs in Hyper-V Manager; start AD, CMS, Mediation, Edge in this order.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.VMS_DISCONNECTED: Failure(
        "A VM is connected to no network, or none is on a network that the ini names.",
        "Connect the VMs to the switches in Hyper-V Manager, or wait for automatic recovery.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.SERVICES_DOWN: Failure(
        "Services that calls need do not run in a VM.",
        "Start the services in the VM that the check names, or wait for automatic recovery. An appliance in maintenance mode is "
        "brought back by the `maintenance` operation, state absent.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.AUTOMATIC_RECOVERY: Failure(
        "Automatic recovery of the appliance is under way, or was within the last hour.",
        "Wait until it has settled, and repair what it could not: see the Application log of the host and "
        "CceManagementService.log. Services that are stopped and manual may also mean maintenance mode.",
        source=Source.INFERRED,
        found=Found.CHECK,
    ),
    FailureClass.EXTERNAL_CERTIFICATE: Failure(
        "The certificate of the Access Edge expires, has expired, or was not found.",
        "Replace it in maintenance mode with the `certificate` operation: `maintenance` operation with state present, "
        "`certificate`, `maintenance` with state absent.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.TWO_SETS_ON: Failure(
        "VMs of another version are on beside those of the version asked about: two sets have the same addresses.",
        "Turn off the VMs of the version that is not in production, in Hyper-V Manager. Be sure which one that is: the other one "
        "carries the calls.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.CALL_COUNTERS: Failure(
        "The Mediation VM gives no counters of live calls.",
        "Find out why; it may not let this account in.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.FIREWALL_RULE: Failure(
        "An inbound firewall rule that calls need is disabled in a VM, or there is none of that name.",
        "In the VM that the check names enable the rule (Windows Firewall with Advanced Security), or wait for automatic "
        "recovery; that ends no calls. Then make a call in each direction.",
        source=Source.DOCUMENTED,
        found=Found.CHECK,
    ),
    FailureClass.CALL_EVENTS: Failure(
        "A VM logged within the last hour that a gateway was not reached (25062), that calls were not completed "
        "(25064), or trouble "
        "of the Edge's network (14353).",
        "Make a call in each direction. Where one fails, compare gateways, their certificates and the firewall with "
        "CloudConnector.ini, and read the log Lync Server of the VM.",
        source=Source.DOCUMENTED,
        found=Found.CHECK,
    ),
    FailureClass.MANAGEMENT_SERVICE: Failure(
        "The Cloud Connector management service does not run as the account that a registration gives it.",
        "Start the service; where it runs as another account, register the appliance again with the `registration` operation.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.NOT_REGISTERED: Failure(
        "The tenant has no record of this appliance.",
        "Register it with the `registration` operation.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.TENANT_MAINTENANCE: Failure(
        "MaintenanceMode of the appliance is set in the tenant.",
        "Somebody set it: ask who, and let them end it. Where nobody did, and nothing of this collection is at work there, a "
        "maintenance mode that was broken off has left it: `tenant_appliance` with `maintenance_mode: false`.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.CALLS_NOT_PROVEN: Failure(
        "Nothing proves that the appliance carries calls: it may read well and carry none.",
        "Log in to the client, call a PSTN number from it, and call it from a phone. Where that went well, sign it off "
        "(`cloud_connector_signoffs`). Where it did not, leave the other appliances as they are.",
        source=Source.DOCUMENTED,
        found=Found.CHECK,
    ),
    FailureClass.NO_UPGRADE_PATH: Failure(
        "The appliance cannot be upgraded from what it has to the version asked for.",
        "Check cloud_connector_target_version; only upgrades between known releases are done, and never back.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.OTHER_ACCOUNT: Failure(
        "CloudConnector.ini is not where this account's appliance directory is: another account deployed the appliance.",
        "Log on as the account that deployed the appliance.",
        source=Source.INFERRED,
        found=Found.CHECK,
    ),
    FailureClass.CREDENTIAL_NOT_CACHED: Failure(
        "A password that the product will need is not in the credential cache of this account.",
        "Log on as the account that entered the passwords, with a full logon; where it never was entered, enter it with the "
        "`credential` operation.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.AUTO_UPDATE_ON: Failure(
        "The site updates itself, which may begin in the middle of the upgrade.",
        "The role appliance_upgrade suspends it before its first step. Where it is on later, somebody has switched it on "
        "meanwhile: agree with them, then run the same command again. A play of your own takes the module automatic_update.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.AUTO_UPDATE_SUSPENDED: Failure(
        "Automatic update of the site was on and is off for the time of an upgrade: as long as that lasts the site misses "
        "updates of Windows.",
        "A run of the upgrade puts it back when the site is validated. Where none is to come, run the playbook "
        "sfb.cloud_connector.restore.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.WORK_BY_HAND: Failure(
        "Somebody runs Switch-CcVersion, Enter-CcUpdate or Uninstall-CcAppliance on the host by hand: it may be draining, and "
        "refuse new calls.",
        "Find out who, and wait until that process has ended and the appliance is well; then run the same command again.",
        retry=True,
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.WORK_UNFINISHED: Failure(
        "A work of this collection in the site has begun and is not finished.",
        "Run the command again that began it.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.AUTO_UPDATE_OFF: Failure(
        "Automatic update of the site is off: Windows of host and VMs is not updated, nor the product.",
        "Switch it on with `tenant_site` where no upgrade of the site is under way; Microsoft strongly advises it.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.NO_UPDATE_WINDOW: Failure(
        "No update window of the site opens within a day.",
        "Wait for its day, or give the site another window with `update_window` and `tenant_site`.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.USER_REGISTRY: Failure(
        "1.4.1 needs a policy of Windows without which its own account cannot uninstall the MSI.",
        'Enable the policy "Do not forcefully unload the user registry at user logoff" (Computer Configuration, Administrative '
        "Templates, System, User Profiles).",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.UPDATE_UNDER_WAY: Failure(
        "The product updates itself on this appliance, or on another one of its site: Windows or its own release.",
        "Wait until the tenant shows Finished or Error for it and CcLockFile is gone from the site directory; then run the same "
        "command again. Where nothing has moved for hours, read CceManagementService.log. CcLockFile may be left of an update "
        "that is over: Microsoft's own procedure for a new CceService password deletes it.",
        retry=True,
        source=Source.INFERRED,
        found=Found.CHECK,
    ),
    FailureClass.CLOCK_OFF: Failure(
        "The clocks of host and controller are too far apart for Kerberos, certificates and jobs.",
        "Correct the clock of the host or of the controller: see to their time source.",
        found=Found.CHECK,
    ),
    FailureClass.PENDING_RESTART: Failure(
        "Windows waits for a restart of the host.",
        f"Restart the host before anything is installed on it. {_DRAIN_FIRST}",
        found=Found.CHECK,
    ),
    FailureClass.PENDING_RESTART_AT_SWITCH: Failure(
        "Windows waits for a restart of the host, right before the switch.",
        "The switch does not need it. Finish the upgrade first, so that scripts and VMs are of one version; then "
        "restart the host. "
        f"{_DRAIN_FIRST}",
        found=Found.CHECK,
    ),
    FailureClass.SET_INCOMPLETE: Failure(
        "The set of VMs that would be switched to is not whole, though the product may name it.",
        "Look at the VMs of that version in Hyper-V Manager, never at those of the running one. A VM that is saved or "
        "paused: turn "
        "it off. Where one is missing or was not finished, run the `deployment` operation again; if the product refuses that, "
        "remove the set first (`deployment` with state absent and this version). Then run the same command again.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    FailureClass.ROOM_FOR_SECOND_SET: Failure(
        "How much disk and memory a second set of four VMs needs is not documented, so nobody but a person can judge.",
        "See that four more VMs fit on the disk and can run beside the running ones. To make room, remove an old backup with "
        "Uninstall-CcAppliance -Version <old>, never without -Version.",
        source=Source.OURS,
        found=Found.CHECK,
    ),
    # --- exit codes of Windows Installer ------------------------------------------------------------------------------
    FailureClass.MSI_CANCELLED: Failure(
        "Windows Installer was cancelled on the host.",
        "Run the same command again.",
        retry=True,
        found=Found.EXIT_CODE,
        exit_code=1602,
    ),
    FailureClass.MSI_FAILED: Failure(
        "Windows Installer failed.",
        "See the Application event log of the host, then run the same command again.",
        found=Found.EXIT_CODE,
        exit_code=1603,
    ),
    FailureClass.MSI_NOT_INSTALLED: Failure(
        "Windows Installer says the product is not installed.",
        "Compare Programs and Features of the host with the plan.",
        found=Found.EXIT_CODE,
        exit_code=1605,
    ),
    FailureClass.MSI_BUSY: Failure(
        "Windows Installer found another installation running.",
        "Wait until that one has ended, then run the same command again.",
        retry=True,
        found=Found.EXIT_CODE,
        exit_code=1618,
    ),
    FailureClass.MSI_UNREADABLE: Failure(
        "Windows Installer could not open the package.",
        "See that the file is whole and readable on the host.",
        found=Found.EXIT_CODE,
        exit_code=1619,
    ),
    FailureClass.MSI_NO_PACKAGE: Failure(
        "Windows Installer says the file is no package of its own.",
        "Check the source of the package.",
        found=Found.EXIT_CODE,
        exit_code=1620,
    ),
    FailureClass.MSI_OTHER_VERSION: Failure(
        "Windows Installer found another version installed.",
        "Remove it in Programs and Features, then run the same command again.",
        found=Found.EXIT_CODE,
        exit_code=1638,
    ),
    FailureClass.MSI_RESTARTS: Failure(
        "Windows Installer restarts the host.",
        "The restart ends the calls of this appliance and cannot be held. Wait for the host and its VMs; then run the "
        "same command "
        "again.",
        retry=True,
        found=Found.EXIT_CODE,
        exit_code=1641,
    ),
    FailureClass.MSI_RESTART_NEEDED: Failure(
        "Windows Installer has done its work and wants a restart of the host.",
        f"The new MSI is installed, so the `maintenance` operation works. Restart the host. {_DRAIN_FIRST} In the end run the "
        "same command again: it goes on once the host has been restarted. Or declare cloud_connector_on_restart_required: go_on.",
        found=Found.EXIT_CODE,
        exit_code=3010,
    ),
    FailureClass.MSI_OTHER: Failure(
        "Windows Installer failed with a code that this collection does not know.",
        "Look the code up, repair, then run the same command again.",
        found=Found.EXIT_CODE,
    ),
    # --- updates and restarts of Windows ------------------------------------------------------------------------------
    FailureClass.IN_SERVICE: Failure(
        "Calls can live on the appliance, and what was to be done would cut them.",
        f"Enter maintenance mode with the `maintenance` operation, {_AGAIN} Or have somebody agree by name, in_service_consent.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.WINDOWS_UPDATE: Failure(
        "The update agent of Windows failed, or an update did. The failure names the code, what it means and what to do.",
        f"Do what the message says of the code, {_AGAIN}",
        found=Found.JOB,
    ),
    FailureClass.WINDOWS_UPDATE_HANGS: Failure(
        "The work of the update agent did not end in its time, and Windows has ended the task that waited for it.",
        f"Restart that computer with the `restart` operation. {_DRAIN_FIRST} Then run the same command again. Where it hangs "
        r"again, find the update in C:\Windows\WindowsUpdate.log and leave its KB out with reject.",
        found=Found.JOB,
    ),
    FailureClass.RESTART_NOT_BEGUN: Failure(
        "Windows was asked to restart, and did not go down; that was called off.",
        f"Look at the console of that computer for a program that holds it up, {_AGAIN}",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.RESTART_NOT_ENDED: Failure(
        "A computer was restarted, and in its time it did not come back, or not with all that has to run.",
        "Look at the console of the computer that the message names (Hyper-V Manager for a VM). The same command again finds "
        "what was begun, begins nothing twice, and waits again.",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    # --- before the MSI is replaced -----------------------------------------------------------------------------------
    FailureClass.PREVIOUS_MSI_MISSING: Failure(
        "The MSI that would be replaced cannot be saved: without it nobody can go back to it once the new one is installed.",
        "Declare cloud_connector_previous_source and cloud_connector_previous_sha256, the MSI of the version that is there; or "
        "cloud_connector_require_previous: false, which gives that way back up. Then run the same command again.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.OTHER_BITS_OFFERED: Failure(
        "The download site has the bits of another version than the one to upgrade to, so its VMs could not be deployed.",
        "Make cloud_connector_target_version the version that the site has, with its MSI and ini; or declare "
        "cloud_connector_download_url, a site that has the bits of the target. Then run the same command again.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    # --- the way back, and a drain that does not end ------------------------------------------------------------------
    FailureClass.SITE_ON_HOLD: Failure(
        "The site is on hold, since it was rolled back: nothing in it goes forward to another release.",
        "Ask the person whom the hold names. When the reason is gone, clear it by name: playbook clear_hold with "
        f"cloud_connector_clear_hold; {_AGAIN}",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.NO_WAY_BACK: Failure(
        "The appliance cannot be taken back to that release by what it shows; nothing was changed.",
        "Judge by the reason. Where the old VMs are gone, Microsoft's way is forward: repair the new version, or remove it and "
        "deploy it again.",
        source=Source.OURS,
        found=Found.OPERATION,
    ),
    FailureClass.DRAIN_LIMIT: Failure(
        "Calls are still live on an appliance that drains, after the limit that was declared. New calls are refused there as "
        "long as that lasts. No documentation says that a drain ends by itself. It goes on.",
        "Choose. Either end these calls at the gateway, or wait, and run the same command again: it finds the drain and goes on. "
        "Or have them cut: declare cloud_connector_force_drain with site, by and reason, and run the same command again. That "
        "ends the drain, begins the switch anew with -Force, and says what came of it: Microsoft documents that -Force stops "
        "services forcibly where draining fails, not that it ends one that lasts.",
        retry=True,
        source=Source.OURS,
        found=Found.OPERATION,
    ),
}
"""Everything that can go wrong. The order of the rows means nothing."""

NOT_MET: Mapping[str, str] = {
    "T15": "The first deployment of a site; the collection upgrades what is deployed. A failed deployment shows its own class.",
    "T16": "Windows updates by hand: what `windows_update` and `restart` do, in maintenance mode, has classes of its own.",
    "T17": "Every exchange is a new PowerShell process, which loads the module that is installed.",
    "T23": "Conferences are not this collection's work.",
}
"""The documented troubles that no operation can meet, and why."""

EXIT_CODES: Mapping[int, FailureClass] = {
    row.exit_code: failure for failure, row in FAILURES.items() if row.exit_code is not None
}
"""Exit codes of Windows Installer; none is documented for this MSI. Every other one but 0 is `MSI_OTHER`."""


def recognise(
    error_id: str, message: str, *, cmdlet: str = "", category: str = "", exception: str = ""
) -> FailureClass | None:
    """The class that an error shows; None when it is not a known one.

    It goes by the error's id, exception type or code where it has one: those are the same in every display language. The
    product's own texts have none; they are English on every host, since Cloud Connector is supported on English Windows only.
    Of several classes the more special one counts (`instead_of`), else the one that shows itself first in the text.
    """
    text = "\n".join((cmdlet.rpartition("\\")[2], error_id, category, exception, " ".join(message.split())))
    matches = {failure: match.start() for failure in FAILURES if (match := _search(failure, text))}
    found = most_special(matches)
    return min(found, key=lambda failure: (matches[failure], failure)) if found else None


def most_special(found: Iterable[FailureClass]) -> list[FailureClass]:
    """Those of `found`, in their order, that do not stand back behind a more special one of them."""
    found = list(dict.fromkeys(found))
    general = {other for failure in found for other in _more_general(failure)}
    return [failure for failure in found if failure not in general]


def _more_general(failure: FailureClass) -> set[FailureClass]:
    direct = FAILURES[failure].instead_of
    return set(direct).union(*map(_more_general, direct))


def _search(failure: FailureClass, text: str) -> re.Match[str] | None:
    pattern = FAILURES[failure].pattern
    return re.search(pattern, text, re.IGNORECASE | re.DOTALL) if pattern else None
