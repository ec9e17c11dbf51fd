import threading

import httpx
import pytest

from agencia_async.sandbox import Panel, serve_in_thread
from tests.sandbox.scene import LINK, ask, form


def is_at(panel: Panel, url: str | None) -> bool:
    return panel.url == url


def threads() -> list[str]:
    return [thread.name for thread in threading.enumerate()]


def test_a_panel_serves_code_without_an_event_loop() -> None:
    panel = Panel()
    with serve_in_thread(panel) as url:
        assert is_at(panel, url)
        assert httpx.post(url, data=form("balance"), trust_env=False).json()["balance"] == "1000"
        assert "agencia-sandbox" in threads()
    assert is_at(panel, None)
    assert "agencia-sandbox" not in threads()


def test_it_stops_when_the_block_raises() -> None:
    def broken() -> None:
        with serve_in_thread(Panel()):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        broken()
    assert "agencia-sandbox" not in threads()


def test_an_address_that_is_taken_is_told() -> None:
    with serve_in_thread(Panel()) as url:
        second = serve_in_thread(Panel(), port=int(url.split(":")[2].split("/")[0]))
        with pytest.raises(OSError, match="in use"):
            second.__enter__()
    assert "agencia-sandbox" not in threads()


def test_an_order_that_was_placed_once_is_told_from_others() -> None:
    panel = Panel()
    with pytest.raises(AssertionError, match=r"0 orders with {}; placed were: none"):
        panel.assert_placed_once()
    order = ask(panel, "add", service=1, link=LINK, quantity=100)["order"]
    assert panel.assert_placed_once().order == order
    assert panel.assert_placed_once(service=1, link=LINK, quantity=100).order == order
    with pytest.raises(AssertionError, match=r"0 orders with .*elsewhere"):
        panel.assert_placed_once(link="elsewhere")
    ask(panel, "add", service=1, link=LINK, quantity=100)
    with pytest.raises(AssertionError, match=rf"2 orders with .*\n  order {order}: "):
        panel.assert_placed_once(link=LINK)
