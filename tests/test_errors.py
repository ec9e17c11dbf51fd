import copy
import pickle
import traceback

import pytest

from agencia_async import errors
from agencia_async.errors import (
    AgenciaError,
    ConfigurationError,
    InvalidInputError,
    NotFoundError,
    OutcomeUnknownError,
    RateLimitedError,
    ReplyError,
    TransportError,
    noted,
    of_id,
    twin,
)

ALL = [getattr(errors, name) for name in errors.__all__ if name != "Sent"]


@pytest.mark.parametrize("kind", ALL)
def test_all_share_the_base_and_say_what_the_panel_can_have_done(kind: type[AgenciaError]) -> None:
    error = kind("words")
    assert isinstance(error, AgenciaError)
    assert str(error) == error.message == "words"
    assert error.sent in {"no", "maybe", "yes"}
    assert (error.action, error.attempts, error.id, error.http_status) == (None, 0, None, None)


def test_the_module_draws_every_class_of_the_tree() -> None:
    assert errors.__doc__ is not None
    assert [kind.__name__ for kind in ALL if kind.__name__ not in errors.__doc__] == []


def test_a_configuration_error_is_a_value_error() -> None:
    assert issubclass(ConfigurationError, ValueError)


@pytest.mark.parametrize(
    "remake", [copy.copy, copy.deepcopy, lambda error: pickle.loads(pickle.dumps(error))]
)
@pytest.mark.parametrize(
    "error",
    [
        TransportError("gone", sent="maybe", http_status=502),
        RateLimitedError("slower", http_status=429, retry_after=1.5),
        OutcomeUnknownError("who knows", cause=ReplyError("not JSON", http_status=200)),
    ],
)
def test_an_error_survives_copying_and_pickling(error: AgenciaError, remake: object) -> None:
    error.action, error.attempts, error.id = "add", 2, "x1"
    other = remake(error)  # type: ignore[operator]
    assert type(other) is type(error)
    assert str(other) == str(error)
    assert vars(other).keys() == vars(error).keys()
    assert (other.action, other.attempts, other.id, other.sent, other.http_status) == (
        "add",
        2,
        "x1",
        error.sent,
        error.http_status,
    )


def test_an_unknown_outcome_tells_its_cause() -> None:
    cause = ReplyError("not JSON", http_status=200)
    error = OutcomeUnknownError("who knows", cause=cause)
    assert error.cause is error.__cause__ is cause
    assert (error.sent, error.http_status) == ("yes", 200)
    assert OutcomeUnknownError("who knows").cause is None


def reject(error: Exception, cause: Exception) -> None:
    raise error from cause


def test_a_twin_has_a_traceback_of_its_own() -> None:
    cause = TransportError("reset")
    error = NotFoundError("Incorrect order ID")
    with pytest.raises(NotFoundError) as caught:
        reject(error, cause)
    assert caught.value.__traceback__ is not None
    other = twin(error)
    assert other.__traceback__ is None
    assert other.__cause__ is cause
    assert other.message == "Incorrect order ID"


def test_the_input_of_a_customer_is_told_from_a_mistake_of_the_program() -> None:
    error = InvalidInputError("too few", field="quantity")
    assert isinstance(error, ConfigurationError)
    assert (error.field, error.sent) == ("quantity", "no")
    assert InvalidInputError("odd").field is None


def test_a_message_shows_no_address_in_memory() -> None:
    error = AgenciaError(f"got {object()!r} and <Thing at 0x7f00DEAD>")
    assert error.message == "got <object object> and <Thing>"


def test_a_note_tells_the_id() -> None:
    error = NotFoundError("Incorrect order ID")
    assert error.notes == ()
    assert of_id(error, 1).notes == ("id 1",)
    error = NotFoundError("Incorrect order ID")
    error.action = "status"
    first = of_id(error, 1)
    second = of_id(first, "2")
    assert (first.notes, second.notes) == (("order 1",), ("order 2",))
    assert of_id(twin(second), "2").notes == ("order 2",)
    refill = NotFoundError("Refill not found")
    refill.action = "refill_status"
    assert of_id(refill, 7).notes == ("refill 7",)


def test_a_note_is_one_line_and_comes_once() -> None:
    error = AgenciaError("words")
    noted(error, "service 1,\nhttps://example.com")
    noted(error, "service 1, https://example.com")
    assert error.notes == ("service 1, https://example.com",)
    other = twin(error)
    noted(other, "more")
    assert (len(error.notes), len(other.notes)) == (1, 2)
    assert "service 1, https://example.com" in "".join(traceback.format_exception(error))


def test_an_error_is_that_of_one_id() -> None:
    error = NotFoundError("Incorrect order ID")
    assert of_id(error, 1) is error
    other = of_id(error, "1")
    assert other is not error
    assert (error.id, other.id, type(other)) == (1, "1", NotFoundError)
