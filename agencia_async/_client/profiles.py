"""Profiles: the configuration file, and what it says of one panel and the account there.

No message shows a value of the file: it could be a key in the wrong place.
"""

import logging
import os
import ssl
import tomllib
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import NoneType
from typing import Any, Final, cast, get_args, get_type_hints

from attrs import frozen

from agencia_async._client.options import ENVIRONMENT, Options, read_key
from agencia_async._limits.rate_limit import Limit, RateLimit
from agencia_async._limits.redis_limit import RedisRateLimit
from agencia_async.errors import ConfigurationError

_OWN: Final = ("key_file", "key_env", "rate_limit", "rate_limit_redis", "journal", "ca_file")
"""What a profile has besides the options of the client that are text, numbers or booleans."""
_SECRET: Final = {"key", "api_key", "apikey", "api-key", "token", "secret", "password"}
_REFUSED: Final = (
    "the API key itself must not be in this file; write it to a separate file (key_file), or name an "
    "environment variable (key_env)"
)
_NAMES: Final[dict[type, str]] = {str: "text", bool: "true or false", int: "an integer", float: "a number"}

_log = logging.getLogger("agencia_async")


@frozen
class Profile:
    """One profile of the configuration file.

    Attributes:
        name: what it is called.
        file: the configuration file; paths are relative to it.
        values: what it says, checked for its names and types.
    """

    name: str
    file: Path
    values: Mapping[str, Any]

    @property
    def journal(self) -> str | None:
        """The path or the URL of the journal, if it has one."""
        journal = cast("str | None", self.values.get("journal"))
        return journal if journal is None or "://" in journal else str(self._path("journal"))

    @property
    def key_path(self) -> Path | None:
        """The file with the API key, if it is in one."""
        return self._path("key_file") if "key_file" in self.values else None

    def key(self) -> str:
        """The API key.

        Raises:
            ConfigurationError: there is none.
        """
        named = [key for key in ("key_file", "key_env") if key in self.values]
        if len(named) != 1:
            raise self._wrong("it needs a key: either key_file or key_env")
        if named == ["key_env"]:
            key = os.environ.get(self.values["key_env"], "").strip()
            reason = "" if key else "the environment variable that key_env names is not set"
        else:
            key, reason = self._key_in_file()
        if reason:
            raise self._wrong(reason)
        return key

    def options(self, overrides: Options) -> Options:
        """The options of its client.

        Raises:
            ConfigurationError: a value is not valid, or `base_url` is overridden.
        """
        if "base_url" in overrides:
            raise self._wrong("its base_url cannot be overridden: its key belongs to its panel")
        options = {key: value for key, value in self.values.items() if key not in _OWN}
        if "rate_limit" in self.values or "rate_limit_redis" in self.values:
            options["rate_limit"] = self._limit()
        if "ca_file" in self.values and "ssl_context" not in overrides:
            options["ssl_context"] = self._trusted()
        return cast("Options", options | overrides)

    def _key_in_file(self) -> tuple[str, str]:
        """The key, or why there is none."""
        path = self._path("key_file")
        key, reason = read_key(path)
        if reason:
            return "", f"cannot read the file that key_file names: {reason}"
        if _is_open_to_others(path):
            _log.warning("other users can read the key_file of profile %r; try: chmod 600", self.name)
        return key, "" if key else "the file that key_file names is empty"

    def _limit(self) -> Limit:
        """The rate limit, which all processes share if the profile names a Redis for it."""
        url = self.values.get("rate_limit_redis")
        if "rate_limit" not in self.values:
            raise self._wrong("rate_limit_redis needs a rate_limit, which all processes then share")
        limit = self._rate_limit()
        if url is None:
            return limit
        try:
            return RedisRateLimit(url, limit.requests, limit.per)
        except ConfigurationError as error:
            reason = error.message
        raise self._wrong(f"rate_limit_redis: {reason}")

    def _rate_limit(self) -> RateLimit:
        try:
            return RateLimit.parse(self.values["rate_limit"])
        except ConfigurationError:
            pass
        raise self._wrong('rate_limit must be text such as "60/min", "2/s" or "100/hour"')

    def _trusted(self) -> ssl.SSLContext:
        try:
            return ssl.create_default_context(cafile=str(self._path("ca_file")))
        except OSError as error:
            reason = error.strerror or str(error)
        raise self._wrong(f"cannot read the certificates of ca_file: {reason}")

    def _path(self, key: str) -> Path:
        try:
            return self.file.parent / Path(self.values[key]).expanduser()
        except RuntimeError:
            pass
        raise self._wrong(f"{key} begins with the home of a user that there is not")

    def check(self) -> None:
        """Refuse unknown keys and values of a wrong type."""
        known = _kinds()
        for key, value in self.values.items():
            if key.lower() in _SECRET:
                raise self._wrong(_REFUSED)
            if key not in known:
                raise self._wrong(f"unknown key {key!r}; known are {_listed(known)}")
            if type(value) not in known[key]:
                raise self._wrong(f"{key} must be {_NAMES[known[key][0]]}")

    def _wrong(self, reason: str) -> ConfigurationError:
        return ConfigurationError(f"profile {self.name!r} of {str(self.file)!r}: {reason}")


