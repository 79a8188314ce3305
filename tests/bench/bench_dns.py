"""How fast the DNS engine asks, beside dnsperf, dnspython's resolver and checkdmarc, against one local server.

`python tests/bench/bench_dns.py [ROUNDS]` prints rates, CPU per question and ratios, each taken within a round, the
median with the lowest and the highest; then what a watch of 10,000 domains costs, and how long a record's removal
takes to become a red row in a drill. The server has one core and whoever asks has the other. Nothing is asserted on
time. The CPU of a question wavers less than the rate, which falls with every neighbour on the machine.
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
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.config import DomainConfig
from cockpit.health.model import DECISION, Verdict
from cockpit.probes.engine import Engine, gist, read_wire
from cockpit.probes.names.answer import RESOLVER, Server
from cockpit.probes.names.dns import ask
from cockpit.probes.names.question import AUTHENTIC_DATA, RECURSION_DESIRED, Question, make_question
from cockpit.probes.trust.certificates import Trust
from cockpit.profile import Profile, Resolver
from cockpit.watch.doubt import Doubt
from cockpit.watch.mail import MailLooks, Sending
from tests.bench.dns_server import ADDRESS, APEX, QUESTIONS, domain, name_of, pin_to, server
from tests.bench.dns_watch import watch_many

WINDOW = 200
"""Questions under way at a time, for everybody."""

WATCHED = 10_000
UNLIMITED = 1e9


def questions(count: int) -> Iterator[tuple[str, str]]:
    """Names and types, domain by domain."""
    for number in range(count):
        below, rtype = QUESTIONS[number % len(QUESTIONS)]
        yield name_of(below, domain(number // len(QUESTIONS))), rtype


class Rate:
    """Questions per second and microseconds of our CPU for each."""

    def __init__(self, count: int, seconds: float, cpu_s: float) -> None:
        self.per_s = count / seconds
        self.cpu_us = cpu_s / count * 1e6


def timed(count: int, run: Callable[[], Any]) -> Rate:
    """Run, and say how fast that was."""
    started, cpu = time.perf_counter(), time.process_time()
    run()
    return Rate(count, time.perf_counter() - started, time.process_time() - cpu)


class Asker:
    """The engine alone, WINDOW questions under way: unpredictable, verified answers, each given to `judge`."""

    def __init__(self, port: int, count: int, judge: Callable[[tuple[str, str], Question, bytes], bool]) -> None:
        self._endpoint = ("127.0.0.1", port)
        self._asked = questions(count)
        self._under_way: list[tuple[tuple[str, str], Question] | None] = [None] * WINDOW
        self._judge = judge
        self._left = count
        self.good = 0

    async def run(self) -> int:
        """Ask everything; returns the good answers."""
        self._ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        async with Engine(per_server_per_s=UNLIMITED, burst=UNLIMITED) as self._engine:
            for place in range(WINDOW):
                self._again(place)
            await self._ended
        return self.good

    def _again(self, place: int) -> None:
        asked = next(self._asked, None)
        if asked is not None:
            question = make_question(*asked, RECURSION_DESIRED | AUTHENTIC_DATA)
            self._under_way[place] = asked, question
            self._engine.post(self._endpoint, question, 2.0, self._told, place)

    def _told(self, place: int, came: "bytes | Exception") -> None:
        under_way = self._under_way[place]
        self._left -= 1
        if under_way is not None and isinstance(came, bytes):
            self.good += self._judge(*under_way, came)
        if not self._left:
            self._ended.set_result(None)
        self._again(place)


async def by_engine(port: int, count: int) -> int:
    """Every answer read, as at the first look. Returns the good answers."""
    told = Server("bench", ADDRESS)

    def read(asked: tuple[str, str], question: Question, came: bytes) -> bool:
        answer = read_wire(told, *asked, question.restored(came))
        return answer is not None and answer.status == "answer"

    return await Asker(port, count, read).run()


async def by_gist(port: int, count: int, known: dict[tuple[str, str], int]) -> int:
    """Every answer held against what it said before, as at every later look. Returns those that say the same."""

    def same(asked: tuple[str, str], question: Question, came: bytes) -> bool:
        found = gist(RESOLVER, came, question.end)
        return found is not None and known.setdefault(asked, found[0]) == found[0]

    return await Asker(port, count, same).run()


def bare(port: int, count: int) -> None:
    """What Python itself takes: one socket, sends and receives in a row, nothing made, checked or timed."""
    wires = [make_question(*asked, RECURSION_DESIRED).numbered(b"ab") for asked in questions(min(count, 600))]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
        one.settimeout(2.0)
        one.connect(("127.0.0.1", port))
        for at in range(0, count, 50):
            for number in range(at, at + 50):
                one.send(wires[number % len(wires)])
            for _ in range(50):
                one.recv(4096)


async def by_ask(port: int, count: int) -> int:
    """What a probe does: `ask()` with its retries and its Answer, over the engine."""
    profile = Profile(dial={f"{ADDRESS}:53": f"127.0.0.1:{port}"}, loopback_only=True)
    told, asked, good = Server("bench", ADDRESS, 53, RESOLVER), questions(count), 0
    async with Engine(per_server_per_s=UNLIMITED, burst=UNLIMITED) as engine:

        async def work() -> None:
            nonlocal good
            for name, rtype in asked:
                answer = await ask(profile, told, name, rtype, transport=engine)
                good += answer.status == "answer"

        await asyncio.gather(*(work() for _ in range(WINDOW)))
    return good


async def by_asyncresolver(port: int, count: int) -> int:
    """dnspython's own asynchronous resolver, without its cache."""
    import dns.asyncresolver
    import dns.nameserver

    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers = [dns.nameserver.Do53Nameserver("127.0.0.1", port)]
    asked, good = questions(count), 0

    async def work() -> None:
        nonlocal good
        for name, rtype in asked:
            answer = await resolver.resolve(name, rtype, raise_on_no_answer=False)
            good += answer.rrset is not None

    await asyncio.gather(*(work() for _ in range(WINDOW)))
    return good


