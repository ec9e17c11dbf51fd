"""What it costs to read the reply to a batch of 100 plain statuses, here and in another checkout.

    python benchmarks/reading.py [OTHER_CHECKOUT]

Both are measured in turns, each in a process of its own.
"""

import json
import os
import statistics
import subprocess
import sys
import timeit
from pathlib import Path

HERE = Path(__file__).parent.parent
ROUNDS = 15
IDS = [str(number) for number in range(23_501, 23_601)]
ROW = dict(charge="0.27819", start_count="3572", status="Partial", remains="157", currency="USD")  # noqa: C408
BODY = json.dumps(dict.fromkeys(IDS, ROW)).encode()


def measure() -> float:
    """Microseconds for one reply, in this process."""
    try:
        from agencia_async._protocol.actions import STATUS
        from agencia_async._protocol.refusals import Refusals
        from agencia_async._protocol.reply import Reply, decipher
    except ImportError:  # a checkout whose modules lay side by side
        from agencia_async._refusals import Refusals  # type: ignore[import-not-found, no-redef]
        from agencia_async._reply import Reply, decipher  # type: ignore[import-not-found, no-redef]

        from agencia_async._protocol import STATUS  # type: ignore[attr-defined, no-redef]
    call, reply, refusals = STATUS.batch(IDS), Reply(200, {}, BODY), Refusals()
    return best(lambda: decipher(call.reader, reply, refusals))


def best(read: object) -> float:
    """The best of several rounds, in microseconds."""
    return min(timeit.repeat(read, number=200, repeat=5)) / 200 * 1e6  # type: ignore[arg-type]


def run(checkout: Path) -> float:
    """The same in a process that imports from a checkout."""
    environment = {**os.environ, "PYTHONPATH": str(checkout)}
    command = [sys.executable, __file__, "--one"]
    return float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)


def main() -> None:
    """Measure in turns, and print medians and their ratio."""
    if sys.argv[1:] == ["--one"]:
        print(measure())
        return
    checkouts = [HERE, *map(Path, sys.argv[1:2])]
    rounds = [[run(checkout) for checkout in checkouts] for _ in range(ROUNDS)]
    for checkout, column in zip(checkouts, zip(*rounds, strict=True), strict=True):
        print(f"{statistics.median(column):8.1f} us for 100 statuses, {checkout.resolve()}")
    if len(checkouts) > 1:
        ratio = statistics.median(here / there for here, there in rounds)
        print(f"{ratio:8.2f} times the other (median of {ROUNDS} rounds)")


if __name__ == "__main__":
    main()
