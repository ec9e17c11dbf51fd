"""What each client does when something goes wrong: ours, those that one can move from, and a loop by hand.

    python benchmarks/moving.py [--json FILE] [--page FILE]

Each call is made by the real package, in a process of its own, at a sandbox that is in the situation.
It takes four minutes. `docs/moving-from.md` has the table, and `benchmarks/moving.json` what was measured.
"""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from attrs import frozen
from contestants import Missing
from moving_calls import CALLS, OURS, check, version

from agencia_async.sandbox import Panel, serve

KEY = "sandbox-key"
PATIENCE = 75.0
"""Seconds after which a call is given up."""
_WIDE = 80
"""Characters of a text in a table."""
Found = dict[str, Any]
FILE = Path(__file__).with_suffix(".json")


@frozen
class Situation:
    """What is wrong at the panel, and the call that meets it."""

    title: str
    purpose: str
    prepare: Callable[[Panel], object] = lambda panel: panel
    ids: Sequence[int] = (23501,)
    dialect: str = "document"
    key: str = KEY
    slow: bool = False


def _slow(panel: Panel) -> None:
    panel.faults.actions = {"add"}
    panel.faults.latency = 300.0


def _page(panel: Panel) -> None:
    panel.faults.challenge_page = 1.0


SITUATIONS = (
    Situation("150 ids; the panel takes at most 100", "statuses", ids=range(23501, 23651)),
    Situation(
        "150 ids; the panel answers the first 100 in silence",
        "statuses",
        ids=range(23501, 23651),
        dialect="silent",
    ),
    Situation("one bad id among three", "statuses", ids=(23501, 999, 23503)),
    Situation("a bad key", "balance", key="another-key"),
    Situation("a rate limit (one 429)", "balance", lambda panel: panel.faults.script("rate_limit")),
    Situation("a timeout of an order (no reply)", "add", _slow, slow=True),
    Situation("an HTML page of a firewall", "balance", _page, slow=True),
)
_ORDER = "a timeout of an order (no reply)"


async def measured(name: str, situation: Situation) -> Found:
    """What a client does in a situation."""
    panel = Panel(key=KEY, seed=1, dialect=situation.dialect)
    panel.seed_orders(200)
    situation.prepare(panel)
    async with serve(panel) as url:
        found = await _called(name, url, situation.key, situation.ids, CALLS[name][situation.purpose])
    return {**found, "requests": panel.received, "orders": len(panel.ledger)}


async def _called(name: str, url: str, key: str, ids: Sequence[int], expression: str) -> Found:
    script = str(Path(__file__).with_name("moving_calls.py"))
    arguments = [script, name, url, key, json.dumps(list(ids)), expression]
    process = await asyncio.create_subprocess_exec(sys.executable, *arguments, stdout=asyncio.subprocess.PIPE)
    try:
        async with asyncio.timeout(PATIENCE):
            printed, _ = await process.communicate()
    except TimeoutError:
        process.kill()
        await process.wait()
        return {"waiting": PATIENCE}
    return json.loads(printed)  # type: ignore[no-any-return]


async def calls(name: str) -> Found:
    """Each call of a client, and what it gives when all is well."""
    panel = Panel(key=KEY, seed=1, clock=lambda: 0.0)
    panel.seed_orders(200)
    given = {}
    async with serve(panel) as url:
        for purpose, expression in CALLS[name].items():
            if purpose != "open":
                found = await _called(name, url, KEY, (23501, 23502), expression)
                given[expression] = "raised" if "raised" in found else "returned"
    return given


async def all_of(names: Sequence[str]) -> dict[str, Found]:
    """Everything about these clients; what takes long, at the same time."""
    late = [(name, each) for name in names for each in SITUATIONS if each.slow]
    waiting = asyncio.gather(*(measured(name, each) for name, each in late))
    found = {name: await _quick(name) for name in names}
    for (name, each), of in zip(late, await waiting, strict=True):
        found[name]["situations"][each.title] = of
    return found


async def _quick(name: str) -> Found:
    situations = {each.title: await measured(name, each) for each in SITUATIONS if not each.slow}
    return {"version": version(name), "calls": await calls(name), "situations": situations}


