"""Random bytes as replies: whatever comes, a value or an error of the tree comes out.

By default a few thousand; `HYPOTHESIS_PROFILE=nightly` reads 100,000.
"""

import itertools
import random
import re
from collections.abc import Iterator

from agencia_async import AgenciaError
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher
from tests.protocol.test_reply import CALLS, TABLE
from tests.support.rounds import rounds

BODIES = rounds(3_000, nightly=100_000)
STATUSES = [200, 200, 200, 302, 400, 401, 404, 422, 429, 500, 503]
FAULT_OF_OURS = re.compile(r"(Type|Key|Value|Attribute|Index|Arithmetic|Recursion|Unicode\w*)Error")
SEEDS = [row[3] if isinstance(row[3], bytes) else row[3].encode() for rows in TABLE.values() for row in rows]


def bodies(dice: random.Random) -> Iterator[bytes]:
    """Noise, and replies that somebody has chewed on."""
    while True:
        seed = bytearray(
            dice.choice(SEEDS)[:400] if dice.random() < 0.8 else dice.randbytes(dice.randrange(60))
        )
        for _ in range(dice.randrange(4)):
            place = dice.randrange(len(seed) + 1)
            chewed = dice.choice(SEEDS)[: dice.randrange(40)] if dice.random() < 0.5 else dice.randbytes(2)
            seed[place : place + dice.randrange(8)] = chewed
        yield bytes(seed)


def test_any_bytes_are_a_value_or_an_error_of_the_tree() -> None:
    dice = random.Random(11)
    refusals = Refusals()
    errors: set[type[AgenciaError]] = set()
    ours: list[bytes] = []
    for body in itertools.islice(bodies(dice), BODIES):
        call = CALLS[dice.choice(list(CALLS))]
        try:
            decipher(call.reader, Reply(dice.choice(STATUSES), {}, body), refusals)
        except AgenciaError as error:
            errors.add(type(error))
            ours += [body] if FAULT_OF_OURS.match(error.message) else []
    assert ours == []
    assert len(errors) > 5
