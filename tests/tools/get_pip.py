"""Stand-in for the get-pip.py that ansible-test would download: runs pip out of the wheel beside this file."""

from __future__ import annotations

import runpy
import sys
from pathlib import Path

NOT_PIP_OPTIONS = ("--no-setuptools", "--no-wheel")
"""What get-pip.py understands and pip does not."""


def main() -> None:
    """Do `pip install` with the arguments that ansible-test gives to get-pip.py."""
    (wheel,) = Path(__file__).resolve().parent.glob("pip-*.whl")
    sys.path.insert(0, str(wheel))
    sys.argv[1:] = ["install", *(argument for argument in sys.argv[1:] if argument not in NOT_PIP_OPTIONS)]
    runpy.run_module("pip", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
