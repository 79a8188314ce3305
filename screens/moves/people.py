"""Moves among people: handing over, tasks, decisions, check-ins, and acting on what waits."""

from cockpit.errors import Refused
from cockpit.incident.model import Incident
from cockpit.incident.roles import title_of
from screens.asking.compose import Preview
from screens.asking.dialogs import Ask, Choose, Option
from screens.bridge import Bridge
from screens.commands import Standing
from screens.pages.people import PeopleScreen
from screens.present.people import Matter


def named(bridge: Bridge, standing: Standing, argument: str = "") -> Incident:
    """The incident that a move is about."""
    return bridge.desk.incidents.get(argument or standing.incident)


async def choose_person(bridge: Bridge, title: str, *, role: str = "", but: str = "") -> str | None:
    """One of those configured, who has the role first; or a name that is typed. None when it was left."""
    me = bridge.desk.operator
    people = sorted(bridge.desk.settings.people, key=lambda person: role not in person.roles)
    options = [
        Option(person.id, person.id, " ".join(filter(None, (person.name, ", ".join(person.roles), person.contact))))
        for person in people
        if person.id != but
    ]
    if me != but and all(option.value != me for option in options):
        options.append(Option(me, me, "you"))
    chosen = await bridge.ask(Choose(title, [*options, Option("?", "somebody else", "type a name")]))
    return await bridge.ask(Ask(title, hint="name")) if chosen == "?" else chosen


