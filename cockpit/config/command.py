"""What incident command can be configured with: channels, contacts, office hours, and severities of one's own."""

from datetime import time
from typing import Annotated, Literal

import msgspec

from cockpit.secret_reference import SecretRef

SeverityName = Literal["P0", "P1", "P2", "P3"]
Seconds = Annotated[float, msgspec.Meta(gt=0, le=31 * 86_400)]
Fraction = Annotated[float, msgspec.Meta(ge=0, le=1)]
ServiceUrl = Annotated[str, msgspec.Meta(pattern=r"^(https?://[^\s@]+)?\Z")]

ChannelKind = Literal[
    "slack-webhook",
    "slack",
    "statuspage",
    "freshdesk",
    "pagerduty",
    "opsgenie",
    "monitoring",
    "webhook",
    "smtp",
    "ses",
    "sms",
    "file",
]


class ChannelConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One way out for words. What is secret of it stands behind `secret`.

    `url` is the service's base address where it is not the usual one; for `smtp` it is `smtp://host:port`.
    `place` is the Slack channel, the Statuspage page, the Freshdesk group or the folder of files. `sender` and `to`
    are mail addresses, for `sms` a name and telephone numbers; `user` is a login. `audiences` are those whose words
    it carries (`internal`, `customers`, ...), `names` the names by which `alert_routing` calls it, such as
    `oncall-primary` or `#critical-alerts`.
    """

    kind: ChannelKind
    secret: SecretRef | None = None
    url: Annotated[str, msgspec.Meta(max_length=500)] = ""
    place: str = ""
    user: str = ""
    sender: str = ""
    to: tuple[str, ...] = ()
    audiences: tuple[str, ...] = ()
    names: tuple[str, ...] = ()


class ContactConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody to call. With `severities`, only in incidents of these: a CEO is called for a P0 alone.

    `level` is the step of the escalation chain, 1 to 4, that this contact stands on.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    group: Literal["on-call", "specialist", "vendor", "registrar", "executive"] = "on-call"
    level: Annotated[int, msgspec.Meta(ge=1, le=4)] | None = None
    phone: str = ""
    mail: str = ""
    chat: str = ""
    note: str = ""
    severities: tuple[SeverityName, ...] = ()


class OfficeHoursConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Monday to Friday from `start` to `end` in `zone`, an IANA name such as America/Toronto."""

    start: Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")] = "09:00"
    end: Annotated[str, msgspec.Meta(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]\Z")] = "17:00"
    zone: str = "UTC"

    @property
    def opening(self) -> time:
        """`start` as a time of day."""
        return time.fromisoformat(self.start)

    @property
    def closing(self) -> time:
        """`end` as a time of day."""
        return time.fromisoformat(self.end)


class OwnLevel(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One severity of an organisation's own: from what on it holds, and its clocks in seconds.

    What is left out is as in the profile that `severity_profile` names; a clock of None there stays none.
    """

    title: str = ""
    criteria: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()
    customers: Fraction | None = None
    services: Annotated[int, msgspec.Meta(ge=1)] | None = None
    certificate_hours: Annotated[float, msgspec.Meta(gt=0, le=10_000)] | None = None
    acknowledge_s: Seconds | None = None
    customers_s: Seconds | None = None
    partners_s: Seconds | None = None
    executives_s: Seconds | None = None
    management_s: Seconds | None = None
    update_s: Seconds | None = None
    rto_s: Seconds | None = None


class OwnRole(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A role of an organisation's own, or another say in when one of ours is needed.

    `required` are the severities at which it has to be filled; left out, one of ours stays as the procedures have
    it, and one of their own is needed at none.
    """

    title: Annotated[str, msgspec.Meta(max_length=60)] = ""
    required: tuple[SeverityName, ...] | None = None


class ResolvingConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What has to hold before an incident is resolved, beside cleared alerts and no failing check.

    `conditions` are asked for, by their names; every check has been good for `green_minutes`, and is good for the
    `run_minutes` of the validation run.
    """

    conditions: tuple[Literal["green", "health", "performance", "restoration", "customers", "run"], ...] = (
        "green",
        "health",
        "performance",
        "restoration",
        "customers",
        "run",
    )
    green_minutes: Annotated[float, msgspec.Meta(ge=0, le=1440)] = 5
    run_minutes: Annotated[float, msgspec.Meta(ge=1, le=1440)] = 10


class OrganisationConfig(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What messages say of us: a name, the address of the status page, the support team and the registrar.

    `classification` is the mark on exports; empty for none.
    """

    name: str = ""
    status_page: ServiceUrl = ""
    support_team: str = ""
    registrar: str = ""
    registrar_account: str = ""
    classification: Annotated[str, msgspec.Meta(max_length=60)] = "CONFIDENTIAL"
