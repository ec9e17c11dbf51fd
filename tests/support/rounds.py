"""How often a test repeats what it does: by default seldom, with `HYPOTHESIS_PROFILE=nightly` often."""

import os

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "default")


def rounds(default: int, *, nightly: int) -> int:
    """The number for the profile that is being run."""
    return nightly if PROFILE == "nightly" else default
