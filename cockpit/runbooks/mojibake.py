"""Text whose UTF-8 was once read as another encoding, read as what it was: `‚úÖ` is a check mark again."""

import re

_FOREIGN = re.compile(r"[^\x00-\x7f]{2,}")
_MISREAD_AS = ("mac_roman", "cp1252")


def mended(text: str) -> str:
    """The text with every run of characters put right that only makes sense as UTF-8 read wrongly.

    A run counts only if its bytes in the wrong encoding are valid UTF-8, which ordinary words in any language are
    not; so text that is whole stays as it is, and mending twice changes nothing.
    """
    return _FOREIGN.sub(lambda match: _read_again(match.group()), text)


def _read_again(run: str) -> str:
    for encoding in _MISREAD_AS:
        try:
            again = run.encode(encoding).decode("utf-8")
        except UnicodeError:
            continue
        return again
    return run
