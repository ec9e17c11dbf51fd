"""The profiles of the configuration file, as the options of a command name them."""

import os
from urllib.parse import urlsplit

from agencia_async import ConfigurationError
from agencia_async._client.options import key_from_environment
from agencia_async._client.profiles import Profile, is_environment_set, read_profile, read_profiles

__all__ = [
    "Profile",
    "host_of",
    "key_from_environment",
    "profile_names",
    "read_profiles",
    "used_profile",
]


def used_profile(name: str | None) -> Profile | None:
    """The profile of a name; without one the default profile, unless the environment names a key or a panel.

    Raises:
        ConfigurationError: there is no such profile, or it is not valid.
    """
    if name:
        return read_profile(name)
    if is_environment_set():
        return None
    try:
        return read_profile(None)
    except ConfigurationError:
        if os.environ.get("AGENCIA_CONFIG") or read_profiles():
            raise
        return None


def profile_names() -> list[str]:
    """The names of all profiles, for completion."""
    try:
        return [profile.name for profile in read_profiles()]
    except ConfigurationError:
        return []


def host_of(url: str) -> str:
    """The host of a URL, with its port."""
    return urlsplit(url).netloc.rpartition("@")[2] or url
