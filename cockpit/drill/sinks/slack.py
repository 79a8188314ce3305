"""Slack's Web API, as far as an incident needs it: a channel of its own, a topic, messages, and looking back.

`POST /conversations.create`, `/conversations.setTopic` and `/chat.postMessage`, and `GET /conversations.history`,
all with `Authorization: Bearer TOKEN`. Like the real one it answers 200 with `ok` false and an `error` word for
whatever is wrong, and 429 with Retry-After where there was too much.
"""

import re
import secrets
from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from cockpit.clock import Clock
from cockpit.drill.sinks.answers import bearer, filled, json_answer, json_object
from cockpit.drill.sinks.contract import RETRY_AFTER_S, SinkFaultKind, Taken
from cockpit.drill.web.http import Request, Response

ROOM_LIMIT = 200
MESSAGES_KEPT = 200
"""Messages that a channel gives back."""

TOPIC_LIMIT = 250
TEXT_LIMIT = 40_000
HISTORY_PAGE = 100

_NAME = re.compile(r"[a-z0-9_-]{1,80}\Z")


@dataclass
class Room:
    """One channel of the workspace."""

    id: str
    name: str
    topic: str = ""
    messages: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MESSAGES_KEPT))


class SlackSink:
    """A workspace with one channel, `general`, until others are opened; `rooms` are its channels by name."""

    def __init__(self, clock: Clock, name: str = "slack") -> None:
        self.name = name
        self.token = f"xoxb-{secrets.token_hex(12)}"
        self.path = f"/{name}/api"
        self.rooms: OrderedDict[str, Room] = OrderedDict(general=Room("C0000000001", "general"))
        self._clock = clock
        self._posted = 0
        self._methods: Mapping[tuple[str, str], Callable[[Mapping[str, Any]], Response | Taken]] = {
            ("POST", "conversations.create"): self._create,
            ("POST", "conversations.setTopic"): self._set_topic,
            ("POST", "chat.postMessage"): self._post,
            ("GET", "conversations.history"): self._history,
        }

    def owns(self, path: str) -> bool:
        """Whether a path is one of the API's methods."""
        return path.startswith(self.path + "/")

    def accept(self, request: Request) -> Response | Taken:
        """Read one call."""
        method = self._methods.get((request.method, request.path.removeprefix(self.path + "/")))
        if method is None:
            return _no("unknown_method")
        if bearer(request, "Bearer") != self.token:
            return _no("invalid_auth" if request.headers.get("authorization") else "not_authed")
        given = dict(request.query) if request.method == "GET" else json_object(request)
        return _no("invalid_json") if given is None else method(given)

    def trouble(self, kind: SinkFaultKind) -> Response:
        """`ratelimited` with Retry-After, or `internal_error`."""
        if kind is SinkFaultKind.RATE_LIMIT:
            limited = {"ok": False, "error": "ratelimited"}
            return json_answer(429, limited, ("Retry-After", str(RETRY_AFTER_S)))
        return json_answer(500, {"ok": False, "error": "internal_error"})

    def _room(self, given: Mapping[str, Any]) -> Room | None:
        """The channel that is meant, by its id or its name."""
        wanted = str(given.get("channel", "")).removeprefix("#")
        return next((room for room in self.rooms.values() if wanted in (room.id, room.name)), None)

    def _create(self, given: Mapping[str, Any]) -> Response | Taken:
        name = str(given.get("name", ""))
        if not _NAME.match(name):
            return _no("invalid_name_specials" if name else "invalid_name_required")
        if name in self.rooms:
            return _no("name_taken")

        def act() -> Response:
            room = self.rooms.setdefault(name, Room(f"C{secrets.token_hex(5).upper()}", name))
            while len(self.rooms) > ROOM_LIMIT:
                self.rooms.popitem(last=False)
            return json_answer(200, {"ok": True, "channel": {"id": room.id, "name": name, "is_channel": True}})

        return Taken(f"channel #{name} opened", act)

    def _set_topic(self, given: Mapping[str, Any]) -> Response | Taken:
        room, topic = self._room(given), str(given.get("topic", ""))
        if room is None:
            return _no("channel_not_found")
        if len(topic) > TOPIC_LIMIT:
            return _no("too_long")

        def act() -> Response:
            room.topic = topic
            return json_answer(200, {"ok": True, "channel": {"id": room.id, "topic": {"value": topic}}})

        return Taken(f"topic of #{room.name}: {topic}", act)

    def _post(self, given: Mapping[str, Any]) -> Response | Taken:
        room, text = self._room(given), filled(given.get("text"))
        if room is None:
            return _no("channel_not_found")
        if text is None:
            return _no("no_text")
        if len(text) > TEXT_LIMIT:
            return _no("msg_too_long")

        def act() -> Response:
            self._posted += 1
            stamp = f"{int(self._clock.now().timestamp())}.{self._posted:06}"
            message = {"type": "message", "ts": stamp, "text": text}
            if isinstance(given.get("metadata"), dict):
                message["metadata"] = given["metadata"]
            room.messages.appendleft(message)
            return json_answer(200, {"ok": True, "channel": room.id, "ts": stamp, "message": message})

        return Taken(text, act)

    def _history(self, given: Mapping[str, Any]) -> Response:
        room = self._room(given)
        if room is None:
            return _no("channel_not_found")
        size = str(given.get("limit", HISTORY_PAGE))
        found = list(room.messages)[: int(size) if size.isdigit() else HISTORY_PAGE]
        if given.get("include_all_metadata") != "true":
            found = [{key: value for key, value in each.items() if key != "metadata"} for each in found]
        return json_answer(200, {"ok": True, "messages": found, "has_more": len(found) < len(room.messages)})


def _no(error: str) -> Response:
    """What the API says to whatever it does not do: 200, and why."""
    return json_answer(200, {"ok": False, "error": error})
