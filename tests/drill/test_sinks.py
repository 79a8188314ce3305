"""The chat sink answers as the chat service does and remembers what came."""

from collections.abc import AsyncIterator

import httpx
import pytest

from cockpit.clock import SystemClock
from cockpit.drill.sinks import RECORD_LIMIT, ChatSink, SinkServer
from cockpit.errors import BadInput, NotFound


@pytest.fixture
async def sinks() -> AsyncIterator[SinkServer]:
    server = SinkServer(SystemClock(), [ChatSink()])
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False, timeout=2.0) as http:
        yield http


async def test_a_message_is_answered_ok_and_remembered(sinks: SinkServer, client: httpx.AsyncClient) -> None:
    response = await client.post(sinks.url("chat"), json={"text": "INC-42 opened", "channel": "#ops"})
    assert (response.status_code, response.text) == (200, "ok")
    (message,) = sinks.messages("chat")
    assert message.text == "INC-42 opened"
    assert '"channel"' in message.body
    assert abs((SystemClock().now() - message.at).total_seconds()) < 5


async def test_blocks_count_as_text(sinks: SinkServer, client: httpx.AsyncClient) -> None:
    blocks = [{"type": "section", "text": {"type": "mrkdwn", "text": "Update 1"}}]
    assert (await client.post(sinks.url("chat"), json={"blocks": blocks})).text == "ok"
    assert "Update 1" in sinks.messages("chat")[0].text


@pytest.mark.parametrize(
    ("content", "status", "answer"),
    [
        (b"not json", 400, "invalid_payload"),
        (b"[1]", 400, "invalid_payload"),
        (b"{}", 400, "no_text"),
        (b'{"text": "  "}', 400, "no_text"),
    ],
)
async def test_what_the_service_would_not_take_is_not_taken(
    sinks: SinkServer, client: httpx.AsyncClient, content: bytes, status: int, answer: str
) -> None:
    response = await client.post(sinks.url("chat"), content=content)
    assert (response.status_code, response.text) == (status, answer)
    assert not sinks.received


async def test_a_wrong_path_and_a_wrong_method_are_refused(sinks: SinkServer, client: httpx.AsyncClient) -> None:
    assert (await client.post(sinks.url("chat") + "x", json={"text": "hi"})).status_code == 404
    assert (await client.get(sinks.url("chat"))).status_code == 405


@pytest.mark.parametrize(("kind", "status"), [("error", 500), ("rate-limit", 429)])
async def test_a_failing_sink_answers_just_that_and_delivers_nothing(
    sinks: SinkServer, client: httpx.AsyncClient, kind: str, status: int
) -> None:
    sinks.inject("chat", kind)
    response = await client.post(sinks.url("chat"), json={"text": "lost"})
    assert response.status_code == status
    assert ("retry-after" in response.headers) == (status == 429)
    assert sinks.messages("chat") == []
    assert [message.delivered for message in sinks.received] == [False]
    sinks.heal("chat")
    assert (await client.post(sinks.url("chat"), json={"text": "found"})).text == "ok"


async def test_a_silent_and_a_refusing_sink(sinks: SinkServer, client: httpx.AsyncClient) -> None:
    sinks.inject("chat", "timeout")
    with pytest.raises(httpx.ReadTimeout):
        await client.post(sinks.url("chat"), json={"text": "lost"}, timeout=0.2)
    sinks.inject("chat", "refuse")
    with pytest.raises((httpx.ReadError, httpx.RemoteProtocolError)):
        await client.post(sinks.url("chat"), json={"text": "lost"})


async def test_what_came_is_bounded_and_made_visible(sinks: SinkServer, client: httpx.AsyncClient) -> None:
    await client.post(sinks.url("chat"), json={"text": "\x1b[31mred"})
    assert sinks.messages("chat")[0].text == "\\u{1b}[31mred"
    for number in range(RECORD_LIMIT + 5):
        await client.post(sinks.url("chat"), json={"text": str(number)})
    assert len(sinks.received) == RECORD_LIMIT


async def test_words_outside_the_vocabulary_are_refused(sinks: SinkServer) -> None:
    with pytest.raises(BadInput, match="no sink fault"):
        sinks.inject("chat", "explode")
    with pytest.raises(NotFound, match="no sink 'fax'"):
        sinks.inject("fax", "error")
