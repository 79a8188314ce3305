"""Zones and deliveries drawn from a seed: small worlds in which SPF records refer to one another."""

import random
from dataclasses import dataclass

from tests.health.mail.zones import SILENT

DOMAINS = tuple(f"d{number}.test" for number in range(6))
HOSTS = tuple(f"h{number}.test" for number in range(4))
LOST = ("gone0.test", "gone1.test", "gone2.test")
IP4 = ("192.0.2.1", "192.0.2.2", "192.0.2.130", "198.51.100.7", "203.0.113.9")
IP6 = ("2001:db8::1", "2001:db8::2", "2001:db8:1::7")
LOCALS = ("user", "a-b-c", "strong-bad", "x+tag", "")
MACROS = ("%{i}", "%{ir}", "%{d}", "%{d2}", "%{dr}", "%{l}", "%{l-}", "%{lr-}", "%{l1r-}", "%{s}", "%{o}", "%{h}")
RARE_MACROS = (
    "%{v}",
    "%{I}",
    "%{L}",
    "%{S}",
    "%{D1}",
    "%{h2}",
    "%{ir/}",
    "%{s2}",
    "%{o9}",
    "%{l+}",
    "%{d1r}",
    "%{p}",
    "%{p2}",
)
BROKEN = (
    "moo", "a:", "include", "include:", "exists", "ip4", "ip4:", "ip4:1.2.3.4/33", "ip4:1.2.3.256", "ip4:1.2.3",
    "ip4:01.2.3.4", "ip6:2001::/129", "ip4:2001::", "ip6:1.2.3.4", "ip6::::1", "all:x", "all/8", "a:d0", "mx/33",
    "a/24/24", "a//129", "a/024", "ip4:1.2.3.4/032", "exists:%{c}.d0.test", "a:%{d", "a:%(d).test", "a:%{x}.test",
    "include:d0.test/24", "-", "+", "=d0.test", "a=d0.test:x/y", "ptr:", "ptr/24", "redirect:d0.test", "a:d0.t-",
    "a:d0.123", "a:%{d0}", "exp=", "redirect=", "m%x=1", "x=%", "x=%{z}", "a:d0.test/x", "**all", "~~all",
    "a:h0 .test",
)  # fmt: skip


@dataclass(frozen=True)
class Delivery:
    """One world and one connection in it."""

    zones: dict[str, list[tuple[str, str]]]
    ip: str
    sender: str
    helo: str

    def shown(self) -> str:
        """As a reader wants it when a test fails."""
        lines = [f"{name}: {kind} {value}" for name, entries in self.zones.items() for kind, value in entries]
        return "\n".join([f"{self.ip} <{self.sender}> helo {self.helo}", *lines])


