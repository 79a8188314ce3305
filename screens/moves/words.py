"""Moves of words: an update to an audience, what became of it, templates, and calling the team."""

import os
import re
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from cockpit.comms.templates import bundled
from cockpit.desk.incident.messages import AUDIENCES, BY_HAND
from cockpit.errors import CockpitError, Refused
from cockpit.incident.deadlines import DeadlineState
from cockpit.incident.model import Incident
from screens.asking.compose import Composer, Preview
from screens.asking.conflict import Conflict, TwoTexts
from screens.asking.dialogs import Ask, Choose, Option
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.people import named
from screens.pages.told import ToldScreen

_DUE = {"customers": "customers", "partners": "partners", "executives": "executives", "management": "management"}
"""Clocks that name an audience; every other one means the team's own channel."""
_ADDRESS = re.compile(r"#[0-9]{1,18}|[^@\s]+@[^@\s]+")
"""A mail address, or the number of a ticket that is open."""


async def update(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Choose an audience, review the words, choose how they go: that sends or records them."""
    incident = named(bridge, standing, argument)
    messages = bridge.desk.messages
    audience = await bridge.ask(_audiences(bridge, incident))
    if audience is None:
        return
    draft = messages.draft(incident.uid, audience)
    about = f"{AUDIENCES[audience]}; from the template {draft.template}"
    text: str | None = draft.text
    while text is not None:
        text = await bridge.ask(
            Composer(
                f"Update for {audience}",
                text,
                about=about,
                public=bundled(draft.template).audience == "public",
                edit=editor(bridge),
            )
        )
        channel = await bridge.ask(_channels(bridge, incident, audience)) if text is not None else None
        if text is None or channel is None:
            continue
        to = await addresses(bridge, incident.uid, audience, channel)
        reason = await page_reason(bridge, incident.uid, audience) if to is not None else None
        if to is not None and reason is not None and _sent(bridge, incident, audience, text, channel, reason, to):
            return


async def page_reason(bridge: Bridge, uid: str, audience: str) -> str | None:
    """Why the status page's order is left; empty where it is not, None when nobody would say."""
    order = bridge.desk.messages.page_order(uid) if audience == "customers" else ""
    return await bridge.ask(Ask("Out of the status page's order", about=order)) if order else ""


async def addresses(bridge: Bridge, uid: str, audience: str, channel: str) -> Sequence[str] | None:
    """Whom a channel that writes to persons shall reach; empty where that is known, None when nobody would say."""
    if not bridge.desk.messages.wants_address(uid, audience, channel):
        return ()
    said = await bridge.ask(
        Ask(
            f"{channel}: to whom?",
            about=f"No address for {audience} is known here; cockpit owners import brings those of owners.",
            hint="owner@shop.example, #4711 for a ticket, several with commas",
            check=_no_address,
        )
    )
    return _split(said) if said else None


def _split(text: str) -> Sequence[str]:
    return [part for part in re.split(r"[,;\s]+", text) if part]


def _no_address(text: str) -> str | None:
    """What is wrong with a list of addresses and ticket numbers."""
    parts = _split(text)
    wrong = [part for part in parts if not _ADDRESS.fullmatch(part)]
    return (
        f"{wrong[0]} is neither an address nor a ticket (#4711)." if wrong else None if parts else "Name somebody."
    )


def _audiences(bridge: Bridge, incident: Incident) -> Choose:
    """Who is to be told, the one whose clock runs out first under the cursor."""
    clocks = [clock for clock in bridge.desk.incidents.deadlines(incident.uid) if clock.is_running and clock.due]
    clocks.sort(key=lambda clock: (clock.state is not DeadlineState.BREACHED, clock.due or bridge.desk.clock.now()))
    due = next(
        (_DUE.get(clock.name, "internal") for clock in clocks if clock.name in (*_DUE, "update")), "internal"
    )
    options = [Option(name, name, says) for name, says in AUDIENCES.items()]
    return Choose(f"Update for {incident.ref}", options, about="Who is to be told?", selected=due)


def _channels(bridge: Bridge, incident: Incident, audience: str) -> Choose:
    """How it goes: the usual way first, with what is known against a way."""
    cards = sorted(bridge.desk.messages.channels(incident.uid, audience), key=lambda card: not card.usual)
    options = [
        Option(card.name, card.name, f"▲ {card.warning}" if card.warning else _way_says(card.kind, card.usual))
        for card in cards
    ]
    warned = "; ".join(f"{card.name}: {card.warning}" for card in cards if card.usual and card.warning)
    about = f"▲ {warned}" if warned else f"How does it reach {audience}? Choosing sends it."
    return Choose("Send by", options, about=about)


def _way_says(kind: str, usual: bool) -> str:
    if kind == "clipboard":
        return "recorded, and put on your clipboard to be pasted where they read"
    return f"{kind}{', the usual way' if usual else ''}"


def _sent(
    bridge: Bridge,
    incident: Incident,
    audience: str,
    text: str,
    channel: str,
    reason: str = "",
    to: Sequence[str] = (),
) -> bool:
    """Send or record the words; what is wrong with them is said, and they stay there to be corrected."""
    try:
        used = bridge.desk.messages.send(incident.uid, audience, text, channel=channel, reason=reason, to=to)
    except CockpitError as error:
        bridge.tell(str(error), "error")
        return False
    if used == BY_HAND:
        bridge.copy_to_clipboard(text)
    how = "recorded and copied" if used == BY_HAND else f"on its way by {used}; w shows what becomes of it"
    bridge.tell(f"Update for {audience}: {how}.")
    return True


async def show_told(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go to who was told what when."""
    bridge.go("told")


async def resend(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Send the selected message once more, by a way that is chosen."""
    frame = bridge.main_screen()
    told = frame.rows.selected if isinstance(frame, ToldScreen) else None
    if told is None:
        raise Refused("No message is selected.")
    incident = named(bridge, standing)
    channel = await bridge.ask(_channels(bridge, incident, told.audience))
    to = await addresses(bridge, incident.uid, told.audience, channel) if channel and not told.to else ()
    reason = await page_reason(bridge, incident.uid, told.audience) if channel and to is not None else None
    if channel is None or reason is None:
        return
    if channel == BY_HAND:
        _sent(bridge, incident, told.audience, told.text, BY_HAND, reason)
    elif channel:
        other = "" if channel == told.channel else channel
        used = bridge.desk.messages.resend(told.id, channel=other, reason=reason, to=to or ())
        bridge.tell(f"Sent once more by {used}.")


async def edit_template(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Choose a template and edit it; a lost race shows both texts and nothing is overwritten."""
    words = bridge.desk.messages.words
    options = [
        Option(card.name, card.name, f"{card.title}, {card.audience}, version {card.version} by {card.author}")
        for card in words.all()
    ]
    name = argument or await bridge.ask(Choose("Which template?", options))
    if not name:
        return
    known = words.get(name)
    text: str | None = known.text
    base = known.version
    while text is not None:
        about = f"{known.title}, version {base}. {{{{name}}}} is replaced by what is known; nothing else happens."
        text = await bridge.ask(
            Composer(f"Template {name}", text, about=about, accept="save as the next version", gaps_allowed=True,
                     public=bundled(name).audience == "public", edit=editor(bridge))
        )  # fmt: skip
        if text is None:
            return
        try:
            saved = words.save(name, text, base)
        except CockpitError as error:
            if not isinstance(error, TwoTexts):
                bridge.tell(str(error), "error")
                continue
            choice = await bridge.ask(Conflict(error))
            base, both = error.revision, f"{error.theirs}\n{error.mine}"
            text = {"mine": error.mine, "theirs": error.theirs, "both": both}.get(choice or "mine", error.mine)
            continue
        bridge.tell(f"{name} stands at version {saved.version}.")
        return


def editor(bridge: Bridge) -> Callable[[str], str]:
    """Edits a text in $VISUAL or $EDITOR with the terminal given away; raises Refused where that cannot be done."""

    def edit(text: str) -> str:
        command = shlex.split(os.environ.get("VISUAL") or os.environ.get("EDITOR") or "vi")
        with tempfile.TemporaryDirectory(prefix="cockpit-") as folder:
            path = Path(folder) / "text.md"
            path.write_text(text, encoding="utf-8")
            try:
                with bridge.given_away():
                    done = subprocess.run([*command, str(path)], check=False)  # noqa: S603 - what the operator set
            except OSError as error:
                raise Refused(f"{command[0]} cannot be started: {error.strerror}.") from None
            if done.returncode != 0:
                raise Refused(f"{command[0]} ended with code {done.returncode}; the text is as it was.")
            return path.read_text(encoding="utf-8", errors="replace")

    return edit


async def assemble(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Call the roles that are required and open, after showing the text."""
    incident = named(bridge, standing)
    messages = bridge.desk.messages
    text = messages.draft(incident.uid, "internal", "team_assembly").text
    if await bridge.confirm(Preview("Assemble the team", text, accept="send it and page open roles")):
        room = await _room(bridge, incident)
        if room is None:
            return
        used = ", ".join(messages.assemble(incident.uid))
        if used == BY_HAND:
            bridge.copy_to_clipboard(text)
        where = f" and meets in {room}" if room else ""
        bridge.tell(f"The team is called by {used}{where}.")


async def _room(bridge: Bridge, incident: Incident) -> str | None:
    """The incident's own channel, opened with its topic where that is wanted; empty without, None when left."""
    messages = bridge.desk.messages
    if not messages.has_rooms or bridge.desk.read_only:
        return ""
    name = messages.draft(incident.uid, "internal", "slack_channel").text.strip()
    options = [
        Option("open", f"in {name}", "Slack opens it, or sets its topic anew; later messages go there"),
        Option("stay", "where it meets now", "no channel is opened"),
    ]
    chosen = await bridge.ask(Choose("Where does the team meet?", options))
    if chosen is None:
        return None
    return messages.open_room(incident.uid) if chosen == "open" else ""


MOVES = {
    "incident.update": update,
    "told.show": show_told,
    "told.resend": resend,
    "words.edit": edit_template,
    "team.assemble": assemble,
}
