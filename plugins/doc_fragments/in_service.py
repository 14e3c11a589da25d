# Copyright (c) 2026, the sfb.cloud_connector authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The option of what Microsoft's procedure does in maintenance mode only."""

from __future__ import annotations


class ModuleDocFragment:
    """Equal to `_recorded.IN_SERVICE` by test."""

    DOCUMENTATION = r"""
options:
  while_in_service:
    description:
      - Do it although the appliance carries calls.
      - Microsoft's procedure enters maintenance mode first. What happens to calls without it is not documented, so O(site) has to
        show that the rest of the site can carry them, or its owner's consent.
    type: bool
    default: false
"""
