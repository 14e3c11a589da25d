"""Files with secrets of the lab: for their owner only, and gone with the process that needs them."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import time
from contextlib import suppress
from pathlib import Path

LOCK = "in-use"
NEW_SECONDS = 60.0
"""A folder younger than this may not have its lock yet."""


def write_private(file: Path, content: bytes) -> None:
    """Writes a file with mode 0600, also where one with another mode was there. Raises OSError, for a symbolic link too."""
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    with os.fdopen(descriptor, "wb") as opened:
        os.fchmod(descriptor, 0o600)
        opened.truncate()
        opened.write(content)


class PrivateFolder:
    """A temporary folder of mode 0700 whose name begins with `prefix`, locked as long as this process lives."""

    def __init__(self, prefix: str) -> None:
        self.path = Path(tempfile.mkdtemp(prefix=prefix))
        self._lock = os.open(self.path / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        """Deletes the folder with all it holds."""
        shutil.rmtree(self.path, ignore_errors=True)
        os.close(self._lock)


def remove_left_over(prefix: str) -> None:
    """Deletes such folders of processes that were killed: their lock is free. What is not ours to delete stays."""
    for folder in Path(tempfile.gettempdir()).glob(f"{prefix}*"):
        with suppress(OSError):
            if time.time() - folder.lstat().st_mtime > NEW_SECONDS and _lock_is_free(folder / LOCK):
                shutil.rmtree(folder)


def _lock_is_free(file: Path) -> bool:
    """Whether nobody holds the lock. Raises OSError where there is none."""
    descriptor = os.open(file, os.O_RDWR | os.O_NOFOLLOW)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    finally:
        os.close(descriptor)
    return True
