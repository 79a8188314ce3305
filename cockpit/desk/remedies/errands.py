"""Questions that only the network can answer, asked by a child of ours while the screen goes on.

A child is this program with one of its own commands and `--json`. Profile and settings go through its standard
input, never through its arguments, because they may carry a token; its answer comes back through a pipe and is
never on disk.
"""

import asyncio
import json
from asyncio.subprocess import PIPE
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from cockpit.config import Settings
from cockpit.errors import WorldError
from cockpit.own_process import own_command, own_environment
from cockpit.profile import Profile
from cockpit.text import redact, visible

PATIENCE_S = 60.0
"""Seconds after which a child that does not answer is ended."""

_MOST_OCTETS = 64_000_000


class Errands:
    """Sends children for one operator at one desk."""

    def __init__(
        self, profile: Profile, settings: Settings, database: Path, operator: str, *, read_only: bool
    ) -> None:
        brings = msgspec.to_builtins(settings)
        self._profile = msgspec.json.encode(msgspec.structs.replace(profile, control=None, settings=brings))
        self._frame = ["--profile", "-", "--database", str(database), "--as", operator]
        if read_only:
            self._frame.append("--read-only")

    async def ask(self, words: Sequence[str], *, patience_s: float = PATIENCE_S) -> Any:
        """What `cockpit WORDS --json` answers, as plain values; raises WorldError with the child's sentence.

        A command that exits with 1 or 2 and prints its JSON has answered: that is how findings are told.
        """
        out, err = await self._sent(words, patience_s)
        try:
            return json.loads(out)
        except ValueError:
            said = visible(redact(err.strip().removeprefix("cockpit: ")), limit=400)
            raise WorldError(said or f"`cockpit {' '.join(words[:2])}` did not answer.") from None

    async def _sent(self, words: Sequence[str], patience_s: float) -> tuple[str, str]:
        try:
            child = await asyncio.create_subprocess_exec(
                *own_command(*self._frame, *words, "--json"),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                env=own_environment(),
                limit=_MOST_OCTETS,
                start_new_session=True,
            )
        except OSError as error:
            raise WorldError(f"No child can be started: {error.strerror}.") from None
        try:
            out, err = await asyncio.wait_for(child.communicate(self._profile), patience_s)
        except TimeoutError:
            raise WorldError(f"AWS did not answer within {patience_s:.0f} s.") from None
        finally:
            if child.returncode is None:
                child.kill()
        return out.decode("utf-8", "replace"), err.decode("utf-8", "replace")
