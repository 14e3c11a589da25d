from __future__ import annotations

import asyncio

from aiohttp.test_utils import make_mocked_request

from lab.wire.faults import Rule
from lab.wire.sabotage import Saboteur


def test_what_is_slow_goes_on_when_released() -> None:
    async def story() -> None:
        saboteur = Saboteur(lambda seconds: None, lambda seconds: None)
        slow = Rule("Create", "slow", seconds=3600)
        waiting = asyncio.create_task(saboteur.apply(slow, make_mocked_request("POST", "/wsman")))
        await asyncio.sleep(0)
        saboteur.release()
        assert await asyncio.wait_for(waiting, 10) is None

    asyncio.run(story())
