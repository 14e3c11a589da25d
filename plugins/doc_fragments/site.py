# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option `site`: who else carries the calls."""

from __future__ import annotations


class ModuleDocFragment:
    """Equal to `operation.arguments.SITE` by test; the variant `site.required` to `operation.arguments.REQUIRED_SITE`."""

    DOCUMENTATION = r"""
options:
  site:
    description:
      - The whole site of the appliance, so that the module can tell who carries the calls.
      - A module that may take an appliance out of service refuses to work without it. Right before, it reads the other appliances
        itself, each over its own connection; one that cannot be read counts as no capacity.
    type: dict
    suboptions:
      name:
        description: Name of the site.
        type: str
        required: true
      appliances:
        description:
          - Where all appliances of the site are, this one included, as for O(sfb.cloud_connector.site_info#module:appliances).
            The filter P(sfb.cloud_connector.site_appliances#filter) makes it from inventory variables.
          - An appliance that is left out is not read, and its calls and its capacity are not counted.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: Its name in the inventory.
            type: str
            required: true
          appliance_directory:
            description: The appliance directory on that host.
            type: str
            required: true
          site_directory:
            description: The directory that all appliances of the site share.
            type: str
            required: true
          vms:
            description: Addresses of its VMs.
            type: dict
            suboptions:
              cms:
                description: Address of the Central Management Store VM.
                type: str
                required: true
              mediation:
                description: Address of the Mediation Server VM.
                type: str
                required: true
              edge:
                description: Internal address of the Edge Server VM.
                type: str
                required: true
      peak_calls:
        description: The most calls the site has to carry at once, as declared by its owner.
        type: int
        required: true
      outage_consent:
        description: Consent to an outage, for a site whose other appliances cannot carry its calls.
        type: dict
        suboptions:
          until:
            description: The time at which the consent ends, as ISO 8601 with a time zone.
            type: str
            required: true
          emergency_calls:
            description: Where emergency calls of this site go meanwhile.
            type: str
            required: true
          reason:
            description: Who consented, and why.
            type: str
            required: true
"""

    # For the modules that refuse to work without it. (Annotated, because ansible-test takes plain assignments for YAML text.)
    REQUIRED: str = DOCUMENTATION.replace("type: dict\n    suboptions:", "type: dict\n    required: true\n    suboptions:")
