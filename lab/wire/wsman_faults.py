"""The faults of WS-Management that clients tell apart, with Windows' codes and texts (winrm.md 4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal
from xml.sax.saxutils import escape, quoteattr

from lab.wire import wsman

ACTION = "http://schemas.dmtf.org/wbem/wsman/1/wsman/fault"
_DETAIL = "http://schemas.dmtf.org/wbem/wsman/1/wsman/faultDetail"
_SERVICE = "The WS-Management service cannot"


@dataclass(eq=False)
class Fault(Exception):
    """A request that is answered with a fault (always HTTP 500)."""

    subcode: str
    code: int
    reason: str
    blame: Literal["Sender", "Receiver"] = "Sender"
    detail: str = ""
    wmi: bool = False
    """Whether the code stands in an `MSFT_WmiError`: only there does ansible find the operations quota."""


def timed_out() -> Fault:
    """Nothing to say within the request's OperationTimeout; clients ask again."""
    reason = f"{_SERVICE} complete the operation within the time specified in OperationTimeout.  "
    return Fault("w:TimedOut", 2150858793, reason, "Receiver")


def no_shell(shell_id: str) -> Fault:
    """The shell does not exist (any more)."""
    reason = (
        f"The request for the Windows Remote Shell with ShellId {shell_id} failed because the shell was not found on "
        "the server. Possible causes are: the specified ShellId is incorrect or the shell no longer exists on the "
        "server. Provide the correct ShellId or create a new shell and retry the operation. "
    )
    return Fault("w:InvalidSelectors", 2150858843, reason, detail="UnexpectedSelectors")


def no_command() -> Fault:
    """The command does not exist (any more) in the shell."""
    reason = (
        "The Windows Remote Shell received a request to perform an operation on a command identifier that does not "
        "exist. Either the command has completed execution or the client specified an invalid command identifier. "
    )
    return Fault("w:InvalidSelectors", 2150858843, reason, detail="UnexpectedSelectors")


def too_many_shells(limit: int) -> Fault:
    """MaxShellsPerUser is used up."""
    reason = (
        f"{_SERVICE} process the request. This user is allowed a maximum number of {limit} concurrent shells, which "
        "has been exceeded. Close existing shells or raise the quota for this user. "
    )
    return Fault("w:QuotaLimit", 2150859173, reason)


def too_many_operations(limit: int) -> Fault:
    """MaxConcurrentOperationsPerUser is used up."""
    reason = (
        f"{_SERVICE} process the request. This user is allowed a maximum number of {limit} concurrent operations, "
        "which has been exceeded. Close existing operations for this user, or raise the quota for this user. "
    )
    return Fault("w:InternalError", 2150859174, reason, "Receiver", wmi=True)


def busy() -> Fault:
    """ERROR_BUSY: seen when stdin is sent before the process is up."""
    return Fault("w:InternalError", 170, "The requested resource is in use. ", "Receiver")


def too_large(limit: int) -> Fault:
    """The request is larger than MaxEnvelopeSizekb. The code is from memory (winrm.md 4)."""
    reason = f"{_SERVICE} process the request. The request exceeds the maximum envelope size of {limit} bytes. "
    return Fault("w:EncodingLimit", 2150858751, reason, detail="MaxEnvelopeSize")


def unsupported_action(action: str) -> Fault:
    """Not an operation of a WinRS shell."""
    return Fault("a:ActionNotSupported", 2150858754, f"The action {action} is not supported by the service. ")


def unsupported_resource(resource: str) -> Fault:
    """Not the cmd shell, which is the only one here (PSRP is not simulated)."""
    reason = f"{_SERVICE} process the request. The resource URI {resource} was not found in the WS-Management catalog. "
    return Fault("a:DestinationUnreachable", 2150858752, reason, detail="InvalidResourceURI")


def envelope(fault: Fault, relates_to: str, machine: str) -> bytes:
    """The fault as an answer of the computer of that name."""
    body = (
        f"<s:Fault><s:Code><s:Value>s:{fault.blame}</s:Value><s:Subcode><s:Value>{fault.subcode}</s:Value></s:Subcode></s:Code>"
        f'<s:Reason><s:Text xml:lang="en-US">{escape(fault.reason)}</s:Text></s:Reason>'
        f"<s:Detail>{_wmi_error(fault) if fault.wmi else _wsman_fault(fault, machine)}</s:Detail></s:Fault>"
    )
    return wsman.envelope(ACTION, relates_to, body)


def _wsman_fault(fault: Fault, machine: str) -> str:
    detail = f"<w:FaultDetail>{_DETAIL}/{fault.detail}</w:FaultDetail>" if fault.detail else ""
    return (
        f'{detail}<f:WSManFault xmlns:f="http://schemas.microsoft.com/wbem/wsman/1/wsmanfault" Code="{fault.code}" '
        f"Machine={quoteattr(machine)}><f:Message>{escape(fault.reason)}</f:Message></f:WSManFault>"
    )


def _wmi_error(fault: Fault) -> str:
    return (
        '<p:MSFT_WmiError b:IsCIM_Error="true" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" '
        'xmlns:b="http://schemas.dmtf.org/wbem/wsman/1/cimbinding.xsd" '
        'xmlns:p="http://schemas.dmtf.org/wbem/wscim/1/cim-schema/2/MSFT_WmiError" '
        'xmlns:cim="http://schemas.dmtf.org/wbem/wscim/1/common" xsi:type="p:MSFT_WmiError_Type">'
        f'<p:error_Code xsi:type="cim:cimUnsignedInt">{fault.code}</p:error_Code></p:MSFT_WmiError>'
    )
