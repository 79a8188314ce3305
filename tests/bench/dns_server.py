"""One local DNS server for the benchmarks: knot where it is installed, else a table and a few lines of Python."""

import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import dns.message
import dns.rrset

APEX = "bench.example"
ADDRESS = "192.0.2.53"
KEY = "v=DKIM1; k=rsa; p=" + "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEA" + "x" * 348

QUESTIONS = (
    ("", "MX"),
    ("", "TXT"),
    ("", "A"),
    ("", "AAAA"),
    ("www", "A"),
    ("_dmarc", "TXT"),
    ("s1._domainkey", "TXT"),
    ("s2._domainkey", "TXT"),
    ("s3._domainkey", "TXT"),
    ("bounce", "MX"),
    ("bounce", "TXT"),
    ("_mta-sts", "TXT"),
)
"""What is asked of each domain: twelve questions, three of them for keys of 2048 bits."""

VALUES = {
    ("", "MX"): ["10 inbound.bench.example."],
    ("", "TXT"): ["v=spf1 include:amazonses.com ~all"],
    ("", "A"): ["203.0.113.10"],
    ("", "AAAA"): ["2001:db8::10"],
    ("www", "A"): ["203.0.113.10"],
    ("_dmarc", "TXT"): ["v=DMARC1; p=reject; rua=mailto:d@bench.example"],
    ("s1._domainkey", "TXT"): [KEY],
    ("s2._domainkey", "TXT"): [KEY],
    ("s3._domainkey", "TXT"): [KEY],
    ("bounce", "MX"): ["10 feedback-smtp.ca-central-1.amazonses.com."],
    ("bounce", "TXT"): ["v=spf1 include:amazonses.com ~all"],
    ("_mta-sts", "TXT"): ["v=STSv1; id=20261120"],
}

ADDRESSES = ("127.0.0.1", "127.0.0.2", "127.0.0.3", "127.0.0.4")
"""Where the server listens, so that it can stand for several."""

_ATTEMPTS = 3

CORE = 1
"""Where the server runs; whoever asks runs on core 0."""


def domain(number: int) -> str:
    """The n-th domain."""
    return f"d{number}.{APEX}"


def name_of(below: str, where: str) -> str:
    """A name below a domain."""
    return f"{below}.{where}" if below else where


def presentation(rtype: str, value: str) -> str:
    """A value as a zone file has it."""
    if rtype != "TXT":
        return value
    return " ".join(f'"{value[at : at + 255]}"' for at in range(0, len(value), 255))


def pin_to(core: int) -> None:
    """Keep this process on one core, where the machine has more than one."""
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > core:
        os.sched_setaffinity(0, {core})


@contextmanager
def server(domains: int) -> Iterator[tuple[str, int]]:
    """What serves, and its port on 127.0.0.1, with that many domains of twelve records."""
    knot = shutil.which("knotd") or shutil.which("knotd", path="/usr/sbin")
    with tempfile.TemporaryDirectory(prefix="bench-dns-") as folder:
        process, port = _started(knot, Path(folder), domains)
        try:
            yield ("knotd" if knot else "a table in Python"), port
        finally:
            process.terminate()
            process.wait()


def _started(knot: str | None, folder: Path, domains: int) -> "tuple[subprocess.Popen[bytes], int]":
    """The server once it answers; drawn anew when somebody else has its port at one of the addresses."""
    for _ in range(_ATTEMPTS):
        port = _free_port()
        if knot is not None:
            command = [knot, "-c", str(_knot(folder, domains, port))]
        else:
            command = [sys.executable, __file__, str(port)]
        process = subprocess.Popen(
            command, preexec_fn=lambda: pin_to(CORE), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if _answers(port, process):
            return process, port
        process.kill()
        process.wait()
    raise SystemExit("the DNS server does not answer")


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _knot(folder: Path, domains: int, port: int) -> Path:
    lines = [
        f"$ORIGIN {APEX}.",
        "$TTL 300",
        f"@ IN SOA ns1.{APEX}. hostmaster.{APEX}. 2026112001 3600 600 864000 60",
        f"@ IN NS ns1.{APEX}.",
        f"ns1 IN A {ADDRESS}",
    ]
    for number in range(domains):
        for (below, rtype), values in VALUES.items():
            lines += [f"{name_of(below, f'd{number}')} IN {rtype} {presentation(rtype, v)}" for v in values]
    (folder / "zone").write_text("\n".join(lines) + "\n")
    config = folder / "knot.conf"
    listen = ", ".join(f"{address}@{port}" for address in ADDRESSES)
    config.write_text(
        f"server:\n  rundir: {folder}\n  listen: [{listen}]\n  udp-workers: 1\n  tcp-workers: 1\n"
        f"database:\n  storage: {folder}\nlog:\n  - target: stderr\n    any: error\n"
        f"zone:\n  - domain: {APEX}\n    storage: {folder}\n    file: zone\n    zonefile-load: whole\n"
    )
    return config


def _answers(port: int, process: "subprocess.Popen[bytes]") -> bool:
    """Wait until the first domain is answered for; whether it ever is."""
    query = dns.message.make_query(domain(0), "A").to_wire()
    end = time.monotonic() + 60
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.settimeout(0.2)
        probe.connect(("127.0.0.1", port))
        while time.monotonic() < end and process.poll() is None:
            try:
                probe.send(query)
                if probe.recv(4096)[3] & 0x0F == 0:
                    return True
            except OSError:
                continue
    return False


def _serve(port: int) -> None:
    """Answer from a table, whichever domain is asked for; the id and the question are copied."""
    table: dict[tuple[bytes, bytes], bytes] = {}
    for (below, rtype), values in VALUES.items():
        query = dns.message.make_query(name_of(below, "x"), rtype, use_edns=False)
        answer = dns.message.make_response(query)
        answer.answer = [
            dns.rrset.from_text(query.question[0].name, 300, "IN", rtype, *(presentation(rtype, v) for v in values))
        ]
        size = len(query.to_wire())
        kind = query.to_wire()[-4:-2]
        table[below.encode(), kind] = answer.to_wire()[size:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as served:
        served.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        served.bind(("127.0.0.1", port))
        while True:
            data, sender = served.recvfrom(1500)
            end = data.index(b"\0", 12) + 5
            labels, at = [], 12
            while data[at]:
                labels.append(data[at + 1 : at + 1 + data[at]].lower())
                at += 1 + data[at]
            found = table.get((b".".join(labels[:-3]), data[end - 4 : end - 2]))
            head = data[:2] + b"\x84\0\0\1" + (b"\0\1" if found else b"\0\0") + bytes(4)
            served.sendto(head + data[12:end] + (found or b""), sender)


if __name__ == "__main__":
    _serve(int(sys.argv[1]))