def read_profile(name: str | None) -> Profile:
    """A profile of the configuration file, by default the one that the file calls `default`.

    Raises:
        ConfigurationError: there is none of that name, or the file is not valid.
    """
    file = config_file(os.environ, os.name)
    config = _read(file)
    profiles = config.get("profiles", {})
    if name is None:
        name = config.get("default")
    if name is None:
        raise ConfigurationError(
            "no API key: set AGENCIA_API_KEY or AGENCIA_API_KEY_FILE, or name a profile "
            f"({str(file)!r} has no default)"
        )
    if name not in profiles:
        there = f"it has {_listed(profiles)}" if profiles else "it has none"
        raise ConfigurationError(f"no profile {name!r} in {str(file)!r}; {there}")
    profile = Profile(name, file, profiles[name])
    profile.check()
    return profile


def read_profiles() -> list[Profile]:
    """All profiles of the configuration file, in its order, not checked yet.

    Raises:
        ConfigurationError: the file is not valid.
    """
    file = config_file(os.environ, os.name)
    return [Profile(name, file, values) for name, values in _read(file).get("profiles", {}).items()]


def is_environment_set() -> bool:
    """Whether the environment names a key or a panel: then it counts, and not the file's default."""
    return any(map(os.environ.get, ENVIRONMENT))


def config_file(environ: Mapping[str, str], system: str) -> Path:
    """Where the configuration is, by the environment variables and the name of the system (`os.name`)."""
    if named := environ.get("AGENCIA_CONFIG"):
        return Path(named).expanduser().absolute()
    if system == "nt":
        return Path(environ.get("APPDATA") or "~/AppData/Roaming").expanduser() / "agencia" / "config.toml"
    home = environ.get("XDG_CONFIG_HOME", "")
    folder = Path(home if home.startswith("/") else "~/.config").expanduser()  # a relative one is ignored
    return folder / "agencia" / "config.toml"


def _read(file: Path) -> dict[str, Any]:
    """What a configuration file says, checked but for the profiles themselves."""
    try:
        config = tomllib.loads(file.read_text(encoding="utf-8-sig"))
        reason = _flaw(config)
    except FileNotFoundError:
        config, reason = {}, "there is no such file" * bool(os.environ.get("AGENCIA_CONFIG"))
    except OSError as error:
        config, reason = {}, error.strerror or str(error)
    except UnicodeDecodeError:
        config, reason = {}, "not UTF-8 text"
    except tomllib.TOMLDecodeError as error:
        config, reason = {}, f"not TOML: {error}"
    if reason:
        raise ConfigurationError(f"cannot use the configuration {str(file)!r}: {reason}")
    return config


def _flaw(config: dict[str, Any]) -> str:
    """Why a configuration cannot be used; empty if it can."""
    if any(key.lower() in _SECRET for key in config):
        return _REFUSED
    unknown = config.keys() - {"default", "profiles"}
    if unknown:
        return f"unknown key {min(unknown)!r}; known are default, profiles"
    if not isinstance(config.get("default", ""), str):
        return "default must be the name of a profile"
    profiles = config.get("profiles", {})
    tables = list(cast("dict[str, object]", profiles).values()) if isinstance(profiles, dict) else [None]
    if not all(isinstance(table, dict) for table in tables):
        return "profiles must be tables: [profiles.NAME]"
    return ""


def _kinds() -> dict[str, tuple[type, ...]]:
    """The keys of a profile, and the types that their values may have."""
    kinds: dict[str, tuple[type, ...]] = dict.fromkeys(_OWN, (str,))
    for name, hint in get_type_hints(Options).items():
        options = set(get_args(hint) or [hint]) - {NoneType}
        if options <= _NAMES.keys():
            (kind,) = options
            kinds[name] = (float, int) if kind is float else (kind,)
    return kinds


def _is_open_to_others(path: Path) -> bool:
    return os.name == "posix" and bool(path.stat().st_mode & 0o077)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names))
