"""What a look at a certificate with its page costs, beside the handshakes of `openssl s_time`, on one local server.

`python tests/bench/bench_tls.py [ROUNDS]` prints microseconds of CPU each and their ratio within a round. Both
open a new connection each time, with TLS 1.3 and an ECDSA key; ours also reads the chain, verifies it, and fetches
a page over the same connection. Resolving the name is not counted. Nothing is asserted on time.
"""

import asyncio
import re
import resource
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.probes.trust.certificates import Trust
from cockpit.probes.web.visits import DEADLINE_S, Visit, Visits
from cockpit.profile import Profile
from tests.bench.dns_server import CORE, pin_to

HOST, ADDRESS = "www.bench.example", "203.0.113.10"


@contextmanager
def server() -> Iterator[tuple[int, str]]:
    """`openssl s_server` with a page at its root: its port, and its certificate as PEM."""
    with tempfile.TemporaryDirectory(prefix="bench-tls-") as folder:
        _certificates(folder)
        (Path(folder) / "index").write_text(
            "HTTP/1.0 200 OK\r\nContent-Length: 2\r\nContent-Type: text/plain\r\n\r\nok"
        )
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = int(probe.getsockname()[1])
        command = ["openssl", "s_server", "-accept", f"127.0.0.1:{port}", "-quiet", "-HTTP", "-num_tickets", "0"]
        process = subprocess.Popen(
            [*command, "-key", "host.key", "-cert", "host.pem", "-cert_chain", "ca.pem"],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            preexec_fn=lambda: pin_to(CORE),
        )
        try:
            _wait(port)
            yield port, (Path(folder) / "ca.pem").read_text()
        finally:
            process.terminate()
            process.wait()


def _certificates(folder: str) -> None:
    """`ca.pem`, and `host.pem` with `host.key`, signed by it."""
    made = [
        "openssl",
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:P-256",
        "-nodes",
        "-days",
        "90",
    ]
    own = [
        "-subj",
        "/CN=Bench CA",
        "-keyout",
        "ca.key",
        "-out",
        "ca.pem",
        "-addext",
        "keyUsage=critical,keyCertSign",
    ]
    signed = [
        "-subj",
        f"/CN={HOST}",
        "-keyout",
        "host.key",
        "-out",
        "host.pem",
        "-CA",
        "ca.pem",
        "-CAkey",
        "ca.key",
    ]
    signed += ["-addext", f"subjectAltName=DNS:{HOST}", "-addext", "basicConstraints=critical,CA:FALSE"]
    for more in (own, signed):
        subprocess.run([*made, *more], check=True, capture_output=True, cwd=folder)


def _wait(port: int) -> None:
    end = time.monotonic() + 20
    while time.monotonic() < end:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            continue
        return
    raise SystemExit("the TLS server does not answer")


async def look(port: int, pem: str, count: int) -> int:
    """That many visits, one after the other as the server takes them; returns those with certificate and page."""
    profile = Profile(dial={f"{ADDRESS}:443": f"127.0.0.1:{port}"}, loopback_only=True, ca_pem=pem)
    visits, good = Visits(profile, Trust(profile)), 0
    for _ in range(count):
        seen = await visits.at_address(Visit(HOST, 443, datetime.now(UTC), address=ADDRESS), "/index", DEADLINE_S)
        good += bool(seen.chain) and seen.page is not None and seen.page.status == 200
    visits.close()
    return good


def by_us(port: int, pem: str, count: int) -> float:
    """Microseconds of our CPU for each visit."""
    cpu = time.process_time()
    good = asyncio.run(look(port, pem, count))
    if good != count:
        raise SystemExit(f"only {good} of {count} visits saw certificate and page")
    return (time.process_time() - cpu) / count * 1e6


def by_openssl(port: int, seconds: int) -> float:
    """Microseconds of CPU for each handshake of `openssl s_time`."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        ["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-time", str(seconds)],
        capture_output=True,
        text=True,
        check=False,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    counted = re.search(r"(\d+) connections in [\d.]+s", done.stdout)
    if counted is None:
        raise SystemExit(f"openssl s_time said nothing that is understood:\n{done.stdout}{done.stderr}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return cpu / int(counted[1]) * 1e6


@pytest.mark.bench
@pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl is not installed")
def test_every_visit_sees_certificate_and_page() -> None:
    with server() as (port, pem):
        assert asyncio.run(look(port, pem, 5)) == 5


def main() -> None:
    """The whole measurement."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    pin_to(0)
    with server() as (port, pem):
        by_us(port, pem, 50)
        pairs = [(by_us(port, pem, 500), by_openssl(port, 2)) for _ in range(rounds)]
    ratios = [ours / theirs for ours, theirs in pairs]
    print(
        f"certificate and page: {median(ours for ours, _ in pairs):.0f} us of CPU each; median of {rounds} rounds"
    )
    print(f"openssl s_time: {median(theirs for _, theirs in pairs):.0f} us of CPU for each handshake")
    print(f"ratio: {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})")


if __name__ == "__main__":
    main()