class Drawer:
    """Draws deliveries; `broken` is the fraction of terms that break the grammar, `silent` of silent names."""

    def __init__(self, seed: int, *, broken: float = 0.02, silent: float = 0.03) -> None:
        self.chance = random.Random(seed)
        self.broken = broken
        self.silent = silent

    def delivery(self) -> Delivery:
        pick = self.chance.choice
        zones: dict[str, list[tuple[str, str]]] = {}
        ip = pick(IP6) if self.chance.random() < 0.3 else pick(IP4)
        for domain in DOMAINS:
            zones[domain] = self._domain(domain)
        for host in HOSTS:
            zones[host] = self._addresses()
        self._pointers(zones)
        for name in (*DOMAINS, *HOSTS):
            if self.chance.random() < self.silent:
                kind = pick(("A", "AAAA", "MX", "TXT"))
                zones[name] = [entry for entry in zones[name] if entry[0] != kind] + [(kind, SILENT)]
        local = pick(LOCALS)
        domain = pick(DOMAINS)
        sender = self.chance.choices((f"{local}@{domain}", domain, ""), (88, 6, 6))[0]
        return Delivery(zones, ip, sender, pick((*DOMAINS, *DOMAINS, *HOSTS, "nowhere.test")))

    def _domain(self, domain: str) -> list[tuple[str, str]]:
        chance = self.chance
        entries = [("TXT", self.record()) for _ in range(chance.choices((0, 1, 2), (8, 90, 2))[0])]
        if chance.random() < 0.3:
            entries.append(("TXT", chance.choice(("hello", "v=spf10 -all", "v=spf1; -all", "spf2.0/pra -all"))))
        entries += self._addresses()
        for number in range(chance.choices((0, 1, 2, 11), (50, 30, 18, 2))[0]):
            entries.append(("MX", f"{10 * number} {chance.choice((*HOSTS, *LOST[:1], domain))}"))
        chance.shuffle(entries)
        return entries

    def _addresses(self) -> list[tuple[str, str]]:
        chance = self.chance
        four = [("A", address) for address in chance.sample(IP4, chance.choices((0, 1, 2), (20, 50, 30))[0])]
        six = [("AAAA", address) for address in chance.sample(IP6, chance.choices((0, 1), (50, 50))[0])]
        return four + six

    def _pointers(self, zones: dict[str, list[tuple[str, str]]]) -> None:
        from ipaddress import ip_address

        for address in (*IP4, *IP6):
            names = self.chance.sample((*DOMAINS, *HOSTS, *LOST), self.chance.choices((0, 1, 3), (40, 40, 20))[0])
            if names:
                zones[ip_address(address).reverse_pointer] = [("PTR", name) for name in sorted(names)]

    def record(self) -> str:
        """One SPF text."""
        chance = self.chance
        terms = [self.term() for _ in range(chance.choices((0, 1, 2, 3, 5, 12), (2, 20, 30, 30, 15, 3))[0])]
        if chance.random() < 0.75:
            terms.append(chance.choice(("-all", "~all", "?all", "all", "+all", "-ALL")))
        if chance.random() < 0.25:
            spec = chance.choice((*DOMAINS, "%{d}", "_spf.%{d}", *LOST))
            terms.insert(chance.randint(0, len(terms)), f"redirect={spec}")
        if chance.random() < 0.1:
            terms.insert(chance.randint(0, len(terms)), f"exp={chance.choice(DOMAINS)}")
        if chance.random() < 0.05:
            terms.append(chance.choice(("foo=bar", "moo.cow-far_out=man:dog/cat", "x=", "Y=%{d}%%")))
        version = chance.choices(("v=spf1", "V=sPf1"), (9, 1))[0]
        return (
            version
            + "".join(" " * chance.choice((1, 1, 1, 2)) + term for term in terms)
            + " " * chance.choice((0, 0, 1))
        )

    def term(self) -> str:
        """One mechanism, broken at times."""
        chance = self.chance
        if chance.random() < self.broken:
            return chance.choice(BROKEN)
        name = chance.choice(("ip4", "ip4", "ip6", "a", "a", "mx", "include", "include", "exists", "ptr"))
        qualifier = chance.choice(("", "", "", "+", "-", "~", "?"))
        if chance.random() < 0.1:
            name = name.upper()
        return qualifier + name + self._argument(name.lower())

    def _argument(self, name: str) -> str:
        chance = self.chance
        match name:
            case "ip4":
                return f":{chance.choice(IP4)}{chance.choice(('', '/32', '/24', '/25', '/0'))}"
            case "ip6":
                return f":{chance.choice(IP6)}{chance.choice(('', '/128', '/64', '/0'))}"
            case "a" | "mx":
                prefix = chance.choice(("", "", "", "/24", "//64", "/24//48", "/0"))
                return chance.choice(("", f":{self._name()}", f":{self._name()}")) + prefix
            case "ptr":
                return chance.choice(("", f":{self._name()}"))
            case _:
                return f":{self._name()}"

    def _name(self) -> str:
        chance = self.chance
        if chance.random() < 0.25:
            return f"{chance.choice((*MACROS, *RARE_MACROS))}.{chance.choice(DOMAINS)}"
        if chance.random() < 0.1:
            return chance.choice(("%{d}", "%{o}", "%{d2}", "%{h}"))
        return chance.choice((*DOMAINS, *DOMAINS, *HOSTS, *LOST, "D1.TEST", "d2.test."))
