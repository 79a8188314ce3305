"""A runway as a sentence, the same on the screen and on the command line."""

from cockpit.ses.runway import Course, Runway


def runway_words(found: Runway, name: str) -> str:
    """One line's runway; `name` is what is counted: "bounce" or "complaint"."""
    if found.course is Course.CROSSED:
        if found.good is None:
            return f"crossed. {found.why}"
        most = f", at most {found.good_most:,}" if found.good_most is not None else ""
        return f"crossed; about {found.good:,} good mails bring it back{most}"
    if found.course is not Course.NEARING:
        return f"{found.course}. {found.why}".strip()
    latest = "never" if found.latest_s is None else length(found.latest_s)
    span = f"80 %: {length(found.soonest_s or 0)} to {latest}"
    if found.seconds is None:
        return f"perhaps ({span}). {found.why}"
    return f"in {length(found.seconds)} ({span}), {found.bad or 0:,} more {name}s"


def length(seconds: float) -> str:
    """A length of time as `45 min`, `3.2 h` or `2.1 d`."""
    minutes = round(seconds / 60)
    if minutes < 120:
        return f"{minutes} min"
    return f"{minutes / 60:.1f} h" if minutes < 2880 else f"{minutes / 1440:.1f} d"
