"""Moves of action items: ending, dating, assigning and adding them where they stand, in the post-mortems."""

from datetime import date, timedelta

from cockpit.errors import CockpitError, Refused
from cockpit.review.items import HORIZONS, ActionItem
from screens.asking.dialogs import Ask, Choose, Option
from screens.asking.items import ADD, DONE, DUE, OPEN, OWNER, Asked, ItemBoard
from screens.bridge import Bridge
from screens.commands import Standing
from screens.moves.people import choose_person
from screens.moves.review import open_review
from screens.pages.review import ReviewScreen

_STATES = [
    Option("in progress", "in progress"),
    Option("open", "open"),
    Option("done", "done"),
    Option("dropped", "dropped", "it will not be done; the reason is asked for"),
]
_SAYS = dict(zip(HORIZONS, ("1-2 weeks", "1-3 months", "3+ months"), strict=True))


async def show_items(bridge: Bridge, standing: Standing, argument: str) -> None:
    """Show what is still to be done over all incidents, until it is left; every key changes one thing."""
    reviews, place = bridge.desk.reviews, 0
    while True:
        _save_text(bridge)
        items = reviews.board()
        bridge.clear_news()
        asked: Asked | None = await bridge.push_screen_wait(
            ItemBoard(items, bridge.desk.clock.now().date(), place=place)
        )
        if asked is None:
            return
        if asked.item is not None:
            place = items.index(asked.item)
        if asked.verb == OPEN and asked.item is not None:
            await open_review(bridge, standing, asked.item.incident)
            return
        try:
            await _do(bridge, standing, asked)
        except CockpitError as error:
            bridge.tell(str(error), "error")
        bridge.refresh_now()


def _save_text(bridge: Bridge) -> None:
    """Text that is being written is stored first, so that the change is made to that."""
    screen = bridge.main_screen()
    if isinstance(screen, ReviewScreen):
        screen.save()


async def _do(bridge: Bridge, standing: Standing, asked: Asked) -> None:
    reviews, item = bridge.desk.reviews, asked.item
    if asked.verb == ADD:
        await _add(bridge, item.incident if item is not None else standing.incident)
    elif item is None:
        return
    elif asked.verb == DONE:
        reviews.change_item(item, status="done")
        bridge.tell(f"Done: {item.action}")
    elif asked.verb == DUE:
        day = await _ask_day(bridge, item.due)
        if day is not None:
            reviews.change_item(item, due=day)
    elif asked.verb == OWNER:
        owner = await choose_person(bridge, f"{item.action}: who?", but=item.owner)
        if owner:
            reviews.change_item(item, owner=owner)
    else:
        await _to_status(bridge, item)


async def _to_status(bridge: Bridge, item: ActionItem) -> None:
    status = await bridge.ask(Choose(item.action, _STATES, selected=item.status))
    if status == "dropped":
        reason = await bridge.ask(Ask("Why will it not be done?", about=item.action))
        status = f"dropped: {reason}" if reason else None
    if status:
        bridge.desk.reviews.change_item(item, status=status)


async def _add(bridge: Bridge, incident: str) -> None:
    """Ask what, how far off, who and by when."""
    if not incident:
        raise Refused("There is no incident yet whose review could decide it.")
    action = await bridge.ask(Ask("What will be done?", about="One thing that somebody can finish."))
    if not action:
        return
    horizon = await bridge.ask(
        Choose("How far off?", [Option(f"{name} ({says})", name, says) for name, says in _SAYS.items()])
    )
    owner = await choose_person(bridge, f"{action}: who?") if horizon else None
    day = await _ask_day(bridge, None) if owner else None
    if horizon and owner and day is not None:
        bridge.desk.reviews.add_item(incident, action, owner, day, horizon)
        bridge.tell(f"{owner} until {day}: {action}")


async def _ask_day(bridge: Bridge, now: date | None) -> date | None:
    """Ask for a day, as a date or as days or weeks from today."""
    today = bridge.desk.clock.now().date()

    def wrong(text: str) -> str | None:
        return None if read_day(text, today) is not None else "Write a day: 2026-12-05, +10d or +2w."

    value = now.isoformat() if now is not None else "+2w"
    text = await bridge.ask(Ask("Due by when?", value=value, hint="2026-12-05, +10d or +2w", check=wrong))
    return read_day(text, today) if text else None


def read_day(text: str, today: date) -> date | None:
    """`2026-12-05`, `+10d` or `+2w` as a day; None for anything else."""
    words = text.strip().lower()
    digits, unit = words[1:-1], words[-1:]
    if words.startswith("+") and digits.isascii() and digits.isdigit() and len(digits) <= 4 and unit in ("d", "w"):
        return today + timedelta(days=int(digits) * (7 if unit == "w" else 1))
    try:
        return date.fromisoformat(words)
    except ValueError:
        return None


MOVES = {"review.items": show_items}
