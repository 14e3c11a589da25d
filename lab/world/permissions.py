"""`icacls.exe`: of all it can do, who may use a folder."""

from __future__ import annotations

import re

from lab.world.activity import Activity
from lab.world.computer import Launch

NO_SUCH_FILE = 2
"""What icacls ends with where there is no such file or folder."""


def icacls(launch: Launch) -> Activity:
    """The program's body: sets the grants of a folder, and returns the exit code."""
    words = [quoted or bare for quoted, bare in re.findall(r'"([^"]*)"|(\S+)', launch.arguments)]
    path, options = words[0], words[1:]
    if not launch.computer.files.exists(path):
        return NO_SUCH_FILE
    launch.computer.permissions[path.casefold()] = tuple(options)
    return 0
    yield
