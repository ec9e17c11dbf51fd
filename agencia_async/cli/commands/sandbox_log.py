"""What the sandbox prints of its ledger: a line for each write and each refund, with the balance after it."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from agencia_async.cli.stderr import tell
from agencia_async.cli.text import one_line, several
from agencia_async.sandbox import LedgerEntry, Panel, StatementEntry
from agencia_async.sandbox.faults import Answer

_MOST: Final = 200


class LoggedPanel(Panel):
    """A panel that prints what it executes."""

    _entries = 0
    _changes = 0

    def answer(self, form: Mapping[str, str]) -> Answer:
        """What a client sees of the reply to `form`; afterwards it is printed."""
        answer = super().answer(form)
        self.print_news()
        return answer

    def print_news(self) -> None:
        """Print what was refunded and executed since the last time."""
        _ = self.balance  # which refunds what is due
        news = self.statement[self._changes :]
        self._changes += len(news)
        for change in news:
            if change.amount > 0:
                tell(f"refund  order {change.order}: {self._told(change)}")
        paid = {change.order: self._told(change) for change in news if change.amount < 0}
        for entry in self.ledger[self._entries :]:
            tell(self._line(entry, paid.get(entry.order, "free")))
        self._entries = len(self.ledger)

    def _told(self, change: StatementEntry) -> str:
        return f"{change.amount:+f}, balance {change.balance:f} {self.currency}"

    def _line(self, entry: LedgerEntry, paid: str) -> str:
        if entry.action == "refill":
            return f"refill  order {entry.order}: refill {entry.result}"
        if entry.action == "cancel":
            return f"cancel  order {entry.order}"
        quantity = f", quantity {entry.fields['quantity']}" if "quantity" in entry.fields else ""
        about = next((f", {entry.fields[name]}" for name in ("link", "username") if name in entry.fields), "")
        what = one_line(f"service {entry.fields['service']}{quantity}{about}", _MOST)
        return f"add     order {entry.order}: {what}: {paid}"


def balance_line(panel: Panel) -> str:
    """The balance, and how it came about."""
    balance = panel.balance
    spent = [change.amount for change in panel.statement if change.amount < 0]
    refunded = [change.amount for change in panel.statement if change.amount > 0]
    began = balance - sum(spent) - sum(refunded)
    return (
        f"balance {balance:f} {panel.currency}: {began.normalize():f} in the beginning, "
        f"{-sum(spent, Decimal()):f} spent on {several(len(spent), 'order')}, "
        f"{sum(refunded, Decimal()):f} refunded for {len(refunded):,}"
    )
