"""What masking costs: an answer with ten secrets to look for, as a ratio to the same answer with none, and to one twice as long.

The reading of a whole appliance has some ten thousand characters. Run after `make ready`: python benchmarks/masking.py
"""

from __future__ import annotations

import importlib
import sys
import timeit
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SECRETS = [f"Passw0rd {number} <\"'$(x) {number}" for number in range(10)]
TEXT = "C:\\Program Files Canary Can'a <Can & Passw0rd ^Can $(Can %20 9d3f \r\n" * 1500


def seconds(masker: Any, text: str) -> float:
    """The least of five times, in seconds."""
    return min(timeit.repeat(lambda: masker.value({"results": [text]}), number=1, repeat=5))


def main() -> None:
    """Print both ratios."""
    sys.path.insert(0, str(ROOT / ".tree"))
    masking = importlib.import_module("ansible_collections.sfb.cloud_connector.plugins.plugin_utils.bridge.masking")
    ten, none = masking.Masker(SECRETS), masking.Masker([])
    once = seconds(ten, TEXT[:100_000])
    print(f"ten secrets to none, 100,000 characters: {once / seconds(none, TEXT[:100_000]):.1f}")
    print(f"100,000 characters to 50,000, ten secrets: {once / seconds(ten, TEXT[:50_000]):.1f}")


if __name__ == "__main__":
    main()
