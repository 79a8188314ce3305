"""What there is to look at, by configuration: one job per target and probe."""

from collections.abc import Mapping
from dataclasses import dataclass

from cockpit.config import DomainConfig, Settings
from cockpit.health.impact import Affected, together
from cockpit.health.registry import ACCOUNT_PREFIX, CHECKS, Check, account_target, checks_of_probe
from cockpit.profile import Profile
from storage.owners import OwnerList


@dataclass(frozen=True, slots=True)
class Job:
    """Look at `target` with `probe` every `interval_s` seconds."""

    target: str
    probe: str
    interval_s: float

    @property
    def checks(self) -> tuple[Check, ...]:
        """The checks that this look answers."""
        return checks_of_probe(self.probe)


def jobs(settings: Settings, profile: Profile) -> list[Job]:
    """Everything that the configuration wants watched."""
    found = [
        job
        for domain in settings.domains
        for job in (*domain_jobs(domain, settings), *jobs_around(domain, settings, profile, keeps=True))
    ]
    accounts = watched_accounts(settings, profile)
    return [
        *found,
        *(job for target in accounts for job in account_jobs(target, settings, own=target == accounts[0])),
    ]


def domain_jobs(domain: DomainConfig, settings: Settings) -> list[Job]:
    """The jobs of one domain; what is not configured is not looked for."""
    probes = ["resolution", "dnssec", "mail"]
    if domain.identity:
        probes += ["identity", "alignment"]
    if domain.identity or (domain.dkim is not None and domain.dkim.selector):
        probes.append("dkim")
    if domain.hosts:
        probes.append("certificate")
    if any(host.path is not None for host in domain.hosts):
        probes.append("health")
    return [Job(domain.name, probe, interval_s(probe, settings, domain)) for probe in probes]


def jobs_around(domain: DomainConfig, settings: Settings, profile: Profile, *, keeps: bool) -> list[Job]:
    """The jobs around a domain, where there is a search or a load balancer to ask; backups if one `keeps` any."""
    probes = ["issuance"] if profile.ct_search else []
    if domain.load_balancers:
        probes.append("targets")
    if keeps:
        probes.append("backup")
    return [Job(domain.name, probe, interval_s(probe, settings, domain)) for probe in probes]


def account_jobs(target: str, settings: Settings, *, own: bool = True) -> list[Job]:
    """The jobs of an SES account; feedback and lists are looked for in our `own` one, where they are configured."""
    probes = ["account", "rates", "sets", "aws_health", "alarms", "advice", "calls"]
    if own and settings.ses.feedback_queue:
        probes.append("feedback")
    if own and settings.ses.suppression_table:
        probes.append("suppression")
    return [Job(target, probe, interval_s(probe, settings)) for probe in probes]


def watched_accounts(settings: Settings, profile: Profile) -> list[str]:
    """Every SES account and region to watch; the one under `aws:` comes first."""
    first = watched_account(settings, profile)
    aws = profile.aws
    more = [
        account_target(each.account or aws.account, each.region or aws.region) for each in settings.ses.accounts
    ]
    return list(dict.fromkeys([*([first] if first is not None else []), *more]))


def watched_account(settings: Settings, profile: Profile) -> str | None:
    """The name of the SES account to watch; None when nothing says that there is one."""
    aws = profile.aws
    if aws.account or aws.endpoint or any(domain.identity for domain in settings.domains):
        return account_target(aws.account, aws.region)
    return None


def interval_s(probe: str, settings: Settings, domain: DomainConfig | None = None) -> float:
    """Seconds between two looks of a probe; a domain may have its own."""
    check = next(check for check in CHECKS if check.probe == probe)
    own = getattr(domain.intervals, check.interval, None) if domain is not None else None
    return float(own or getattr(settings.intervals, check.interval))


def affected(settings: Settings, target: str, owners: Mapping[str, OwnerList] | None = None) -> Affected:
    """Who depends on a target, as configured and as last imported; on an account, who sends from it."""
    known = owners or {}
    if target.startswith(ACCOUNT_PREFIX):
        senders = [_affected(domain, known) for domain in settings.domains if domain.identity]
        return together(senders) if senders else Affected(production=True)
    domain = settings.domain(target)
    return Affected(production=True) if domain is None else _affected(domain, known)


def _affected(domain: DomainConfig, owners: Mapping[str, OwnerList]) -> Affected:
    found = owners.get(domain.name)
    imported = found.services if found is not None else ()
    services = dict.fromkeys([*domain.services, *(each.service for each in imported)])
    people = dict.fromkeys(filter(None, [domain.owner, *(each.owner for each in imported)]))
    return Affected(domain.production, tuple(services), tuple(people))
