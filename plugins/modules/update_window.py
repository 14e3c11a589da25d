#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: update_window
short_description: Make, change or remove an update window of the tenant
version_added: 0.1.0
description:
  - Works on the update windows of the tenant with C(New-CsTenantUpdateTimeWindow), C(Set-CsTenantUpdateTimeWindow) and C(Remove-CsTenantUpdateTimeWindow).
  - A window says when appliances may update themselves. Which window a site uses is set with M(sfb.cloud_connector.tenant_site).
  - A tenant has 20 windows at most. Microsoft makes a default one for a new tenant; its name is not documented.
extends_documentation_fragment:
  - sfb.cloud_connector.tenant
options:
  name:
    description: Name of the window.
    type: str
    required: true
  state:
    description:
      - With V(present), the window is there with just this schedule.
      - With V(absent), it is not there. A window that a site uses is not removed, unless O(from_sites) is set.
    type: str
    choices: [present, absent]
    default: present
  frequency:
    description:
      - How often the window is open. Required unless it is to be absent.
      - V(weekly) needs O(days_of_week). V(monthly) needs either O(day_of_month), or O(weeks_of_month) with O(days_of_week).
    type: str
    choices: [daily, weekly, monthly]
  start_time:
    description:
      - When the window opens, as hours and minutes in quotes such as V(22:00); without quotes YAML may make a number of it.
      - It is meant in the time zone of the host, as a field report says. Microsoft does not document it.
    type: str
  duration:
    description: How long it is open, in quotes such as V(6:00), or V(1.00:00) for a whole day.
    type: str
  days_of_week:
    description: Days on which the window opens.
    type: list
    elements: str
    choices: [Sunday, Monday, Tuesday, Wednesday, Thursday, Friday, Saturday]
  weeks_of_month:
    description: Weeks of the month in which it opens. Microsoft's examples have V(First) and V(Last); the others are inferred.
    type: list
    elements: str
    choices: [First, Second, Third, Fourth, Last]
  day_of_month:
    description: Day of the month on which it opens, from 1 to 31.
    type: int
  from_sites:
    description: Take the window from the lists of all sites that use it before it is removed.
    type: bool
    default: false
notes:
  - The properties of the record are not documented. They are read by the names of the parameters that set them; a window whose schedule cannot be read
    is neither changed nor taken for the same.
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: A window every night
  sfb.cloud_connector.update_window:
    name: Night
    frequency: daily
    start_time: "22:00"
    duration: "6:00"
  run_once: true

- name: The first and the last weekend of a month
  sfb.cloud_connector.update_window:
    name: FirstAndLastWeekend
    frequency: monthly
    weeks_of_month: [First, Last]
    days_of_week: [Saturday, Sunday]
    start_time: "0:00"
    duration: "10:00"
  run_once: true

- name: The middle of a month, the whole day
  sfb.cloud_connector.update_window:
    name: MidDayOfMonth
    frequency: monthly
    day_of_month: 15
    start_time: "0:00"
    duration: "1.00:00"
  run_once: true

- name: Remove a window, also from the sites that use it
  sfb.cloud_connector.update_window:
    name: Night
    state: absent
    from_sites: true
  run_once: true
"""

RETURN = r"""
window:
  description: The window after the operation, in check mode as it would be; null where there is none. Times are as .NET writes them.
  returned: always
  type: dict
  sample:
    name: Night
    schedule: {start: "22:00:00", duration: "06:00:00", days_of_week: [], weeks_of_month: [], day_of_month: null}
before:
  description: The window as it was found; null where there was none.
  returned: always
  type: dict
  sample: null
changes:
  description: What was done, or in check mode would be done, in words.
  returned: success
  type: list
  elements: str
  sample: [make the update window Night]
failure:
  description: Why the operation failed; what happened, the remedy, and where known the cmdlet, its error id and the class of the trouble.
  returned: failure
  type: dict
  sample: {what: "Could not read the records of the tenant: ...", remedy: "...", class: tenant-logon}
"""
