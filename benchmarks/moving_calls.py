"""The calls of each client that one can move from, as they are written; and one of them, run.

    python benchmarks/moving_calls.py CLIENT URL KEY IDS EXPRESSION

prints what the expression gives or raises, as JSON. The names in an expression: `URL`, `KEY`, `IDS`, `LINK`,
and the client itself, `panel`.
"""

import ast
import asyncio
import inspect
import json
import subprocess
import sys
import time
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from shutil import which
from typing import Any

from contestants import Missing, need

LINK = "https://example.com/p/1"
_LONGEST = 120
_SMM = {
    "services": "panel.get_services()",
    "balance": "panel.get_balance()",
    "add": "panel.add_order(1, LINK, 1000)",
    "status": "panel.get_status(23501)",
    "statuses": "panel.get_multi_status(IDS)",
    "refill": "panel.create_refill(23501)",
    "refills": "panel.create_multi_refill(IDS)",
    "refill_status": "panel.get_refill_status(1)",
    "refill_statuses": "panel.get_multi_refill_status([1, 2])",
    "cancel": "panel.cancel_orders(IDS)",
}
CALLS: Mapping[str, Mapping[str, str]] = {
    "agencia-async": {
        "open": "AsyncClient(KEY, base_url=URL)",
        "services": "await client.services()",
        "balance": "await client.balance()",
        "add": "await client.add(DefaultOrder(service=1, link=LINK, quantity=1000))",
        "status": "await client.status(23501)",
        "statuses": "await client.status_many(IDS)",
        "refill": "await client.refill(23501)",
        "refills": "await client.refill_many(IDS)",
        "refill_status": "await client.refill_status(1)",
        "refill_statuses": "await client.refill_status_many([1, 2])",
        "cancel": "await client.cancel_many(IDS)",
    },
    "smmpy": {"open": "smmpy.smm(URL, KEY)", **_SMM},
    "safesmm": {
        "open": "safesmm.SafeSMM(KEY, api_url=URL)",
        "services": "panel.services()",
        "balance": "panel.balance()",
        "add": "panel.add_order(1, LINK, 1000)",
        "status": "panel.status(23501)",
        "statuses": "panel.multi_status(IDS)",
        "refill": "panel.refill(23501)",
        "cancel": "panel.cancel(IDS)",
    },
    "babismm": {"open": "smm.SMM(URL, KEY)", **_SMM},
    "py-socproof": {
        "open": "soc_proof.SocProofAPI(KEY)",
        "balance": "await panel.get_balance()",
        "add": "await panel.add_order(1, LINK, 1000)",
        "status": "await panel.get_status([23501])",
        "statuses": "await panel.get_status(IDS)",
    },
    "the PHP class": {
        "open": "new Api()",
        "services": "$api->services()",
        "balance": "$api->balance()",
        "add": "$api->order(['service' => 1, 'link' => LINK, 'quantity' => 1000])",
        "status": "$api->status(23501)",
        "statuses": "$api->multiStatus(IDS)",
        "refill": "$api->refill(23501)",
        "refills": "$api->multiRefill(IDS)",
        "refill_status": "$api->refillStatus(1)",
        "refill_statuses": "$api->multiRefillStatus([1, 2])",
        "cancel": "$api->cancel(IDS)",
    },
    "a loop by hand": {
        "open": "requests.Session()",
        "services": 'call("services")',
        "balance": 'call("balance")',
        "add": 'call("add", service=1, link=LINK, quantity=1000)',
        "status": 'call("status", order=23501)',
        "statuses": '[call("status", order=order) for order in IDS]',
        "refill": 'call("refill", order=23501)',
        "refills": '[call("refill", order=order) for order in IDS]',
        "refill_status": 'call("refill_status", refill=1)',
        "cancel": 'call("cancel", orders=",".join(map(str, IDS)))',
    },
}
"""What is written for each purpose; a purpose that a client has nothing for is left out."""
OURS = "agencia-async"
_MODULES = {"smmpy": "smmpy", "safesmm": "safesmm", "babismm": "smm", "py-socproof": "soc_proof"}
Found = dict[str, Any]


