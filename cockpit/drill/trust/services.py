"""The certificate authority as a company of its own: a domain, two logs, and hosts for OCSP, ACME and searching."""

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from cockpit.clock import Clock
from cockpit.drill.dns import DnsNetwork, Nsec3, has_ipv6_loopback
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.trust.acme import AcmeServer
from cockpit.drill.trust.acme_validation import WorldValidator
from cockpit.drill.trust.ct_log import CtLog
from cockpit.drill.trust.ct_search import CtSearch, names_in
from cockpit.drill.trust.ocsp import OcspResponder
from cockpit.drill.web.hosts import HostNetwork
from cockpit.drill.web.http import Request, Response
from cockpit.errors import NotFound
from cockpit.profile import CtLog as LogKey

DOMAIN = "drill-ca.example"
OCSP, ISSUER, SEARCH, ACME = (f"{word}.{DOMAIN}" for word in ("ocsp", "issuer", "ct", "acme"))
ADDRESS, ADDRESS6 = "192.0.2.90", "2001:db8:ca::90"
NAME_SERVER, NAME_SERVER_ADDRESS, NAME_SERVER_ADDRESS6 = f"ns1.{DOMAIN}", "192.0.2.91", "2001:db8:ca::91"
RESOLVER, RESOLVER_ADDRESS = "drill-ca", "192.0.2.92"
LOG_NAMES = ("Drill log 1", "Drill log 2")
VALIDITY_URLS = (f"http://{OCSP}/", f"http://{ISSUER}/issuer.der")
OTHER_ISSUER_URL = f"http://{ISSUER}/other-issuer.der"


class TrustServices:
    """Everything that the authority runs; `join` it to a world's DNS and web before these start."""

    def __init__(self, clock: Clock) -> None:
        self.logs = tuple(CtLog(name, clock) for name in LOG_NAMES)
        ocsp_url, issuer_url = VALIDITY_URLS
        self.authority = DrillAuthority(
            clock, ocsp_url=ocsp_url, issuer_url=issuer_url, other_issuer_url=OTHER_ISSUER_URL, logs=self.logs
        )
        self.responder = OcspResponder(self.authority, clock)
        self.search = CtSearch(self.logs, clock)
        self._acme: AcmeServer | None = None
        self._clock = clock

    @property
    def log_keys(self) -> tuple[LogKey, ...]:
        """The logs as a profile lists them."""
        return tuple(LogKey(log.name, log.key_base64) for log in self.logs)

    @property
    def search_url(self) -> str:
        """Where the logs are searched, as a profile names it."""
        return f"https://{SEARCH}/"

    @property
    def acme_url(self) -> str:
        """The directory of the ACME interface, as a profile names it."""
        return f"https://{ACME}/directory"

    @property
    def acme(self) -> AcmeServer:
        """The ACME interface, there once the authority has joined a world; raises NotFound before."""
        if self._acme is None:
            raise NotFound("The authority has not joined a world yet.")
        return self._acme

    def join(self, network: DnsNetwork, hosts: HostNetwork) -> None:
        """Lay the authority's zone, signed with NSEC3, and serve its hosts, over IPv6 too where there is any."""
        ipv6 = has_ipv6_loopback()
        servers = [(NAME_SERVER, NAME_SERVER_ADDRESS, NAME_SERVER_ADDRESS6 if ipv6 else None)]
        zone = network.add_zone(f"{DOMAIN}.", servers, nsec3=Nsec3())
        addresses = (ADDRESS, ADDRESS6) if ipv6 else (ADDRESS,)
        for name in (OCSP, ISSUER, SEARCH, ACME):
            for address in addresses:
                zone.publish(name, "AAAA" if ":" in address else "A", address)
        resolver = network.add_resolver(RESOLVER, RESOLVER_ADDRESS, public=False)
        validator = WorldValidator(lambda: hosts.dial, resolver, authority=DOMAIN)
        self._acme = AcmeServer(self.authority, self._clock, f"https://{ACME}", validator)
        hosts.add_host(OCSP, *addresses, handler=self.responder.handle, plain=True)
        hosts.add_host(ISSUER, *addresses, handler=self._hand_out_issuer, plain=True)
        hosts.add_host(SEARCH, *addresses, handler=self.search.handle)
        hosts.add_host(ACME, *addresses, handler=self._acme.handle)

    def misissue(self, host: str) -> x509.Certificate:
        """Have another authority issue for a name behind its owner's back; only the logs know."""
        return self.authority.issue(host, "other-issuer").leaf

    def revoke_misissued(self, host: str) -> None:
        """Have the other authority revoke what it has issued for a name."""
        for leaf in self.search.certificates():
            if leaf.issuer != self.authority.issuer.subject and host in names_in(leaf):
                self.authority.revoke(leaf)

    def misissued_revoked(self, domain: str) -> bool:
        """Whether what others have issued for a domain and the names below it is revoked or has expired."""
        return all(
            leaf.serial_number in self.authority.revoked or leaf.not_valid_after_utc <= self._clock.now()
            for leaf in self.search.certificates()
            if leaf.issuer != self.authority.issuer.subject
            and any(name == domain or name.endswith(f".{domain}") for name in names_in(leaf))
        )

    async def close(self) -> None:
        """Give up what is under way."""
        if self._acme is not None:
            await self._acme.close()

    async def _hand_out_issuer(self, request: Request) -> Response:
        """An intermediate, for who was not given it (RFC 5280 section 4.2.2.1)."""
        issuers = {"/issuer.der": self.authority.issuer}
        if request.path == "/other-issuer.der":
            issuers[request.path] = self.authority.other_issuer.certificate
        if request.method not in ("GET", "HEAD") or request.path not in issuers:
            return Response(404)
        der = issuers[request.path].public_bytes(Encoding.DER)
        return Response(200, (("Content-Type", "application/pkix-cert"),), der)
