"""What gunicorn runs: it reads this file by itself."""

from typing import Any

threads = 8


def worker_exit(_server: Any, worker: Any) -> None:
    """Close the client and the journal of a worker."""
    worker.wsgi.extensions["panel"].close()
