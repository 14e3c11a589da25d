"""External certificates and the internal certification authority (cloud-connector.md 1.2).

No certificate is modelled but what opens it: `certificate` makes a file that only its password can import.
"""

from __future__ import annotations

import hashlib

from lab.cmdlets.cloudconnector.product import Work, directories, files_of, product, work
from lab.powershell.invocation import Invocation
from lab.world import certificates as store
from lab.world import credentials
from lab.world.appliance import Appliance
from lab.world.files import split

CA_SECONDS = 120.0
BACKUP = r"CA\SfB CCE Root.p12"
ROOTS = "CCERootCertificates.p7b"
WRONG_PASSWORD = "The specified network password is not correct."
"""What .NET says of a PFX file and a wrong password; how the product words it (T24) is not documented."""


def certificate(name: str, password: str) -> bytes:
    """A made-up PFX file."""
    return f"simulated certificate {name}, opened by {_digest(password)}".encode()


def _digest(password: str) -> str:
    return hashlib.sha256(password.encode()).hexdigest()


@product("Get-CcExternalCertificateFilePath")
def get_path(call: Invocation, appliance: Appliance) -> None:
    """The path of a target, by default the Edge's; nothing when none was set."""
    path = appliance.certificates.get(call.get("Target", "EdgeServer"))
    call.write(*([path] if path else []))


@product("Set-CcExternalCertificateFilePath")
def set_path(call: Invocation, appliance: Appliance) -> Work:
    """Copies the file to the appliance directory; -Import also applies it to the deployed appliance."""
    target, source = call.get("Target", "EdgeServer"), call.get("Path")
    files = files_of(call)
    if not files.exists(source):
        call.throw(f"Cannot find {source}. (simulated)")
    copy = rf"{directories(call).appliance}\{split(source).name}"
    if copy.casefold() != source.casefold():
        files.copy(source, copy)
    appliance.certificates[target] = copy
    if call.flag("Import"):
        yield from _import(call, appliance, target, files.read(copy))


def _import(call: Invocation, appliance: Appliance, target: str, data: bytes) -> Work:
    """Applies a certificate to the VMs; an Edge's is opened with the cached ExternalCert password (T24)."""
    yield from work(call, appliance, "import", CA_SECONDS)
    if target == "EdgeServer" and not _opens(call, appliance, data):
        call.throw(WRONG_PASSWORD)
    appliance.imported[target] = data
    if target == "EdgeServer":
        store.renew(appliance.edges, store.EXTERNAL_ISSUER, appliance.world.now())
    appliance.mend("certificate" if target == "EdgeServer" else "tls")


def _opens(call: Invocation, appliance: Appliance, data: bytes) -> bool:
    """Whether the cached password is that of the file; a file that the lab has not made opens with any."""
    try:
        known = credentials.cached(appliance, call.logon, "ExternalCert")
    except credentials.Sealed as sealed:
        call.throw(str(sealed))
    text = data.decode("utf-8", "replace")
    return not text.startswith("simulated certificate") or (known is not None and _digest(known.password.value) in text)


@product("Backup-CcCertificationAuthority")
def backup(call: Invocation, appliance: Appliance) -> Work:
    """Writes the CA's backup to the site directory."""
    yield from work(call, appliance, "backup", CA_SECONDS)
    files_of(call).write_text(rf"{directories(call).site}\{BACKUP}", "simulated backup of the CA")


@product("Remove-CcCertificationAuthorityFile")
def remove_backup(call: Invocation, _: Appliance) -> None:
    """Deletes that backup."""
    path = rf"{directories(call).site}\{BACKUP}"
    if files_of(call).exists(path):
        files_of(call).remove(path)


@product("Export-CcRootCertificate")
def export_root(call: Invocation, _: Appliance) -> None:
    """Writes the root certificates to a folder, by default the appliance directory."""
    folder = call.get("Path") or directories(call).appliance
    files_of(call).write_text(rf"{folder}\{ROOTS}", "simulated root certificates")


@product(
    "Reset-CcCACertificate",
    "Renew-CcCACertificate",
    "Update-CcCACertificate",
    "Renew-CcServerCertificate",
    "Update-CcServerCertificate",
    "Remove-CcLegacyServerCertificate",
)
def change_certificates(call: Invocation, appliance: Appliance) -> Work:
    """Takes its time and is noted in the record; new certificates of the servers come beside the old ones."""
    yield from work(call, appliance, "certificates", CA_SECONDS)
    if call.name.endswith("ServerCertificate"):
        if call.name.startswith("Remove"):
            store.remove_legacy(appliance.edges)
        else:
            store.renew(appliance.edges, store.INTERNAL_ISSUER, appliance.world.now())
    appliance.world.record.event(f"{call.name} done", appliance.name)


@product("Convert-CcIsoToVhdx")
def convert(call: Invocation, appliance: Appliance) -> Work:
    """Writes the base disk to the site directory."""
    yield from work(call, appliance, "base machine", appliance.world.switches.install_hours * 3600)
    files_of(call).write_text(rf"{directories(call).site}\Bits\VHD\SfBServer.vhdx", "simulated base disk")
