"""What was sent for one target, with the exact requests: as the ledger has it, without secrets."""

import json
from collections.abc import Sequence

from cockpit.desk.remedies.command_log import Sent
from screens.present.lines import EMPTY, Line, Span, Tone, line, rule, wrap
from screens.present.words import utc

_OUTCOMES: dict[str, Span] = {
    "applied": ("✔ applied", Tone.OK),
    "refused": ("✖ refused", Tone.FAIL),
    "conflict": ("✖ conflict", Tone.FAIL),
    "unknown": ("? unknown", Tone.UNKNOWN),
    "not applied": ("· not applied", Tone.MUTED),
    "": ("… under way", Tone.ACCENT),
}
MOST = 200
"""Requests that are shown; `cockpit action log` prints all of them."""


def log_lines(sent: Sequence[Sent], target: str, cells: int) -> list[Line]:
    """Each request with when, as whom, what became of it, and its parameters; the newest first."""
    lines = [rule(f"What was sent for {target}", cells, f"{len(sent)} requests")]
    for each in sent[:MOST]:
        back = " to take it back" if each.back else ""
        head = line((f"{each.at:%Y-%m-%d} {utc(each.at)} ", Tone.MUTED), _OUTCOMES[each.outcome], "  ")
        lines += wrap(f"{each.operation}{back}", cells, Tone.STRONG, first=head, indent=4)
        where = f"account {each.account}, region {each.region}, as {each.caller} ({each.operator})"
        lines += wrap(where, cells, Tone.MUTED, first=line("    "), indent=4)
        for name, value in each.request.items():
            text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
            lines += wrap(text, cells, first=line((f"    {name}  ", Tone.ACCENT)), indent=6)
        if each.detail:
            lines += wrap(each.detail, cells, Tone.MUTED, first=line("    "), indent=4)
        lines.append(EMPTY)
    if not sent:
        lines += wrap("Nothing was ever sent for it from here.", cells, Tone.MUTED)
    if len(sent) > MOST:
        lines += wrap(f"{len(sent) - MOST} older ones: cockpit action log --target {target}", cells, Tone.MUTED)
    return lines
