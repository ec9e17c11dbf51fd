"""Replies as panels send them, and what each must end in: a value or an error of the tree.

Each group is one rule; a reply nobody has written down yet is read by the same rules.
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agencia_async import (
    AgenciaError,
    AuthenticationError,
    Balance,
    Cancellation,
    DefaultOrder,
    DuplicateOrderError,
    InsufficientFundsError,
    InvalidOrderError,
    InvalidServiceError,
    NotAllowedError,
    NotAnsweredError,
    NotFoundError,
    OrderStatus,
    OutcomeUnknownError,
    PanelError,
    RateLimitedError,
    RefillStatus,
    ReplyError,
    Service,
    TransportError,
    UnavailableError,
)
from agencia_async._protocol import actions, calls
from agencia_async._protocol.calls import Call
from agencia_async._protocol.outcomes import errors_in
from agencia_async._protocol.refusals import Refusals
from agencia_async._protocol.reply import Reply, decipher
from tests.support.texts import texts

BALANCE, SERVICES = calls.BALANCE, calls.SERVICES
ADD = calls.add(DefaultOrder(service=1, link="https://example.com/", quantity=100))
STATUS_1, STATUS = actions.STATUS.single("1"), actions.STATUS.batch(["1", "2"])
REFILL_1, REFILL = actions.REFILL.single("1"), actions.REFILL.batch(["1", "2"])
REFILL_STATUS_1, REFILL_STATUS = actions.REFILL_STATUS.single("1"), actions.REFILL_STATUS.batch(["1", "2"])
CANCEL_1, CANCEL = actions.CANCEL.single("1"), actions.CANCEL.batch(["1", "2"])
CALLS: dict[str, Call[Any]] = {
    "balance": BALANCE,
    "services": SERVICES,
    "add": ADD,
    "status": STATUS_1,
    "statuses": STATUS,
    "refill": REFILL_1,
    "refills": REFILL,
    "refill_status": REFILL_STATUS_1,
    "refill_statuses": REFILL_STATUS,
    "cancel": CANCEL_1,
    "cancels": CANCEL,
}

JSON, HTML, TEXT = "application/json", "text/html; charset=UTF-8", "text/plain"


class Money:
    """The balance of a reply, compared digit by digit."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Balance) and str(other.balance) == self.text

    __hash__ = None  # type: ignore[assignment]


def status(text: str = "Pending", **fields: object) -> OrderStatus:
    return OrderStatus(status=text, **fields)  # type: ignore[arg-type]


def service(**fields: object) -> Service:
    return Service(**{"service": 1, "rate": Decimal("0.90")} | fields)  # type: ignore[arg-type]


P = '{"status":"Pending"}'
PENDING = status()
WRONG = '{"1":{"error":"Incorrect order ID"},"2":{"error":"Incorrect order ID"}}'