def by_dnsperf(port: int, count: int, folder: Path) -> Rate | None:
    """dnsperf with the same questions and window; None where it is missing.

    It waits for the last of what was lost, busily; so it gets a short patience, and a buffer as large as ours.
    """
    program = shutil.which("dnsperf")
    if program is None:
        return None
    listing = folder / "questions"
    if not listing.exists():
        listing.write_text("".join(f"{name} {rtype}\n" for name, rtype in questions(count)))
    command = [program, "-s", "127.0.0.1", "-p", str(port), "-d", str(listing), "-l", "2", "-c", "1", "-T", "1"]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [*command, "-q", str(WINDOW), "-t", "0.3", "-b", "4096"], capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    rate = re.search(r"Queries per second:\s+([0-9.]+)", done.stdout)
    completed = re.search(r"Queries completed:\s+([0-9]+)", done.stdout)
    if rate is None or completed is None:
        raise SystemExit(f"dnsperf said nothing that is understood:\n{done.stdout}")
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Rate(int(completed[1]), int(completed[1]) / float(rate[1]), cpu)


async def by_looks(port: int, domains: int) -> tuple[float, float]:
    """Domains per second, and milliseconds of CPU each, for all mail records: read, evaluated, at every server.

    As at every look of the watch but the first, which asks anew with all care where something is not well.
    """
    profile = Profile(
        resolvers=(Resolver("bench", ADDRESS, per_s=UNLIMITED),),
        dial={f"{ADDRESS}:53": f"127.0.0.1:{port}"},
        loopback_only=True,
    )
    async with Engine(per_server_per_s=UNLIMITED, burst=UNLIMITED) as engine:
        doubt = Doubt()
        looks = MailLooks(profile, Trust(profile), engine, doubt)

        async def work(left: Iterator[int]) -> None:
            for number in left:
                sending = Sending(DomainConfig(name=domain(number)), None)
                seen = await looks.records(sending, datetime.now(UTC))
                doubt.learn(seen)
                verdicts = {each.check: each.verdict for each in seen if each.vantage == DECISION}
                if Verdict.UNKNOWN in (verdicts["mail.mx"], verdicts["mail.dmarc"]):
                    raise SystemExit(f"{domain(number)} could not be looked at")

        async def everybody() -> None:
            left = iter(range(domains))
            await asyncio.gather(*(work(left) for _ in range(20)))

        await everybody()
        started, cpu = time.perf_counter(), time.process_time()
        await everybody()
        return domains / (time.perf_counter() - started), (time.process_time() - cpu) / domains * 1e3


def by_checkdmarc(port: int, start: int, domains: int) -> float | None:
    """Domains per second that checkdmarc looks at, new ones each time since it keeps answers; None if missing."""
    try:
        import checkdmarc  # type: ignore[import-not-found]
    except ImportError:
        return None
    import logging

    import dns.nameserver

    def stay_here(event: str, arguments: tuple[Any, ...]) -> None:
        """Some of its questions go to the system's resolver, whatever it is told; they end here."""
        if event in ("socket.connect", "socket.sendto") and arguments[1][0] != "127.0.0.1":
            raise ConnectionRefusedError("outside this machine")

    sys.addaudithook(stay_here)
    logging.disable()
    there = [dns.nameserver.Do53Nameserver("127.0.0.1", port)]
    names = [domain(start + number) for number in range(domains)]
    started = time.perf_counter()
    checkdmarc.check_domains(names, nameservers=there, timeout=1.0, retries=0)
    taken: float = time.perf_counter() - started
    return domains / taken


