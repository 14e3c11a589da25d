#!/usr/bin/python
# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Documentation only: the implementation is the action plugin of the same name."""

from __future__ import annotations

DOCUMENTATION = r"""
module: work_window
short_description: Stop before an appliance that does not fit into the window of its site
version_added: 0.1.0
description:
  - Fails, as a clean stop, unless the work on the appliance and a way back fit into what is left of a window of its site.
  - Looks at the clock of the controller when the task runs. A window is in the time of its own zone, also where clocks are changed.
  - Without windows all times are open, but for the freezes.
  - Connects to nothing and changes nothing.
options:
  windows:
    description: The windows of the site, as C(cloud_connector_windows) of the inventory has them.
    type: list
    elements: dict
    default: []
  freeze:
    description: The times in which nothing is done, as C(cloud_connector_freeze) of the inventory has them.
    type: list
    elements: dict
    default: []
  site:
    description: The site, for the message.
    type: str
    required: true
  expected:
    description: How many seconds the work may take.
    type: float
    default: 14400.0
  way_back:
    description: How many seconds more are kept for a way back.
    type: float
    default: 7200.0
  begun:
    description: Whether the work was begun before, for the message.
    type: bool
    default: false
  consent:
    description:
      - Who has it begun in spite of windows and freezes. What does not fit is a warning then, which names this person, and no failure.
    type: dict
    suboptions:
      by:
        description: Who answers for it.
        type: str
        required: true
      reason:
        description: Why it cannot wait.
        type: str
        required: true
attributes:
  check_mode:
    description: Says whether it fits, and does not fail.
    support: full
  diff_mode:
    description: Changes nothing, so there is no difference to show.
    support: none
  bypass_host_loop:
    description: Each host has a window of its own.
    support: none
author:
  - The sfb.cloud_connector authors (@sfb-cloud-connector)
"""

EXAMPLES = r"""
- name: Stop before a restart that does not fit into the night
  sfb.cloud_connector.work_window:
    windows:
      - {days: [mon, tue, wed, thu], from: "22:00", to: "04:00", zone: Europe/Berlin}
    freeze:
      - {from: "2026-12-20", to: "2027-01-02", reason: end of the year}
    site: berlin
    expected: 1800
    way_back: 600
"""

RETURN = r"""
fits:
  description: Whether it may be begun now.
  returned: always
  type: bool
begins:
  description: From when on it fits, as ISO 8601. Nothing where that is not within 400 days.
  returned: always
  type: str
  sample: "2026-01-31T21:00:00+00:00"
open_until:
  description: Until when the window is open that is open now, as ISO 8601. Nothing where none is, or nothing ends it.
  returned: always
  type: str
  sample: "2026-02-01T03:00:00+00:00"
failure:
  description: >-
    Why it failed: C(what) happened, the C(remedy), the C(class) (V(window-closed) where it does not fit), and whether a C(retry) makes
    sense without anybody changing anything.
  returned: failure
  type: dict
  sample: {what: "cce-ber-2 stays as it is.", remedy: "Run the same command again.", class: window-closed, retry: true}
"""
