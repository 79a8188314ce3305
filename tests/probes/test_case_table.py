"""Every numbered case of the fact sheet has a test that serves it over real sockets, and bears its number.

The lines of its three lists (MX and MTA-STS, DNSSEC, TLS and HTTP) are numbered from one within their list.
"""

import re
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent
SERVED = (HERE, HERE.parent / "watch", HERE.parent / "cli")
"""Where tests talk to servers on loopback."""

NUMBERS = range(1, 65)

_IN_NAME = re.compile(r"def test_cases?_((?:\d+_)(?:and_(?:\d+_))*)")
_IN_TABLE = re.compile(r"\bCase\(\s*(\d+),")


def numbered() -> Iterator[tuple[int, str]]:
    """Number and place of every test that names one."""
    for folder in SERVED:
        for path in sorted(folder.rglob("test_*.py")):
            text = path.read_text(encoding="utf-8")
            for match in _IN_NAME.finditer(text):
                for number in re.findall(r"\d+", match[1]):
                    yield int(number), f"{path.name}: {text[match.start() : match.end()]}"
            for match in _IN_TABLE.finditer(text):
                yield int(match[1]), f"{path.name}: a table"


def test_all_sixty_four_cases_have_a_test_of_their_number() -> None:
    found = {number for number, _ in numbered()}
    assert [number for number in NUMBERS if number not in found] == []
    assert found <= set(NUMBERS)


LISTS = {"mx": 6, "dnssec": 9, "tls": 11}
"""The lists beside the numbered cases, and how many lines each has; a line's number is its place in the list."""

_LISTED = re.compile(r"def test_(mx|dnssec|tls)_(\d+)_")


def test_every_line_of_the_three_lists_has_a_test_of_its_number() -> None:
    found = {
        (match[1], int(match[2]))
        for folder in SERVED
        for path in folder.rglob("test_*.py")
        for match in _LISTED.finditer(path.read_text(encoding="utf-8"))
    }
    assert found == {(name, number) for name, lines in LISTS.items() for number in range(1, lines + 1)}
