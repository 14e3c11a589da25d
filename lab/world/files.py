"""Folders and files of a simulated Windows computer or network share: names without case, contents as bytes.

Errors are Python's own (`FileNotFoundError`, `FileExistsError`, `PermissionError`, `IsADirectoryError`) and
`IllegalName`; the cmdlets turn them into PowerShell's.
"""

from __future__ import annotations

import copy
import ntpath
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from pathlib import PureWindowsPath

Clock = Callable[[], datetime]
"""The present, aware UTC, of the computer that keeps the files."""

PROVIDER = "Microsoft.PowerShell.Core\\FileSystem::"
ILLEGAL = frozenset('<>"|?*:')


class IllegalName(OSError):
    """A name that no file can have."""


@dataclass
class File:
    """One file."""

    name: str
    created: datetime
    modified: datetime
    data: bytes = b""
    read_only: bool = False


@dataclass
class Folder:
    """One folder; `entries` are found by their name without case."""

    name: str
    created: datetime
    modified: datetime
    entries: dict[str, Entry] = field(default_factory=dict)
    read_only: bool = False

    def get(self, name: str) -> Entry | None:
        """The entry of that name, or None."""
        return self.entries.get(name.casefold())

    def put(self, entry: Entry, now: datetime) -> None:
        """Takes an entry in, in place of one of the same name."""
        self.entries[entry.name.casefold()] = entry
        self.modified = now

    def take(self, name: str, now: datetime) -> Entry:
        """Removes and returns the entry of that name."""
        self.modified = now
        return self.entries.pop(name.casefold())

    def listed(self) -> list[Entry]:
        """Folders, then files, each by name: the order of Get-ChildItem."""
        return sorted(self.entries.values(), key=lambda entry: (isinstance(entry, File), entry.name.casefold()))


Entry = File | Folder

Roots = Callable[[str], Folder]
"""Gives the root of a drive (`C:`) or share (`\\\\server\\share`); raises FileNotFoundError or PermissionError."""


class Files:
    """The files that one user of one computer can reach; a path is absolute (`C:\\...` or `\\\\server\\share\\...`)."""

    def __init__(self, roots: Roots, clock: Clock) -> None:
        self._roots = roots
        self._clock = clock

    def entry(self, path: str) -> Entry:
        """The file or folder itself. Raises FileNotFoundError, PermissionError."""
        place = split(path)
        found: Entry = self._roots(place.drive)
        for name in place.parts[1:]:
            child = found.get(name) if isinstance(found, Folder) else None
            if child is None:
                raise FileNotFoundError(path)
            found = child
        return found

    def exists(self, path: str) -> bool:
        """Whether there is a file or folder. Raises PermissionError where one may not look."""
        try:
            self.entry(path)
        except FileNotFoundError:
            return False
        return True

    def is_folder(self, path: str) -> bool:
        """Whether there is a folder of that path."""
        return self.exists(path) and isinstance(self.entry(path), Folder)

    def folder(self, path: str) -> Folder:
        """The folder. Raises FileNotFoundError, also where a file is instead."""
        found = self.entry(path)
        if isinstance(found, File):
            raise FileNotFoundError(path)
        return found

    def file(self, path: str) -> File:
        """The file. Raises FileNotFoundError, or IsADirectoryError for a folder."""
        found = self.entry(path)
        if isinstance(found, Folder):
            raise IsADirectoryError(path)
        return found

    def list(self, path: str) -> list[Entry]:
        """What a folder holds: folders first, each by name."""
        return self.folder(path).listed()

    def walk(self, path: str) -> Iterator[tuple[str, Entry]]:
        """Every file and folder below a folder, with its path."""
        for entry in self.list(path):
            inner = join(path, entry.name)
            yield inner, entry
            if isinstance(entry, Folder):
                yield from self.walk(inner)

    def read(self, path: str) -> bytes:
        """The bytes of a file."""
        return self.file(path).data

    def read_text(self, path: str, encoding: str = "utf-8-sig") -> str:
        """The text of a file; UTF-8 with or without a mark unless told otherwise."""
        return self.read(path).decode(encoding)

    def create(self, path: str, data: bytes = b"") -> File:
        """Makes a file that must not be there: exactly one of many callers wins. Raises FileExistsError."""
        if self.exists(path):
            raise FileExistsError(path)
        return self._put(path, data)

    def write(self, path: str, data: bytes) -> File:
        """Makes a file or replaces its content; the folder must be there. Raises IsADirectoryError for a folder."""
        if not self.exists(path):
            return self._put(path, data)
        file = self.writable(path)
        file.data, file.modified = data, self._clock()
        return file

    def write_text(self, path: str, text: str, encoding: str = "utf-8") -> File:
        """Writes a text and makes the folders it needs: for whoever builds a world, not for a cmdlet."""
        self.make_folder(parent(path))
        return self.write(path, text.encode(encoding))

    def writable(self, path: str, force: bool = False) -> File:
        """The file, if it may be changed. Raises PermissionError for one that is read-only, unless forced."""
        file = self.file(path)
        if file.read_only and not force:
            raise PermissionError(path)
        return file

    def make_folder(self, path: str) -> Folder:
        """The folder, made with all its parents where it is missing. Raises FileExistsError: a file is in the way."""
        if not self.exists(path):
            above = self.make_folder(parent(path))
            now = self._clock()
            above.put(Folder(named(path), now, now), now)
        if not self.is_folder(path):
            raise FileExistsError(path)
        return self.folder(path)

    def copy(self, source: str, destination: str) -> Entry:
        """Copies a file over another, or a folder with all it holds, to that very path."""
        entry = copy.deepcopy(self.entry(source))
        above = self.folder(parent(destination))
        entry.name, entry.created = named(destination), self._clock()
        above.put(entry, self._clock())
        return entry

    def move(self, source: str, destination: str) -> Entry:
        """Moves a file or folder to that very path; a file there is replaced in the same instant."""
        entry, above, name = self.entry(source), self.folder(parent(destination)), named(destination)
        self.remove(source)
        entry.name = name
        above.put(entry, self._clock())
        return entry

    def remove(self, path: str) -> None:
        """Removes a file, or a folder with all it holds."""
        self.entry(path)
        self.folder(parent(path)).take(split(path).name, self._clock())

    def _put(self, path: str, data: bytes) -> File:
        above, now = self.folder(parent(path)), self._clock()
        file = File(named(path), now, now, data)
        above.put(file, now)
        return file


@lru_cache(maxsize=4096)
def split(path: str) -> PureWindowsPath:
    """The path in its parts, `..` and the provider's prefix resolved. Raises FileNotFoundError for a relative path."""
    place = PureWindowsPath(ntpath.normpath(path.removeprefix(PROVIDER)))
    if not place.drive:
        raise FileNotFoundError(path)
    return place if place.root else place / "\\"


def join(path: str, name: str) -> str:
    """The path of an entry of a folder."""
    return ntpath.join(path, name)


def parent(path: str) -> str:
    """The path of the folder above. Raises FileNotFoundError above a root."""
    place = split(path)
    if place.parent == place:
        raise FileNotFoundError(path)
    return str(place.parent)


def named(path: str) -> str:
    """The last name of a path, as a new file or folder may be called. Raises IllegalName."""
    name = split(path).name
    if ILLEGAL & set(name):
        raise IllegalName("Illegal characters in path.")
    return name
