"""Under a real terminal: what reaches it, what it is left like, and with which exit code."""

import re
import signal
import sys
from pathlib import Path

import pytest

from tests.screens.terminal import Terminal

LEFT_ALTERNATE_SCREEN = b"\x1b[?1049l"
COLOUR = re.compile(rb"\x1b\[(?:[0-9;]*;)?(?:3[0-9]|4[0-9]|9[0-7]|10[0-7])(?:;[0-9;]*)?m")


def stage(mode: str, directory: Path, **options: object) -> Terminal:
    return Terminal([sys.executable, "-m", "tests.screens.stage", mode, str(directory)], **options)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def hostile_output(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    with stage("hostile", tmp_path_factory.mktemp("hostile"), columns=120, rows=40) as terminal:
        code = terminal.wait(60)
        assert code == 0, bytes(terminal.output[-2000:])
        return bytes(terminal.output)


@pytest.mark.parametrize(
    "sequence",
    [
        b"\x1b[31mPWN",
        b"\x1b[2J\x1b[1;1HPWN",
        b"\x1b]0;PWN",
        b"\x1b]52;c;UFdO",
        b"\x1bPPWN",
        b"\xc2\x9b",
        "\u202e".encode(),
        "\u2066".encode(),
        "\u200b".encode(),
        "\ufeff".encode(),
        "\U000e0041".encode(),
        b"\x00",
        b"\x7f",
        b"\x1b]8;",
    ],
    ids=ascii,
)
def test_no_sequence_from_outside_reaches_the_terminal(hostile_output: bytes, sequence: bytes) -> None:
    assert hostile_output.count(b"PWN") > 100
    assert sequence not in hostile_output


def test_markup_from_outside_is_shown_as_it_is_written(hostile_output: bytes) -> None:
    assert b"[@click=app.quit]PWN" in hostile_output


def test_a_resize_to_anything_is_survived_and_the_terminal_is_given_back(tmp_path: Path) -> None:
    with stage("troubled", tmp_path) as terminal:
        terminal.wait_for(b"Domains")
        terminal.resize(20, 5)
        terminal.wait_for(b"20x5", since=len(terminal.output))
        mark = len(terminal.output)
        terminal.resize(400, 120)
        terminal.wait_for(b"timeline", since=mark)
        mark = len(terminal.output)
        terminal.resize(80, 24)
        terminal.wait_for(b"screens", since=mark)
        terminal.send("q")
        assert terminal.wait() == 0
        assert LEFT_ALTERNATE_SCREEN in terminal.output


def test_a_line_that_is_cut_in_the_middle_of_a_frame_ends_it(tmp_path: Path) -> None:
    with stage("troubled", tmp_path) as terminal:
        terminal.wait_for(b"Domains")
        terminal.send("?:" * 20)
        terminal.cut()
        assert terminal.process.wait(20) == 129


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129)])
def test_a_signal_ends_it_in_order(tmp_path: Path, number: signal.Signals, code: int) -> None:
    with stage("troubled", tmp_path) as terminal:
        terminal.wait_for(b"Domains")
        terminal.process.send_signal(number)
        assert terminal.wait() == code
        assert LEFT_ALTERNATE_SCREEN in terminal.output


def test_a_crash_says_where_and_prints_no_local_variable(tmp_path: Path) -> None:
    with stage("crash", tmp_path) as terminal:
        code = terminal.wait()
        text = bytes(terminal.output).decode("utf-8", "replace")
    assert code == 1
    assert "internal error at __main__:" in text.replace("\r\n", " ")
    assert "wJalrXUtnFEMI" not in text
    assert "secret_of_the_account" not in text
    assert "\x1b]0;PWN" not in text
    assert LEFT_ALTERNATE_SCREEN.decode() in text


def test_no_color_leaves_the_terminal_s_own_colours(tmp_path: Path) -> None:
    with stage("troubled", tmp_path, env={"NO_COLOR": "1"}) as terminal:
        terminal.wait_for(b"Domains")
        terminal.read_for(0.3)
        terminal.send("j?")
        terminal.wait_for(b"Help")
        assert not COLOUR.findall(bytes(terminal.output))
        assert b"\x1b[7m" in terminal.output or b";7m" in terminal.output
        terminal.send("\x1b")
