"""mail.spf: is there one SPF record, can receivers evaluate it within the limits, and does it say something."""

from collections.abc import Callable
from datetime import datetime, timedelta

from cockpit.health.mail.asking import Asker, Kind
from cockpit.health.mail.evaluate import MAX_LOOKUPS, MAX_VOIDS
from cockpit.health.mail.notes import Note, decide, note, unknown
from cockpit.health.mail.spf_tree import Branch, Term, inspect
from cockpit.health.mail.syntax import SpfRecord
from cockpit.health.mail.text_record import damaged, mixed_ttls, txt_record
from cockpit.health.model import Observation, Verdict

CHECK = "mail.spf"
LABEL = "SPF"
NO_RECORD = "no record"

LONG_OCTETS = 450
"""Octets of a record beyond which an answer may not fit into 512 (RFC 7208 section 3.4)."""


async def look_spf(asker: Asker, domain: str, at: datetime, *, sends: bool = True) -> Observation:
    """Ask for the record and everything below it, and judge. `sends`: the domain is known to send mail."""
    tree = await inspect(asker, domain)
    obsolete = await asker.ask(domain, "SPF") if not tree.text and not tree.unseen else None
    return judge_spf(tree, at, sends=sends, obsolete=obsolete is not None and bool(obsolete.values))


def judge_spf(
    tree: Branch, at: datetime, *, sends: bool = True, obsolete: bool = False, took: timedelta = timedelta()
) -> Observation:
    """The decision over an inspected record; `obsolete` says that there is one of the type SPF (99)."""
    evidence = {
        "kind": "spf",
        "text": tree.text[:600],
        "lookups": tree.lookups,
        "voids": tree.voids,
        "tree": tree.plain(),
    }
    if tree.unseen:
        return decide(tree.domain, CHECK, LABEL, [unknown(tree.unseen)], "", at, took=took, evidence=evidence)
    notes = _meant(tree, obsolete)
    if not tree.text and not notes:
        headline = NO_RECORD if sends else f"{NO_RECORD}, and none is needed for a domain that sends no mail"
        otherwise = Verdict.INFO if sends else Verdict.NA
        return decide(
            tree.domain, CHECK, LABEL, [], headline, at, took=took, evidence=evidence, otherwise=otherwise
        )
    for rule in _RULES:
        notes.extend(rule(tree))
    said = "record" if tree.record is None else _policy(tree.record)
    fine = f"{said}, {tree.lookups} of {MAX_LOOKUPS} lookups"
    return decide(tree.domain, CHECK, LABEL, notes, fine, at, took=took, evidence=evidence)


def _policy(record: SpfRecord) -> str:
    last = record.all
    return f"redirect={record.redirect}" if last is None else last.text.lower()


def _meant(tree: Branch, obsolete: bool) -> list[Note]:
    """What looks like an SPF record and is none."""
    told = tree.told
    if told is None:
        return []
    notes = [*damaged(told, "v=spf1", "SPF"), *mixed_ttls(told)]
    if tree.text or any(each.code in ("escaped", "leading") for each in notes):
        return notes
    for value in told.values:
        if value.lower().startswith("v=spf1"):
            notes.append(_version(tree.domain, value))
    if obsolete:
        notes.append(
            note(
                Verdict.WARN,
                "type-99",
                "published with the record type SPF, which nobody reads any more",
                f"{tree.domain} has a record of type SPF (99) and none of type TXT: receivers see no SPF at all.",
                "The same text in a TXT record (RFC 7208 section 3.1).",
                "Publish the text as TXT, and delete the record of type SPF.",
            )
        )
    return notes


def _version(domain: str, value: str) -> Note:
    rest = value[6:].lstrip("0123456789;, ")
    return note(
        Verdict.FAIL,
        "version",
        f"the record begins with {value.split(' ')[0]!r} and is therefore none",
        f"{domain} TXT is {value[:200]}: receivers ignore it.",
        "A record that begins with v=spf1 and a space (RFC 7208 section 4.5).",
        "Publish the record below instead.",
        txt_record(domain, f"v=spf1 {rest}".strip()),
    )


