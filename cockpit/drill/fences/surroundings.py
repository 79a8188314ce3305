"""What a child of a drill finds around it: no way to anything real, and the drill's own AWS, names and trust."""

import os
import shlex
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from cockpit.errors import ConfigError
from cockpit.paths import private_directory, write_private
from cockpit.profile import Profile

PROXIED = ("curl", "wget", "aws")
"""Programs that honour proxies, and therefore can be kept with the trap."""

ASKING = ("dig", "delv", "host", "nslookup", "kdig", "nsupdate")
"""Programs that ask name servers and know no proxies: only loopback is left to them."""

_REFUSAL = "would leave this machine; start the drill with --isolated to use it as it is"


def surroundings(base: Mapping[str, str], profile: Profile, trap_url: str, directory: Path) -> dict[str, str]:
    """An environment for what is started in a drill; writes the drill's certificates into `directory`."""
    from cockpit.drill.fences.guard import scrubbed_environment

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


def fenced(environment: Mapping[str, str], directory: Path) -> dict[str, str]:
    """The same with watchmen before the programs that would leave by themselves.

    Who starts a program may hand on `PATH` and drop the rest; so the watchmen bring the proxies with them.
    """
    folder = private_directory(directory / "bin")
    path = environment.get("PATH", os.defpath)
    proxies = {name: value for name, value in environment.items() if name.upper().endswith("_PROXY")}
    kept = {name: environment[name] for name in ("PYTHONPATH", "COCKPIT_DRILL_TRAP") if name in environment}
    for name in (*PROXIED, *ASKING):
        real = shutil.which(name, path=path)
        if real is None:
            continue
        script = _proxied(real, {**proxies, **kept}) if name in PROXIED else _asking(real, name)
        try:
            write_private(folder / name, script).chmod(0o700)
        except OSError as error:
            raise ConfigError(f"{folder / name} cannot be made executable: {error.strerror}.") from None
    return {**environment, "PATH": os.pathsep.join((str(folder), path))}


def _proxied(real: str, environment: Mapping[str, str]) -> str:
    given = " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items())
    return f'#!/bin/sh\n{given} exec {shlex.quote(real)} "$@"\n'


def _asking(real: str, name: str) -> str:
    return f"""#!/bin/sh
for word in "$@"; do
    case "$word" in @127.*|@localhost|@::1|127.*) exec {shlex.quote(real)} "$@" ;; esac
done
echo "{name} {_REFUSAL}" >&2
exit 9
"""


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
