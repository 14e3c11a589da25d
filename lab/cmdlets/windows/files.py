"""Cmdlets for files and folders as items: there or not, listed, made, copied, moved, removed, hashed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator

from lab.cmdlets.windows import common
from lab.cmdlets.windows.common import (
    IO_ERROR,
    UNAUTHORIZED,
    absolute,
    asked_paths,
    denied,
    existing,
    files_of,
    into,
    like,
    part_missing,
    simulated,
)
from lab.powershell.catalogue import Registry
from lab.powershell.errors import NON_INTERACTIVE, ErrorRecord
from lab.powershell.invocation import Invocation
from lab.powershell.objects import PSObject
from lab.powershell.text import to_text
from lab.world.computer import StoredCertificate, is_registry
from lab.world.files import PROVIDER, Entry, File, Files, Folder, IllegalName, join, parent, split

FILES = Registry()

ARGUMENT = "System.ArgumentException"
SECURITY_EXCEPTION = "System.Security.SecurityException"
ELEVATED_ONLY = "Access is denied. You need to run this cmdlet from an elevated process."
THROUGH_WINRM = ("basic", "ntlm", "credssp")
"""Logons whose token may be a filtered one."""
PS_ARGUMENT = "System.Management.Automation.PSArgumentException"
ALREADY_EXISTS = "Cannot create a file when that file already exists.\r\n"
HASHES = {"SHA1": "sha1", "SHA256": "sha256", "SHA384": "sha384", "SHA512": "sha512", "MD5": "md5"}


def item(path: str, entry: Entry, text: str | None = None) -> PSObject:
    """A FileInfo or DirectoryInfo; its text is the path it was asked for by."""
    place, folder = split(path), isinstance(entry, Folder)
    properties = {
        "PSPath": PROVIDER + path,
        "PSParentPath": PROVIDER + str(place.parent),
        "PSChildName": place.name or path,
        "PSIsContainer": folder,
        "Mode": "d----" if folder else ("-ar--" if entry.read_only else "-a---"),
        "Name": place.name or path,
        "FullName": path,
        "Extension": place.suffix,
        "BaseName": place.name if folder else place.stem,
        "Exists": True,
        "CreationTime": entry.created,
        "CreationTimeUtc": entry.created,
        "LastWriteTime": entry.modified,
        "LastWriteTimeUtc": entry.modified,
        "Attributes": "Directory" if folder else "Archive",
    }
    if isinstance(entry, File):
        properties |= {"Length": len(entry.data), "DirectoryName": str(place.parent), "IsReadOnly": entry.read_only}
    return PSObject(properties, text or path, "System.IO.DirectoryInfo" if folder else "System.IO.FileInfo")


# --- looking


@simulated(FILES, "Test-Path", "Path", "LiteralPath", "PathType")
def test_path(call: Invocation) -> None:
    """True or False for each path; a share that refuses the user is an error and False."""
    for path in call.get("LiteralPath") or call.get("Path"):
        call.write(_key_exists(call, path) if is_registry(path) else _item_exists(call, path))


def _key_exists(call: Invocation, path: str) -> bool:
    keys = common.computer_of(call).registry
    return bool(keys.find(path)) if common.has_wildcard(path) else keys.get(path) is not None


def _item_exists(call: Invocation, path: str) -> bool:
    full, files = absolute(call, path), files_of(call)
    if "LiteralPath" not in call.parameters and common.has_wildcard(path):
        found = common.matches(call, full)
    else:
        found = [full] if common.may_look(call, full) and files.exists(full) else []
    wanted = str(call.get("PathType", "Any")).casefold()
    return any(wanted == "any" or (wanted == "container") == files.is_folder(path) for path in found)


@simulated(FILES, "Get-Item", "Path", "LiteralPath", "Force")
def get_item(call: Invocation) -> None:
    """The items themselves; of the drive WSMan TrustedHosts, of the registry the key of the local service."""
    asked = [one.casefold() for one in call.get("LiteralPath") or call.get("Path", [])]
    if asked in ([TRUSTED_HOSTS], [LOCAL_SERVICE_KEY]):
        _write_guarded(call, asked[0])
        return
    for path in existing(call):
        call.write(item(path, files_of(call).entry(path)))


TRUSTED_HOSTS = "wsman:\\localhost\\client\\trustedhosts"
LOCAL_SERVICE_KEY = "registry::hkey_users\\s-1-5-19"


def _write_guarded(call: Invocation, path: str) -> None:
    """What only the full token of an administrator opens."""
    policy = common.computer_of(call).policy
    if call.logon.method in THROUGH_WINRM and not policy.elevated:
        text = "Requested registry access is not allowed." if path == LOCAL_SERVICE_KEY else ELEVATED_ONLY
        call.error(text, SECURITY_EXCEPTION, "PermissionDenied", SECURITY_EXCEPTION)
    elif path == LOCAL_SERVICE_KEY:
        call.write(PSObject({"PSChildName": "S-1-5-19"}, path, "Microsoft.Win32.RegistryKey"))
    else:
        call.write(PSObject({"Name": "TrustedHosts", "Value": policy.trusted_hosts}, "TrustedHosts"))


@simulated(FILES, "Get-ChildItem", "Path", "LiteralPath", "Filter", "Recurse", "Force", "Name", "File", "Directory")
def get_child_item(call: Invocation) -> None:
    """What folders hold. A pattern or the path of a file gives the items it names. Of the certificate drive: one store."""
    if is_store(call):
        call.write(*map(certificate, common.computer_of(call).certificates))
        return
    files = files_of(call)
    for path, pattern in asked_paths(call):
        if pattern:
            listed = [(found, files.entry(found)) for found in common.matches(call, path)]
        else:
            listed = list(_children(call, files, path))
        _write_children(call, path, listed)


STORE = "cert:\\localmachine\\my"
"""The computer's own certificates: the one store that is simulated."""


