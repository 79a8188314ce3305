"""What the company's own configuration and profile would know of a world: its keys by reference, its ways in.

Keys and tokens lie in the drill's Secrets Manager, as they would in production; a profile or a configuration that
names them may lie on disk and be shown.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cockpit.clock import Clock
from cockpit.drill.aws.stores.secret_store import SecretStore
from cockpit.drill.dns import DnsNetwork, TsigKey
from cockpit.drill.sinks import SinkServer
from cockpit.profile import UpdateDoor

SINK_SECRET = "drill/{}"  # noqa: S105 - where a token lies, not a token
TSIG_SECRET = "drill/tsig/{}"  # noqa: S105 - where a key lies, not a key


def keep_secrets(store: SecretStore, keys: Sequence[TsigKey], sinks: SinkServer, clock: Clock) -> None:
    """Put the keys for dynamic updates and each sink's token where references find them."""
    for key in keys:
        store.keep(TSIG_SECRET.format(key.name.removesuffix(".")), key.secret, clock.now())
    for name in sinks.names:
        if token := sinks.token(name):
            store.keep(SINK_SECRET.format(name), token, clock.now())


def update_doors(network: DnsNetwork, granted: Mapping[TsigKey, Sequence[str]]) -> tuple[UpdateDoor, ...]:
    """How each zone that a key may touch is changed: at its primary, with that key."""
    return tuple(_doors(network, granted))


def _doors(network: DnsNetwork, granted: Mapping[TsigKey, Sequence[str]]) -> Iterator[UpdateDoor]:
    for key, zones in granted.items():
        for name in zones:
            primary = network.tree.zone(name).servers[0]
            yield UpdateDoor(
                zone=f"{name.removesuffix('.')}.",
                server=primary.name.to_text(),
                address=primary.address,
                key_name=key.name,
                key=f"aws:{TSIG_SECRET.format(key.name.removesuffix('.'))}",
                algorithm=key.algorithm,
            )


def channels(sinks: SinkServer) -> dict[str, Any]:
    """The channels that the company has configured, and the Alertmanager it asks, in `cockpit.yaml`'s shape."""
    return {
        "chat_webhook": f"url:{sinks.url('chat')}",
        "alertmanager": sinks.url("alertmanager"),
        "channels": {
            "status-page": _channel(sinks, "statuspage", "status-page", "customers") | {"place": sinks.page},
            "tickets": _channel(sinks, "freshdesk", "ticket", "owners"),
            "pager": _channel(sinks, "pagerduty", "pager") | {"names": ["oncall-primary", "oncall-secondary"]},
            "opsgenie": _channel(sinks, "opsgenie", "opsgenie"),
            "monitoring": _channel(sinks, "monitoring", "monitoring"),
            "slack": _channel(sinks, "slack", "slack") | {"place": "general"},
            "hook": _channel(sinks, "webhook", "webhook"),
            "mail": _channel(sinks, "smtp", "mail", "executives", "management", "partners")
            | {
                "user": sinks.access["mail"]["user"],
                "sender": "ops@shop.example",
                "to": ["management@shop.example"],
            },
        },
    }


def _channel(sinks: SinkServer, kind: str, sink: str, *audiences: str) -> dict[str, Any]:
    found: dict[str, Any] = {
        "kind": kind,
        "url": sinks.access[sink]["url"],
        "secret": f"aws:{SINK_SECRET.format(sink)}",
    }
    return found | ({"audiences": list(audiences)} if audiences else {})
