"""The commands of `python -m lab`. A command is a module with `add_arguments(parser)` and `run(options) -> int`."""
