"""From the octets of an ordinary answer to an Answer, in a few microseconds.

This reads what dnspython would read and says what `message.read_message` would say; whatever it does not know to
the last octet it leaves alone. A differential test holds the two together.
"""

from cockpit.probes.engine.names import HEADER, RECORD, Names, Unusual, read_name
from cockpit.probes.engine.rdata import AAAA, CNAME, NS, OPT, READERS, SOA, A, Value
from cockpit.probes.names.answer import AUTHORITATIVE, CROWDED_ALIAS, UNEVEN_TTL, Alias, Answer, Server
from cockpit.probes.names.message import ERRORS, MAX_CHAIN

MOST_RECORDS = 100
"""More records than these are left to dnspython, which cuts them."""

_IN = 1
_RESPONSE_CODE, _AUTHORITATIVE, _AUTHENTIC, _OPCODE = 0x000F, 0x0400, 0x0020, 0x7800
_NO_NAME_ERROR = 3
_LONGEST_TTL = 0x7FFFFFFF


class _Set:
    """The records of one name and type in one section, in the order in which they came."""

    __slots__ = ("owner", "rtype", "ttl_s", "uneven", "values")

    def __init__(self, owner: str, rtype: int, ttl_s: int) -> None:
        self.owner = owner
        self.rtype = rtype
        self.ttl_s = ttl_s
        self.uneven = False
        self.values: dict[object, Value] = {}

    def add(self, value: Value, ttl_s: int) -> None:
        if ttl_s != self.ttl_s:
            self.uneven = True
            self.ttl_s = min(self.ttl_s, ttl_s)
        if self.rtype in (CNAME, SOA):
            self.values.clear()
        self.values.setdefault(value[0], value)

    @property
    def first(self) -> Value:
        return next(iter(self.values.values()))


_Section = dict[tuple[str, int], _Set]

_NOTHING: _Section = {}
_OPT_HEAD = b"\0" + OPT.to_bytes(2, "big")
_OPT_SIZE = 11
_ONE_TO_ONE, _INTERNET = b"\0\1\0\1\0\0", b"\0\1"
_TO_QUESTION = b"\xc0\x0c"


def read_wire(
    server: Server, name: str, rtype: str, wire: bytes, notes: tuple[str, ...] = (), took_s: float = 0.0
) -> Answer | None:
    """The Answer to `name` and `rtype`; None for a message that is out of the ordinary in any way."""
    try:
        alone = _alone(server, name, rtype, wire, notes, took_s)
        return alone or _read(server, name, rtype, wire, notes, took_s)
    except (Unusual, IndexError):
        return None


def _alone(
    server: Server, name: str, rtype: str, wire: bytes, notes: tuple[str, ...], took_s: float
) -> Answer | None:
    """The shape that most answers have: the one record that was asked for, and at most an OPT that says nothing."""
    at = HEADER.size + len(name) + 2
    if wire[4:10] != _ONE_TO_ONE or wire[2] & 0x78 or wire[3] & 0x0F or wire[at - 1] or not name.isascii():
        return None
    asked = wire[at : at + 4]
    at += 4
    read, end = READERS.get(asked[0] << 8 | asked[1]), at + 12 + (wire[at + 10] << 8 | wire[at + 11])
    if read is None or asked[2:] != _INTERNET or not wire.startswith(_TO_QUESTION + asked, at) or end > len(wire):
        return None
    if wire[11] and not (wire[11] == 1 and wire[end : end + 3] == _OPT_HEAD and not wire[end + 5]):
        return None
    if wire[10] or (wire[11] and wire[end + 9 : end + 11] != b"\0\0") or "\\" in name or name[-1:] in ("", "."):
        return None
    value = read(wire, at + 12, end, {})
    ttl_s = int.from_bytes(wire[at + 6 : at + 10], "big")
    return Answer(
        server,
        name,
        rtype,
        "answer",
        (value[1],),
        ttl_s if ttl_s <= _LONGEST_TTL else 0,
        (),
        bool(wire[2] & 0x04),
        bool(wire[3] & 0x20),
        value[0][0] if rtype == "SOA" and isinstance(value[0], tuple) else None,
        "",
        (),
        (),
        notes,
        took_s,
    )