def compare(port: int, kind: str, rounds: int, count: int, domains: int, folder: Path) -> None:
    """Everybody in turn, round after round; ratios within a round."""
    runs = ("bare", "engine", "unchanged", "ask", "dnsperf", "asyncresolver")
    found: dict[str, list[Rate]] = {name: [] for name in runs}
    checked: list[float] = []
    looked: list[float] = []
    costs: list[float] = []
    slow = max(count // 20, 500)
    known: dict[tuple[str, str], int] = {}
    asyncio.run(by_gist(port, count, known))
    for number in range(rounds):
        found["engine"].append(timed(count, lambda: _all(by_engine(port, count), count)))
        perf = by_dnsperf(port, count, folder)
        if perf is not None:
            found["dnsperf"].append(perf)
        found["unchanged"].append(timed(count, lambda: _all(by_gist(port, count, known), count)))
        found["ask"].append(timed(count, lambda: _all(by_ask(port, count), count)))
        found["bare"].append(timed(count, lambda: bare(port, count)))
        found["asyncresolver"].append(timed(slow, lambda: _all(by_asyncresolver(port, slow), slow)))
        per_s, cpu_ms = asyncio.run(by_looks(port, domains * 5))
        looked.append(per_s)
        costs.append(cpu_ms)
        rate = by_checkdmarc(port, 100 + number * domains, domains)
        if rate is not None:
            checked.append(rate)
    print(f"{count} questions, {WINDOW} at a time, against {kind}; median (lowest to highest) of {rounds} rounds")
    for name, rates in found.items():
        if rates:
            print(
                f"  {name:<14} {_spread([r.per_s for r in rates], ',.0f')} q/s  "
                f"{_spread([r.cpu_us for r in rates], '.1f')} us of CPU each"
            )
    for name in runs[:4]:
        _print_ratios(name, found)
    if checked:
        over = [ours / theirs for ours, theirs in zip(looked, checked, strict=True)]
        print(
            f"  domains per second: {_spread(looked, ',.0f')} by looks at all mail records "
            f"({_spread(costs, '.1f')} ms of CPU each), "
            f"{_spread(checked, ',.1f')} by checkdmarc; {_spread(over, '.0f')}x"
        )
    else:
        print("  checkdmarc: not measured, it is not importable")


def _print_ratios(name: str, found: dict[str, list[Rate]]) -> None:
    ours = found[name]
    if found["dnsperf"]:
        speed, cost = _ratios(ours, found["dnsperf"], "per_s"), _ratios(ours, found["dnsperf"], "cpu_us")
        print(f"  {name} over dnsperf: {_spread(speed, '.2f')}x q/s, {_spread(cost, '.2f')}x CPU")
    else:
        print(f"  {name} over dnsperf: not measured, dnsperf is not installed")
    speed, cost = _ratios(ours, found["asyncresolver"], "per_s"), _ratios(found["asyncresolver"], ours, "cpu_us")
    print(f"  {name} over asyncresolver: {_spread(speed, '.1f')}x q/s, {_spread(cost, '.1f')}x less CPU")


def _all(running: Any, count: int) -> None:
    good = asyncio.run(running)
    if good < count * 0.999:
        raise SystemExit(f"only {good} of {count} questions were answered")


def _ratios(ours: list[Rate], theirs: list[Rate], what: str) -> list[float]:
    return [getattr(a, what) / getattr(b, what) for a, b in zip(ours, theirs, strict=True)]


def _spread(values: list[float], form: str) -> str:
    return f"{median(values):{form}} ({min(values):{form}} to {max(values):{form}})"


def removal_to_red() -> None:
    """From a record's removal in a drill to the row of the database that says FAIL, at the drill's intervals."""
    from tests.watch.child import child, reading, until, write_profile
    from tests.worlds import start_world

    with tempfile.TemporaryDirectory(prefix="bench-red-") as folder, start_world(speed=1.0) as world:
        database = Path(folder) / "cockpit.db"
        profile = write_profile(world.profile, Path(folder) / "profile.json")
        times = []
        with child("slow", str(profile), str(database)), reading(database) as reader:
            for host in ("www.news.example", "api.pay.example", "www.shop.example"):
                target = host.partition(".")[2]
                until(partial(_is, reader, target, "OK"), 60)
                world.inject(do="dns-withdraw", name=host, type="A")
                started = time.monotonic()
                until(partial(_is, reader, target, "FAIL"), 60)
                times.append(time.monotonic() - started)
    print(f"removal to red row: {', '.join(f'{each:.1f}' for each in times)} s, looking every 5 s")


def _is(reader: Any, target: str, verdict: str) -> bool:
    return bool(reader.verdicts().get((target, "dns.resolution")) == verdict)


@pytest.mark.bench
def test_everybody_gets_every_answer(tmp_path: Path) -> None:
    with server(40) as (_, port):
        assert asyncio.run(by_engine(port, 480)) == 480
        known: dict[tuple[str, str], int] = {}
        assert asyncio.run(by_gist(port, 480, known)) == asyncio.run(by_gist(port, 480, known)) == 480
        assert asyncio.run(by_ask(port, 480)) == 480
        assert asyncio.run(by_asyncresolver(port, 60)) == 60


def main() -> None:
    """The whole measurement."""
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5
    pin_to(0)
    with server(WATCHED) as (kind, port), tempfile.TemporaryDirectory(prefix="bench-") as folder:
        compare(port, kind, rounds, 60_000, 60, Path(folder))
        watch_many(port, WATCHED, 60.0)
        watch_many(port, WATCHED, 60.0, silent=True)
    removal_to_red()
    print(f"zone {APEX} with {WATCHED} domains of {len(QUESTIONS)} records")


if __name__ == "__main__":
    main()
