"""What a command prints, made safe while it comes: visible characters, no secrets, a cap."""

import codecs
import re

from cockpit.text import redact, visible

LONGEST_LINE = 8_192
_KEY_BEGINS = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----")
_KEY_ENDS = re.compile(r"-----END [A-Z ]*PRIVATE KEY-----")


class Output:
    """Takes bytes as they come and gives back text, whole lines at a time, until `cap` characters are out.

    A private key is left out as a whole, also when it comes in pieces.
    """

    def __init__(self, cap: int) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._left = cap
        self._partial = ""
        self._in_key = False
        self._dropped = 0
        self._printed: list[str] = []
        self.total = 0

    @property
    def printed(self) -> str:
        """All that was given back so far, for taking values out of it."""
        return "".join(self._printed)

    def take(self, raw: bytes) -> str:
        """The text that `raw` completes; empty while a line is unfinished."""
        self.total += len(raw)
        if self._left <= 0:
            self._dropped += len(raw)
            return ""
        self._partial += self._decoder.decode(raw)
        complete, newline, rest = self._partial.rpartition("\n")
        if not newline and len(rest) <= LONGEST_LINE:
            return ""
        self._partial = rest if newline else ""
        return self._clean(complete + newline if newline else rest)

    def end(self) -> str:
        """What was left unfinished, and how much was not kept."""
        text = self._clean(self._partial + self._decoder.decode(b"", final=True))
        self._partial = ""
        return f"{text}\n… {self._dropped} more bytes were not kept\n" if self._dropped else text

    def _clean(self, text: str) -> str:
        kept = "".join(self._line(line) for line in text.splitlines(keepends=True))
        safe = redact(visible(kept, limit=max(len(kept), 1), newlines=True))
        shown = safe[: self._left]
        self._dropped += len(safe) - len(shown)
        self._left -= len(shown)
        self._printed.append(shown)
        return shown

    def _line(self, line: str) -> str:
        if self._in_key:
            self._in_key = not _KEY_ENDS.search(line)
            return ""
        if _KEY_BEGINS.search(line):
            self._in_key = not _KEY_ENDS.search(line)
            return "[private key left out]\n"
        return line.replace("\r\n", "\n")
