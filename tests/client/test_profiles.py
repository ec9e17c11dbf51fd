"""Profiles: what the configuration file may say, and what a client makes of it."""

import logging
import os
import ssl
from pathlib import Path
from typing import Any

import pytest

from agencia_async import AsyncClient, ConfigurationError, RateLimit, RedisRateLimit
from agencia_async._client.options import Options
from agencia_async._client.profiles import Profile, config_file, read_profile
from agencia_async.sandbox import Panel, serve
from tests.support.authority import authority, serving
from tests.support.loopback import NO_TLS
from tests.support.peer import Request, peer

KEY = "s3cret-k3y-of-the-north"


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home of the test's own, in which there is a key that nobody else can read."""
    for name in ("AGENCIA_CONFIG", "XDG_CONFIG_HOME", "NORTH_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    save(tmp_path / "north.key", f"{KEY}\n")
    return tmp_path


def save(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
    return path


def configure(home: Path, text: str) -> Path:
    return save(home / ".config/agencia/config.toml", text)


def options(profile: Profile, **overrides: Any) -> Options:  # noqa: ANN401 - the caller's
    return profile.options(Options(**overrides))  # type: ignore[typeddict-item]


async def send(client: AsyncClient) -> None:
    async with client:
        await client.balance()


# --- where it is --------------------------------------------------------------------------------------

PLACES = [
    ({"AGENCIA_CONFIG": "/etc/agencia.toml", "XDG_CONFIG_HOME": "/xdg"}, "posix", "/etc/agencia.toml"),
    ({"AGENCIA_CONFIG": "~/a.toml"}, "nt", "HOME/a.toml"),
    ({"XDG_CONFIG_HOME": "/xdg"}, "posix", "/xdg/agencia/config.toml"),
    ({"XDG_CONFIG_HOME": "relative"}, "posix", "HOME/.config/agencia/config.toml"),
    ({}, "posix", "HOME/.config/agencia/config.toml"),
    ({"APPDATA": "/roaming", "XDG_CONFIG_HOME": "/xdg"}, "nt", "/roaming/agencia/config.toml"),
    ({}, "nt", "HOME/AppData/Roaming/agencia/config.toml"),
]


@pytest.mark.parametrize(("environ", "system", "place"), PLACES)
def test_where_the_configuration_is(home: Path, environ: dict[str, str], system: str, place: str) -> None:
    assert str(config_file(environ, system)) == place.replace("HOME", str(home))


def test_a_file_that_is_named_by_a_relative_path_is_found_from_where_one_is(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(home)
    assert config_file({"AGENCIA_CONFIG": "a.toml"}, os.name) == home / "a.toml"


# --- what a client makes of it ------------------------------------------------------------------------


async def test_a_client_is_what_its_profile_says(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    panel = Panel(key=KEY)
    monkeypatch.setenv("AGENCIA_API_KEY", "another")
    monkeypatch.setenv("AGENCIA_BASE_URL", "https://another.example/")
    async with serve(panel) as url:
        for key in ('key_file = "~/north.key"', 'key_env = "NORTH_KEY"', 'key_file = "../../north.key"'):
            configure(home, f'[profiles.north]\nbase_url = "{url}"\nuser_agent = "north"\n{key}')
            monkeypatch.setenv("NORTH_KEY", KEY)
            await send(AsyncClient.from_profile("north"))
    assert [request.action for request in panel.requests] == ["balance"] * 3


def test_every_option_that_is_plain_may_stand_in_it(home: Path) -> None:
    configure(
        home,
        """
        [profiles.north]
        key_file = "~/north.key"
        base_url = "http://127.0.0.1/"
        max_concurrency = 3
        max_concurrent_writes = 1
        timeout = 12
        rate_limit = "60/min"
        batch_size = 50
        batch_window = 0.5
        max_reply_bytes = 1000
        allow_http = true
        user_agent = "north"
        idempotency_field = "request_id"
        proxy = "http://127.0.0.1:3128"
        trust_env = false
        journal = "~/north.db"
        """,
    )
    profile = read_profile("north")
    assert options(profile) == {
        "base_url": "http://127.0.0.1/",
        "max_concurrency": 3,
        "max_concurrent_writes": 1,
        "timeout": 12,
        "rate_limit": RateLimit(60, per=60),
        "batch_size": 50,
        "batch_window": 0.5,
        "max_reply_bytes": 1000,
        "allow_http": True,
        "user_agent": "north",
        "idempotency_field": "request_id",
        "proxy": "http://127.0.0.1:3128",
        "trust_env": False,
    }
    assert options(profile, timeout=1.0, proxy=None) == {**options(profile), "timeout": 1.0, "proxy": None}
    assert repr(AsyncClient.from_profile("north", timeout=1.0)) == "<AsyncClient of http://127.0.0.1/>"


def test_a_limit_may_be_shared_through_a_redis(home: Path) -> None:
    url = "redis://:pa55word@127.0.0.1:6379/0"
    configure(home, f'{WITH_KEY}rate_limit = "2/s"\nrate_limit_redis = "{url}"')
    assert options(read_profile("north")) == {"rate_limit": RedisRateLimit(url, 2, per=1)}
    assert options(read_profile("north"), rate_limit=None) == {"rate_limit": None}


@pytest.mark.parametrize(
    ("journal", "expected"),
    [
        ("orders/north.db", "HOME/.config/agencia/orders/north.db"),
        ("~/north.db", "HOME/north.db"),
        ("/var/north.db", "/var/north.db"),
        ("postgresql+asyncpg://db/orders", "postgresql+asyncpg://db/orders"),
        (None, None),
    ],
)
def test_paths_start_at_the_file(home: Path, journal: str | None, expected: str | None) -> None:
    line = f'journal = "{journal}"' if journal else ""
    configure(home, f"[profiles.north]\n{line}")
    assert read_profile("north").journal == (expected and expected.replace("HOME", str(home)))


def test_the_panel_of_a_key_stays_its_own(home: Path) -> None:
    configure(home, 'default = "north"\n[profiles.north]\nkey_file = "~/north.key"')
    for name in ("north", None):
        with pytest.raises(ConfigurationError, match=r"base_url cannot be overridden"):
            AsyncClient.from_profile(name, base_url="https://another.example/")


async def test_a_ca_file_is_what_is_trusted(home: Path) -> None:
    async def answer(request: Request) -> None:
        request.reply('{"balance": "1"}')

    authority().cert_pem.write_to_path(str(home / "ca.pem"))
    async with peer(answer, context=serving()) as panel:
        lines = f'base_url = "{panel.url}"\nca_file = "~/ca.pem"\nkey_file = "~/north.key"'
        configure(home, f"[profiles.north]\n{lines}")
        await send(AsyncClient.from_profile("north"))
    assert panel.forms == [{"key": KEY, "action": "balance"}]
    assert isinstance(options(read_profile("north"))["ssl_context"], ssl.SSLContext)
    assert options(read_profile("north"), ssl_context=NO_TLS)["ssl_context"] is NO_TLS


# --- which one counts ---------------------------------------------------------------------------------


async def test_without_a_name_the_environment_counts_before_the_default(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours, theirs = Panel(key=KEY), Panel(key="theirs")
    async with serve(ours) as url, serve(theirs) as other:
        text = f'default = "north"\n[profiles.north]\nbase_url = "{url}"\nkey_file = "~/north.key"'
        configure(home, text)
        await send(AsyncClient.from_profile())
        assert (len(ours.requests), len(theirs.requests)) == (1, 0)
        monkeypatch.setenv("AGENCIA_API_KEY", "theirs")
        monkeypatch.setenv("AGENCIA_BASE_URL", other)
        await send(AsyncClient.from_profile())
        assert (len(ours.requests), len(theirs.requests)) == (1, 1)


def test_the_key_of_a_profile_is_never_sent_to_the_panel_of_the_environment(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(home, 'default = "north"\n[profiles.north]\nkey_file = "~/north.key"')
    monkeypatch.setenv("AGENCIA_BASE_URL", "https://another.example/")
    with pytest.raises(ConfigurationError, match=r"^no API key: set AGENCIA_API_KEY"):
        AsyncClient.from_profile()


# --- what is refused ----------------------------------------------------------------------------------

NORTH = "[profiles.north]\n"
WITH_KEY = f'{NORTH}key_file = "~/north.key"\n'
REFUSED = {
    "another's name": (
        "[profiles.south]\n[profiles.east]",
        "'north' in '.*'; it has east, south$",
    ),
    "no profiles": ("", "no profile 'north' in '.*'; it has none$"),
    "a key": (f'{NORTH}key = "{KEY}"', "the API key itself must not be in this file.*key_file.*key_env"),
    "an API key": (f'{NORTH}API_KEY = "{KEY}"', "the API key itself must not be in this file"),
    "a key at the top": (f'api_key = "{KEY}"', "the API key itself must not be in this file"),
    "an unknown key": (
        f"{NORTH}tiemout = 3",
        "key 'tiemout'; known are allow_http, base_url, .*timeout",
    ),
    "an unknown key at the top": ("profile = 3", "unknown key 'profile'; known are default, profiles$"),
    "a policy": (f"{NORTH}retry = 3", "unknown key 'retry'"),
    "a boolean that is text": (f'{NORTH}allow_http = "no"', "allow_http must be true or false$"),
    "a number that is text": (f'{NORTH}timeout = "{KEY}"', "timeout must be a number$"),
    "a boolean for a number": (f"{NORTH}timeout = true", "timeout must be a number$"),
    "a fraction of a request": (f"{NORTH}max_concurrency = 1.5", "max_concurrency must be an integer$"),
    "text that is a number": (f"{NORTH}key_env = 3", "key_env must be text$"),
    "a rate": (f'{WITH_KEY}rate_limit = "often"', 'rate_limit must be text such as "60/min"'),
    "a rate of nothing": (f'{WITH_KEY}rate_limit = "0/min"', 'rate_limit must be text such as "60/min"'),
    "a rate that is a number": (f"{WITH_KEY}rate_limit = 60", "rate_limit must be text$"),
    "a Redis without a rate": (
        f'{WITH_KEY}rate_limit_redis = "redis://127.0.0.1/"',
        "rate_limit_redis needs a rate_limit",
    ),
    "a Redis that is none": (
        f'{WITH_KEY}rate_limit = "2/s"\nrate_limit_redis = "http://:{KEY}@127.0.0.1/"',
        "rate_limit_redis: url must be a Redis URL",
    ),
    "a value out of range": (f"{WITH_KEY}timeout = -1", "timeout must be a number of seconds > 0"),
    "no certificates": (
        f'{WITH_KEY}ca_file = "no.pem"',
        "certificates of ca_file: No such file",
    ),
    "a key as certificates": (
        f'{WITH_KEY}ca_file = "~/north.key"',
        "certificates of ca_file: .",
    ),
    "no key": (NORTH, "it needs a key: either key_file or key_env$"),
    "two keys": (f'{WITH_KEY}key_env = "NORTH_KEY"', "either key_file or key_env$"),
    "a key as a file": (
        f'{NORTH}key_file = "{KEY}"',
        "that key_file names: No such file or directory$",
    ),
    "a key as a variable": (f'{NORTH}key_env = "{KEY}"', "variable that key_env names is not set$"),
    "an empty key": (f'{NORTH}key_file = "/dev/null"', "the file that key_file names is empty$"),
    "nobody's home": (
        f'{NORTH}key_file = "~nobody-of-that-name/k"',
        "begins with the home of a user that",
    ),
    "no table": ("profiles.north = 3", r"profiles must be tables: \[profiles\.NAME\]$"),
    "no tables": ("profiles = 3", r"profiles must be tables: \[profiles\.NAME\]$"),
    "a default that is no name": ("default = 3", "default must be the name of a profile$"),
    "no TOML": (f"key = {KEY}", r"cannot use the configuration '.*': not TOML: .*line 1"),
}


@pytest.mark.parametrize(("text", "told"), REFUSED.values(), ids=REFUSED)
def test_what_is_refused_is_told_without_its_value(home: Path, text: str, told: str) -> None:
    configure(home, text)
    with pytest.raises(ConfigurationError, match=told) as caught:
        AsyncClient.from_profile("north")
    assert KEY not in str(caught.value)
    assert caught.value.__context__ is None


def test_a_file_that_cannot_be_read_is_told(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = configure(home, "")
    file.write_bytes(b"\xff")
    with pytest.raises(ConfigurationError, match=r"not UTF-8 text$"):
        AsyncClient.from_profile("north")
    monkeypatch.setenv("AGENCIA_CONFIG", str(home))
    with pytest.raises(ConfigurationError, match=r"Is a directory$"):
        AsyncClient.from_profile("north")
    monkeypatch.setenv("AGENCIA_CONFIG", str(home / "no.toml"))
    with pytest.raises(ConfigurationError, match=r"there is no such file$"):
        AsyncClient.from_profile("north")


def test_without_a_file_or_a_default_the_message_tells_what_to_set(home: Path) -> None:
    for _ in range(2):
        with pytest.raises(ConfigurationError, match=r"^no API key: set AGENCIA_API_KEY .*has no default"):
            AsyncClient.from_profile()
        configure(home, NORTH)
    with pytest.raises(ConfigurationError, match=r"no profile 'south' in"):
        AsyncClient.from_profile("south")


def test_windows_may_mark_the_byte_order(home: Path) -> None:
    configure(home, f"\ufeff{WITH_KEY}")
    save(home / "north.key", f"\ufeff{KEY}\r\n")
    assert read_profile("north").key() == KEY


@pytest.mark.parametrize(("mode", "is_told"), [(0o600, False), (0o400, False), (0o640, True), (0o604, True)])
def test_a_key_that_others_can_read_is_warned_of(
    home: Path, caplog: pytest.LogCaptureFixture, mode: int, *, is_told: bool
) -> None:
    configure(home, WITH_KEY)
    (home / "north.key").chmod(mode)
    with caplog.at_level(logging.WARNING, "agencia_async"):
        AsyncClient.from_profile("north")
    told = "other users can read the key_file of profile 'north'; try: chmod 600"
    assert caplog.messages == [told] * is_told
