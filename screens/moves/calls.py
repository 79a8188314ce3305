"""Moves of calling out: whom to call with what came of it, and cases for registrar, clouds and vendors."""

import asyncio
from collections.abc import Sequence

from cockpit.config.command import ContactConfig
from cockpit.desk.incident.contacts import GCLOUD, TRIGGERS, CasePack
from cockpit.errors import CockpitError
from screens.asking.compose import Preview
from screens.asking.dialogs import Ask, Choose, Option
from screens.asking.find import Find, Found
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.people import named


async def contacts(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Search the directory; choosing copies how to reach somebody."""
    incident = named(bridge, standing)
    room = bridge.desk.contacts

    def look_up(words: str) -> Sequence[Found]:
        return [
            Found(f"{each.name}\n{reach(each)}", each.name, contact_words(each))
            for each in room.find(words, incident.uid)
        ]

    title = f"Contacts for {incident.severity}"
    chosen = await bridge.ask(Find(title, look_up, accept="copy, and call", hint="name, group, note"))
    if not chosen:
        return
    name, _, way = chosen.partition("\n")
    bridge.copy_to_clipboard(way)
    if bridge.desk.read_only:
        bridge.tell(f"Copied: {way}")
        return
    came = await bridge.ask(Choose(f"{name}: {way}", _CAME, about="Copied. What came of the call? It is recorded."))
    if came:
        bridge.desk.incidents.note(incident.uid, f"{name} called ({way}): {came}", kind="contact")


def reach(contact: ContactConfig) -> str:
    """How to reach somebody, the quickest way first."""
    return contact.phone or contact.mail or contact.chat or contact.name


def contact_words(contact: ContactConfig) -> str:
    """Everything that is known of a contact, the group and level in front."""
    level = f"level {contact.level}" if contact.level else ""
    ways = (contact.group, level, contact.phone, contact.mail, contact.chat, contact.note)
    return " · ".join(part for part in ways if part)


async def write_case(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Fill a case for somebody outside; ⏎ copies it."""
    incident = named(bridge, standing)
    room = bridge.desk.contacts
    options = [Option(f"registrar {name}", "registrar", says) for name, says in TRIGGERS.items()]
    options += [Option("aws", "AWS Support", "a case with account, region, impact and request")]
    options += [Option(f"gcloud {name}", "Google Cloud", form.display) for name, form in GCLOUD.items()]
    options += [
        Option(f"vendor {each.name}", each.name, each.note)
        for each in room.all(incident.uid)
        if each.group == "vendor"
    ]
    chosen = await bridge.ask(Choose("A case for whom?", options))
    if chosen is None:
        return
    whom, _, what = chosen.partition(" ")
    pack: CasePack
    if whom == "registrar":
        pack = room.registrar_case(incident.uid, what)
    elif whom == "gcloud":
        pack = room.gcloud_case(incident.uid, what)
    else:
        request = await bridge.ask(
            Ask("What is asked of them?", hint="unlock the domain, look at the delegation, …")
        )
        if not request:
            return
        pack = (
            room.aws_case(incident.uid, request) if whom == "aws" else room.vendor_case(incident.uid, what, request)
        )
    about = f"Still missing: {', '.join(pack.missing)}." if pack.missing else ""
    called = "; ".join(f"{each.name} {reach(each)}" for each in pack.contacts)
    about = " ".join(filter(None, (about, called)))
    if whom != "aws" or bridge.desk.read_only:
        if await bridge.confirm(Preview(f"Case for {pack.to}", pack.text, accept="copy", about=about)):
            _copied(bridge, incident.uid, pack)
        return
    if not await bridge.confirm(Preview(f"Case for {pack.to}", pack.text, accept="choose how", about=about)):
        return
    options = [
        Option("copy", "copy it", "to be opened in the console"),
        Option("open", f"open it, severity {pack.severity}", "by the API, once; recorded before and after"),
    ]
    how = await bridge.ask(Choose("How does it reach AWS Support?", options))
    if how == "copy":
        _copied(bridge, incident.uid, pack)
    elif how == "open":
        await _open_at_aws(bridge, incident.uid, pack)


def _copied(bridge: Bridge, uid: str, pack: CasePack) -> None:
    bridge.copy_to_clipboard(pack.text)
    if not bridge.desk.read_only:
        bridge.desk.incidents.note(uid, f"case for {pack.to} written and copied", kind="contact")
    bridge.tell(f"The case for {pack.to} is on your clipboard.")


async def _open_at_aws(bridge: Bridge, uid: str, pack: CasePack) -> None:
    """Open the case; what is wrong is recorded and said, and the text is on the clipboard all the same."""
    incidents = bridge.desk.incidents
    bridge.copy_to_clipboard(pack.text)
    incidents.note(uid, f"opening a case at {pack.to}, severity {pack.severity}", kind="contact")
    try:
        case = await asyncio.to_thread(bridge.desk.contacts.open_at_aws, pack)
    except CockpitError as error:
        incidents.note(uid, f"case at {pack.to} not opened: {error}", kind="contact")
        bridge.tell(f"{error} The text is on your clipboard.", "error")
        return
    incidents.note(uid, f"case {case} opened at {pack.to}", kind="contact")
    bridge.tell(f"Opened at {pack.to} as {case}.")


_CAME = [
    Option("", "not called yet", "only copied"),
    Option("reached", "reached", "they are on it"),
    Option("no answer", "no answer", "call the next one"),
    Option("message left", "message left"),
]

MOVES = {"contacts.show": contacts, "case.write": write_case}
