from agencia_async._concurrency.cached_value import CachedValue
from agencia_async._concurrency.tasks import Tasks


async def test_a_cached_value_is_as_old_as_the_question() -> None:
    now, asked = 0.0, 0

    async def fetch() -> int:
        nonlocal now, asked
        asked += 1
        now += 10
        return asked

    kept = CachedValue(fetch, clock=lambda: now, tasks=Tasks())
    assert await kept.get(5) == 1
    assert await kept.get(10) == 1
    assert await kept.get(9) == 2
