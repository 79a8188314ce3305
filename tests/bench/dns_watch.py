"""What a watch of very many domains takes, in a process of its own: questions per second, CPU and memory.

`bench_dns.py` runs it. By itself it is the child, `dns_watch.py PORT DOMAINS SECONDS [silent]`, and prints one
JSON line.
"""

import asyncio
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

from cockpit.clock import SystemClock
from cockpit.config import DomainConfig, Intervals, Settings
from cockpit.config.settings import RecordPin
from cockpit.probes.engine import engine as module
from cockpit.profile import Profile, Resolver
from cockpit.watch.loop import Watch
from cockpit.watch.schedule import Schedule
from cockpit.watch.store import Store
from tests.bench.dns_server import ADDRESS, ADDRESSES, QUESTIONS, VALUES, domain, name_of, presentation

PACE = 5000.0
"""Questions per second that a resolver of one's own takes; public ones would make the sweep longer."""

HOUR_S = 3600.0


def watch_many(port: int, domains: int, seconds: float, *, silent: bool = False) -> None:
    """Run the child, and print what it measured beside what is wanted.

    With `silent` one of the three resolvers takes questions and never answers.
    """
    command = [sys.executable, __file__, str(port), str(domains), str(seconds), *(["silent"] if silent else [])]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise SystemExit(done.stderr)
    seen = json.loads(done.stdout)
    wanted = domains * len(QUESTIONS) * 3 / 60
    print(
        f"watch of {domains} domains x {len(QUESTIONS)} questions x 3 resolvers and their name server, "
        f"every 60 s (wants {wanted:,.0f} q/s of the resolvers alone)"
        f"{', one of them silent' if silent else ''}:\n"
        f"  {seen['per_s']:,.0f} q/s over {seconds:.0f} s, {seen['looks_per_s']:.0f} looks/s "
        f"(wants {domains / 60:.0f}), {seen['core']:.2f} of a core\n"
        f"  memory: {seen['empty_mb']:.0f} MB before, {seen['rss_mb']:.0f} MB with all of them looked at"
    )


class Counts:
    """What was sent and looked at so far, and the CPU and the time that it took."""

    def __init__(self) -> None:
        self.sent = self.looks = 0

    def begin(self) -> None:
        """Count from now on, in the engine and the schedule themselves."""
        put, done = module.Engine._put, Schedule.done

        def counted(engine: Any, *arguments: Any) -> Any:
            self.sent += 1
            return put(engine, *arguments)

        def ended(schedule: Any, *arguments: Any) -> Any:
            self.looks += 1
            return done(schedule, *arguments)

        setattr(module.Engine, "_put", counted)  # noqa: B010 - a counter, not another engine
        setattr(Schedule, "done", ended)  # noqa: B010

    def now(self) -> tuple[float, float, int, int]:
        """Time, CPU, questions and looks."""
        return time.monotonic(), time.process_time(), self.sent, self.looks


def reached(port: int, nobody: int | None) -> Profile:
    """Three resolvers and the name server; the first resolver is at the port `nobody`, where one is given."""
    resolvers = tuple(Resolver(f"r{number}", f"198.51.100.{number}", per_s=PACE) for number in (1, 2, 3))
    named = [*(each.address for each in resolvers), ADDRESS]
    dial = {f"{one}:53": f"{real}:{port}" for one, real in zip(named, ADDRESSES, strict=True)}
    if nobody is not None:
        dial[f"{named[0]}:53"] = f"127.0.0.1:{nobody}"
    return Profile(resolvers=resolvers, dial=dial, loopback_only=True)


def configured(domains: int) -> Settings:
    """So many domains with eleven expected records each, looked at every minute."""
    found = tuple(
        DomainConfig(
            name=domain(number),
            records=tuple(
                RecordPin(
                    name_of(below, domain(number)),
                    rtype,
                    tuple(values if rtype == "TXT" else (presentation(rtype, value) for value in values)),
                )
                for (below, rtype), values in list(VALUES.items())[:11]
            ),
        )
        for number in range(domains)
    )
    return Settings(domains=found, intervals=Intervals(dns_s=60.0, dnssec_s=HOUR_S, mail_s=HOUR_S))


async def measure(settings: Settings, profile: Profile, seconds: float, folder: str) -> dict[str, float]:
    """Watch until everything was looked at once, then measure for so long."""
    counts = Counts()
    counts.begin()
    store = Store(Path(folder) / "cockpit.db", SystemClock(), "bench")
    await store.open()
    await store.acquire()
    watch = Watch(settings, profile, store, SystemClock(), "bench")
    watch._looks._engine._per_s = PACE
    watch._jobs = [job for job in watch._jobs if job.probe == "resolution"]
    watch._schedule = Schedule(watch._jobs, time.monotonic(), random.random)
    running = asyncio.create_task(watch.run())
    await asyncio.wait({running}, timeout=min(len(settings.domains) / 50.0, 60.0) * 1.1)
    began = counts.now()
    await asyncio.wait({running}, timeout=seconds)
    # What is cut off by the stop was no look.
    took, used, sent, looks = (after - before for after, before in zip(counts.now(), began, strict=True))
    rss = rss_mb()
    watch.stop()
    await running
    await store.close()
    return {"per_s": sent / took, "looks_per_s": looks / took, "core": used / took, "rss_mb": rss}


def rss_mb() -> float:
    """Memory of this process that is resident, in megabytes."""
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    """The child."""
    port, domains, seconds, silent = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3]), sys.argv[4:]
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as nobody:
        nobody.bind(("127.0.0.1", 0))
        profile = reached(port, nobody.getsockname()[1] if silent else None)
        empty = rss_mb()
        with tempfile.TemporaryDirectory(prefix="bench-watch-") as folder:
            found = asyncio.run(measure(configured(domains), profile, seconds, folder))
    print(json.dumps({**found, "empty_mb": empty}))


if __name__ == "__main__":
    main()
