"""The result of a check."""

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What came of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True)
class CheckResult:
    """What a check has found.

    Attributes:
        check: what was examined.
        verdict: what came of it.
        detail: what was found.
        advice: what to do about it; empty if nothing has to be done.
        is_unavailable: the account was rejected, or the panel cannot be reached.
    """

    check: str
    verdict: Verdict
    detail: str
    advice: str = ""
    is_unavailable: bool = False

    @property
    def is_failure(self) -> bool:
        """Whether it failed."""
        return self.verdict is Verdict.FAILED


def ok(check: str, detail: str) -> CheckResult:
    """All is well."""
    return CheckResult(check, Verdict.OK, detail)


def warned(check: str, detail: str, advice: str) -> CheckResult:
    """It works, but something should be done."""
    return CheckResult(check, Verdict.WARNING, detail, advice)


def failed(check: str, detail: str, advice: str, *, is_unavailable: bool = False) -> CheckResult:
    """It does not work."""
    return CheckResult(check, Verdict.FAILED, detail, advice, is_unavailable)


def skipped(check: str, detail: str) -> CheckResult:
    """It was not examined."""
    return CheckResult(check, Verdict.SKIPPED, detail)