def _several(tree: Branch) -> list[Note]:
    """Case 27: two records are a permerror."""
    if not tree.others:
        return []
    texts = (tree.text, *tree.others)
    return [
        note(
            Verdict.FAIL,
            "several",
            f"{len(texts)} records, which receivers take for an error (permerror)",
            f"{tree.domain} has {len(texts)} SPF records: {' | '.join(text[:120] for text in texts)}.",
            "One record with the terms of all (RFC 7208 section 4.5).",
            "Delete them and publish one record in their place; check that the one below says what you mean.",
            txt_record(tree.domain, _merged(texts)),
        )
    ]


def _merged(texts: tuple[str, ...]) -> str:
    terms = list(dict.fromkeys(term for text in texts for term in text.split(" ")[1:] if term))
    ends = [term for term in terms if term.lower().lstrip("+-~?") == "all"]
    middle = [term for term in terms if term not in ends]
    end = ends if len(ends) == 1 else ["~all"]
    return " ".join(["v=spf1", *middle, *end])


def _syntax(tree: Branch) -> list[Note]:
    """The own record breaks the grammar, or one of those it refers to cannot be used: permerror either way."""
    notes = []
    if tree.text and not tree.others and tree.record is None:
        notes.append(
            note(
                Verdict.FAIL,
                "syntax",
                f"{tree.trouble} (permerror)",
                f"{tree.domain} TXT is {tree.text[:300]}: {tree.trouble}. So all of it is void.",
                "A record in which every term follows the grammar of RFC 7208 section 12.",
                "Correct or remove that term.",
            )
        )
    for branch, term in tree.all_terms():
        if term.below is not None and term.below.unseen:
            notes.append(unknown(term.below.unseen))
        elif term.below is not None and term.below.trouble:
            notes.append(_broken_reference(branch, term, term.below.trouble))
        elif term.trouble:
            notes.append(_broken_reference(branch, term, term.trouble))
    return notes


def _broken_reference(branch: Branch, term: Term, trouble: str) -> Note:
    return note(
        Verdict.FAIL,
        "reference",
        f"{term.text} in the record of {branch.domain}: {trouble} (permerror)",
        f"{term.text} in the record of {branch.domain} leads nowhere: {trouble}.",
        "Every term leads to something that receivers can use.",
        f"Remove {term.text} from the record of {branch.domain}, or have its owner mend what it leads to.",
    )


def _limits(tree: Branch) -> list[Note]:
    """Cases 30 and 31: more than ten lookups or two void ones are a permerror."""
    notes = []
    costs = sorted(tree.terms, key=lambda term: -term.lookups)
    listing = ", ".join(f"{term.text} {term.lookups}" for term in costs[:5])
    if tree.lookups > MAX_LOOKUPS:
        notes.append(
            note(
                Verdict.FAIL,
                "lookups",
                f"{tree.lookups} DNS lookups, {MAX_LOOKUPS} are allowed (permerror)",
                f"Evaluating the record takes up to {tree.lookups} DNS lookups: {listing}.",
                f"At most {MAX_LOOKUPS} (RFC 7208 section 4.6.4); beyond that receivers give up with a permerror.",
                "Remove services that no longer send, or give some of them a subdomain with a record of its own.",
            )
        )
    elif tree.lookups == MAX_LOOKUPS:
        notes.append(Note(Verdict.INFO, "lookups-full", f"all {MAX_LOOKUPS} DNS lookups are used up"))
    if tree.voids:
        over = tree.voids > MAX_VOIDS
        where = ", ".join(term.text for _, term in tree.all_terms() if term.voids and term.below is None)
        notes.append(
            note(
                Verdict.FAIL if over else Verdict.WARN,
                "voids",
                f"{tree.voids} lookups find nothing" + (f", {MAX_VOIDS} are allowed (permerror)" if over else ""),
                f"Names in the record have no such records: {where or 'an included domain'}.",
                f"No lookup that finds nothing; more than {MAX_VOIDS} are a permerror (RFC 7208 section 4.6.4).",
                "Remove the terms that lead nowhere.",
            )
        )
    return notes