def is_store(call: Invocation) -> bool:
    """Whether that store is asked for."""
    literal = call.get("LiteralPath")
    return [path.casefold() for path in literal or call.get("Path", [])] == [STORE]


def certificate(one: StoredCertificate) -> PSObject:
    """An X509Certificate2."""
    properties = {
        "Subject": one.subject,
        "Issuer": one.issuer,
        "NotBefore": one.begins,
        "NotAfter": one.expires,
        "Thumbprint": one.thumbprint,
    }
    name = "System.Security.Cryptography.X509Certificates.X509Certificate2"
    return PSObject(properties, name, name)


def _children(call: Invocation, files: Files, path: str) -> Iterator[tuple[str, Entry]]:
    if common.present(call, path) is None:
        return
    if not files.is_folder(path):
        yield path, files.entry(path)
    elif call.flag("Recurse"):
        yield from files.walk(path)
    else:
        yield from ((join(path, entry.name), entry) for entry in files.list(path))


def _write_children(call: Invocation, base: str, listed: list[tuple[str, Entry]]) -> None:
    for path, entry in listed:
        if not _is_wanted(call, entry):
            continue
        inner = path[len(base) :].lstrip("\\") or entry.name
        call.write(inner if call.flag("Name") else item(path, entry, entry.name))


def _is_wanted(call: Invocation, entry: Entry) -> bool:
    folder = isinstance(entry, Folder)
    right_kind = not (call.flag("File") and folder) and not (call.flag("Directory") and not folder)
    return right_kind and like(entry.name, call.get("Filter") or "*")


@simulated(FILES, "Get-FileHash", "Path", "LiteralPath", "Algorithm")
def get_file_hash(call: Invocation) -> None:
    """The hash in capital hexadecimal digits; a folder has none. Errors come from the Resolve-Path inside it."""
    for path in _resolved(call):
        entry = files_of(call).entry(path)
        if isinstance(entry, File):
            algorithm = str(call.get("Algorithm") or "SHA256").upper()
            digest = hashlib.new(HASHES[algorithm], entry.data).hexdigest().upper()
            call.write(PSObject({"Algorithm": algorithm, "Hash": digest, "Path": path}))


