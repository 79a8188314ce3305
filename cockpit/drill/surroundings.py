"""What a child of a drill finds around it: no way to anything real, and the drill's own AWS, names and trust."""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cockpit.paths import write_private
from cockpit.profile import Profile


def surroundings(base: Mapping[str, str], profile: Profile, trap_url: str, directory: Path) -> dict[str, str]:
    """An environment for what is started in a drill; writes the drill's certificates into `directory`."""
    from cockpit.drill.guard import scrubbed_environment

    found = scrubbed_environment(base, trap_url)
    aws = profile.aws
    given = {
        "AWS_ENDPOINT_URL": aws.endpoint,
        "AWS_ACCESS_KEY_ID": aws.access_key,
        "AWS_SECRET_ACCESS_KEY": aws.secret_key,
        "AWS_REGION": aws.region,
        "AWS_DEFAULT_REGION": aws.region,
    }
    found.update({name: value for name, value in given.items() if value})
    if profile.ca_pem is not None:
        bundle = str(write_private(directory / "drill-ca.pem", profile.ca_pem))
        found.update(SSL_CERT_FILE=bundle, CURL_CA_BUNDLE=bundle, REQUESTS_CA_BUNDLE=bundle)
    return found


def without_proxies(environment: Mapping[str, str]) -> dict[str, str]:
    """The same for a network without a way out, where a trap is not needed and would be in the way."""
    return {name: value for name, value in environment.items() if not name.upper().endswith("_PROXY")}


@contextmanager
def around(environment: Mapping[str, str]) -> Iterator[None]:
    """Let everything that this process starts in the block find exactly this environment."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(environment)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
