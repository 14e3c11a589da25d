#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: fleet_status
short_description: Say where the fleet stands
version_added: 0.1.0
description:
  - Says of each site and appliance what runs, whether it serves, how many calls are live, what is under way and since when, what is half done, what
    waits to be put back, for how long what runs is supported, what is wrong and what is safe to do about it.
  - Shows it as a table of at most 120 columns, sites and appliances in the order of the inventory, those that could
    not be read among them; returns the same as data
    and writes that to a file on the controller, also in check mode.
  - What is wrong is no failure of this module. Whether a site is well says M(sfb.cloud_connector.health).
  - Runs once for all hosts of the play, on the controller, and connects to nothing.
options:
  states:
    description:
      - The states of the appliances, as RV(sfb.cloud_connector.site_info#module:states) has them. An appliance of the
        play that is not among them is shown as not
        reachable.
      - C(gather_subset) V(slot), V(ours), V(versions), V(configuration), V(host), V(recovery), V(machines), V(services) and V(calls) are enough.
    type: list
    elements: dict
    required: true
  dest:
    description:
      - The file on the controller that gets the status, as JSON. Its folder is created where it is missing; it is replaced at once as a whole.
      - Its schema is C(plugins/plugin_utils/cce/schemas/status.json).
    type: path
    default: .cloud_connector/status.json
  control:
    description:
      - The file on the controller in which a person says something about a run, as M(sfb.cloud_connector.control) writes it. What is said there, by
        whom, why and since when is shown and returned; nothing where there is no such file.
    type: path
    default: .cloud_connector/control.json
attributes:
  check_mode:
    description: Nothing is changed on any appliance, so it does the same.
    support: full
  diff_mode:
    description: Nothing is changed.
    support: none
  bypass_host_loop:
    description: Runs once for all hosts of the play.
    support: full
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Say where the fleet stands
  sfb.cloud_connector.fleet_status:
    states: "{{ site.states }}"
    dest: /var/log/cloud_connector/status.json
"""

RETURN = r"""
status:
  description: What was written to O(dest).
  returned: success
  type: dict
  contains:
    at:
      description: When it was put together, as ISO 8601.
      returned: always
      type: str
    well:
      description: Whether nothing is known to be wrong, half done or left.
      returned: always
      type: bool
    control:
      description:
        - What a person said about the run and is in force, or that it goes on. Each has C(action) (V(hold), V(go_on), V(stop_after_appliance) or
          V(leave_out)), C(appliance), C(by), C(reason), C(since) and C(seconds).
      returned: always
      type: list
      elements: dict
    sites:
      description:
        - The sites, each with C(versions), C(calls), C(lease), C(slot), C(hold), C(suspended), C(troubles) and C(appliances).
        - Of an appliance C(running), C(scripts), C(backup), C(mode), C(calls), C(work), C(proof), C(unfinished),
          C(support_days) and C(troubles); null where it could not be read, with
          C(reason).
      returned: always
      type: list
      elements: dict
lines:
  description: The table, line by line, as it was shown.
  returned: success
  type: list
  elements: str
  sample: ["berlin: 2.0.1; 12 calls live"]
"""
