# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Options of the modules that work on the Windows of an appliance."""

from __future__ import annotations


class ModuleDocFragment:
    """Which computer, and the consent of `operation.arguments.IN_SERVICE_CONSENT`."""

    DOCUMENTATION = r"""
options:
  target:
    description: The computer. A VM needs its address in O(vms).
    type: str
    choices: [host, ad, cms, mediation, edge]
    required: true
  in_service_consent:
    description:
      - Consent to do it while calls can live on the appliance, which cuts them. Needs O(site), whose other appliances are read and
        have to carry the calls.
      - Without it the module refuses unless the appliance is in maintenance mode, or none of the services that calls need runs.
    type: dict
    suboptions:
      by:
        description: The person who agreed.
        type: str
        required: true
      reason:
        description: Why it cannot wait for maintenance mode.
        type: str
        required: true
"""
