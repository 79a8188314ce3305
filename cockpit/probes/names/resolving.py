"""Ask the pinned resolvers one after the other until one has an answer, as the receivers of mail do."""

from cockpit.health.mail.asking import Kind, Told
from cockpit.health.servers import trouble
from cockpit.probes.names.answer import RESOLVER, UNEVEN_TTL, Answer, Server
from cockpit.probes.names.dns import ask
from cockpit.probes.names.transport import Transport
from cockpit.profile import Profile

DEADLINE_S = 2.0
"""Seconds for one question to one resolver; a few of them in a row must fit into one look."""

_SAID = {"answer": Kind.ANSWER, "nodata": Kind.NODATA, "nxdomain": Kind.NXDOMAIN}
_SPECIAL = frozenset(b' "().;@\\$')


class Resolving:
    """An `Asker` over the profile's resolvers. One that is silent or broken is passed over, not believed."""

    def __init__(
        self, profile: Profile, *, deadline_s: float = DEADLINE_S, transport: Transport | None = None
    ) -> None:
        """Over the engine's sockets where a `transport` is given, else over a fresh one for each question."""
        self.profile = profile
        self._deadline_s = deadline_s
        self._transport = transport
        self._servers = [Server(each.name, each.address, each.port, RESOLVER) for each in profile.resolvers]

    async def ask(self, name: str, rtype: str) -> Told:
        """The first answer that says something about the name; `FAILED` with a reason when there is none."""
        first: Answer | None = None
        for server in tuple(self._servers):
            answer = await ask(
                self.profile,
                server,
                wire_name(name),
                rtype,
                deadline_s=self._deadline_s,
                transport=self._transport,
            )
            kind = _SAID.get(answer.status)
            if kind is not None:
                return _told(name, rtype, kind, answer)
            first = first or answer
            self._last(server)
        if first is None:
            return Told(name, rtype, Kind.FAILED, reason="no resolver is configured")
        return Told(name, rtype, Kind.FAILED, reason=_reason(first))

    def _last(self, server: Server) -> None:
        """Ask a server that failed after the others from now on."""
        if server in self._servers:
            self._servers.remove(server)
            self._servers.append(server)


def _told(name: str, rtype: str, kind: Kind, answer: Answer) -> Told:
    aliases = tuple(alias.target for alias in answer.chain)
    return Told(name, rtype, kind, answer.values, aliases, ttls_differ=UNEVEN_TTL in answer.notes)


def _reason(answer: Answer) -> str:
    if answer.status == "bogus":
        return "it fails DNSSEC validation"
    if answer.status == "loop":
        return "its CNAMEs go round in a circle"
    return f"{answer.server.name} {trouble(answer.status)}"


def wire_name(name: str) -> str:
    r"""A name as a question takes it: octets that have a meaning of their own are written `\DDD` (RFC 1035 5.1)."""
    labels = name.split(".")
    return ".".join("".join(_octet(each) for each in label.encode("utf-8", "surrogateescape")) for label in labels)


def _octet(octet: int) -> str:
    return f"\\{octet:03d}" if octet in _SPECIAL or not 0x20 < octet < 0x7F else chr(octet)
