"""The demo fleet: three sites, one without a spare appliance; everything runs 2.0.1 and 2.1 is to come."""

from __future__ import annotations

from typing import Any

DEMO: dict[str, Any] = {
    "version": "2.0.1",
    "target": "2.1",
    "sites": [
        {
            "name": "amsterdam",
            "peak_calls": 100,
            "appliances": ["cce-ams-1"],
            "calls": {"inbound": {"calls_per_hour": 40}, "outbound": {"calls_per_hour": 40}},
        },
        {
            "name": "berlin",
            "peak_calls": 1000,
            "appliances": ["cce-ber-1", "cce-ber-2", "cce-ber-3"],
            "calls": {"inbound": {"calls_per_hour": 240}, "outbound": {"calls_per_hour": 240}},
        },
        {
            "name": "cairo",
            "peak_calls": 500,
            "appliances": ["cce-cai-1", "cce-cai-2"],
            "calls": {"inbound": {"calls_per_hour": 120}, "outbound": {"calls_per_hour": 120}},
        },
    ],
}