# rule -> (call, status, content type, body, outcome); an outcome is a value, a class of error, or for a
# batch the outcome of each id
TABLE: dict[str, list[tuple[Call[Any], int, str, str | bytes, Any]]] = {
    "JSON counts under any content type, with or without a byte-order mark": [
        (BALANCE, 200, JSON, '{"balance":"1.50","currency":"USD"}', Money("1.50")),
        (BALANCE, 200, HTML, '{"balance":"1.50","currency":"USD"}', Money("1.50")),
        (BALANCE, 200, TEXT, b'\xef\xbb\xbf{"balance":"1.50"}', Money("1.50")),
        (BALANCE, 200, HTML, '\n\n  {\n    "balance": "1.50"\n}\n', Money("1.50")),
        (BALANCE, 201, JSON, '{"balance":"1.50"}', Money("1.50")),
        (STATUS, 200, HTML, f'{{"1":{P},"2":{P}}}', {"1": PENDING, "2": PENDING}),
    ],
    "a reply that holds what was asked for counts under any status": [
        (ADD, 500, JSON, '{"order":5}', 5),
        (ADD, 400, JSON, '{"order":5}', 5),
        (
            STATUS,
            404,
            JSON,
            f'{{"1":{P},"2":{{"error":"Incorrect order ID"}}}}',
            {"1": PENDING, "2": NotFoundError},
        ),
        (STATUS, 500, JSON, f'{{"1":{P}}}', {"1": PENDING, "2": NotAnsweredError}),
        (SERVICES, 500, JSON, '[{"service":1,"rate":"0.90"}]', [service()]),
        (
            STATUS,
            400,
            JSON,
            '{"1":{"error":"Incorrect order ID"},"2":{"error":"Incorrect order ID"}}',
            {"1": NotFoundError, "2": NotFoundError},
        ),
    ],
    "a number is a number or its text": [
        (BALANCE, 200, JSON, '{"balance":100.84292}', Money("100.84292")),
        (BALANCE, 200, JSON, '{"balance":0.08011655652}', Money("0.08011655652")),
        (BALANCE, 200, JSON, '{"balance":"1,234.50"}', Money("1234.50")),
        (BALANCE, 200, JSON, '{"balance":5}', Money("5")),
        (BALANCE, 200, JSON, '{"balance":"-3.10"}', Money("-3.10")),
        (BALANCE, 200, JSON, '{"balance":" 7.00 "}', Money("7.00")),
        (BALANCE, 200, JSON, '{"balance":1e2}', Money("1E+2")),
        (
            STATUS_1,
            200,
            JSON,
            '{"status":"Partial","charge":0.1,"start_count":3572,"remains":"1,000"}',
            {"1": status("Partial", charge=Decimal("0.1"), start_count=3572, remains=1000)},
        ),
    ],
    "a count that cannot be read is None": [
        (STATUS_1, 200, JSON, '{"status":"Pending","start_count":"","remains":null}', {"1": PENDING}),
        (STATUS_1, 200, JSON, '{"status":"Pending","start_count":"Unknown","remains":"1.5"}', {"1": PENDING}),
        (
            STATUS_1,
            200,
            JSON,
            '{"status":"Pending","start_count":true,"remains":[],"charge":"soon"}',
            {"1": PENDING},
        ),
        (STATUS_1, 200, JSON, '{"status":"Pending","start_count":1e999999999}', {"1": PENDING}),
    ],
    "a money that cannot be read where it must be is a reply error": [
        (BALANCE, 200, JSON, '{"balance":"much"}', ReplyError),
        (BALANCE, 200, JSON, '{"balance":null}', ReplyError),
        (BALANCE, 200, JSON, '{"balance":"1,23"}', ReplyError),
        (BALANCE, 200, JSON, '{"balance":"NaN"}', ReplyError),
        (BALANCE, 200, JSON, '{"balance":NaN}', ReplyError),
        (BALANCE, 200, JSON, '{"balance":Infinity}', ReplyError),
        (BALANCE, 200, JSON, '{"balance":true}', ReplyError),
        (BALANCE, 200, JSON, '{"balance":1e999999999}', ReplyError),
        (BALANCE, 200, JSON, '{"balance":' + "9" * 5000 + "}", ReplyError),
        (BALANCE, 200, JSON, '{"currency":"USD"}', ReplyError),
        (SERVICES, 200, JSON, '[{"service":1,"rate":"free"}]', ReplyError),
    ],
    "true and false in every spelling": [
        (
            SERVICES,
            200,
            JSON,
            f'[{{"service":1,"rate":"0.90","refill":{yes},"cancel":{no}}}]',
            [service(refill=True, cancel=False)],
        )
        for yes, no in [
            ("true", "false"),
            ("1", "0"),
            ('"1"', '"0"'),
            ('"true"', '"false"'),
            ('"True"', '""'),
            ("true", "null"),
        ]
    ],
    "a catalogue is read service by service": [
        (SERVICES, 200, JSON, "[]", []),
        (SERVICES, 200, JSON, "{}", []),
        (
            SERVICES,
            200,
            JSON,
            '[{"service":1,"rate":"0.90"},{"service":2,"rate":"?"},{"rate":"1"},5]',
            [service()],
        ),
        (SERVICES, 200, JSON, '{"1":{"rate":"0.90"}}', [service()]),
        (SERVICES, 200, JSON, '{"Likes":[{"service":1,"rate":"0.90"}],"Views":[]}', [service()]),
        (SERVICES, 200, JSON, '{"status":"success","data":[{"service":"1","rate":"0.90"}]}', [service()]),
        (
            SERVICES,
            200,
            JSON,
            '[{"service":"1","rate":"1000000000000.00","min":"50","max":"10"}]',
            [service(rate=Decimal("1000000000000.00"), min=50, max=10)],
        ),
        (SERVICES, 200, JSON, b'[{"service":1,"rate":"0.90","name":"a\xff"}]', [service(name="a\ufffd")]),
        (SERVICES, 200, JSON, '[{"service":1,"rate":"0.90","name":"x \\ud83d"}]', [service(name="x \ufffd")]),
        (SERVICES, 200, JSON, '[{"service":1,"rate":"0.90","name":"a\tb"}]', [service(name="a b")]),
    ],
    "an id is opaque text": [
        (ADD, 200, JSON, '{"order":"23501"}', 23501),
        (ADD, 200, JSON, '{"order":"5f2a"}', "5f2a"),
        (ADD, 200, JSON, '{"order":"ord_01H"}', "ord_01H"),
        (ADD, 200, JSON, '{"order":"007"}', "007"),
        (STATUS, 200, JSON, f'{{" 1":{P},"2 ":{P}}}', {"1": PENDING, "2": PENDING}),
        (REFILL, 200, JSON, '[{"order":"2","refill":7},{"order":1,"refill":"a-8"}]', {"1": "a-8", "2": 7}),
    ],
    "names of fields vary": [
        (ADD, 200, JSON, '{"Order":5}', 5),
        (ADD, 200, JSON, '{"order_id":5}', 5),
        (ADD, 200, JSON, '{"orderId":"5"}', 5),
        (ADD, 200, JSON, '{"order":{"id":5}}', 5),
        (STATUS_1, 200, JSON, '{"Status":"Pending","start_counter":"7"}', {"1": status(start_count=7)}),
        (
            CANCEL,
            200,
            JSON,
            '[{"Order":1,"Cancel":1},{"order_id":2,"cancel":1}]',
            {"1": Cancellation(), "2": Cancellation()},
        ),
        (
            REFILL_STATUS,
            200,
            JSON,
            '[{"refill_id":1,"Status":"Completed"},{"id":2,"status":"Pending"}]',
            {"1": RefillStatus(status="Completed"), "2": RefillStatus(status="Pending", extra={"id": 2})},
        ),
    ],
    "unknown fields are kept, as they are spelt": [
        (
            STATUS_1,
            200,
            JSON,
            '{"status":"Active","Provider":"north","tags":["a"],"order_id":1}',
            {"1": status("Active", extra={"Provider": "north", "tags": ["a"], "order_id": 1})},
        ),
        (
            STATUS,
            200,
            JSON,
            f'{{"1":{{"status":"Pending","charge":"1","order_id":1,"Note":""}},"2":{P}}}',
            {"1": status(charge=Decimal(1), extra={"order_id": 1, "Note": ""}), "2": PENDING},
        ),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":1,"Message":"queued"},{"order":2,"cancel":{"id":3,"ETA":"1h"}}]',
            {
                "1": Cancellation(extra={"Message": "queued"}),
                "2": Cancellation(request=3, extra={"ETA": "1h"}),
            },
        ),
    ],
    "drip-feeds and subscriptions tell their orders": [
        (
            STATUS_1,
            200,
            JSON,
            '{"status":"Active","expiry":"05/12/2026","posts":"5","orders":["3","4"]}',
            {"1": status("Active", expiry="05/12/2026", posts=5, orders=(3, 4))},
        ),
        (
            STATUS_1,
            200,
            JSON,
            '{"Status":"Active","Runs":"3","Orders":"17, 18,ord_9","expiry":null}',
            {"1": status("Active", runs=3, orders=(17, 18, "ord_9"))},
        ),
        (
            STATUS,
            200,
            JSON,
            (
                '{"1":{"status":"Paused","posts":2,"orders":[],"expiry":""},'
                '"2":{"status":"Completed","charge":"1.5","runs":"x","orders":[{"order":"8"},{"id":9},null,0]}}'
            ),
            {"1": status("Paused", posts=2), "2": status("Completed", charge=Decimal("1.5"), orders=(8, 9))},
        ),
        (
            STATUS_1,
            200,
            JSON,
            '{"status":"Active","runs":1,"orders":23501}',
            {"1": status("Active", runs=1, orders=(23501,))},
        ),
    ],
    "a refill or a cancel succeeds with a value that is no error and not 0": [
        (REFILL_1, 200, JSON, '{"refill":"1"}', {"1": 1}),
        (REFILL_1, 200, JSON, '{"refill":true}', {"1": None}),
        (REFILL_1, 200, JSON, '{"refill":{"id":9}}', {"1": 9}),
        (REFILL_1, 200, JSON, '{"refill":0}', {"1": PanelError}),
        (REFILL_1, 200, JSON, '{"refill":"0"}', {"1": PanelError}),
        (REFILL_1, 200, JSON, '{"refill":false}', {"1": PanelError}),
        (REFILL_1, 200, JSON, '{"refill":null}', {"1": OutcomeUnknownError}),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":true},{"order":2,"cancel":"1"}]',
            {"1": Cancellation(), "2": Cancellation()},
        ),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":77},{"order":2,"cancel":"c-9"}]',
            {"1": Cancellation(request=77), "2": Cancellation(request="c-9")},
        ),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":{"status":"ok"}},{"order":2,"cancel":{"id":3}}]',
            {"1": Cancellation(extra={"status": "ok"}), "2": Cancellation(request=3)},
        ),
        (CANCEL, 200, JSON, '{"1":1,"2":"success"}', {"1": Cancellation(), "2": Cancellation()}),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":0},{"order":2,"cancel":false}]',
            {"1": PanelError, "2": PanelError},
        ),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1},{"order":2,"cancel":null}]',
            {"1": OutcomeUnknownError, "2": OutcomeUnknownError},
        ),
    ],
    "an error in a batch stands in the value, beside the id or in place of the value": [
        (
            STATUS,
            200,
            JSON,
            f'{{"1":{P},"2":{{"error":"Incorrect order ID"}}}}',
            {"1": PENDING, "2": NotFoundError},
        ),
        (STATUS, 200, JSON, f'{{"1":{P},"2":"Incorrect order ID"}}', {"1": PENDING, "2": NotFoundError}),
        (
            STATUS,
            200,
            JSON,
            f'{{"1":{P},"2":{{"status":"error","message":"Order not found"}}}}',
            {"1": PENDING, "2": NotFoundError},
        ),
        (
            STATUS,
            200,
            JSON,
            f'{{"1":{P},"2":{{"status":"Order not found"}}}}',
            {"1": PENDING, "2": NotFoundError},
        ),
        (
            STATUS,
            200,
            JSON,
            '[{"order":1,"status":"Pending"},{"order":2,"error":"Incorrect order ID"}]',
            {"1": status(extra={"order": 1}), "2": NotFoundError},
        ),
        (
            REFILL,
            200,
            JSON,
            '[{"order":1,"refill":5},{"order":2,"refill":{"error":"Refill is disabled for this service"}}]',
            {"1": 5, "2": NotAllowedError},
        ),
        (
            REFILL,
            200,
            JSON,
            '[{"order":1,"refill":5},{"order":2,"error":"Incorrect order ID"}]',
            {"1": 5, "2": NotFoundError},
        ),
        (
            REFILL,
            200,
            JSON,
            '[{"order":1,"refill":5},{"order":2,"refill":"Incorrect order ID"}]',
            {"1": 5, "2": NotFoundError},
        ),
        (REFILL, 200, JSON, '{"1":5,"2":"Order not found"}', {"1": 5, "2": NotFoundError}),
        (REFILL, 200, JSON, '{"1":{"refill":5},"2":{"refill":"refill.failed"}}', {"1": 5, "2": PanelError}),
        (
            REFILL_STATUS,
            200,
            JSON,
            '[{"refill":1,"status":"Completed"},{"refill":2,"status":{"error":"Refill not found"}}]',
            {"1": RefillStatus(status="Completed"), "2": NotFoundError},
        ),
        (
            REFILL_STATUS,
            200,
            JSON,
            '[{"refill":1,"status":"Completed"},{"refill":2,"status":"Refill not found"}]',
            {"1": RefillStatus(status="Completed"), "2": NotFoundError},
        ),
        (
            REFILL_STATUS,
            200,
            JSON,
            '{"1":"Completed","2":{"status":{"status":"Rejected"}}}',
            {"1": RefillStatus(status="Completed"), "2": RefillStatus(status="Rejected")},
        ),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":1},{"order":2,"cancel":{"error":"Order cannot be canceled"}}]',
            {"1": Cancellation(), "2": NotAllowedError},
        ),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":1},{"order":2,"cancel":1,"error":"Incorrect order ID"}]',
            {"1": Cancellation(), "2": NotFoundError},
        ),
        (
            STATUS,
            200,
            JSON,
            '{"1":{"error":{"message":"Incorrect order ID","code":4}},"2":{"error":["Order not found"]}}',
            {"1": NotFoundError, "2": NotFoundError},
        ),
    ],
    "an error of the whole in every shape": [
        (BALANCE, 200, JSON, body, AuthenticationError)
        for body in [
            '{"error":"Invalid API key"}',
            '{"Error":"Invalid API key"}',
            '{"errors":["Invalid API key"]}',
            '{"errors":{"key":["Invalid API key"]}}',
            '{"error":{"message":"Invalid API key","code":1}}',
            '{"error":true,"message":"Invalid API key"}',
            '{"success":false,"message":"Invalid API key"}',
            '{"success":"false","error":"Invalid API key"}',
            '{"status":false,"message":"Invalid API key"}',
            '{"status":"error","msg":"Invalid API key"}',
            '{"status":"fail","data":"Invalid API key"}',
            '{"status":0,"data":{"message":"Invalid API key"}}',
            '{"error":"Invalid API key","balance":"0.00","currency":"USD"}',
            '[{"error":"Invalid API key"}]',
            '"Invalid API key"',
        ]
    ],
    "a success that carries an empty error is none": [
        (BALANCE, 200, JSON, '{"balance":"1.50","error":null}', Money("1.50")),
        (BALANCE, 200, JSON, '{"balance":"1.50","error":"","success":true}', Money("1.50")),
        (BALANCE, 200, JSON, '{"balance":"1.50","error":false,"errors":[]}', Money("1.50")),
        (BALANCE, 200, JSON, '{"status":"success","balance":"1.50"}', Money("1.50")),
        (BALANCE, 200, JSON, '{"error":0,"balance":"1.50"}', Money("1.50")),
        (BALANCE, 200, JSON, '{"success":true,"data":{"balance":"1.50"}}', Money("1.50")),
        (BALANCE, 200, JSON, '{"status":"ok","result":{"data":{"balance":"1.50"}}}', Money("1.50")),
    ],
    "an error of a single id is an answer unless it is the server that failed": [
        (STATUS, 499, JSON, WRONG, {"1": NotFoundError, "2": NotFoundError}),
        (STATUS, 500, JSON, WRONG, TransportError),
        (STATUS, 503, JSON, WRONG, TransportError),
        (REFILL, 499, JSON, WRONG, {"1": NotFoundError, "2": NotFoundError}),
        (REFILL, 500, JSON, WRONG, TransportError),
        (
            STATUS,
            500,
            JSON,
            f'{{"1":{P},"2":{{"error":"Incorrect order ID"}}}}',
            {"1": PENDING, "2": NotFoundError},
        ),
    ],
    "of two rows with one id the first counts": [
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":5},{"order":2,"cancel":6},{"order":"1","cancel":7}]',
            {"1": Cancellation(request=5), "2": Cancellation(request=6)},
        ),
        (
            REFILL,
            200,
            JSON,
            '[{"order":1,"refill":5},{"order":1,"refill":{"error":"Already made"}},{"order":2,"refill":6}]',
            {"1": 5, "2": 6},
        ),
        (
            REFILL_STATUS,
            200,
            JSON,
            '[{"refill":1,"status":"Rejected"},{"refill":1,"status":"Completed"}]',
            {"1": RefillStatus(status="Rejected"), "2": NotAnsweredError},
        ),
    ],
    "a plain 1 is a yes, within an object it is the number of a request": [
        (CANCEL_1, 200, JSON, '{"cancel":1}', {"1": Cancellation()}),
        (CANCEL_1, 200, JSON, '{"cancel":"1"}', {"1": Cancellation()}),
        (CANCEL_1, 200, JSON, '{"cancel":2}', {"1": Cancellation(request=2)}),
        (CANCEL_1, 200, JSON, '{"cancel":{"id":1}}', {"1": Cancellation(request=1)}),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":{"id":1,"note":"x"}},{"order":2,"cancel":1,"note":"x"}]',
            {"1": Cancellation(request=1, extra={"note": "x"}), "2": Cancellation(extra={"note": "x"})},
        ),
    ],
    "rows count before an error beside them": [
        (
            STATUS,
            200,
            JSON,
            f'{{"error":"Some orders are wrong","1":{P}}}',
            {"1": PENDING, "2": NotAnsweredError},
        ),
        (
            CANCEL,
            200,
            JSON,
            '[{"error":"Some are wrong"},{"order":1,"cancel":1}]',
            {"1": Cancellation(), "2": NotAnsweredError},
        ),
        (ADD, 200, JSON, '{"order":5,"error":"Low balance warning"}', 5),
        (ADD, 200, JSON, '{"order":"","error":"Not enough funds"}', InsufficientFundsError),
        (ADD, 200, JSON, '{"order":0,"error":"Not enough funds"}', InsufficientFundsError),
        (
            ADD,
            200,
            JSON,
            '{"order":null,"status":"fail","message":"Not enough funds"}',
            InsufficientFundsError,
        ),
    ],
    "an order may have failed without a refusal": [
        (
            STATUS_1,
            200,
            JSON,
            '{"status":"Error","charge":"0","remains":"5"}',
            {"1": status("Error", charge=Decimal(0), remains=5)},
        ),
        (STATUS_1, 200, JSON, '{"status":"fail"}', ReplyError),
        (STATUS, 200, JSON, f'{{"1":{{"status":"fail"}},"2":{P}}}', {"1": status("fail"), "2": PENDING}),
        (STATUS_1, 200, JSON, '{"status":"Brewing"}', {"1": status("Brewing")}),
    ],
    "a batch in every shape": [
        (STATUS, 200, JSON, f'{{"2":{P},"1":{P},"3":{P}}}', {"1": PENDING, "2": PENDING}),
        (STATUS, 200, JSON, f'{{"1":{P}}}', {"1": PENDING, "2": NotAnsweredError}),
        (STATUS, 200, JSON, "[]", {"1": NotAnsweredError, "2": NotAnsweredError}),
        (STATUS, 200, JSON, "{}", {"1": NotAnsweredError, "2": NotAnsweredError}),
        (STATUS, 200, JSON, f'{{"9":{P}}}', {"1": NotAnsweredError, "2": NotAnsweredError}),
        (STATUS, 200, JSON, f'{{"1":{P},"2":null}}', {"1": PENDING, "2": NotAnsweredError}),
        (STATUS, 200, JSON, f'{{"1":{P},"2":[]}}', {"1": PENDING, "2": NotAnsweredError}),
        (
            STATUS,
            200,
            JSON,
            f'{{"status":"success","data":{{"1":{P},"2":{P}}}}}',
            {"1": PENDING, "2": PENDING},
        ),
        (
            STATUS,
            200,
            JSON,
            '{"1":"Completed","2":"In progress"}',
            {"1": status("Completed"), "2": status("In progress")},
        ),
        (STATUS_1, 200, JSON, P, {"1": PENDING}),
        (STATUS_1, 200, JSON, f'{{"1":{P}}}', {"1": PENDING}),
        (STATUS_1, 200, JSON, f"[{P}]", {"1": PENDING}),
        (STATUS_1, 200, JSON, '[{"order":"1","status":"Pending"}]', {"1": status(extra={"order": "1"})}),
        (STATUS_1, 200, JSON, '[{"order":"9","status":"Pending"}]', {"1": NotAnsweredError}),
        (STATUS_1, 200, JSON, "[]", {"1": NotAnsweredError}),
        (REFILL_1, 200, JSON, '[{"order":1,"refill":5}]', {"1": 5}),
        (CANCEL_1, 200, JSON, '{"cancel":1}', {"1": Cancellation()}),
        (CANCEL_1, 200, JSON, '{"order":1,"cancel":1}', {"1": Cancellation()}),
        (CANCEL_1, 200, JSON, '[{"order":1,"cancel":{"error":"Incorrect order ID"}}]', {"1": NotFoundError}),
        (REFILL_STATUS_1, 200, JSON, '{"1":{"status":"Awaiting"}}', {"1": RefillStatus(status="Awaiting")}),
        (
            REFILL_STATUS_1,
            200,
            JSON,
            '{"status":"Completed","data":{"note":"x"}}',
            {"1": RefillStatus(status="Completed", extra={"data": {"note": "x"}})},
        ),
        (STATUS, 200, JSON, "[5]", ReplyError),
        (STATUS, 200, JSON, '{"message":"hello"}', PanelError),
        (CANCEL, 200, JSON, '{"1":1}', {"1": Cancellation(), "2": NotAnsweredError}),
    ],
    "a row that cannot be read spoils no other": [
        (STATUS, 200, JSON, f'{{"1":{{"charge":"1"}},"2":{P}}}', {"1": ReplyError, "2": PENDING}),
        (STATUS, 200, JSON, f'{{"1":{{"status":[]}},"2":{P}}}', {"1": ReplyError, "2": PENDING}),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":1},5,{"order":2,"cancel":[]}]',
            {"1": Cancellation(), "2": OutcomeUnknownError},
        ),
    ],
    "a body that is no answer, after a read": [
        (BALANCE, 200, JSON, "", ReplyError),
        (BALANCE, 200, JSON, "null", ReplyError),
        (BALANCE, 200, JSON, "17", ReplyError),
        (BALANCE, 200, JSON, '"OK"', ReplyError),
        (BALANCE, 200, TEXT, "OK", ReplyError),
        (BALANCE, 200, JSON, '{"balance":"1.5', ReplyError),
        (BALANCE, 200, JSON, "[" * 5000, ReplyError),
        (BALANCE, 200, HTML, "<html><title>Just a moment...</title></html>", TransportError),
        (BALANCE, 200, HTML, "<br />\n<b>Fatal error</b>: Uncaught PDOException", TransportError),
        (BALANCE, 200, HTML, "\n <!DOCTYPE html>", TransportError),
    ],
    "a body that is no answer, after a write": [
        (ADD, 200, JSON, "", ReplyError),
        (ADD, 200, JSON, "null", ReplyError),
        (ADD, 200, JSON, "{}", ReplyError),
        (ADD, 200, JSON, '{"order":', ReplyError),
        (ADD, 200, JSON, '{"order":null}', ReplyError),
        (ADD, 200, JSON, '{"order":""}', ReplyError),
        (ADD, 200, JSON, '{"status":"success"}', ReplyError),
        (ADD, 200, HTML, "<html>", TransportError),
        (ADD, 302, HTML, "", TransportError),
        (REFILL_1, 200, JSON, '"OK"', ReplyError),
    ],
    "a 4xx with a refusal is a refusal": [
        (ADD, 400, JSON, '{"error":"Quantity less than minimal 50"}', InvalidOrderError),
        (ADD, 400, JSON, '{"error":"No luck today"}', PanelError),
        (ADD, 401, JSON, '{"error":"No"}', AuthenticationError),
        (ADD, 401, JSON, '{"message":"Unauthenticated."}', AuthenticationError),
        (ADD, 401, TEXT, "Unauthorized", AuthenticationError),
        (ADD, 402, JSON, '{"error":"Pay first"}', InsufficientFundsError),
        (ADD, 403, JSON, '{"error":"Account suspended"}', AuthenticationError),
        (STATUS_1, 404, JSON, '{"error":"Order not found"}', NotFoundError),
        (STATUS, 413, JSON, '{"error":"At most 50 ids"}', InvalidOrderError),
        (ADD, 422, JSON, '{"errors":{"link":["The link field is required."]}}', InvalidOrderError),
        (ADD, 422, JSON, '{"message":"Unprocessable"}', InvalidOrderError),
        (BALANCE, 403, HTML, "<html>Forbidden</html>", TransportError),
        (BALANCE, 404, TEXT, "Not here", TransportError),
        (BALANCE, 404, JSON, "{}", TransportError),
    ],
    "a rate limit under any status": [
        (ADD, 429, JSON, '{"error":"Too many requests"}', RateLimitedError),
        (ADD, 429, HTML, "<html>Slow down</html>", RateLimitedError),
        (ADD, 429, JSON, "", RateLimitedError),
        (ADD, 429, JSON, '{"order":5}', RateLimitedError),
        (BALANCE, 200, JSON, '{"error":"Rate limit exceeded"}', RateLimitedError),
        (BALANCE, 403, TEXT, "Too Many Requests", RateLimitedError),
        (BALANCE, 429, JSON, '{"balance":"5"}', RateLimitedError),
    ],
    "a 5xx is a refusal only where its words are known": [
        (ADD, 500, JSON, '{"error":"Not enough funds on balance"}', InsufficientFundsError),
        (ADD, 500, JSON, '{"error":"You have active order with this link"}', DuplicateOrderError),
        (ADD, 503, JSON, '{"error":"Under maintenance"}', UnavailableError),
        (ADD, 500, JSON, '{"error":"Something broke"}', TransportError),
        (ADD, 500, JSON, '{"message":"Server Error"}', TransportError),
        (REFILL_1, 500, JSON, '{"error":"Something broke"}', TransportError),
        (ADD, 500, TEXT, "Not enough funds", TransportError),
        (ADD, 502, HTML, "<html>Bad gateway</html>", TransportError),
        (ADD, 520, HTML, "", TransportError),
        (ADD, 524, JSON, "{}", TransportError),
        (STATUS, 500, JSON, "[]", TransportError),
    ],
    "a failing server's words prove nothing, under any status": [
        *(
            (call, code, JSON, json.dumps(body), TransportError)
            for call in (ADD, STATUS_1, STATUS, REFILL, CANCEL, BALANCE)
            for code, body in [
                (200, {"error": "An error occurred while placing your order"}),
                (200, {"status": "error", "message": "SQLSTATE[HY000] [2002] Connection refused"}),
                (400, {"error": "Something went wrong"}),
                (402, {"error": "Internal error"}),
                (404, {"errors": ["There was an error processing your request"]}),
                (408, {"error": "Operation timed out"}),
                (408, {"error": "Sorry"}),
                (422, {"message": "Siparişiniz verilirken hata oluştu"}),
                (499, {"message": "client closed request"}),
                (500, {"error": "Provider: Invalid API key"}),
            ]
        ),
        (ADD, 200, JSON, '{"error":"Error: not enough funds"}', InsufficientFundsError),
        (ADD, 408, JSON, '{"error":"Quantity less than minimal 50"}', InvalidOrderError),
        (ADD, 500, JSON, '{"error":"Add funds and try again"}', InsufficientFundsError),
        (ADD, 401, JSON, '{"error":"Something went wrong"}', AuthenticationError),
        (ADD, 429, JSON, '{"error":"Something went wrong"}', RateLimitedError),
    ],
    "what is ordered is not what is not found": [
        (ADD, 200, JSON, '{"error":"Order not found"}', InvalidOrderError),
        (ADD, 404, JSON, '{"error":"Order failed. Link not found"}', InvalidOrderError),
        (STATUS_1, 200, JSON, '{"error":"Order not found"}', NotFoundError),
        (CANCEL, 200, JSON, '{"1":1,"2":"Not found"}', {"1": Cancellation(), "2": NotFoundError}),
    ],
    "a gateway's or a framework's words are no refusal": [
        (ADD, 503, JSON, '{"message":"Service Unavailable"}', TransportError),
        (ADD, 503, JSON, '{"error":"Service Unavailable"}', TransportError),
        (STATUS, 502, JSON, '{"error":"upstream service unavailable"}', TransportError),
        (ADD, 504, JSON, '{"error":"Not enough funds"}', TransportError),
        (ADD, 500, JSON, '{"message":"Undefined index: comments"}', TransportError),
        (ADD, 500, JSON, '{"error":"incorrect quantity calc at line 5"}', TransportError),
        (ADD, 500, JSON, '{"error":"Too many requests"}', TransportError),
        (ADD, 503, JSON, '{"error":"Too many requests"}', RateLimitedError),
        (ADD, 302, JSON, '{"error":"Oops"}', TransportError),
        (ADD, 429, JSON, '{"error":"Maximum number of requests for your API key"}', RateLimitedError),
    ],
    "a write's value is a number, a yes, a no, or unknown": [
        (ADD, 200, JSON, '{"order":"Not enough funds"}', InsufficientFundsError),
        (ADD, 200, JSON, '{"order":{"error":"Not enough funds"}}', InsufficientFundsError),
        (ADD, 200, JSON, '{"order":"error"}', PanelError),
        (ADD, 200, JSON, '{"order":true}', ReplyError),
        (ADD, 200, JSON, '{"order":{"order_id":7}}', 7),
        (ADD, 200, JSON, '[{"order":5}]', 5),
        (ADD, 200, JSON, '[{"order":5},{"order":6}]', 5),
        (ADD, 200, JSON, '{"status":"success","data":{"order":5},"time":"1"}', 5),
        (REFILL_1, 200, JSON, '{"refill":"rejected"}', {"1": PanelError}),
        (REFILL_1, 200, JSON, '{"refill":"no"}', {"1": PanelError}),
        (REFILL_1, 200, JSON, '{"refill":"0.0"}', {"1": PanelError}),
        (REFILL_1, 200, JSON, '{"refill":-1}', {"1": PanelError}),
        (REFILL_1, 200, JSON, '{"refill":"Success!"}', {"1": None}),
        (REFILL_1, 200, JSON, '{"refill":"Refill request received"}', {"1": OutcomeUnknownError}),
        (REFILL_1, 200, JSON, '{"refill":"fine"}', {"1": OutcomeUnknownError}),
        (REFILL_1, 200, JSON, '{"refill":""}', {"1": OutcomeUnknownError}),
        (REFILL_1, 200, JSON, '{"refill":{"id":0}}', {"1": PanelError}),
        (REFILL_1, 200, JSON, '{"refill":{"id":{}}}', {"1": OutcomeUnknownError}),
        (CANCEL_1, 200, JSON, '{"cancel":{"status":"Rejected"}}', {"1": PanelError}),
        (
            CANCEL_1,
            200,
            JSON,
            '{"cancel":{"status":"error","message":"Order cannot be canceled"}}',
            {"1": NotAllowedError},
        ),
        (CANCEL_1, 200, JSON, '{"cancel":{"message":"Order cannot be canceled"}}', {"1": NotAllowedError}),
        (CANCEL_1, 200, JSON, '{"cancel":{"success":true}}', {"1": Cancellation(extra={"success": True})}),
        (CANCEL_1, 200, JSON, '{"cancel":{"note":"x y"}}', {"1": OutcomeUnknownError}),
    ],
    "an envelope is opened where it says that all went well": [
        (
            STATUS,
            200,
            JSON,
            f'{{"status":"success","data":{{"1":{P},"2":{P}}},"time":3}}',
            {"1": PENDING, "2": PENDING},
        ),
        (STATUS, 200, JSON, f'{{"success":true,"orders":{{"1":{P},"2":{P}}}}}', {"1": PENDING, "2": PENDING}),
        (
            SERVICES,
            200,
            JSON,
            '{"status":"success","services":[{"service":1,"rate":"0.90"}],"count":1}',
            [service()],
        ),
        (STATUS_1, 200, JSON, '{"status":"success"}', ReplyError),
    ],
    "a row that says all that was asked for is read whatever else it says": [
        (
            STATUS_1,
            200,
            JSON,
            '{"status":"Username not found","remains":"5"}',
            {"1": status("Username not found", remains=5)},
        ),
        (
            STATUS_1,
            200,
            JSON,
            '{"status":"Partial","remains":"5","error":"Refill not available"}',
            {"1": status("Partial", remains=5, extra={"error": "Refill not available"})},
        ),
    ],
    "a refusal that each row tells is one of the whole": [
        (
            CANCEL,
            200,
            JSON,
            '{"1":{"error":"Too many requests"},"2":{"error":"Too many requests"}}',
            {"1": RateLimitedError, "2": RateLimitedError},
        ),
    ],
    "a number may carry a currency": [
        *(
            (BALANCE, 200, JSON, json.dumps({"balance": text}), Money(money))
            for text, money in {
                "$0.90": "0.90",
                "0.90 USD": "0.90",
                "USD 5": "5",
                "\u20ac1,234.50": "1234.50",
                "12.5 \u20ac": "12.5",
                "R$ 3.50": "3.50",
                "Rs. 50": "50",
                "100.25 TL": "100.25",
                "-$3": "-3",
                "$-3.10": "-3.10",
                "50 \u0440\u0443\u0431.": "50",
                "\u20b91,000": "1000",
            }.items()
        ),
        *(
            (BALANCE, 200, JSON, json.dumps({"balance": text}), ReplyError)
            for text in ("USD", "5 items", "10%", "$1,23", "1 2 USD", "$ $5")
        ),
        (
            STATUS_1,
            200,
            JSON,
            '{"status":"Partial","charge":"$0.27"}',
            {"1": status("Partial", charge=Decimal("0.27"))},
        ),
    ],
    "771.0 is 771": [
        (ADD, 200, JSON, '{"order":771.0}', 771),
        (ADD, 200, JSON, '{"order":"771.0"}', 771),
        (STATUS, 200, JSON, f'{{"1.0":{P},"2.00":{P}}}', {"1": PENDING, "2": PENDING}),
        (REFILL, 200, JSON, '[{"order":1.0,"refill":7.0},{"order":"2.0","refill":"8.0"}]', {"1": 7, "2": 8}),
        (STATUS_1, 200, JSON, '{"status":"Pending","remains":771.0}', {"1": status(remains=771)}),
        (ADD, 200, JSON, '{"order":"7.5"}', "7.5"),
    ],
    "an answer stands in any envelope, beside any other fields": [
        (ADD, 200, JSON, '{"data":{"order":5},"time":1,"meta":{"page":1}}', 5),
        (ADD, 200, JSON, '{"status":"success","data":{"id":5}}', 5),
        (ADD, 200, JSON, '{"success":true,"id":5}', 5),
        (ADD, 200, JSON, '{"success":true,"data":5}', 5),
        (ADD, 200, JSON, '{"response":{"result":{"order_id":"5"}}}', 5),
        (ADD, 200, JSON, '{"order":{"id":5,"status":"Pending","service":{"id":9}}}', 5),
        (ADD, 200, JSON, '{"orders":[5,6]}', 5),
        (ADD, 200, JSON, '{"orders":[{"order":5},{"order":6}]}', 5),
        (ADD, 200, JSON, '{"payload":{"order":"5f2a"},"links":[]}', "5f2a"),
        (ADD, 200, JSON, '{"code":200,"message":"Order added","order":5}', 5),
        (ADD, 200, JSON, '{"error":"Not enough funds","id":12}', InsufficientFundsError),
        (
            ADD,
            200,
            JSON,
            '{"success":false,"message":"Not enough funds","data":{"id":3}}',
            InsufficientFundsError,
        ),
        (BALANCE, 200, JSON, '{"data":{"balance":"1.50"},"time":4}', Money("1.50")),
        (BALANCE, 200, JSON, '{"user":{"name":"x","balance":"1.50"}}', Money("1.50")),
        (BALANCE, 200, JSON, '{"balance":{"balance":"1.50","currency":"USD"}}', Money("1.50")),
        (SERVICES, 200, JSON, '{"services":[{"service":1,"rate":"0.90"}],"total":1}', [service()]),
        (SERVICES, 200, JSON, '{"meta":{"page":1},"items":[{"service":1,"rate":"0.90"}]}', [service()]),
        (
            SERVICES,
            200,
            JSON,
            '{"status":"success","data":{"services":[{"service":1,"rate":"0.90"}]}}',
            [service()],
        ),
        (SERVICES, 200, JSON, '{"status":"success","data":"Empty Data"}', []),
        (SERVICES, 200, JSON, '{"success":true,"services":null}', []),
        (SERVICES, 200, JSON, '{"status":"success","message":"hello"}', ReplyError),
        (
            STATUS,
            200,
            JSON,
            f'{{"orders":{{"1":{P},"2":{P}}},"currency":"USD"}}',
            {"1": PENDING, "2": PENDING},
        ),
        (
            STATUS,
            200,
            JSON,
            '{"result":[{"order":1,"status":"Pending"},{"order":2,"status":"Pending"}]}',
            {"1": status(extra={"order": 1}), "2": status(extra={"order": 2})},
        ),
        (STATUS_1, 200, JSON, f'{{"order":{P}}}', {"1": PENDING}),
        (STATUS_1, 200, JSON, f'{{"status":"success","data":{P},"time":3}}', {"1": PENDING}),
        (
            STATUS,
            200,
            JSON,
            f'{{"1":{{"status":"success","data":{P}}},"2":{P}}}',
            {"1": PENDING, "2": PENDING},
        ),
        (
            REFILL_STATUS_1,
            200,
            JSON,
            '{"status":"success","data":{"status":"Completed"}}',
            {"1": RefillStatus(status="Completed")},
        ),
        (
            CANCEL,
            200,
            JSON,
            '{"cancel":[{"order":1,"cancel":1},{"order":2,"cancel":9}]}',
            {"1": Cancellation(), "2": Cancellation(request=9)},
        ),
        (
            REFILL,
            200,
            JSON,
            '{"refill":[{"order":1,"refill":5},{"order":2,"error":"Order not found"}]}',
            {"1": 5, "2": NotFoundError},
        ),
        (
            CANCEL,
            200,
            JSON,
            '{"status":"success","data":[{"order":1,"cancel":1},{"order":2,"cancel":1}]}',
            {"1": Cancellation(), "2": Cancellation()},
        ),
    ],
    "a yes without a number is a yes": [
        *(
            (call, 200, JSON, body, {"1": value})
            for call, value in ((REFILL_1, None), (CANCEL_1, Cancellation()))
            for body in (
                '{"status":"success","message":"Requested"}',
                '{"success":true}',
                '{"ok":"true"}',
                '{"success":1,"message":"ok"}',
                '{"status":"ok","data":[]}',
            )
            if call is REFILL_1
        ),
        (CANCEL_1, 200, JSON, '{"success":true}', {"1": Cancellation(extra={"success": True})}),
        (CANCEL_1, 200, JSON, '{"cancel":{"success":1}}', {"1": Cancellation(extra={"success": 1})}),
        (REFILL_1, 200, JSON, '{"refill":{"success":true,"id":9}}', {"1": 9}),
        (REFILL_1, 200, JSON, '{"ok":false,"message":"Refill already requested"}', NotAllowedError),
        (ADD, 200, JSON, '{"success":true,"message":"Order placed"}', ReplyError),
        (ADD, 200, JSON, '{"status":"success","data":"ok"}', ReplyError),
    ],
    "a lone message is an error, or after a write perhaps none": [
        (BALANCE, 200, JSON, '{"message":"Invalid API key"}', AuthenticationError),
        (BALANCE, 200, JSON, '{"msg":"Something about you","code":7}', PanelError),
        (STATUS_1, 200, JSON, '{"message":"Order not found"}', NotFoundError),
        (ADD, 200, JSON, '{"message":"Not enough funds"}', InsufficientFundsError),
        (ADD, 200, JSON, '{"message":"Thank you for your order"}', ReplyError),
        (REFILL_1, 200, JSON, '{"message":"We will look at it"}', ReplyError),
    ],
    "text without a blank in the place of an id is the id, whatever letters it holds": [
        (ADD, 200, JSON, json.dumps({"order": text}), text)
        for text in (
            "ord_01HDENYV9C3ERRORX2",
            "01H9NO5KFAILED7",
            "8b6f9d2e-0000-4a4b-9c3d-deadbeef0001",
            "deadbeefdeadbeef",
            "aGVsbG8gd29ybGQ",
            "ORD-2024-000017",
            "AB0",
            "xKqZvTrW",
            "no5",
            "5f2a-disabled7",
        )
    ],
    "a word in the place of an id says yes or no, or nothing": [
        (ADD, 200, JSON, '{"order":"failed"}', PanelError),
        (ADD, 200, JSON, '{"order":"neworder.error.not_enough_funds"}', InsufficientFundsError),
        (ADD, 200, JSON, '{"order":"order_error_42"}', ReplyError),
        (ADD, 200, JSON, '{"order":"success"}', ReplyError),
        (ADD, 200, JSON, '{"order":"thanks"}', ReplyError),
    ],
    "notices of PHP are no part of the answer": [
        (
            ADD,
            200,
            HTML,
            '<br />\n<b>Warning</b>:  x in <b>/a.php</b> on line <b>35</b><br />\n{"order":71}',
            71,
        ),
        (
            ADD,
            200,
            HTML,
            '{"order":71}\n<br />\n<b>Notice</b>:  x in <b>/a.php</b> on line <b>3</b><br />',
            71,
        ),
        (STATUS_1, 200, HTML, f"Deprecated: x in /a.php on line 3\n{P}", {"1": PENDING}),
        (
            ADD,
            200,
            HTML,
            '<br />\n<b>Notice</b>: x on line <b>1</b><br />\n{"error":"Not enough funds"}',
            InsufficientFundsError,
        ),
    ],
    "what is nested too deeply, or too often, is not looked into": [
        (BALANCE, 200, JSON, json.dumps({"a": [[{"b": 1}] * 16] * 16}), ReplyError),
        (BALANCE, 200, JSON, '{"error":' * 12 + '"x"' + "}" * 12, PanelError),
        (STATUS, 200, JSON, f'{{"1":{{"status":"success"}},"2":{P}}}', {"1": ReplyError, "2": PENDING}),
    ],
    "JSON inside a text is what it says": [
        (ADD, 200, JSON, json.dumps('{"order":5}'), 5),
        (ADD, 200, JSON, json.dumps({"data": '{"order":5}'}), 5),
        (STATUS_1, 200, JSON, json.dumps({"result": P}), {"1": PENDING}),
        (ADD, 200, JSON, json.dumps('{"error":"Not enough funds"}'), InsufficientFundsError),
    ],
    "a failing server's words in a row prove nothing": [
        (
            REFILL,
            200,
            JSON,
            '[{"order":1,"refill":5},{"order":2,"refill":{"error":"An error occurred"}}]',
            {"1": 5, "2": OutcomeUnknownError},
        ),
        (
            CANCEL,
            200,
            JSON,
            '[{"order":1,"cancel":1},{"order":2,"error":"Internal Server Error"}]',
            {"1": Cancellation(), "2": OutcomeUnknownError},
        ),
        (
            STATUS,
            200,
            JSON,
            f'{{"1":{P},"2":{{"error":"Something went wrong"}}}}',
            {"1": PENDING, "2": TransportError},
        ),
        (ADD, 200, JSON, '{"order":{"error":"SQLSTATE[HY000]: General error"}}', ReplyError),
    ],
    "words in many languages": [
        (STATUS_1 if kind is NotFoundError else ADD, 200, JSON, json.dumps({"error": text}), kind)
        for kind, texts in {
            AuthenticationError: [
                "API key hatalı",
                "API key inválida",
                "Clave API inválida",
                "Tài khoản bị khóa",
                "Akun diblokir",
            ],
            InsufficientFundsError: [
                "Saldo insuficiente",
                "Saldo tidak mencukupi",
                "Bakiyeniz yetersiz",
                "Số dư không đủ",
                "Fondos insuficientes",
                "neworder.error.not_enough_funds",
            ],
            NotFoundError: [
                "Sipariş bulunamadı",
                "Orden no encontrada",
                "Pedido não encontrado",
                "Không tìm thấy đơn hàng",
                "Pesanan tidak ditemukan",
            ],
            InvalidServiceError: [
                "Servicio no encontrado",
                "Serviço inativo",
                "Servis bulunamadı",
                "Layanan tidak tersedia",
            ],
            InvalidOrderError: [
                "Cantidad mínima 50",
                "neworder.error.link",
                "Jumlah minimal 100",
                "Miktar çok az",
            ],
            RateLimitedError: ["Demasiadas solicitudes", "Çok fazla istek", "Terlalu banyak permintaan"],
            UnavailableError: ["En mantenimiento", "Bakım modu", "Sedang pemeliharaan"],
            DuplicateOrderError: ["neworder.error.link_duplicate"],
        }.items()
        for text in texts
    ],
}