def version(name: str) -> str:
    """The version of a client's package; empty for what has none."""
    from importlib.metadata import version as of

    return of(name) if name in _MODULES else ""


def check(name: str) -> None:
    """Raise `Missing` if a client is not installed."""
    if name == "the PHP class":
        if not which("php"):
            raise Missing("there is no php here")
    elif name != OURS:
        need(_MODULES.get(name, "requests"))


def _by_hand(url: str, key: str) -> Any:  # noqa: ANN401 - what most begin with
    requests = need("requests")

    def call(action: str, **fields: object) -> object:
        for _ in range(3):
            try:
                form = {"key": key, "action": action, **fields}
                return requests.post(url, data=form, timeout=10).json()
            except requests.RequestException:
                time.sleep(1)
        return None

    return call


async def _run(name: str, names: dict[str, Any], expression: str) -> object:
    if name == OURS:
        import agencia_async

        names |= vars(agencia_async)
        async with agencia_async.AsyncClient(names["KEY"], base_url=names["URL"]) as client:
            return await _value(
                expression, {**names, "client": client, "DefaultOrder": agencia_async.DefaultOrder}
            )
    if name == "a loop by hand":
        return await _value(expression, {**names, "call": _by_hand(names["URL"], names["KEY"])})
    names[_MODULES[name]] = import_module(_MODULES[name])
    panel = await _value(CALLS[name]["open"], names)
    if name == "py-socproof":  # made for one panel, whose address is an attribute
        panel.BASE_URL = names["URL"]  # type: ignore[attr-defined]
    return await _value(expression, {**names, "panel": panel})


async def _value(expression: str, names: dict[str, Any]) -> object:
    code = compile(expression, "<call>", "eval", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    value = eval(code, names)
    return await value if inspect.iscoroutine(value) else value


def _php(url: str, key: str, ids: list[int], expression: str) -> object:
    expression = expression.replace("LINK", repr(LINK)).replace("IDS", json.dumps(ids))
    script = Path(__file__).with_name("moving.php")
    done = subprocess.run(["php", script, url, key, expression], capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


async def told(name: str, url: str, key: str, ids: list[int], expression: str) -> Found:
    """What a call gives, or raises."""
    names: dict[str, Any] = {"URL": url, "KEY": key, "IDS": ids, "LINK": LINK}
    try:
        if name == "the PHP class":
            value = _php(url, key, ids, expression)
        else:
            value = await _run(name, names, expression)
    except Exception as error:  # noqa: BLE001 - whatever the client raises is what is asked for
        return {"raised": _short(f"{type(error).__name__}: {error}", url)}
    rows = _rows(value)
    if rows is None:
        return {"returned": _short("null" if name == "the PHP class" and value is None else repr(value), url)}
    return rows


def _rows(value: object) -> Found | None:
    """How many statuses and errors there are in a result of many; None if it is none."""
    if type(value).__name__ == "BulkResult":
        errors = [f"{type(item.error).__name__}: {item.error}" for item in value if not item.ok]  # type: ignore[attr-defined]
        return {"statuses": len(value) - len(errors), "errors": errors}  # type: ignore[arg-type]
    rows = list(value.values()) if isinstance(value, dict) else value
    if not isinstance(rows, list) or not rows:
        return None
    good = [row for row in rows if hasattr(row, "status") or (isinstance(row, dict) and "status" in row)]
    bad = [row for row in rows if isinstance(row, dict) and "error" in row]
    if len(good) + len(bad) < len(rows):
        return None
    return {"statuses": len(good), "errors": list(map(repr, bad))}


def _short(text: str, url: str) -> str:
    port = url.partition("127.0.0.1:")[2].partition("/")[0]
    text = text.replace(url, "URL").replace(port, "PORT").replace("`", "'").replace("|", "/")
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}..."


if __name__ == "__main__":
    _name, _url, _key, _ids, _expression = sys.argv[1:]
    print(json.dumps(asyncio.run(told(_name, _url, _key, json.loads(_ids), _expression))))
