"""What is wrong with a set-up, and what to do about it."""

import asyncio
import csv
import io
import json
import shutil
import socket
import ssl
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Thread
from types import SimpleNamespace

import pytest

from agencia_async.cli.checks import network
from agencia_async.cli.checks.network import told
from agencia_async.cli.checks.panel import clock_result, limit_result
from agencia_async.hooks import AttemptInfo
from tests.support.authority import authority, serving
from tests.support.loopback import listening
from tests.support.servers import free_port

from .conftest import Agencia, Outcome, WatchedPanel
from .placing import numbered
from .test_profiles import config

__all__ = ["config"]

pytestmark = pytest.mark.usefixtures("here")

ALL = ["key", "address", "dns", "connect", "tls", "balance", "catalogue", "limit", "clock", "journal"]
DATE = "Thu, 01 Jan 2026 00:00:00 GMT"
AT_DATE = 1_767_225_600.0


def checked(done: Outcome) -> dict[str, tuple[str, str, str]]:
    """Result, detail and advice of each check."""
    rows = csv.DictReader(io.StringIO(done.out))
    return {row["check"]: (row["result"], row["detail"], row["advice"]) for row in rows}


def results(done: Outcome) -> dict[str, str]:
    return {check: result for check, (result, _, _) in checked(done).items()}


