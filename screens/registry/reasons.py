"""Why a command does not work now: a sentence each, or None when it does."""

from screens.registry.model import Standing, When


def incident(standing: Standing) -> str | None:
    """There must be an incident."""
    return None if standing.incident else "No incident is open: open one from an alert on the board (1)."


def run(standing: Standing) -> str | None:
    """There must be a run of a runbook."""
    return None if standing.run else "No runbook is running: start one with r on the incident (2)."


def action(standing: Standing) -> str | None:
    """There must be a plan or a run of an action."""
    return None if standing.action else "No action was planned yet: a runbook's action step does that."


def action_can(able: str, reason: str) -> When:
    """A command that the action on show allows only at times; `able` names the view's flag."""

    def when(standing: Standing) -> str | None:
        missing = action(standing)
        if missing is not None:
            return missing
        return None if getattr(standing.desk.actions.get(standing.action), able) else reason

    return when


def confirm(standing: Standing) -> str | None:
    """There must be a plan, and leave to apply it."""
    if standing.desk.read_only:
        return "This cockpit was started read-only: plans can be looked at, not applied."
    return action_can("can_confirm", "No plan waits to be confirmed.")(standing)


def changes(standing: Standing) -> str | None:
    """There must be leave to change anything."""
    if standing.desk.read_only:
        return "This cockpit was started read-only: nothing is changed from here."
    return None


def alert(standing: Standing) -> str | None:
    """There must be an alert that nobody took."""
    return None if standing.alert else "There is no alert that waits for an incident."


def domain(standing: Standing) -> str | None:
    """There must be a domain under the cursor."""
    return None if standing.domain else "No domain is selected."


def copyable(standing: Standing) -> str | None:
    """There must be something worth copying."""
    return None if standing.copyable else "There is nothing to copy here."
