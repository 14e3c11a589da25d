"""How Windows on a host is set up, as far as it stands in the way of whoever automates it (cloud-connector.md 10).

The defaults are those of a host that was prepared well; a description or a test says what is wrong with another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from fnmatch import fnmatchcase

STRONG_CRYPTO_KEY = r"HKLM:\SOFTWARE\Microsoft\.NETFramework\v4.0.30319"
STRONG_CRYPTO = "SchUseStrongCrypto"


@dataclass
class HostPolicy:
    """The settings of one host."""

    trusted_hosts: str = "*"
    """TrustedHosts of its WinRM client: names and addresses with wildcards, separated by commas. In Windows it is empty."""
    elevated: bool = True
    """A logon through WinRM holds the full token of an administrator. A scheduled task always does here."""
    batch_logon: bool = True
    """Accounts have the right to log on as a batch job; without it a task is registered with a warning and does not run."""
    stores_passwords: bool = True
    """False: the policy "Do not allow storage of passwords and credentials for network authentication" is on."""
    strong_crypto: bool = True
    """SchUseStrongCrypto of .NET is set when the host is built; afterwards the registry is what counts."""

    def trusts(self, address: str) -> bool:
        """Whether the WinRM client may send a credential there without Kerberos or HTTPS."""
        wanted = address.casefold()
        patterns = [one.strip().casefold() for one in self.trusted_hosts.split(",")]
        return any(fnmatchcase(wanted, one) or (one == "<local>" and "." not in wanted) for one in patterns)
