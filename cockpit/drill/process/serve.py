"""`python -m cockpit.drill.process.serve NAME`: one world in a process of its own.

Prints its profile as exactly one JSON line on standard output, says nothing else there, and lives until its
standard input closes. What goes wrong at the start is one sentence on standard error, with exit code 2.
"""

import argparse
import asyncio
import os
import signal
import sys
import threading

from cockpit.errors import CockpitError


def main(arguments: list[str] | None = None) -> int:
    """Serve one world; returns the process's exit code."""
    given = _parser().parse_args(arguments)
    try:
        return asyncio.run(_serve(given.name, given.speed, given.seed, given.operator))
    except CockpitError as error:
        print(error, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m cockpit.drill.process.serve", description=__doc__)
    parser.add_argument("name", help="a bundled scenario")
    parser.add_argument("--speed", type=float, default=1.0, help="scenario seconds per second")
    parser.add_argument("--seed", type=int, default=0, help="the same seed lays the same tokens")
    parser.add_argument("--operator", default="operator", help="session name of the drill's AWS caller")
    return parser


async def _serve(name: str, speed: float, seed: int, operator: str) -> int:
    import msgspec

    from cockpit.drill.estate.baseline import PreparedKey

    prepared = PreparedKey()
    from cockpit.drill.fences.guard import install
    from cockpit.drill.scenario import load_scenario
    from cockpit.drill.world import World

    world = World(load_scenario(name), speed=speed, seed=seed, operator=operator, prepared=prepared)
    install(world.attempts)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: world.happenings.note("world", f"defect: {context['message']}"))
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    await world.start()
    try:
        os.write(sys.stdout.fileno(), msgspec.json.encode(world.profile) + b"\n")
        _until_eof(loop, ended)
        await asyncio.to_thread(world.account.warm)
        await ended.wait()
    finally:
        await world.close()
    return 0


def _until_eof(loop: asyncio.AbstractEventLoop, ended: asyncio.Event) -> None:
    """Read standard input to its end in a thread, whatever it is: a pipe, a terminal or a file."""

    def read() -> None:
        while os.read(0, 4096):
            continue
        loop.call_soon_threadsafe(ended.set)

    threading.Thread(target=read, daemon=True).start()


if __name__ == "__main__":
    sys.exit(main())
