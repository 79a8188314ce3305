"""The profile as the children of a terminal read it: a private file beside the database."""

import hashlib
import os
from pathlib import Path

import msgspec

from cockpit.profile import Profile


def kept_profile(database: Path, profile: Profile) -> Path:
    """Where runners find the profile: a private file beside the database, named after what is in it.

    It outlives this process, because a run may be taken up again after a crash. The facilitator's control and
    the settings are left out: nobody who reads this file needs them.
    """
    kept = msgspec.json.encode(msgspec.structs.replace(profile, control=None, settings=None))
    digest = hashlib.sha256(kept).hexdigest()[:12]
    path = database.with_name(f"{database.stem}.profile-{digest}.json")
    if not path.exists():
        fresh = path.with_suffix(f".{os.getpid()}")
        descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(kept)
        fresh.replace(path)
    return path