async def show_people(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Go to the people of the incident."""
    bridge.go("people")


async def hand_over(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Offer a role of yours to somebody, with the card that the cockpit writes."""
    incident = named(bridge, standing)
    people = bridge.desk.people
    mine = people.my_roles(incident.uid)
    held = tuple(dict.fromkeys((*mine, *(given.role for given in incident.roles))))
    if not held:
        raise Refused(f"Nobody has a role in {incident.ref} yet; a gives one.")
    role: str | None = held[0]
    if len(mine) != 1:
        options = [Option(code, code, f"{title_of(incident, code)}: {incident.holder(code)}") for code in held]
        role = await bridge.ask(Choose("Hand which role over?", options))
    if role is None:
        return
    giver = incident.holder(role) or ""
    taker = await choose_person(bridge, f"Hand {role} over to whom?", role=role, but=giver)
    if not taker:
        return
    card = people.card(incident.uid, role, taker)
    about = f"{giver} keeps {role} until {taker} accepts, which is one key on the Next line."
    if await bridge.confirm(Preview(f"Handover of {role} to {taker}", card, accept="offer it", about=about)):
        people.offer(incident.uid, role, taker)
        bridge.tell(f"Offered to {taker}; you keep {role} until it is accepted.")


async def accept_offer(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Take over the role that was offered to you."""
    people = bridge.desk.people
    offers = people.offers_to_me()
    waiting = next(((one, offer) for one, offer in offers if not argument or offer.id == argument), None)
    if waiting is None:
        raise Refused("No handover waits for you.")
    incident, offer = waiting
    people.accept(incident.uid, offer.id)
    bridge.chosen_incident = incident.uid
    bridge.go("incident")
    bridge.tell(
        f"You are {title_of(incident, offer.role)} of {incident.ref} now. The card is among its people (p)."
    )


async def give_task(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Ask one person to do one thing within a time box."""
    incident = named(bridge, standing)
    about = "One person, one time box. 15m in front sets the minutes; ten if left out."
    text = await bridge.ask(
        Ask("What is to be done?", about=about, hint="15m ask the registrar for the change log")
    )
    if not text:
        return
    minutes, title = _time_box(text)
    to = await choose_person(bridge, f"{title}: who?")
    if to:
        task = bridge.desk.people.give_task(incident.uid, title, to, minutes=minutes)
        _find(bridge, "task", task.id)
        bridge.tell(f"{to} has {task.minutes} minutes: {title}")


def _find(bridge: Bridge, kind: str, id_: str) -> None:
    frame = bridge.main_screen()
    if isinstance(frame, PeopleScreen):
        frame.find(kind, id_)


def _time_box(text: str) -> tuple[int, str]:
    first, _, rest = text.strip().partition(" ")
    digits = first.removesuffix("m")
    if first.endswith("m") and digits.isascii() and digits.isdigit() and rest.strip():
        return int(digits[:5]), rest.strip()
    return 10, text.strip()


async def propose(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Propose a decision and ask for strong objections."""
    incident = named(bridge, standing)
    text = await bridge.ask(
        Ask("What do you propose?", about="Everybody sees it and is asked: any strong objections?")
    )
    if text:
        decision = bridge.desk.people.propose(incident.uid, text)
        _find(bridge, "decision", decision.id)
        bridge.tell("Proposed: any strong objections? p shows what is said; x there decides.")


async def check_in(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Say that you are there, and what you do."""
    incident = named(bridge, standing)
    mine = bridge.desk.people.my_roles(incident.uid)
    role = argument or (mine[0] if mine else "")
    if not role:
        raise Refused(f"You hold no role in {incident.ref}; a gives one.")
    actions = await bridge.ask(
        Ask(f"Check-in of {role}", hint="what you do now; empty is fine", check=lambda text: None)
    )
    if actions is not None:
        bridge.desk.people.check_in(incident.uid, role=role, actions=actions)
        bridge.tell(f"{role} is there; the next check-in is due in 15 minutes.")


async def act(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Do something about what is under the cursor."""
    frame = bridge.main_screen()
    matter = frame.rows.selected if isinstance(frame, PeopleScreen) else None
    if matter is None:
        raise Refused("Nothing is selected.")
    if matter.done:
        raise Refused(f"That is {matter.done} already.")
    incident = named(bridge, standing)
    await _ACTS[matter.kind](bridge, incident, matter)


async def _act_on_offer(bridge: Bridge, incident: Incident, matter: Matter) -> None:
    people = bridge.desk.people
    if matter.who == bridge.desk.operator:
        if await bridge.confirm(Preview("A role is handed to you", matter.detail, accept="accept it")):
            people.accept(incident.uid, matter.id)
        return
    options = [Option("read", "read the card"), Option("end", "withdraw it", "the role stays where it is")]
    chosen = await bridge.ask(Choose(matter.words, options))
    if chosen == "read":
        await bridge.confirm(Preview("The card", matter.detail, accept="back"))
    elif chosen == "end":
        people.decline(incident.uid, matter.id)


async def _act_on_task(bridge: Bridge, incident: Incident, matter: Matter) -> None:
    people = bridge.desk.people
    options = [
        Option("heard", "acknowledge it", "say that it was heard"),
        Option("done", "it is done", "say what came of it"),
        Option("dropped", "drop it", "it will not be done, with the reason"),
    ]
    heard = "not acknowledged" not in matter.detail
    chosen = await bridge.ask(Choose(matter.words, options[1:] if heard else options))
    if chosen == "heard":
        people.acknowledge_task(incident.uid, matter.id)
    elif chosen == "done":
        result = await bridge.ask(Ask("What came of it?", check=lambda text: None))
        if result is not None:
            people.finish_task(incident.uid, matter.id, result)
    elif chosen == "dropped":
        reason = await bridge.ask(Ask("Why will it not be done?"))
        if reason:
            people.drop_task(incident.uid, matter.id, reason)


async def _act_on_decision(bridge: Bridge, incident: Incident, matter: Matter) -> None:
    people = bridge.desk.people
    options = [
        Option("object", "object", "strongly, with the reason"),
        Option("decide", "decide", "record what is decided; as proposed when nobody objected"),
        Option("withdraw", "withdraw it"),
    ]
    chosen = await bridge.ask(Choose(matter.words, options))
    if chosen == "object":
        reason = await bridge.ask(Ask("Why not?"))
        if reason:
            people.object(incident.uid, matter.id, reason)
    elif chosen == "decide":
        about = matter.detail.replace("\n", " ")
        outcome = await bridge.ask(Ask("What is decided?", about=about, check=lambda text: None))
        if outcome is not None:
            people.decide(incident.uid, matter.id, outcome)
    elif chosen == "withdraw":
        people.withdraw(incident.uid, matter.id)


async def _act_on_role(bridge: Bridge, incident: Incident, matter: Matter) -> None:
    people, role = bridge.desk.people, matter.id
    if matter.who == "open":
        person = await choose_person(bridge, f"{title_of(incident, role)}: who?", role=role)
        if person:
            bridge.desk.incidents.assign(incident.uid, role, person)
        return
    status = await bridge.ask(
        Ask(f"Check-in of {role}, {matter.who}", value="Active", hint="Active, Unavailable, …")
    )
    if status is None:
        return
    actions = await bridge.ask(Ask("What do they do now?", check=lambda text: None))
    if actions is not None:
        people.check_in(incident.uid, role=role, status=status, actions=actions)


_ACTS = {"offer": _act_on_offer, "task": _act_on_task, "decision": _act_on_decision, "role": _act_on_role}

MOVES = {
    "people.show": show_people,
    "people.act": act,
    "handover.offer": hand_over,
    "handover.accept": accept_offer,
    "task.give": give_task,
    "decision.propose": propose,
    "role.checkin": check_in,
}