def _installed() -> Iterator[str]:
    for name in CALLS:
        try:
            check(name)
        except Missing as reason:
            print(f"{name} is skipped: {reason}", file=sys.stderr)
        else:
            yield name


# --- the table ----------------------------------------------------------------------------------------


def cell(title: str, found: Mapping[str, Any]) -> str:
    """What a client does in a situation, in words."""
    text = _outcome(found)
    if title == _ORDER:
        number = found["orders"]
        text += f"; {number} order{'s' * (number != 1)} bought"
    if found["requests"] > 1 and "statuses" in found:
        text += f"; {found['requests']} requests"
    return text


def _outcome(found: Mapping[str, Any]) -> str:
    if "waiting" in found:
        return f"no error, still waiting after {found['waiting']:.0f} s"
    if "raised" in found:
        return f"raises `{_short(found['raised'])}`"
    if "returned" in found:
        return f"returns `{_short(found['returned'])}`"
    errors = "".join(f", 1 error: `{error}`" for error in found["errors"])
    return f"{found['statuses']} statuses{errors}"


def _short(text: str) -> str:
    return text if len(text) <= _WIDE else f"{text[:_WIDE].rstrip('.')}..."


def calls_table(name: str, _found: Mapping[str, Found]) -> str:
    """What one writes with another client, and with this one."""
    theirs = CALLS[name]
    rows = [(theirs.get(purpose, ""), ours) for purpose, ours in CALLS[OURS].items()]
    lines = (f"| {f'`{left}`' if left else 'no such call'} | `{right}` |" for left, right in rows)
    return "\n".join([f"| {name} | agencia-async |", "|---|---|", *lines])


def situations_table(name: str, found: Mapping[str, Found]) -> str:
    """What another client does, and what this one."""
    lines = (
        "| "
        + " | ".join([title, *(cell(title, found[who]["situations"][title]) for who in (name, OURS))])
        + " |"
        for title in (each.title for each in SITUATIONS)
    )
    title = f"{name} {found[name]['version']}".strip()
    return "\n".join([f"| | {title} | agencia-async |", "|---|---|---|", *lines])


def brief(title: str, found: Mapping[str, Any]) -> str:
    """What a client does in a situation, in a few words."""
    if "waiting" in found:
        text = f"waits for more than {found['waiting']:.0f} s"
    elif "raised" in found:
        text = f"`{found['raised'].partition(':')[0]}`"
    elif "returned" in found:
        text = f"`{found['returned'].partition('(')[0]}`"
    else:
        text = f"{found['statuses']} statuses{', 1 error' * len(found['errors'])}"
    if title == _ORDER:
        return f"{text}, {found['orders']} bought"
    return (
        text
        if found["requests"] <= len(found.get("errors", ())) + 2
        else f"{text}, {found['requests']} requests"
    )


def peers_table(names: str, found: Mapping[str, Found]) -> str:
    """What this client and others do, each in a column."""
    who = [OURS, *names.split(", ")]
    lines = (
        f"| {' | '.join([title, *(brief(title, found[name]['situations'][title]) for name in who)])} |"
        for title in (each.title for each in SITUATIONS)
    )
    return "\n".join([f"| | {' | '.join(who)} |", f"|---|{'---|' * len(who)}", *lines])


_TABLES = {"calls": calls_table, "measured": situations_table, "peers": peers_table}
_TABLE = re.compile(r"(<!-- (calls|measured|peers): (.+) -->\n\n)(?:\|.*\n)*")


def filled(page: str, found: Mapping[str, Found]) -> str:
    """A page with its tables as they were measured, each behind a comment that names it."""
    return _TABLE.sub(lambda place: f"{place[1]}{_TABLES[place[2]](place[3], found)}\n", page)


def main() -> None:
    """Measure all clients that are installed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--json", type=Path, help="write what was measured to this file")
    parser.add_argument(
        "--page", type=Path, action="append", default=[], help="write the tables into this page"
    )
    arguments = parser.parse_args()
    found = asyncio.run(all_of(list(_installed())))
    if arguments.json:
        arguments.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    for page in arguments.page:
        page.write_text(filled(page.read_text(encoding="utf-8"), found), encoding="utf-8")
    for name in found:
        print(f"{situations_table(name, found)}\n")


if __name__ == "__main__":
    main()
