"""Outside programs that tests ask for a second opinion."""

import asyncio
import shutil

import pytest


def program(name: str) -> str:
    """Where a program is; skips the test where it is missing."""
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


async def run(*command: str, given: str | None = None) -> str:
    """What a program says on both its outputs."""
    process = await asyncio.create_subprocess_exec(
        *command,
        stdin=asyncio.subprocess.DEVNULL if given is None else asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate(given.encode() if given is not None else None)
    return output.decode(errors="replace")