def read(call: Call[Any], code: int, content_type: str, body: str | bytes) -> Any:  # noqa: ANN401 - of any call
    content = body if isinstance(body, bytes) else body.encode()
    reply = Reply(code, {"content-type": content_type}, content)
    try:
        return decipher(call.reader, reply, Refusals())
    except AgenciaError as error:
        return error


def matches(found: object, outcome: object) -> bool:
    if isinstance(outcome, type):
        return type(found) is outcome
    if isinstance(outcome, dict) and isinstance(found, dict):
        return found.keys() == outcome.keys() and all(matches(found[id_], outcome[id_]) for id_ in outcome)
    return found == outcome


def test_the_table_is_large_enough() -> None:
    assert sum(map(len, TABLE.values())) >= 300


@pytest.mark.parametrize("rule", TABLE)
def test_a_reply_is_read_by_its_rule(rule: str) -> None:
    found = [(row, read(*row[:4])) for row in TABLE[rule]]
    assert [(row, value) for row, value in found if not matches(value, row[4])] == []
    for _, value in found:
        for error in [value] if isinstance(value, AgenciaError) else errors_in(value):
            assert (error.sent == "no") == isinstance(error, PanelError)
            assert len(str(error)) < 500


PLAIN = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    texts(max_size=8),
    st.sampled_from(["Pending", "1", "0", "Incorrect order ID", "fail"]),
)
NAMES = st.sampled_from(
    [
        "order",
        "Order",
        "order_id",
        "refill",
        "cancel",
        "status",
        "error",
        "errors",
        "success",
        "message",
        "data",
        "charge",
        "start_counter",
        "balance",
        "service",
        "rate",
        "1",
        "2",
        "id",
    ]
)
VALUES = st.recursive(
    PLAIN, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=4), max_leaves=8
)
BODIES = st.one_of(VALUES.map(lambda value: json.dumps(value).encode()), st.binary(max_size=40))
STATUSES = st.sampled_from([200, 201, 204, 301, 400, 401, 402, 403, 404, 413, 422, 429, 500, 502, 503, 520])


@given(st.sampled_from(sorted(CALLS)), STATUSES, BODIES)
@example("balance", 200, b'{"balance": "1"}')
@example("statuses", 200, b'{"1": {"error": {"error": {"error": {"error": {"error": 1}}}}}}')
@example("balance", 200, b'{"data": {"data": {"data": {"data": {"data": {"data": 1}}}}}}')
def test_any_reply_is_a_value_or_an_error_of_the_tree(name: str, code: int, body: bytes) -> None:
    found = read(CALLS[name], code, JSON, body)
    if isinstance(found, AgenciaError):
        assert found.__context__ is None or isinstance(found.__context__, AgenciaError)
    elif isinstance(found, Mapping):
        assert set(found) <= {"1", "2"}
    else:
        assert isinstance(found, Balance | list | int | str)
