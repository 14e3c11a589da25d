# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option `site`: who else carries the calls."""

from __future__ import annotations


class ModuleDocFragment:
    """Equal to `_operation.SITE` by test; the variant `site.required` to `_operation.REQUIRED_SITE`."""

    DOCUMENTATION = r"""
options:
  site:
    description:
      - What is known of the whole site, so that the module can tell who carries the calls.
      - A module that may take an appliance out of service refuses to work without it, or with a state older than a minute.
    type: dict
    suboptions:
      name:
        description: Name of the site.
        type: str
        required: true
      states:
        description:
          - The RV(sfb.cloud_connector.appliance_info#module:appliance) of every appliance of the site, this one included.
          - An appliance that could not be read belongs in the list too, as C({name, unreadable}); it counts as no capacity.
        type: list
        elements: dict
        required: true
      appliances:
        description:
          - Where the appliances of the site are, as for O(sfb.cloud_connector.site_info#module:appliances).
          - With it a module reads the site again where the states have grown older than a minute, after a wait or where
            reading takes long. Without it the module refuses then.
        type: list
        elements: dict
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
