"""One look's questions to all servers, sent together; and what came, for whoever reads them one by one."""

import asyncio
import time
from collections.abc import Callable, Sequence

from cockpit.probes.engine.engine import Engine
from cockpit.probes.names.question import Question
from cockpit.probes.names.transport import Endpoint

Asked = tuple[Endpoint, Question]


class Round:
    """A `Transport` that knows the answers to what it has asked already, and asks the engine for everything else.

    `came` has what came for each question in its order, octets as they came or what came instead; `took_s` is how
    long that took, from the beginning of the round.
    """

    careful = False

    def __init__(self, engine: Engine, *, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._monotonic = monotonic
        self._heard: dict[tuple[Endpoint, bytes], bytes] = {}
        self._left = 0
        self._done: asyncio.Future[None] | None = None
        self._started = 0.0
        self.came: list[bytes | Exception] = []
        self.took_s: list[float] = []

    async def ask(self, asked: Sequence[Asked], timeout_s: float) -> None:
        """Ask everything at once, as far as the servers may be asked, and return when nothing is open any more."""
        self._left = len(asked)
        self._started = self._monotonic()
        self.came = [TimeoutError()] * len(asked)
        self.took_s = [0.0] * len(asked)
        if not asked:
            return
        self._done = asyncio.get_running_loop().create_future()
        for place, (endpoint, question) in enumerate(asked):
            self._engine.post(endpoint, question, timeout_s, self._told, place)
        await self._done

    def keep(self, asked: Sequence[Asked]) -> None:
        """Have the answers ready for those who ask for them one by one."""
        for (endpoint, question), came in zip(asked, self.came, strict=True):
            if isinstance(came, bytes):
                self._heard[endpoint, question.wire] = question.restored(came)

    def heard(self, asked: Asked) -> bytes | None:
        """The answer to a question in its own letters, whoever asked it; None for one that has none."""
        return self._heard.get((asked[0], asked[1].wire))

    def _told(self, place: int, came: "bytes | Exception") -> None:
        self.came[place] = came
        self.took_s[place] = self._monotonic() - self._started
        self._left -= 1
        if not self._left and self._done is not None and not self._done.done():
            self._done.set_result(None)

    async def turn(self, endpoint: Endpoint) -> None:
        """Whoever asks for what was heard takes nobody's turn; the rest waits in `datagram()`."""

    async def datagram(self, endpoint: Endpoint, question: Question, timeout_s: float) -> bytes:
        """What was heard, or what the engine gets; raises TimeoutError, OSError or WrongAnswerError."""
        heard = self.heard((endpoint, question))
        if heard is not None:
            return heard
        await self._engine.turn(endpoint)
        came = await self._engine.datagram(endpoint, question, timeout_s)
        self._heard[endpoint, question.wire] = came
        return came

    async def stream(self, endpoint: Endpoint, question: Question, timeout_s: float) -> bytes:
        """Ask over TCP; raises TimeoutError, OSError, EOFError or WrongAnswerError."""
        return await self._engine.stream(endpoint, question, timeout_s)
