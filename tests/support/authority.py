"""A certificate authority of a company's own, which no machine trusts by itself."""

import ssl
from functools import cache

import trustme


@cache
def authority() -> trustme.CA:
    """The authority: one for all tests, as keys take time to make."""
    return trustme.CA()


@cache
def serving() -> ssl.SSLContext:
    """What a server on loopback shows."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority().issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


def trusting() -> ssl.SSLContext:
    """What trusts the authority, and nobody else."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority().configure_trust(context)
    return context