def _ending(tree: Branch) -> list[Note]:
    """Cases 35 to 37 and 33: what the record says of everybody else."""
    record = tree.record
    if record is None:
        return []
    last, ignored = record.all, len(record.mechanisms) - len(record.reachable)
    notes = []
    if last is None and not record.redirect:
        notes.append(
            note(
                Verdict.WARN,
                "no-all",
                "no all at its end: nobody is excluded (neutral)",
                f"The record ends without all: {tree.text[:300]}.",
                "An all that says what becomes of mail from elsewhere.",
                "Publish the record below.",
                txt_record(tree.domain, f"{tree.text.strip()} ~all"),
            )
        )
    elif last is not None and last.qualifier in "+?":
        everybody = last.qualifier == "+"
        mended = " ".join("~all" if term == last.text else term for term in tree.text.split(" "))
        notes.append(
            note(
                Verdict.FAIL if everybody else Verdict.WARN,
                "plus-all" if everybody else "neutral-all",
                f"{last.text} lets everybody send in your name" if everybody else f"{last.text} excludes nobody",
                f"The record ends in {last.text}: {tree.text[:300]}.",
                "~all or -all.",
                "Publish the record below.",
                txt_record(tree.domain, mended),
            )
        )
    if ignored:
        notes.append(Note(Verdict.INFO, "after-all", f"{ignored} terms after all are never reached"))
    if last is not None and record.redirect:
        notes.append(Note(Verdict.INFO, "redirect-ignored", "redirect= is ignored because there is an all"))
    return notes


def _habits(tree: Branch) -> list[Note]:
    """Cases 38, 39, 41 and 43: what works and should not be done, or cannot be judged from here."""
    notes = []
    if any(term.text.lstrip("+-~?").lower().startswith("ptr") for _, term in tree.all_terms()):
        notes.append(
            note(
                Verdict.WARN,
                "ptr",
                "uses ptr, which is slow and which some receivers skip",
                "The record uses ptr.",
                "ip4, ip6, a or mx instead (RFC 7208 section 5.5).",
                "Name the addresses of the senders that ptr was meant for.",
            )
        )
    octets = len(tree.text.encode())
    if octets > LONG_OCTETS:
        notes.append(
            note(
                Verdict.WARN,
                "long",
                f"the record has {octets} octets and may not fit into one UDP answer",
                f"The record has {octets} octets; the other TXT records of the name come on top of them.",
                f"At most {LONG_OCTETS} octets, so that an answer fits into 512 (RFC 7208 section 3.4).",
                "Move parts into an included record of your own.",
                txt_record(tree.domain, tree.text),
            )
        )
    unjudged = [term.text for _, term in tree.all_terms() if not term.judged]
    if unjudged:
        sentence = f"{', '.join(unjudged[:3])} cannot be judged without a message: try cockpit spf"
        notes.append(Note(Verdict.INFO, "macros", sentence))
    if tree.record is not None and tree.record.unknown:
        names = ", ".join(tree.record.unknown[:3])
        notes.append(Note(Verdict.INFO, "unknown-modifier", f"{names} means nothing and is ignored"))
    return notes


_RULES: tuple[Callable[[Branch], list[Note]], ...] = (_several, _syntax, _limits, _ending, _habits)


def usable(tree: Branch) -> bool | None:
    """Whether receivers can evaluate the record at all; None when that was not seen."""
    if tree.unseen or any(branch.unseen for branch in tree.everything()):
        return None
    notes = [each for rule in (_several, _syntax, _limits) for each in rule(tree)]
    return bool(tree.text) and not any(each.verdict is Verdict.FAIL for each in notes)


def allows(tree: Branch, domain: str) -> bool:
    """Whether the record includes that of `domain`, as it must that of `amazonses.com` for SES to send."""
    seen = [branch for branch in tree.everything() if branch.told is not None and branch.told.kind is Kind.ANSWER]
    return any(branch.domain.lower() == domain for branch in seen)