def _read(server: Server, name: str, rtype: str, wire: bytes, notes: tuple[str, ...], took_s: float) -> Answer:
    if len(wire) < HEADER.size:
        raise Unusual
    _, flags, questions, answers, authorities, additionals = HEADER.unpack_from(wire)
    if flags & _OPCODE or questions != 1 or answers + authorities + additionals > MOST_RECORDS:
        raise Unusual
    known: Names = {}
    asked, at = _asked(name, wire, known)
    number = wire[at] << 8 | wire[at + 1]
    if wire[at + 2] << 8 | wire[at + 3] != _IN:
        raise Unusual
    at += 4
    if answers and not authorities and not flags & _RESPONSE_CODE:
        simple = _simple(server, name, rtype, wire, at, notes, took_s)
        if simple is not None:
            return simple
    answer, at = _section(wire, at, answers, known)
    authority, at = _section(wire, at, authorities, known)
    additional, at = _additional(wire, at, additionals, known)
    chain, final, looped, crowded = _follow(answer, asked, number)
    found = answer.get((final.lower(), number))
    zone, negative_ttl_s, serial = _start_of_authority(authority)
    cut, referral = _referral(authority, asked)
    aa = bool(flags & _AUTHORITATIVE)
    if looped:
        status = "loop"
    elif found is not None and not flags & _RESPONSE_CODE:
        status = "answer"
    else:
        leads = bool(referral) and cut not in ("", ".", "@")
        status = _without_answer(flags & _RESPONSE_CODE, server.role == AUTHORITATIVE and not aa, leads=leads)
    ttls = [alias.ttl_s for alias in chain]
    values: tuple[str, ...] = ()
    if status == "answer" and found is not None:
        values = tuple(sorted([text for _, text, _ in found.values.values()]))
        ttls.append(found.ttl_s)
        serial = _serial(found) if number == SOA else serial
        notes = (*notes, CROWDED_ALIAS) if crowded else notes
        notes = (*notes, UNEVEN_TTL) if found.uneven else notes
    elif crowded:
        notes = (*notes, CROWDED_ALIAS)
    if negative_ttl_s is not None and status in ("nxdomain", "nodata"):
        ttls.append(negative_ttl_s)
    return Answer(
        server,
        name,
        rtype,
        status,
        values,
        min(ttls) if ttls else None,
        chain,
        aa,
        bool(flags & _AUTHENTIC),
        serial,
        cut if status == "referral" else zone,
        referral,
        tuple([(each.owner, text) for each in additional.values() for _, text, _ in each.values.values()]),
        notes,
        took_s,
    )


def _start_of_authority(authority: _Section) -> tuple[str, int | None, int | None]:
    """The zone that the authority section names, for how long "there is none" may be kept, and the serial."""
    soa = next((each for each in authority.values() if each.rtype == SOA), None)
    if soa is None:
        return "", None, None
    times = soa.first[0]
    assert isinstance(times, tuple)
    return soa.owner, min(soa.ttl_s, times[4]), times[0]


def _serial(found: _Set) -> int:
    times = found.first[0]
    assert isinstance(times, tuple)
    serial = times[0]
    assert isinstance(serial, int)
    return serial


def _without_answer(code: int, hearsay: bool, *, leads: bool) -> str:
    """The status of a message without the record; `hearsay` is by a name server that does not have the zone."""
    if code == _NO_NAME_ERROR:
        return "nxdomain"
    if code:
        return ERRORS.get(code) or f"rcode-{code}"
    if hearsay:
        return "referral" if leads else "lame"
    return "nodata"


def _simple(
    server: Server, name: str, rtype: str, wire: bytes, at: int, notes: tuple[str, ...], took_s: float
) -> Answer | None:
    """The shape that nearly all good answers have: the records that were asked for, and nothing else."""
    number = wire[at - 4] << 8 | wire[at - 3]
    read, size, expected = READERS.get(number), len(wire), _TO_QUESTION + wire[at - 4 : at]
    if read is None:
        return None
    known: Names = {}
    found: dict[object, Value] = {}
    ttls = set[int]()
    for _ in range(wire[6] << 8 | wire[7]):
        if wire[at : at + 6] != expected or at + 12 > size:
            return None
        ttl_s = wire[at + 6] << 24 | wire[at + 7] << 16 | wire[at + 8] << 8 | wire[at + 9]
        end = at + 12 + (wire[at + 10] << 8 | wire[at + 11])
        if end > size:
            raise Unusual
        value = read(wire, at + 12, end, known)
        if number in (CNAME, SOA):
            found.clear()
        found.setdefault(value[0], value)
        ttls.add(ttl_s if ttl_s <= _LONGEST_TTL else 0)
        at = end
    if wire[10:12] != b"\0\0" and _additional(wire, at, wire[10] << 8 | wire[11], known)[0]:
        return None
    serial = None
    if number == SOA:
        ((times, _, _),) = found.values()
        assert isinstance(times, tuple)
        serial = times[0]
    return Answer(
        server,
        name,
        rtype,
        "answer",
        tuple(sorted([text for _, text, _ in found.values()])),
        min(ttls),
        (),
        bool(wire[2] & 0x04),
        bool(wire[3] & 0x20),
        serial,
        "",
        (),
        (),
        notes if len(ttls) == 1 else (*notes, UNEVEN_TTL),
        took_s,
    )


