"""`python -m lab`: the simulated fleet and its tools, one module of `lab.commands` a command."""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import sys
from collections.abc import Sequence

from lab import commands


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command of the lab; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m lab", description=__import__("lab").__doc__)
    choices = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for found in pkgutil.iter_modules(commands.__path__):
        module = importlib.import_module(f"{commands.__name__}.{found.name}")
        summary = (module.__doc__ or "").strip().splitlines()[0]
        choice = choices.add_parser(found.name.replace("_", "-"), help=summary, description=module.__doc__)
        module.add_arguments(choice)
        choice.set_defaults(run=module.run)
    options = parser.parse_args(arguments)
    return int(options.run(options))


if __name__ == "__main__":
    sys.exit(main())
