# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Operations on an appliance to which the MSI of a release may have been brought before.

FOR INTERNAL COLLECTION USE ONLY: this interface may change in any release.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

from ..cce import staging
from ..cce.staging import Staged
from ..cce.state import Survey, appliance_survey
from ..cce.versions import Version
from .appliance import ApplianceOperation
from .arguments import Arguments


@dataclass(frozen=True, kw_only=True)
class StagedArguments(Arguments):
    """`target`: the release whose MSI is asked for."""

    target: Version


A = TypeVar("A", bound=StagedArguments)


class StagedOperation(ApplianceOperation[A, Staged], Generic[A]):
    """The state has the MSI of the target, too."""

    def survey(self) -> Survey[Staged]:
        """The whole appliance, and the MSI of the target where it is brought to before it is installed."""
        return staging.survey(appliance_survey(self.arguments.place), self.arguments.target)