def _resolved(call: Invocation) -> list[str]:
    own, call.errors = call.errors, []
    found = existing(call)
    inner, call.errors = call.errors, own
    for error in inner:
        id = error.id.partition(",")[0] + ",Microsoft.PowerShell.Commands.ResolvePathCommand"
        call.report(ErrorRecord(error.message, id, error.category, error.exception, "Resolve-Path"))
    return found


# --- making


@simulated(FILES, "New-Item", "Path", "Name", "ItemType", "Value", "Force")
def new_item(call: Invocation) -> None:
    """Makes a file (one of many callers wins) or a folder with its parents."""
    kind = str(call.get("ItemType") or "").casefold()
    for given in call.get("Path") or ["."]:
        path = absolute(call, join(given, call.get("Name")) if call.get("Name") else given)
        if kind and "file".startswith(kind):
            _new(call, path, _new_file)
        elif kind and "directory".startswith(kind):
            _new(call, path, _new_folder)
        else:
            text = 'The type is not a known type for the file system. Only "file" and "directory" can be specified.'
            call.error(text, "Argument", "InvalidArgument", PS_ARGUMENT)


def _new(call: Invocation, path: str, make: Callable[[Invocation, str], None]) -> None:
    if not call.should_process():
        return
    try:
        make(call, path)
    except (PermissionError, IsADirectoryError):
        denied(call, path, "NewItemUnauthorizedAccessError")
    except FileNotFoundError:
        part_missing(call, path, "NewItemIOError")
    except FileExistsError:
        text = f"Cannot create '{path}' because a file or directory with the same name already exists."
        call.error(text, "CreateDirectoryIOError", "WriteError", IO_ERROR)
    except IllegalName as error:
        call.error(str(error), "NewItemArgumentError", "InvalidArgument", ARGUMENT)


def _new_file(call: Invocation, path: str) -> None:
    files, value = files_of(call), call.get("Value")
    data = ("" if value is None else to_text(value)).encode()
    if call.flag("Force"):
        files.make_folder(parent(path))
        call.write(item(path, files.write(path, data)))
    elif files.exists(path):
        _refuse_new_file(call, files, path)
    else:
        call.write(item(path, files.create(path, data)))


def _refuse_new_file(call: Invocation, files: Files, path: str) -> None:
    if files.is_folder(path):
        raise IsADirectoryError(path)
    call.error(f"The file '{path}' already exists.", "NewItemIOError", "WriteError", IO_ERROR)


def _new_folder(call: Invocation, path: str) -> None:
    files = files_of(call)
    if files.exists(path) and not call.flag("Force"):
        text = f"An item with the specified name {path} already exists."
        call.error(text, "DirectoryExist", "ResourceExists", IO_ERROR)
    else:
        call.write(item(path, files.make_folder(path)))


# --- copying, moving, removing


@simulated(FILES, "Copy-Item", "Path", "LiteralPath", "Destination", "Force", "Recurse", "PassThru", "Container")
def copy_item(call: Invocation) -> None:
    """Copies into a folder that is there, or to the very path; a file there is replaced."""
    files = files_of(call)
    destination = absolute(call, call.get("Destination") or ".")
    for path in existing(call):
        target = into(files, path, destination)
        if call.should_process():
            _copy(call, files, path, target)


def _copy(call: Invocation, files: Files, path: str, target: str) -> None:
    try:
        if files.is_folder(path):
            _copy_folder(call, files, path, target)
        else:
            _copy_file(call, files, path, target)
    except PermissionError:
        denied(call, target, "CopyFileInfoItemUnauthorizedAccessError")
    except FileExistsError:
        text = "Container cannot be copied onto existing leaf item."
        call.error(text, "CopyContainerItemToLeafError", "InvalidArgument", PS_ARGUMENT)
    except FileNotFoundError:
        text = f"Could not find a part of the path '{target}'."
        call.terminate(text, common.DIRECTORY_NOT_FOUND, "NotSpecified", common.DIRECTORY_NOT_FOUND)
    except IllegalName as error:
        call.terminate(str(error), ARGUMENT, "NotSpecified", ARGUMENT)


