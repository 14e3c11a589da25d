"""The Cc cmdlets of the simulated product (cloud-connector.md 1)."""

from lab.cmdlets.cloudconnector import (  # each module declares its cmdlets in the registry
    configuration,
    credentials,
    deployment,
    download,
    maintenance,
    registration,
    switching,
    versions,
)
from lab.cmdlets.cloudconnector.product import REGISTRY

__all__ = [
    "REGISTRY",
    "configuration",
    "credentials",
    "deployment",
    "download",
    "maintenance",
    "registration",
    "switching",
    "versions",
]
