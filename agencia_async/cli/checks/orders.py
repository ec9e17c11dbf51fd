"""The journal: does it open, is it the original, and is the outcome of any order unknown?"""

from agencia_async import AgenciaError
from agencia_async.cli.checks.result import CheckResult, failed, ok, skipped, warned
from agencia_async.cli.exit import UsageError
from agencia_async.cli.journal_option import JournalOption
from agencia_async.cli.text import several

_JOURNAL = "journal"


async def check_journal(option: JournalOption, reconcile: str) -> CheckResult:
    """The result for the journal, if one is named.

    Args:
        option: the journal.
        reconcile: the command that reconciles its orders.
    """
    if not option.is_named:
        return skipped(_JOURNAL, "none is named: --journal, AGENCIA_JOURNAL, or journal of the profile")
    if option.file and not option.is_in_memory and not option.file.exists():
        return warned(
            _JOURNAL, f"{option.shown}: not found", "agencia place creates it; is the path correct?"
        )
    try:
        return await _opened(option, reconcile)
    except (AgenciaError, UsageError) as error:
        advice = "agencia journal adopt, if it is a copy that you want to use; else correct --journal"
        return failed(_JOURNAL, str(error), advice)


async def _opened(option: JournalOption, reconcile: str) -> CheckResult:
    async with option.open() as journal:
        entries = [entry.state.value async for entry in journal.entries()]
    unknown, detail = entries.count("unknown"), f"{option.shown}: {several(len(entries), 'order')}"
    if unknown:
        return warned(_JOURNAL, f"{detail}, {unknown:,} of unknown outcome", reconcile)
    return ok(_JOURNAL, detail)
