"""The Cc cmdlets of the simulated product (cloud-connector.md 1)."""

from lab.cmdlets.cloudconnector import (  # each module declares its cmdlets in the registry
    certificates,
    configuration,
    credentials,
    deployment,
    download,
    logging,
    maintenance,
    registration,
    switching,
    versions,
)
from lab.cmdlets.cloudconnector.product import REGISTRY

__all__ = [
    "REGISTRY",
    "certificates",
    "configuration",
    "credentials",
    "deployment",
    "download",
    "logging",
    "maintenance",
    "registration",
    "switching",
    "versions",
]
