"""Messages as files: the channel that is left when every other one is down."""

import os
from pathlib import Path

from cockpit.comms.outcome import Letter, Outcome, refused, sent
from cockpit.paths import private_directory
from cockpit.text import redact, visible


class FileDrop:
    """One private file per message in `folder`; a message that is there already is not written again."""

    safe_to_repeat = True

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def send(self, letter: Letter, *, again: bool) -> Outcome:
        """Write it; a folder that cannot be written is a refusal."""
        name = f"{letter.ref or 'message'}-{letter.audience}-{letter.id[:12]}.txt".replace("/", "-")
        text = redact(visible(letter.text, limit=40_000, newlines=True))
        head = f"To: {', '.join(letter.to)}\n" if letter.to else ""
        try:
            path = private_directory(self._folder) / name
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                file.write(f"{head}{text}\n")
        except FileExistsError:
            return sent(f"{name} is there already")
        except OSError as error:
            return refused(f"The file {name} cannot be written: {error.strerror}.")
        return sent(str(path))