def _copy_file(call: Invocation, files: Files, path: str, target: str) -> None:
    if split(path) == split(target):
        call.error(f"Cannot overwrite the item {path} with itself.", "CopyError", "WriteError", IO_ERROR)
        return
    if files.exists(target):
        files.writable(target, call.flag("Force"))
    made = files.copy(path, target)
    if call.flag("PassThru"):
        call.write(item(target, made))


def _copy_folder(call: Invocation, files: Files, path: str, target: str) -> None:
    if files.is_folder(target) and not call.flag("Force"):
        text = f"An item with the specified name {target} already exists."
        call.error(text, "DirectoryExist", "ResourceExists", IO_ERROR)
    made = files.make_folder(target)
    if call.flag("PassThru"):
        call.write(item(target, made))
    for entry in files.list(path) if call.flag("Recurse") else ():
        _copy(call, files, join(path, entry.name), join(target, entry.name))


@simulated(FILES, "Move-Item", "Path", "LiteralPath", "Destination", "Force", "PassThru")
def move_item(call: Invocation) -> None:
    """Moves into a folder that is there, or to the very path; a file there is replaced only with -Force.

    Windows PowerShell deletes the file that is there and then moves: not one act. The lab does it in one instant.
    """
    files = files_of(call)
    destination = absolute(call, call.get("Destination") or ".")
    for path in existing(call):
        target = into(files, path, destination)
        if call.should_process():
            _move(call, files, path, target)


def _move(call: Invocation, files: Files, path: str, target: str) -> None:
    kind = "MoveDirectoryItem" if files.is_folder(path) else "MoveFileInfoItem"
    try:
        problem = _move_problem(call, files, path, target)
        if problem:
            call.error(problem, f"{kind}IOError", "WriteError", IO_ERROR)
            return
        moved = files.move(path, target)
    except PermissionError:
        call.error("Access to the path is denied.", f"{kind}UnauthorizedAccessError", "PermissionDenied", UNAUTHORIZED)
    except FileNotFoundError:
        text = "Could not find a part of the path."
        call.error(text, f"{kind}IOError", "WriteError", common.DIRECTORY_NOT_FOUND)
    except IllegalName as error:
        call.error(str(error), f"{kind}ArgumentError", "InvalidArgument", ARGUMENT)
    else:
        if call.flag("PassThru"):
            call.write(item(target, moved))


def _move_problem(call: Invocation, files: Files, path: str, target: str) -> str | None:
    folder = files.is_folder(path)
    if folder and split(path).drive != split(target).drive:
        return "Source and destination path must have identical roots. Move will not work across volumes."
    if files.exists(target) and split(path) != split(target) and (folder or not call.flag("Force")):
        return ALREADY_EXISTS
    return None


@simulated(FILES, "Remove-Item", "Path", "LiteralPath", "Recurse", "Force")
def remove_item(call: Invocation) -> None:
    """Removes items; a folder that is not empty needs -Recurse, else PowerShell asks, which nobody can answer."""
    files = files_of(call)
    for path in existing(call):
        entry = files.entry(path)
        if isinstance(entry, Folder) and entry.entries and not call.flag("Recurse"):
            exception = "System.Management.Automation.PSInvalidOperationException"
            call.terminate(NON_INTERACTIVE, "InvalidOperation", "InvalidOperation", exception)
        if entry.read_only and not call.flag("Force"):
            text = f"Cannot remove item {path}: You do not have sufficient access rights to perform this operation."
            call.error(text, "RemoveFileSystemItemUnAuthorizedAccess", "PermissionDenied", IO_ERROR)
        elif call.should_process():
            files.remove(path)
