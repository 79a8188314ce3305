"""Lines of declaring: the definition, the objectives, and what the answers amount to."""

from collections.abc import Sequence

from cockpit.desk.incident.declaring import Declaration
from cockpit.incident.severity import Suggestion
from screens.present.incident import SEVERITY_TONES
from screens.present.lines import Line, Tone, line, wrap


def definition_lines(sheet: Declaration, cells: int) -> list[Line]:
    """What an incident is and what matters in one, as short as it can be said."""
    causes = "; ".join(each.lower() for each in sheet.definition)
    lines = wrap(f"An incident causes or may cause: {causes}.", cells, Tone.MUTED)
    if cells < 100:
        return [*lines, *wrap(f"Objectives: {', '.join(sheet.objectives)}.", cells, Tone.MUTED)]
    objectives = "; ".join(f"{name}: {says.lower()}" for name, says in sheet.objectives.items())
    return [*lines, *wrap(f"Objectives: {objectives}.", cells, Tone.MUTED)]


def suggestion_lines(suggestion: Suggestion, cells: int) -> Sequence[Line]:
    """The severity that follows, why, and whether an incident is asked for at all."""
    tone = SEVERITY_TONES.get(suggestion.severity, Tone.STRONG)
    head = line((f"{suggestion.severity} ", tone))
    lines = wrap(suggestion.reason, cells, first=head, indent=3)
    if not suggestion.incident_needed:
        lines += wrap("The profile asks for no incident: it would watch and notify.", cells, Tone.WARN)
    return lines
