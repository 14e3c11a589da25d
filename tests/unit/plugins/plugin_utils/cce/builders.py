"""A small fleet in words: appliances, inis and inventory variables that are well, to be made ill by a test."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.answers import Answer
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.appliance import (
    ACCOUNTS,
    SERVICES,
    Appliance,
    Calls,
    Certificate,
    Commissioned,
    Machine,
    Proof,
    Service,
    Skew,
    Space,
)
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.commissioning import COLLECTION
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.site import Consent, Observation, Policy, Site
from ansible_collections.sfb.cloud_connector.plugins.plugin_utils.cce.versions import Version

NOW = datetime(2026, 1, 31, 1, 0, tzinfo=UTC)
ROLES = ("AD", "CMS", "MediationServer", "EdgeServer")
CORPNET, INTERNET = "SfB CCE Corpnet Switch", "SfB CCE Internet Switch"

BUILD, OLD_BUILD = "6.0.9319.419", "6.0.9319.4"
"""That of the template of 2.1, and one that is made up for the releases before."""

INI = """; Build number {build} - Keep this comment for diagnostic purpose
; simulated

[Common]
; the first one is the default
SIPDomains=contoso.com contoso.de
VirtualMachineDomain=cce.local
ServerName=ad-{site}-{number}
IP=10.{place}.{number}.1
OnlineSipFederationFqdn=sipfed.online.lync.com
SiteName={site}
CountryCode=DE
City=
State=
BaseVMIP=
WSUSServer=
WSUSStatusServer=
HardwareType={hardware}
OMSEnabled=false

[Network]
CorpnetIPPrefixLength=24
InternetIPPrefixLength=28
CorpnetSwitchName=SfB CCE Corpnet Switch
InternetSwitchName=SfB CCE Internet Switch
CorpnetDefaultGateway=10.{place}.{number}.254
InternetDefaultGateway=
CorpnetDNSIPAddress=10.0.0.1 10.0.0.2
InternetDNSIPAddress=198.51.100.1
ManagementSwitchName=SfB CCE Management Switch
ManagementIPPrefix=192.168.213.0
ManagementIPPrefixLength=24

[PrimaryCMS]
ServerName=cms-{site}-{number}
IP=10.{place}.{number}.2
ShareName=CmsFileStore

[MediationServer]
ServerName=ms-{site}-{number}
PoolName=mspool
IP=10.{place}.{number}.3

[EdgeServer]
InternalServerName=ed-{site}-{number}
InternalPoolName=edgepool
InternalServerIPs=10.{place}.{number}.4
ExternalSIPPoolName=ap-{site}
ExternalSIPIPs=203.0.{place}.{number}
ExternalMRFQDNPoolName=mr-{site}
ExternalMRIPs=203.0.{place}.{number}
ExternalMRPublicIPs=
ExternalMRPortRange=10000

[Gateway1]
FQDN=gw1.{site}.contoso.com
IP=10.{place}.99.1
Port=5068
Protocol=TCP
VoiceRoutes=LocalRoute

[HybridVoiceRoutes]
LocalRoute=.*