@contextmanager
def served(context: ssl.SSLContext, *headers: str) -> Generator[int]:
    """The port of a server that answers with a balance of zero and no services."""
    ready: Future[tuple[int, asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer), suppress(asyncio.IncompleteReadError):
            while head := (await reader.readuntil(b"\r\n\r\n")).decode().lower():
                size = int(head.partition("content-length: ")[2].split("\r\n")[0])
                form = await reader.readexactly(size)
                told = b"[]" if b"services" in form else b'{"balance":"0","currency":"USD"}'
                lines = ["HTTP/1.1 200 OK", f"Content-Length: {len(told)}", *headers, "", ""]
                writer.write("\r\n".join(lines).encode() + told)

    async def serve_until_over() -> None:
        over = asyncio.Event()
        async with listening(answer, context) as port:
            ready.set_result((port, asyncio.get_running_loop(), over))
            await over.wait()

    thread = Thread(target=lambda: asyncio.run(serve_until_over()))
    thread.start()
    port, loop, over = ready.result()
    try:
        yield port
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join()


@pytest.fixture
def ca_file(here: Path) -> Path:
    authority().cert_pem.write_to_path(str(here / "ca.pem"))
    return here / "ca.pem"


def test_all_is_well(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("doctor")
    found = checked(done)
    host = str(panel.url).split("/")[2]
    assert list(found) == ALL
    assert found["key"] == ("ok", "from the environment variable AGENCIA_API_KEY", "")
    assert found["address"] == ("ok", f"http, {host}, on this machine", "")
    assert found["dns"] == ("ok", "127.0.0.1 is 127.0.0.1", "")
    assert found["connect"][1].startswith(f"{host} in 0.")
    assert found["balance"][1].startswith("1000 USD in 0.")
    assert found["catalogue"][1].startswith("40 services in 0.")
    assert found["catalogue"][1].endswith(" bytes")
    skipped = {check for check, (result, _, _) in found.items() if result == "skipped"}
    assert skipped == {"tls", "clock", "journal"}
    assert (done.code, done.err) == (0, "10 checks: 7 ok, 3 skipped\n")
    assert panel.seen == ["balance", "services"]
    assert panel.key not in done.out


def test_other_formats(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("doctor", "--format", "json", "--quiet")
    rows = json.loads(done.out)
    assert [row["check"] for row in rows] == ALL
    assert set(rows[0]) == {"check", "result", "detail", "advice"}
    assert done.err == ""
    done = agencia("doctor", "--base-url", "http://127.0.0.1:9/", "--quiet")
    assert done.code == 3
    assert done.err.startswith("agencia: 5 checks: 3 ok, 1 failed, 1 skipped; the first: connect: ")
    assert done.err.endswith(" (exit code 3: account rejected or panel unavailable)\n")
    done = agencia("doctor", "--quiet", "--journal", ":memory:")
    assert done.err.startswith("agencia: 10 checks: 7 ok, 1 failed, 2 skipped; the first: journal: ")
    assert done.err.endswith(" (exit code 1: a check failed)\n")
    done = agencia("doctor", "--format", "table", "--journal", "none.db")
    assert done.rows[0] == "result   check      detail"
    assert done.rows[1] == "ok       key        from the environment variable AGENCIA_API_KEY"
    assert done.rows[-1] == (
        "warning  journal    none.db: not found; agencia place creates it; is the path correct?"
    )
    assert panel.received == 6


def test_the_output_overwrites_nothing(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("doctor", "--journal", "orders.db", "--output", "orders.db")
    assert (done.code, panel.received) == (2, 0)
    assert done.err == "agencia: --output would overwrite the journal: orders.db\n"


# --- the key --------------------------------------------------------------------------------------------


def test_the_file_of_a_key(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = here / "panel.key"
    file.write_text(panel.key)
    file.chmod(0o640)
    done = agencia("doctor", "--key-file", "panel.key")
    assert checked(done)["key"] == (
        "warning",
        "from the file panel.key: others can read it (mode 0640)",
        "chmod 600 panel.key",
    )
    assert (done.code, done.err) == (0, "10 checks: 6 ok, 1 warning, 3 skipped\n")
    file.chmod(0o600)
    monkeypatch.delenv("AGENCIA_API_KEY")
    monkeypatch.setenv("AGENCIA_API_KEY_FILE", "panel.key")
    assert checked(agencia("doctor"))["key"] == ("ok", "from the file panel.key (mode 0600)", "")
    monkeypatch.setattr("agencia_async.cli.checks.key.os", SimpleNamespace(name="nt"))
    assert checked(agencia("doctor"))["key"] == ("ok", "from the file panel.key", "")


@pytest.mark.parametrize("key", ["", "a key", "https://a.example/"])
def test_no_key(panel: WatchedPanel, agencia: Agencia, key: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENCIA_API_KEY", key)
    done = agencia("doctor")
    assert results(done) == {
        **dict.fromkeys(("address", "dns", "connect"), "ok"),
        "key": "failed",
        "tls": "skipped",
        "journal": "skipped",
    }
    assert checked(done)["key"][2] == "set AGENCIA_API_KEY, or --key-file, or use a profile"
    assert (done.code, panel.received) == (1, 0)
    assert not key or key not in done.out


def test_a_rejected_key(panel: WatchedPanel, agencia: Agencia, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AGENCIA_API_KEY", "wrong-key-0")
    done = agencia("doctor")
    _, detail, advice = checked(done)["balance"]
    assert results(done)["balance"] == results(done)["catalogue"] == "failed"
    assert detail == "the panel rejected the account: Invalid API key"
    assert advice == "is this the key for this panel? see --key-file and --base-url"
    assert checked(done)["catalogue"][1:] == ("the same error as for the balance", "")
    assert (done.code, panel.seen) == (3, ["balance", "services"])


def test_the_advice_names_the_key_of_the_profile(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    config = here / "config.toml"
    monkeypatch.setenv("AGENCIA_CONFIG", str(config))
    monkeypatch.setenv("BAD_KEY", "wrong-key-0")
    (here / "bad.key").write_text("wrong-key-0")
    for key, named in (
        ('key_file = "bad.key"', str(here / "bad.key")),
        ('key_env = "BAD_KEY"', "the environment variable BAD_KEY"),
    ):
        config.write_text(f'[profiles.bad]\nbase_url = "{panel.url}"\n{key}\n')
        done = agencia("doctor", "--profile", "bad")
        advice = f"is this the key for this panel? see {named} and base_url of profile 'bad'"
        assert checked(done)["balance"][2] == advice
        assert agencia("balance", "--profile", "bad").err.endswith(f"  hint: {advice}\n")
    monkeypatch.setenv("BAD_KEY", "")
    found = checked(agencia("doctor", "--profile", "bad"))["key"]
    assert found[2] == "set key_file or key_env of profile 'bad'"


def test_an_error_names_the_host(panel: WatchedPanel, agencia: Agencia) -> None:
    panel.faults.script("gateway_page", "reset_before")
    done = agencia("doctor")
    host = str(panel.url).split("/")[2]
    for check in ("balance", "catalogue"):
        result, detail, _ = checked(done)[check]
        assert (result, host in detail) == ("failed", True)
    assert done.code == 3
    panel.faults.script("gateway_page")
    done = agencia("balance", "--attempts", 1)
    assert done.err.splitlines()[0].endswith(f"({host})")


# --- the way --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "result"),
    [
        (("--base-url", "http://a.example/"), "failed"),
        (("--base-url", "nonsense"), "failed"),
    ],
)
@pytest.mark.usefixtures("panel")
def test_an_address_that_is_none(agencia: Agencia, options: tuple[str, ...], result: str) -> None:
    done = agencia("doctor", *options)
    assert results(done) == {"key": "ok", "address": result, "journal": "skipped"}
    assert done.code == 1


def way_to(url: str, *, is_of_environment: bool = False) -> network.Way:
    return network.Way(
        url,
        None,
        is_of_environment=is_of_environment,
        allow_http=True,
        trusted=ssl.create_default_context,
        timeout=5,
    )


async def told_of(way: network.Way) -> list[tuple[str, str]]:
    told: list[tuple[str, str]] = []
    async for result in network.check_way(way, lambda: 0.0):
        told.append((result.check, str(result.verdict)))  # noqa: PERF401 - coverage loses sight of a comprehension
    return told


def test_plain_http() -> None:
    way = way_to("http://a.example:8080/v2")
    result = network.check_address(way)
    assert (result.verdict, result.detail) == ("warning", "http, a.example:8080: the key travels unencrypted")
    assert result.advice == "use https"


async def test_a_way_that_only_the_environment_knows() -> None:
    way = way_to("https://a.example/v2", is_of_environment=True)
    assert await told_of(way) == [("dns", "skipped"), ("connect", "skipped"), ("tls", "skipped")]


async def test_a_way_ends_with_the_first_step_that_fails() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/"  # nobody listens there in a moment
    way = way_to(url)
    assert await told_of(way) == [("dns", "ok"), ("connect", "failed")]


def test_a_name_that_is_one_of_this_machine(panel: WatchedPanel, agencia: Agencia) -> None:
    url = str(panel.url).replace("127.0.0.1", "localhost")
    assert checked(agencia("doctor", "--base-url", url))["address"][1].endswith("on this machine")


def test_options_of_which_no_client_can_be_made(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("doctor", "--timeout", -1)
    assert results(done) == {"key": "ok", "address": "ok", "options": "failed", "journal": "skipped"}
    assert (done.code, panel.received) == (1, 0)


@pytest.mark.usefixtures("panel")
@pytest.mark.parametrize("host", ["nobody.invalid", "a..example"])
def test_a_host_that_is_unknown(agencia: Agencia, host: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(*_: object, **_options: object) -> None:
        raise OSError("asked for it")

    monkeypatch.setattr("socket.getaddrinfo", unknown)
    done = agencia("doctor", "--base-url", f"https://{host}/v2")
    assert list(results(done)) == ["key", "address", "dns", "journal"]
    result, detail, advice = checked(done)["dns"]
    assert (result, detail) == ("failed", f"{host}: asked for it")
    assert advice == "is the name of the host correct?"
    assert done.code == 3


@pytest.mark.usefixtures("panel")
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_port_that_is_dead(agencia: Agencia, scheme: str) -> None:
    port = free_port()
    done = agencia("doctor", "--base-url", f"{scheme}://127.0.0.1:{port}/v2")
    assert results(done)["connect"] == "failed"
    assert checked(done)["connect"][1] == f"127.0.0.1:{port}: Connection refused"
    assert "balance" not in results(done)
    assert done.code == 3


@pytest.mark.usefixtures("panel")
def test_an_answer_that_does_not_come(agencia: Agencia) -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with closing(writer):
            await reader.read()

    async def run() -> Outcome:
        async with listening(silent) as port:
            url = f"https://127.0.0.1:{port}/v2"
            return await asyncio.to_thread(agencia, "doctor", "--timeout", 0.2, "--base-url", url)

    done = asyncio.run(run())
    assert checked(done)["tls"][1].endswith(": no answer within 0.2 s")
    assert done.code == 3


@pytest.mark.usefixtures("panel")
def test_a_proxy(agencia: Agencia, panel: WatchedPanel) -> None:
    port = free_port()
    done = agencia("doctor", "--proxy", f"http://127.0.0.1:{port}")
    result, detail, advice = checked(done)["connect"]
    assert (result, detail) == ("failed", f"the proxy 127.0.0.1:{port}: Connection refused")
    assert advice == "is the proxy up, and its port correct?"
    host = str(panel.url).split("/")[2]
    done = agencia("doctor", "--proxy", f"http://{host}", "--base-url", "https://a.example/v2")
    assert checked(done)["tls"] == ("skipped", "behind the proxy", "")
    assert (done.code, panel.received) == (3, 0)


# --- TLS ------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("panel")
def test_a_certificate_that_is_not_trusted(agencia: Agencia) -> None:
    with served(serving()) as port:
        done = agencia("doctor", "--base-url", f"https://127.0.0.1:{port}/v2")
    result, detail, advice = checked(done)["tls"]
    assert result == "failed"
    assert detail == (
        f"127.0.0.1:{port}: the certificate is not trusted: unable to get local issuer certificate"
    )
    assert "--ca-file" in advice
    assert "balance" not in results(done)
    assert done.code == 3


def test_a_certificate_of_an_authority_of_ones_own(
    panel: WatchedPanel, agencia: Agencia, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agencia_async.cli.commands.doctor.time", SimpleNamespace(time=lambda: AT_DATE + 90))
    headers = (f"Date: {DATE}", "X-RateLimit-Remaining: 59", "Retry-After: 3")
    with served(serving(), *headers) as port:
        done = agencia("doctor", "--base-url", f"https://127.0.0.1:{port}/v2", "--ca-file", ca_file)
    found = checked(done)
    assert found["tls"][1].startswith("TLSv1.3, 127.0.0.1, issued by trustme v")
    assert found["limit"][1] == "x-ratelimit-remaining: 59, retry-after: 3"
    assert found["balance"][::2] == ("warning", "add funds at the panel")
    assert found["catalogue"][::2] == ("warning", "ask the panel for its services")
    assert found["clock"][:2] == ("warning", "90 s ahead of the panel's")
    assert (done.code, panel.received) == (0, 0)


def test_a_profile_with_its_authority(
    config: Path, agencia: Agencia, ca_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NORTH_KEY", "north-key-0")
    with served(serving()) as port:
        config.write_text(
            f"""
[profiles.own]
base_url = "https://127.0.0.1:{port}/v2"
key_env = "NORTH_KEY"
ca_file = "{ca_file.name}"

[profiles.environment]
base_url = "https://127.0.0.1:{port}/v2"
key_env = "NORTH_KEY"
trust_env = true
"""
        )
        done = agencia("doctor", "--profile", "own")
        assert checked(done)["key"][1] == "from the environment variable NORTH_KEY"
        assert (results(done)["tls"], done.code) == ("ok", 0)
        done = agencia("doctor", "--profile", "environment")
    found = results(done)
    assert {found[check] for check in ("dns", "connect", "tls")} == {"skipped"}
    assert (found["balance"], done.code) == ("failed", 3)


def test_the_server_does_not_speak_tls(panel: WatchedPanel, agencia: Agencia) -> None:
    done = agencia("doctor", "--base-url", str(panel.url).replace("http", "https"))
    result, detail, advice = checked(done)["tls"]
    assert (result, advice) == ("failed", "does the panel speak TLS here?")
    assert str(panel.url).split("/")[2] in detail
    assert done.code == 3


CERTIFICATE = {
    "notAfter": "Jan 11 00:00:00 2026 GMT",
    "subject": ((("organizationName", "A panel"),),),
    "issuer": ((("countryName", "BR"),),),
}


def test_a_certificate_that_ends_soon() -> None:
    result = told(CERTIFICATE, "TLSv1.2", AT_DATE)
    assert result.verdict == "warning"
    assert result.detail == "TLSv1.2, A panel, issued by nobody, 10 days left (until 2026-01-11)"
    assert told(CERTIFICATE, "TLSv1.2", AT_DATE - 4 * 86_400).verdict == "ok"
    assert told(CERTIFICATE, "TLSv1.2", AT_DATE - 4 * 86_400 + 1).verdict == "warning"


# --- limit and clock ------------------------------------------------------------------------------------


def test_what_the_panel_says_of_its_limit() -> None:
    assert limit_result({}).verdict == "skipped"
    assert limit_result({"date": DATE}).detail.startswith("the panel reports no rate limit in its headers; ")
    headers = {"ratelimit-policy": "60;w=60", "x-rate-limit-limit": "60", "server": "x"}
    assert limit_result(headers).detail == "ratelimit-policy: 60;w=60, x-rate-limit-limit: 60"
    assert len(limit_result({"ratelimit": "9" * 1000}).detail) == 200


@pytest.mark.parametrize(
    ("ahead", "result", "detail"),
    [
        (5, "ok", "5 s from the panel's"),
        (-5, "ok", "5 s from the panel's"),
        (6, "warning", "6 s ahead of the panel's"),
        (-3600, "warning", "3600 s behind the panel's"),
    ],
)
def test_the_clock(ahead: float, result: str, detail: str) -> None:
    found = clock_result({"date": DATE}, AT_DATE + ahead)
    assert (found.verdict, found.detail) == (result, detail)


@pytest.mark.parametrize("date", ["", "nonsense"])
def test_a_clock_that_is_not_told(date: str) -> None:
    assert clock_result({"date": date}, AT_DATE).verdict == "skipped"


def test_an_attempt_without_a_reply_has_no_headers() -> None:
    assert AttemptInfo(1).headers == {}


# --- the journal ----------------------------------------------------------------------------------------


def placed(agencia: Agencia, here: Path) -> None:
    assert agencia("place", numbered(2, here), "--journal", "orders.db", "--yes").code == 0


def test_a_journal(panel: WatchedPanel, agencia: Agencia, here: Path) -> None:
    placed(agencia, here)
    done = agencia("doctor", "--journal", "orders.db")
    assert checked(done)["journal"] == ("ok", "orders.db: 2 orders", "")
    assert done.code == 0
    panel.faults.script(None, None, "drop_after")
    (here / "one.csv").write_text("reference,service,link,quantity\nx,1,https://a.b/x,100\n")
    assert agencia("place", "one.csv", "--journal", "orders.db", "--yes").code == 4
    done = agencia("doctor", "--journal", "orders.db")
    detail = "orders.db: 3 orders, 1 of unknown outcome"
    assert checked(done)["journal"] == ("warning", detail, "agencia journal reconcile --journal orders.db")
    assert done.code == 0


def test_a_journal_that_was_copied(
    panel: WatchedPanel, agencia: Agencia, here: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    placed(agencia, here)
    sent = panel.received
    shutil.copy(here / "orders.db", here / "copy.db")
    monkeypatch.setenv("AGENCIA_JOURNAL", "copy.db")
    done = agencia("doctor")
    result, detail, advice = checked(done)["journal"]
    assert (result, detail.split()[0]) == ("failed", "copy.db")
    assert advice.startswith("agencia journal adopt")
    assert (done.code, panel.received) == (1, sent + 2)
    assert results(agencia("doctor", "--journal", ":memory:"))["journal"] == "failed"


def test_the_journal_of_a_profile(config: Path, agencia: Agencia, here: Path) -> None:
    file = numbered(1, here)
    assert agencia("place", file, "--profile", "north", "--yes").code == 0
    done = agencia("doctor", "--profile", "north")
    assert config.exists()
    assert checked(done)["journal"][1].endswith("north.db: 1 order")
    assert checked(done)["key"][1].endswith("north.key (mode 0600)")
    assert done.code == 0
    assert agencia("doctor", "--profile", "away").code == 3


def test_the_log_says_nothing_twice(config: Path, agencia: Agencia, here: Path) -> None:
    assert config.exists()
    (here / "north.key").chmod(0o644)
    done = agencia("doctor", "--profile", "north")
    assert done.err == "10 checks: 6 ok, 2 warnings, 2 skipped\n"
    logged = agencia("doctor", "--profile", "north", "--verbose").err
    assert "other users can read" in logged
    assert "services: HTTP 200, " in logged
