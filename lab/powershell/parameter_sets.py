"""Which parameter set a call means, and what is missing in it: the bookkeeping of PowerShell's binder."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache, lru_cache

from lab.powershell.syntax import ALL_SETS, Parameter


class Unresolved(Exception):
    """No single parameter set remains (`AmbiguousParameterSet`)."""


class Candidates:
    """The sets that are still possible while parameters are bound. `None` means that nothing has narrowed them yet."""

    def __init__(self, parameters: Sequence[Parameter], default: str | None) -> None:
        self._unbound = list(parameters)
        self._default = default
        self._all = _named_sets(tuple(parameters), default)
        self._left: set[str] | None = None

    def narrow(self, parameter: Parameter) -> None:
        """A parameter is bound: only its sets remain (a parameter of all sets narrows nothing)."""
        self._unbound.remove(parameter)
        own = {name for name in parameter.sets if not _is_all(name)}
        if own:
            self._left = own if self._left is None else self._left & own

    def check(self) -> None:
        """What is checked before unknown parameters are reported; raises `Unresolved`."""
        if self._left is not None and not self._left:
            raise Unresolved
        if self._left is None or len(self._left) > 1:
            self._resolve()

    def choose(self) -> None:
        """Settle on the default set when it is still possible, else on the only set that misses nothing; raises `Unresolved`."""
        if self._default and (self._left is None or self._default in self._left):
            self._left = {self._default}

    def missing(self) -> list[str]:
        """The mandatory parameters of the remaining sets that are not bound, as declared."""
        return [one.name for one in self._unbound if one.ever_mandatory and self._misses(one)]

    def verified(self) -> str:
        """The name of the set; raises `Unresolved` when nothing decides between several."""
        if self._left is None:
            if len(self._all) > 1:
                raise Unresolved
            return self._default or ALL_SETS
        return next(iter(self._left))

    def _resolve(self) -> None:
        """Without a default set to fall back on: the only set that has no unbound mandatory parameter."""
        if self._default and (self._left is None or self._default in self._left):
            return
        if self._left is None and len(self._all) < 2:
            return
        possible = set(self._all) if self._left is None else set(self._left)
        for parameter in self._unbound:
            possible -= {name for name, rule in parameter.sets.items() if rule.mandatory}
        if len(possible) != 1:
            raise Unresolved
        self._left = possible

    def _misses(self, parameter: Parameter) -> bool:
        return any(
            rule.mandatory and (_is_all(name) or self._left is None or name in self._left)
            for name, rule in parameter.sets.items()
        )


@cache
def _is_all(name: str) -> bool:
    return name.lower() == ALL_SETS.lower()


@lru_cache(maxsize=1024)
def _named_sets(parameters: tuple[Parameter, ...], default: str | None) -> tuple[str, ...]:
    names = [default] if default else []
    names += [name for parameter in parameters for name in parameter.sets if not _is_all(name)]
    return tuple(dict.fromkeys(names))
