"""Which cmdlets there are: their syntax (facts) and what each does (implementations)."""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator, Mapping
from typing import Any

import simpy

from lab.powershell.invocation import Invocation
from lab.powershell.syntax import Syntax, known

Implementation = Callable[[Invocation], Generator[simpy.Event, Any, None] | None]
Decorator = Callable[[Implementation], Implementation]


class Registry:
    """Implementations by cmdlet name (any case). A cmdlet without one does not exist for PowerShell."""

    def __init__(self, syntax: Mapping[str, Syntax] | None = None) -> None:
        self._syntax = {name.lower(): one for name, one in (syntax or {}).items()}
        self._implementations: dict[str, Implementation] = {}

    def implements(self, *names: str) -> Decorator:
        """Declare what the cmdlets `names` do. Their syntax must be known (`KeyError` otherwise)."""

        def remember(function: Implementation) -> Implementation:
            for name in names:
                self._implementations[self.syntax_of(name).name.lower()] = function
            return function

        return remember

    def syntax_of(self, name: str) -> Syntax:
        """The syntax of a cmdlet, from the extra syntax of this registry or from the facts; `KeyError` when unknown."""
        return self._syntax.get(name.lower()) or known()[name.lower()]

    def find(self, name: str) -> tuple[Syntax, Implementation] | None:
        """Look up `Name` or `Module\\Name`, in any case, as `Get-Command` does for functions and cmdlets."""
        module, _, short = name.rpartition("\\")
        implementation = self._implementations.get(short.lower())
        if implementation is None:
            return None
        syntax = self.syntax_of(short)
        return (syntax, implementation) if module.lower() in ("", syntax.module.lower()) else None

    def merge(self, *others: Registry) -> Registry:
        """Take over everything of `others` (a later one wins) and return this registry."""
        for other in others:
            self._syntax.update(other._syntax)
            self._implementations.update(other._implementations)
        return self

    def __iter__(self) -> Iterator[str]:
        """The names of the implemented cmdlets, as they are written."""
        return (self.syntax_of(name).name for name in self._implementations)
