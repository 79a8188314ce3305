"""The watch's log: tracebacks for a file, one line for a person, secrets for nobody."""

import logging
import sys

import pytest

from cockpit.watch.process import Clean


@pytest.fixture
def record() -> logging.LogRecord:
    """What the watch says of a probe that raised."""
    try:
        raise RuntimeError("token=abcdef1234567890 \x1b[31m")
    except RuntimeError:
        fault = sys.exc_info()
    words, about = "The probe %s of %s failed.", ("mail", "shop.example")
    return logging.LogRecord("cockpit.watch", logging.WARNING, __file__, 1, words, about, fault)


def test_a_terminal_gets_one_line_without_a_traceback(record: logging.LogRecord) -> None:
    said = Clean(tracebacks=False).format(record)
    assert "The probe mail of shop.example failed. (RuntimeError: " in said
    assert len(said.splitlines()) == 1
    assert "abcdef" not in said
    assert "\x1b" not in said


def test_a_file_gets_the_traceback_redacted(record: logging.LogRecord) -> None:
    said = Clean(tracebacks=True).format(record)
    assert "Traceback (most recent call last)" in said
    assert "abcdef" not in said
    assert "\x1b" not in said