[TrunkConfiguration]
EnableReferSupport=true
EnableFastFailoverTimer=true
ForwardCallHistory=false
ForwardPAI=false
""".replace("\n", "\r\n")


def ini_text(
    site: str = "berlin", number: int = 1, place: int = 2, hardware: str = "Normal", build: str = BUILD
) -> str:
    """A valid ini of 2.1; `place` tells sites apart in addresses."""
    return INI.format(site=site, number=number, place=place, hardware=hardware, build=build)


def machines(version: str, state: str = "Running") -> tuple[Machine, ...]:
    """The four VMs of a version."""
    on = state == "Running"
    networks = {"EdgeServer": (CORPNET, INTERNET)}
    return tuple(
        Machine(f"{version}-{role}", state, Version(version), networks.get(role, (CORPNET,)) if on else ())
        for role in ROLES
    )


def certificate(name: str = "ap-berlin.contoso.com", days: int = 300) -> Certificate:
    """A certificate that is good for so many days from now."""
    return Certificate(f"CN={name}, O=Contoso", "CN=issuer", NOW + timedelta(days=days), f"{name}-{days}")


def healthy(version: str = "2.0.1", number: int = 1, **changes: Any) -> Appliance:
    """An appliance in service at `version` to which nothing is left to be wished."""
    known = Version(version)
    ini = ini_text(number=number, build=BUILD if version == "2.1" else OLD_BUILD)
    well = Appliance(
        read_at=NOW,
        computer_name=f"cce-ber-{number}",
        module_present=True,
        scripts=known,
        running=known,
        backup=None,
        raw_versions={"scripts": (version,), "running": (version,), "backup": ()},
        programs=({"DisplayName": "Cloud Connector", "DisplayVersion": version, "PSChildName": "{1}"},),
        appliance_directory=r"C:\CloudConnector",
        site_directory=r"\\files\berlin",
        ini_appliance=ini,
        ini_imported=ini,
        management_service=Service("CceService", "Running", r".\CceService"),
        machines=machines(version),
        switches=(CORPNET, INTERNET),
        services={vm: dict.fromkeys(names, "Running") for vm, names in SERVICES.items()},
        calls=Calls(3, 2),
        registration="full",
        tenant_logon="cce-1",
        auto_update=False,
        tenant_maintenance=False,
        credentials=dict.fromkeys(ACCOUNTS, True),
        disk=Space(200 * 2**30, 500 * 2**30),
        memory=Space(20 * 2**30, 64 * 2**30),
        dotnet_release=394271,
        elevated=True,
        trusted_hosts="10.2.*, fileserver",
        stores_passwords=True,
        strong_crypto=True,
        clock=NOW,
        clock_skew=Skew(0.4, 1.0),
        boot_time=NOW,
        zone_minutes=0,
        pending_restart=(),
        certificate_files={"EdgeServer": r"C:\CloudConnector\edge.pfx", "MediationServer": None},
        certificates=(certificate(), certificate(f"ed-berlin-{number}.cce.local")),
        recovery_status=None,
        recovery_events=(),
        start_modes={vm: dict.fromkeys(names, "Auto") for vm, names in SERVICES.items()},
        firewall_rules={"mediation CS RTCMEDSRV": True, "edge CS RTCSRV": True},
        call_events=(),
        update_action="Deploy Finished",
        update_lock=None,
        slot=None,
        suspended=None,
        site_files=("Bits",),
        site_versions=(known,),
        jobs=(),
        jobs_since={},
        console_work=(),
        saved=None,
        saved_last=None,
        deployed_by=None,
        snapshot=None,
        soaked=None,
        proof=Proof(known, "counters", NOW, "run 1", "calls were seen") if version == "2.1" else None,
        proof_due=None,
        commissioned=Commissioned(NOW, COLLECTION, {"batch_logon": "PASS"}),
        site_marker="the marker of the site",
        hold=None,
        lease=None,
    )
    return well.with_changes(**changes)


def site(
    *appliances: Observation, name: str = "berlin", host: str = "ber", peak: int = 300, consent: Consent | None = None
) -> Site:
    """A site of these appliances: ber-1, ber-2 and so on."""
    return Site(name, Policy(peak, consent), {f"{host}-{number}": found for number, found in enumerate(appliances, 1)})


def result(name: str, *output: Any, errors: Sequence[Mapping[str, str]] = (), seconds: float = 0.0) -> dict[str, Any]:
    """What the bridge says of one step."""
    return {
        "name": name,
        "output": list(output),
        "errors": list(errors),
        "warnings": [],
        "thrown": False,
        "seconds": seconds,
    }


def answer(*results: Mapping[str, Any], begun: datetime = NOW, ended: datetime = NOW) -> Answer:
    """An answer of the bridge."""
    raw = {"protocol": 1, "results": list(results), "stopped": None, "prompts": []}
    return Answer(raw, begun, ended)
