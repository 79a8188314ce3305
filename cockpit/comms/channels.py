"""From configuration to channels: which one carries what, and what it is made of. Secrets are fetched late."""

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

import msgspec

from cockpit.config.command import ChannelConfig
from cockpit.errors import ConfigError
from cockpit.profile import Profile

if TYPE_CHECKING:
    from cockpit.comms.outcome import Letter, Outcome

CHAT = "chat"
"""The channel that `chat_webhook` makes; only internal words go there by themselves."""

BY_HAND = "hand"
"""The channel of words that a person carries, from the clipboard."""


class Way(msgspec.Struct, frozen=True):
    """A configured channel by its name."""

    name: str
    config: ChannelConfig


class Channel(Protocol):
    """Something that carries a letter outside.

    `safe_to_repeat` says that a repeated letter reaches people once. `again` says that this one was tried before.
    """

    @property
    def safe_to_repeat(self) -> bool:
        """Whether an attempt whose answer was lost may be made again."""

    def send(self, letter: "Letter", *, again: bool) -> "Outcome":
        """One attempt; raises NotTaken, PerhapsTaken, WorldError, ConfigError or Refused."""


class ChannelSettings(Protocol):
    """What channels need of the configuration."""

    @property
    def chat_webhook(self) -> str | None:
        """The reference of the team's webhook."""

    @property
    def channels(self) -> Mapping[str, ChannelConfig]:
        """The other channels."""


def ways(settings: ChannelSettings) -> dict[str, Way]:
    """Every channel that is configured, by name; the webhook of the team's chat is one of them."""
    found = {name: Way(name, config) for name, config in settings.channels.items()}
    if settings.chat_webhook is not None and CHAT not in found:
        own = ChannelConfig(kind="slack-webhook", secret=settings.chat_webhook, audiences=("internal",))
        found = {CHAT: Way(CHAT, own), **found}
    return found


def open_channel(way: Way, profile: Profile) -> Channel:
    """The channel itself, with its secret fetched; raises ConfigError, Refused or WorldError."""
    config = way.config
    secret = ""
    if config.secret is not None:
        from cockpit.secrets import resolve

        secret = resolve(config.secret, profile)
    elif config.kind in _NEED_SECRET:
        raise ConfigError(f"The channel {way.name} needs a secret: a reference such as env:NAME.")
    return _MAKERS[config.kind](config, secret, profile)


def _slack_webhook(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.slack import SlackWebhook

    return SlackWebhook(secret, profile)


def _slack(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.slack import SlackApi

    return SlackApi(secret, config.place, profile, base=config.url)


def _statuspage(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.status_page import StatusPage

    return StatusPage(secret, config.place, profile, base=config.url)


def _freshdesk(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.freshdesk import Freshdesk

    return Freshdesk(secret, config.url, profile, config.to)


def _pagerduty(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.pagers import PagerDuty

    return PagerDuty(secret, profile, base=config.url)


def _opsgenie(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.pagers import Opsgenie

    return Opsgenie(secret, profile, base=config.url)


def _monitoring(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.pagers import Monitoring

    return Monitoring(secret, config.url, profile)


def _webhook(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.webhook import Webhook

    return Webhook(config.url, secret, profile)


def _smtp(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.mail import Smtp

    return Smtp(config.url, config.user, secret, config.sender, config.to, profile)


def _ses(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.mail import SesMail

    return SesMail(config.sender, config.to, profile)


def _sms(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.sms import Sms

    return Sms(config.to, config.sender, profile)


def _file(config: ChannelConfig, secret: str, profile: Profile) -> Channel:
    from cockpit.comms.file import FileDrop

    if not config.place:
        raise ConfigError("A channel of files needs a place: the folder to write to.")
    return FileDrop(Path(config.place).expanduser())


_NEED_SECRET = frozenset(
    {"slack-webhook", "slack", "statuspage", "freshdesk", "pagerduty", "opsgenie", "monitoring"}
)
_MAKERS: Mapping[str, Callable[[ChannelConfig, str, Profile], Channel]] = MappingProxyType(
    {
        "slack-webhook": _slack_webhook,
        "slack": _slack,
        "statuspage": _statuspage,
        "freshdesk": _freshdesk,
        "pagerduty": _pagerduty,
        "opsgenie": _opsgenie,
        "monitoring": _monitoring,
        "webhook": _webhook,
        "smtp": _smtp,
        "ses": _ses,
        "sms": _sms,
        "file": _file,
    }
)
