"""From a DNS message to an Answer: follow its CNAMEs, and tell absence, elsewhere and errors apart."""

import dns.edns
import dns.flags
import dns.message
import dns.name
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.SOA
import dns.rdtypes.txtbase
import dns.rrset
import msgspec

from cockpit.probes.names.answer import AUTHORITATIVE, CROWDED_ALIAS, UNEVEN_TTL, Alias, Answer, Server
from cockpit.text import visible

MAX_CHAIN = 8
MAX_RECORDS = 200


def read_carefully(server: Server, name: str, rtype: str, wire: bytes) -> Answer:
    """The Answer that dnspython reads from the octets; raises dns.exception.DNSException or ValueError."""
    asked = dns.name.from_text(name, idna_codec=dns.name.IDNA_2008_Practical)
    kind = dns.rdatatype.from_text(rtype)
    message = dns.message.from_wire(wire, ignore_trailing=True)
    answer = read_message(server, asked, kind, message)
    notes = answer.notes
    if _crowded(message, asked, kind):
        notes = (*notes, CROWDED_ALIAS)
    if answer.status == "answer" and _uneven(wire, answer, asked, kind):
        notes = (*notes, UNEVEN_TTL)
    return msgspec.structs.replace(answer, name=name, notes=notes)


def _crowded(message: dns.message.Message, name: dns.name.Name, rtype: dns.rdatatype.RdataType) -> bool:
    """Whether a name on the way has a CNAME and the type that was asked for as well."""
    if rtype == dns.rdatatype.CNAME:
        return False
    aliases = {each.name for each in message.answer if each.rdtype == dns.rdatatype.CNAME}
    others = {each.name for each in message.answer if each.rdtype == rtype}
    step, on_the_way = name, set[dns.name.Name]()
    while step in aliases and step not in on_the_way and len(on_the_way) <= MAX_CHAIN:
        on_the_way.add(step)
        alias = message.get_rrset(message.answer, step, dns.rdataclass.IN, dns.rdatatype.CNAME)
        step = alias[0].target if alias is not None else step
    return bool(on_the_way & others)


def _uneven(wire: bytes, answer: Answer, name: dns.name.Name, rtype: dns.rdatatype.RdataType) -> bool:
    """Whether the records of the set that answered came with different TTLs."""
    apart = dns.message.from_wire(wire, ignore_trailing=True, one_rr_per_rrset=True)
    owner = dns.name.from_text(answer.chain[-1].target) if answer.chain else name
    return len({each.ttl for each in apart.answer if (each.name, each.rdtype) == (owner, rtype)}) > 1


def read_message(
    server: Server, name: dns.name.Name, rtype: dns.rdatatype.RdataType, message: dns.message.Message
) -> Answer:
    """Make an Answer of a message: follow the CNAMEs in it, and tell absence from elsewhere."""
    chain, final, looped = _follow(message, name, rtype)
    soa_owner, soa_ttl, serial = _authority_soa(message)
    rcode = message.rcode()
    found = message.get_rrset(message.answer, final, dns.rdataclass.IN, rtype)
    cut, referral = _referral(message, name)
    authoritative = bool(message.flags & dns.flags.AA)
    ttls = [alias.ttl_s for alias in chain]
    values: tuple[str, ...] = ()
    if looped:
        status = "loop"
    elif rcode == dns.rcode.NXDOMAIN:
        status = "nxdomain"
    elif rcode != dns.rcode.NOERROR:
        status = ERRORS.get(rcode, f"rcode-{int(rcode)}")
    elif found is not None:
        status, values = "answer", rdata_texts(found)
        ttls.append(found.ttl)
        serial = _soa_serial(found) if rtype == dns.rdatatype.SOA else serial
    elif server.role == AUTHORITATIVE and not authoritative:
        # A pointer down is how the tree works; one to the root says that the server knows nothing of the zone.
        status = "referral" if referral and cut not in ("", ".", "@") else "lame"
    else:
        status = "nodata"
    if status in ("nxdomain", "nodata") and soa_ttl is not None:
        ttls.append(soa_ttl)
    return Answer(
        server,
        name.to_text(omit_final_dot=True),
        dns.rdatatype.to_text(rtype),
        status,
        values=values,
        ttl_s=min(ttls) if ttls else None,
        chain=chain,
        aa=authoritative,
        ad=bool(message.flags & dns.flags.AD),
        serial=serial,
        zone=cut if status == "referral" else soa_owner,
        referral=referral,
        glue=_glue(message),
        notes=extended_errors(message),
    )


