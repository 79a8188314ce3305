"""CAA: whom a domain's owner allows to issue certificates (RFC 8659)."""

from collections.abc import Callable, Sequence


def allowed_issuers(values: Callable[[str, str], Sequence[str]], domain: str) -> frozenset[str] | None:
    """The issuers that the CAA records allow which apply to a domain; None when anybody may issue.

    `values` gives the record values that stand at a name and type. The closest name upwards that has any counts.
    """
    labels = domain.rstrip(".").split(".")
    for depth in range(len(labels)):
        found = values(".".join(labels[depth:]), "CAA")
        if found:
            return issuers_of(found)
    return None


def issuers_of(values: Sequence[str]) -> frozenset[str] | None:
    """The issuers that one record set allows; None when it says nothing of issuing."""
    issuers = [value.split('"')[1].split(";")[0].strip().lower() for value in values if " issue " in value]
    return frozenset(filter(None, issuers)) if issuers else None
