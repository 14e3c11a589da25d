"""A lab for each module of tests that asks for one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from typing import Any

import pytest

from tests.integration.harness import Stage, stage

Open = Callable[..., Stage]


@pytest.fixture(scope="module")
def open_stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Opens labs that live as long as the tests of the module."""
    with ExitStack() as opened:

        def made(description: Mapping[str, Any], speed: float = 4000) -> Stage:
            return opened.enter_context(stage(tmp_path_factory.mktemp("stage"), description, speed))

        yield made
