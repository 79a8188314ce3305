"""The gate before a review: what is wrong with the record is shown, then mended, left, or overridden."""

from collections.abc import Sequence

from cockpit.incident.model import Incident, State
from screens.asking.dialogs import Ask, Choose, Option
from screens.bridge import Bridge


async def through_gate(bridge: Bridge, incident: Incident) -> bool:
    """Take a resolved incident to its review; False when that was left.

    An incident in another state has no such gate: its post-mortem can be written at any time.
    """
    while bridge.desk.incidents.get(incident.uid).state is State.RESOLVED:
        wrong = bridge.desk.validations.inconsistencies(incident.uid)
        if not wrong:
            bridge.desk.validations.review(incident.uid)
            break
        chosen = await bridge.ask(_gate(incident, wrong))
        if chosen == "write":
            break
        if chosen == "onset":
            bridge.desk.incidents.confirm_onset(incident.uid)
        elif chosen == "amend":
            bridge.go("timeline")
            return False
        elif chosen == "go on":
            reason = await bridge.ask(Ask("To the review all the same: why?", about=" ".join(wrong)))
            if reason:
                bridge.desk.validations.review(incident.uid, reason=reason)
        else:
            return False
    return True


def _gate(incident: Incident, wrong: Sequence[str]) -> Choose:
    """What can be done about each inconsistency: the repair that takes one key first, the override last."""
    onset = incident.onset
    options = []
    if onset is not None and not onset.confirmed:
        options.append(Option("onset", f"confirm {onset.at:%H:%M:%S}Z", f"it began then: {onset.source}"))
    options += [
        Option("amend", "correct the timeline", "E there corrects a time, n adds what is missing; c the onset"),
        Option("write", "write, not review yet", "the post-mortem opens, the incident stays resolved"),
        Option("go on", "review all the same", "with a reason that is recorded"),
    ]
    about = f"The record is not consistent yet. {' '.join(f'▲ {each}' for each in wrong)}"
    return Choose(f"Review {incident.ref}?", options, about=about)
