"""What commands print is cleaned while it comes, however it is cut into pieces."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.runbooks.output import Output

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nsecretsecret\n-----END RSA PRIVATE KEY-----\n"


@given(st.lists(st.integers(1, 40), min_size=1, max_size=30))
def test_a_private_key_is_left_out_in_whatever_pieces_it_comes(cuts: list[int]) -> None:
    raw = f"before\n{KEY}after ü\n".encode()
    output, shown, place = Output(10_000), "", 0
    for cut in [*cuts, len(raw)]:
        shown += output.take(raw[place : place + cut])
        place += cut
    shown += output.end()
    assert shown == "before\n[private key left out]\nafter ü\n"


def test_control_characters_are_shown_and_secrets_are_not() -> None:
    output = Output(10_000)
    shown = output.take(b"\x1b]52;c;QQ==\x07 token=abcdef\n") + output.end()
    assert "\x1b" not in shown
    assert "abcdef" not in shown


def test_output_is_capped_and_says_how_much_was_not_kept() -> None:
    output = Output(1_000)
    shown = "".join(output.take(b"x" * 99 + b"\n") for _ in range(2_000)) + output.end()
    assert len(shown) < 1_100
    assert "more bytes were not kept" in shown


def test_a_line_that_never_ends_is_let_out_in_time() -> None:
    output = Output(100_000)
    assert output.take(b"x" * 10_000)
