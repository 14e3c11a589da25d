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
              ad:
                description: Address of the VM with Active Directory.
                type: str
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
      waivers:
        description:
          - What somebody answers for, as C(cloud_connector_waivers) of the inventory has it; those about other appliances are passed over.
          - Only a check that may be waived is, and never where it could not be read.
        type: list
        elements: dict
        default: []
        suboptions:
          check:
            description: The name of the check.
            type: str
            required: true
          owner:
            description: Who answers for it.
            type: str
            required: true
          reason:
            description: Why it may be waived.
            type: str
            required: true
          expires:
            description: The last day on which it holds (UTC), or the time at which it ends, as ISO 8601 with a time zone.
            type: str
            required: true
          appliance:
            description: The appliance it is about; either this or the site.
            type: str
          site:
            description: The site it is about.
            type: str
      lease_seconds:
        description:
          - Seconds without a sign of life after which the lease of the site that another run holds may be taken over. It is at least four
            times the interval between two looks at a job.
          - When it is not given, 180.
        type: int
      take_over:
        description:
          - A person takes the site over from another run, though it may be alive, or has left something unfinished on another appliance.
            Kept in the site directory. The other run is refused by the appliances at its next act.
        type: dict
        suboptions:
          by:
            description: Who takes it over.
            type: str
            required: true
          reason:
            description: Why.
            type: str
            required: true
"""

    # For the modules that refuse to work without it. (Annotated, because ansible-test takes plain assignments for YAML text.)
    REQUIRED: str = DOCUMENTATION.replace("type: dict\n    suboptions:", "type: dict\n    required: true\n    suboptions:")