def _asked(name: str, wire: bytes, known: Names) -> tuple[str, int]:
    """The name in the question, which is the one that was asked for: a transport lets no other through."""
    plain = name.removesuffix(".")
    end = HEADER.size + len(plain) + 2
    if plain and plain.isascii() and "\\" not in plain and wire[end - 1] == 0:
        known[HEADER.size] = plain, end, 0
        return plain, end
    return read_name(wire, HEADER.size, len(wire), known)


def _section(wire: bytes, at: int, count: int, known: Names) -> tuple[_Section, int]:
    """The record sets of one section, and where the next one begins."""
    if not count:
        return _NOTHING, at
    section: _Section = {}
    size = len(wire)
    for _ in range(count):
        owner, at, rtype, ttl_s, end = _head(wire, at, size, known)
        read = READERS.get(rtype)
        if read is None:
            raise Unusual
        value = read(wire, at, end, known)
        key = owner.lower(), rtype
        records = section.get(key)
        if records is None:
            records = section[key] = _Set(owner, rtype, ttl_s)
        records.add(value, ttl_s)
        at = end
    return section, at


def _additional(wire: bytes, at: int, count: int, known: Names) -> tuple[_Section, int]:
    """The addresses in the additional section; an OPT record that says nothing may be among them."""
    if not count:
        return _NOTHING, at
    section: _Section = {}
    size, seen_options = len(wire), False
    for _ in range(count):
        if wire[at : at + 3] == _OPT_HEAD:
            # The upper bits of the response code and the options themselves are rare, and dnspython's.
            if seen_options or at + _OPT_SIZE > size or wire[at + 5] or wire[at + 9] or wire[at + 10]:
                raise Unusual
            seen_options = True
            at += _OPT_SIZE
            continue
        owner, at, rtype, ttl_s, end = _head(wire, at, size, known)
        read = READERS.get(rtype)
        if read is None:
            raise Unusual
        value = read(wire, at, end, known)
        if rtype in (A, AAAA):
            key = owner.lower(), rtype
            section.setdefault(key, _Set(owner, rtype, ttl_s)).add(value, ttl_s)
        at = end
    return section, at


def _head(wire: bytes, at: int, size: int, known: Names) -> tuple[str, int, int, int, int]:
    """A record's owner, where its value begins, its type and TTL, and where the value ends."""
    owner, at = read_name(wire, at, size, known)
    if at + RECORD.size > size:
        raise Unusual
    rtype, rclass, ttl_s, length = RECORD.unpack_from(wire, at)
    at += RECORD.size
    end = at + length
    if end > size or rclass != _IN:
        raise Unusual
    return owner, at, rtype, ttl_s if ttl_s <= _LONGEST_TTL else 0, end


def _follow(answer: _Section, asked: str, number: int) -> tuple[tuple[Alias, ...], str, bool, bool]:
    """The CNAMEs from the name that was asked for, where they end, whether in a circle, whether beside data."""
    if number == CNAME or (asked.lower(), CNAME) not in answer:
        return (), asked, False, False
    chain: list[Alias] = []
    seen = {asked.lower()}
    name, crowded = asked, False
    while (step := answer.get((name.lower(), CNAME))) is not None:
        target = step.first[2]
        crowded = crowded or (name.lower(), number) in answer
        chain.append(Alias(name, target, step.ttl_s))
        if target.lower() in seen or len(chain) > MAX_CHAIN:
            return tuple(chain), target, True, crowded
        seen.add(target.lower())
        name = target
    return tuple(chain), name, False, crowded


def _referral(authority: _Section, asked: str) -> tuple[str, tuple[str, ...]]:
    """The zone at or above the name that the authority section points to, and its name servers."""
    for each in authority.values():
        if each.rtype == NS and _within(asked.lower(), each.owner.lower()):
            return each.owner, tuple(sorted([name for _, _, name in each.values.values()]))
    return "", ()


def _within(name: str, zone: str) -> bool:
    if "\\" in name:
        raise Unusual
    return zone == "." or name == zone or name.endswith(f".{zone}")
