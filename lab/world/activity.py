"""Bodies of simulated processes."""

from __future__ import annotations

from collections.abc import Generator
from typing import Any

import simpy

Activity = Generator[simpy.Event, Any, Any]
"""The body of a simpy process."""

KILLED = 1073807364
"""Exit code of a program that ended because the computer went down (0x40010004)."""