ERRORS: dict[int, str] = {
    dns.rcode.SERVFAIL: "servfail",
    dns.rcode.REFUSED: "refused",
    dns.rcode.FORMERR: "formerr",
    dns.rcode.NOTIMP: "notimp",
}


def _follow(
    message: dns.message.Message, name: dns.name.Name, rtype: dns.rdatatype.RdataType
) -> tuple[tuple[Alias, ...], dns.name.Name, bool]:
    """The CNAMEs from `name` in this message, where they end, and whether they go round."""
    chain: list[Alias] = []
    seen = {name}
    while rtype != dns.rdatatype.CNAME:
        step = message.get_rrset(message.answer, name, dns.rdataclass.IN, dns.rdatatype.CNAME)
        if step is None:
            break
        target = step[0].target
        chain.append(Alias(_shown(name), _shown(target), step.ttl))
        if target in seen or len(chain) > MAX_CHAIN:
            return tuple(chain), target, True
        seen.add(target)
        name = target
    return tuple(chain), name, False


def _shown(name: dns.name.Name) -> str:
    return visible(name.to_text(omit_final_dot=True), limit=300)


def rdata_texts(rrset: dns.rrset.RRset) -> tuple[str, ...]:
    """The records of a set as visible text, sorted; TXT strings are joined with nothing between (RFC 7208 3.3)."""
    texts = []
    for rdata in list(rrset)[:MAX_RECORDS]:
        if isinstance(rdata, dns.rdtypes.txtbase.TXTBase):
            texts.append(visible(b"".join(rdata.strings).decode("utf-8", "backslashreplace")))
        else:
            texts.append(visible(rdata.to_text()))
    return tuple(sorted(texts))


def _soa_serial(rrset: dns.rrset.RRset) -> int | None:
    first = rrset[0]
    return first.serial if isinstance(first, dns.rdtypes.ANY.SOA.SOA) else None


def _authority_soa(message: dns.message.Message) -> tuple[str, int | None, int | None]:
    """Owner, negative TTL and serial of the SOA in the authority section."""
    for rrset in message.authority:
        if rrset.rdtype == dns.rdatatype.SOA and isinstance(rrset[0], dns.rdtypes.ANY.SOA.SOA):
            return _shown(rrset.name), min(rrset.ttl, rrset[0].minimum), rrset[0].serial
    return "", None, None


def _referral(message: dns.message.Message, name: dns.name.Name) -> tuple[str, tuple[str, ...]]:
    """The zone at or above `name` that the authority section points to, and its name servers."""
    for rrset in message.authority:
        if rrset.rdtype == dns.rdatatype.NS and name.is_subdomain(rrset.name):
            return _shown(rrset.name), tuple(sorted(_shown(rdata.target) for rdata in rrset))
    return "", ()


def _glue(message: dns.message.Message) -> tuple[tuple[str, str], ...]:
    found = [
        (_shown(rrset.name), visible(rdata.to_text()))
        for rrset in message.additional
        if rrset.rdtype in (dns.rdatatype.A, dns.rdatatype.AAAA)
        for rdata in rrset
    ]
    return tuple(found[:MAX_RECORDS])


def extended_errors(message: dns.message.Message) -> tuple[str, ...]:
    """Extended DNS errors (RFC 8914) as `EDE 7: Signature Expired`."""
    notes = []
    for option in message.options:
        if isinstance(option, dns.edns.EDEOption):
            text = f": {visible(option.text, limit=200)}" if option.text else ""
            notes.append(f"EDE {int(option.code)}{text}")
    return tuple(notes)
