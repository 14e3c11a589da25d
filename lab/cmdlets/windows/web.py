"""Invoke-WebRequest: files from the addresses of the simulated network."""

from __future__ import annotations

from http import HTTPStatus

from lab.cmdlets.windows.common import (
    DIRECTORY_NOT_FOUND,
    UNAUTHORIZED,
    Work,
    absolute,
    computer_of,
    files_of,
    simulated,
)
from lab.powershell.catalogue import Registry
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject
from lab.world.network import Network, Resource, host

WEB = Registry()

WEB_EXCEPTION = "System.Net.WebException"
NO_SECURE_CHANNEL = "The request was aborted: Could not create SSL/TLS secure channel."
"""What .NET says of a server that takes TLS 1.2 only, as Microsoft's do, without SchUseStrongCrypto."""
HEEDED = ("Uri", "OutFile", "UseBasicParsing", "TimeoutSec", "PassThru")


@simulated(WEB, "Invoke-WebRequest", *HEEDED)
def invoke_web_request(call: Invocation) -> Work:
    """Fetches a file; it takes the simulated time of the transfer, and nothing is written before its end.

    `-TimeoutSec` bounds the wait for the first answer only, as in Windows PowerShell: a slow transfer goes on.
    """
    network = computer_of(call).network
    uri = str(call.get("Uri"))
    weak = uri.casefold().startswith("https:") and not computer_of(call).strong_crypto
    answered = NO_SECURE_CHANNEL if weak else _requested(network, uri)
    if isinstance(answered, str):
        call.terminate(answered, "WebCmdletWebResponseException", "InvalidOperation", WEB_EXCEPTION)
    else:
        yield call.sleep(network.transfer_seconds(answered))
        _deliver(call, answered)


def _requested(network: Network, uri: str) -> Resource | str:
    """What the address answers, or why not."""
    try:
        resource = network.request(uri)
    except LookupError:
        return f"The remote name could not be resolved: '{host(uri)}'"
    except ConnectionError:
        return "Unable to connect to the remote server"
    if resource.status < HTTPStatus.BAD_REQUEST:
        return resource
    return f"The remote server returned an error: ({resource.status}) {HTTPStatus(resource.status).phrase}."


def _deliver(call: Invocation, resource: Resource) -> None:
    if call.get("OutFile"):
        _save(call, absolute(call, call.get("OutFile")), resource.data)
    if not call.get("OutFile") or call.flag("PassThru"):
        call.write(_response(resource))


def _save(call: Invocation, path: str, data: bytes) -> None:
    try:
        files_of(call).write(path, data)
    except (PermissionError, IsADirectoryError):
        call.terminate(f"Access to the path '{path}' is denied.", UNAUTHORIZED, "NotSpecified", UNAUTHORIZED)
    except FileNotFoundError:
        text = f"Could not find a part of the path '{path}'."
        call.terminate(text, DIRECTORY_NOT_FOUND, "NotSpecified", DIRECTORY_NOT_FOUND)


def _response(resource: Resource) -> PSObject:
    properties = {
        "StatusCode": resource.status,
        "StatusDescription": HTTPStatus(resource.status).phrase,
        "Content": resource.data.decode("utf-8", "replace"),
        "RawContentLength": len(resource.data),
    }
    name = "Microsoft.PowerShell.Commands.BasicHtmlWebResponseObject"
    return PSObject(properties, name, name)
