"""The engine over real sockets: what it sends cannot be guessed, what it believes was asked, and it keeps time."""

import asyncio
import time
from collections.abc import Callable

import dns.flags
import dns.message
import pytest

from cockpit.probes.engine import Engine, Round
from cockpit.probes.engine.bucket import Bucket
from cockpit.probes.engine.engine import SILENT_AFTER
from cockpit.probes.names.answer import ASKED_OVER_TCP, Answer
from cockpit.probes.names.dns import ask
from cockpit.probes.names.question import make_question
from cockpit.profile import Profile
from tests.probes.nameserver import NOBODY, Handler, name_server, reply, resolver

NAME = "www.shop.example"


def address(query: dns.message.Message, *_: object) -> bytes:
    return reply(query, f"{query.question[0].name} 47 IN A 203.0.113.9")


async def answered(handler: Handler, *, tcp: bool = True, deadline_s: float = 1.0, rtype: str = "A") -> Answer:
    async with name_server(handler, tcp=tcp) as profile, Engine() as engine:
        return await ask(profile, resolver(), NAME, rtype, deadline_s=deadline_s, transport=engine)


async def test_an_answer_comes_back_in_the_case_that_was_asked_for() -> None:
    seen = []

    def noting(query: dns.message.Message, _: bool) -> bytes:
        seen.append(query.question[0].name.to_text())
        return reply(query, f"{seen[-1]} 60 IN CNAME a.{seen[-1]}", f"a.{seen[-1]} 47 IN A 203.0.113.9")

    async with name_server(noting) as profile, Engine() as engine:
        for _ in range(10):
            answer = await ask(profile, resolver(), NAME, "A", transport=engine)
            assert (answer.status, answer.values, answer.ttl_s) == ("answer", ("203.0.113.9",), 47)
            assert (answer.chain[0].owner, answer.chain[0].target) == (NAME, f"a.{NAME}")
    assert len(set(seen)) > 5, "the case of letters is thrown anew for each question"
    assert {name.lower() for name in seen} == {f"{NAME}."}


async def test_ids_and_ports_are_spread_and_ports_are_given_up() -> None:
    ids, ports = [], set()

    def noting(query: dns.message.Message, _: bool) -> bytes:
        ids.append(query.id)
        return address(query)

    async with name_server(noting) as profile, Engine() as engine:
        for _ in range(15):
            await asyncio.gather(*(ask(profile, resolver(), NAME, "A", transport=engine) for _ in range(40)))
            for gate in engine._gates.values():
                ports |= {outlet.socket.getsockname()[1] for outlet in gate.outlets}
    assert len(set(ids)) > 560
    assert len(ports) >= 30
    assert max(ports) - min(ports) > 5000


async def test_a_socket_is_given_up_after_so_many_questions() -> None:
    async with name_server(address) as profile, Engine() as engine:
        for _ in range(40):
            await asyncio.gather(*(ask(profile, resolver(), NAME, "A", transport=engine) for _ in range(50)))
        uses = [outlet.uses for gate in engine._gates.values() for outlet in gate.outlets]
        assert max(uses) <= 256
        assert engine.sockets == len(uses)
    assert engine.sockets == 0


async def test_a_server_that_is_dead_holds_nobody_up_and_has_its_time_back_at_a_sign_of_life() -> None:
    awake = asyncio.Event()

    def asleep(query: dns.message.Message, _: bool) -> bytes | None:
        return address(query) if awake.is_set() else None

    async with name_server(asleep) as profile, Engine() as engine:
        endpoint, question = profile.dialled(resolver().address, 53), make_question(NAME, "A", dns.flags.RD)
        many = [engine.send(endpoint, question, 0.05) for _ in range(SILENT_AFTER)]
        await asyncio.wait(many)
        began = time.monotonic()
        with pytest.raises(TimeoutError):
            await engine.datagram(endpoint, question, 30.0)
        assert time.monotonic() - began < 15
        awake.set()
        assert (await ask(profile, resolver(), NAME, "A", transport=engine)).status == "answer"
        (gate,) = engine._gates.values()
        assert gate.life.unanswered == 0


def wrong_id(query: dns.message.Message, _: bool) -> bytes:
    wire = bytearray(address(query))
    wire[0] ^= 0xFF
    return bytes(wire)


def other_question(query: dns.message.Message, _: bool) -> bytes:
    return reply(dns.message.make_query("other.example", "A", id=query.id), "other.example. 60 IN A 203.0.113.66")


def other_type(query: dns.message.Message, _: bool) -> bytes:
    return reply(dns.message.make_query(query.question[0].name, "TXT", id=query.id))


def not_an_answer(query: dns.message.Message, _: bool) -> bytes:
    return query.to_wire()


@pytest.mark.parametrize("liar", [wrong_id, other_question, other_type, not_an_answer])
async def test_datagrams_that_do_not_answer_are_not_believed(liar: Handler) -> None:
    assert (await answered(liar, deadline_s=0.3)).status == "mismatch"


async def test_a_good_answer_after_a_forged_one_is_found() -> None:
    def both(query: dns.message.Message, _: bool) -> list[bytes]:
        return [wrong_id(query, False), other_question(query, False), address(query)]

    assert (await answered(both)).values == ("203.0.113.9",)


async def test_an_answer_in_another_case_is_asked_for_again_over_tcp() -> None:
    over_tcp = []

    def flattening(query: dns.message.Message, tcp: bool) -> bytes:
        over_tcp.append(tcp)
        flat = dns.message.make_query(NAME, "A", id=query.id)
        return address(query) if tcp else address(flat)

    assert (await answered(flattening)).status == "answer"
    assert over_tcp[-1]
    over_tcp.clear()
    assert (await answered(flattening, tcp=False)).status == "answer", "a port of its own needs no case"


async def test_a_cut_answer_is_asked_for_over_tcp() -> None:
    answer = await answered(lambda query, tcp: address(query) if tcp else reply(query, tc=True))
    assert (answer.status, answer.notes) == ("answer", (ASKED_OVER_TCP,))
    blocked = await answered(lambda query, tcp: None if tcp else reply(query, tc=True), deadline_s=0.3)
    assert blocked.status == "tcp-blocked"


async def test_silence_ends_at_the_deadline_and_a_lost_datagram_is_sent_again() -> None:
    started = time.monotonic()
    assert (await answered(lambda query, _: None, deadline_s=0.3)).status == "timeout"
    assert 0.3 <= time.monotonic() - started < 30
    asked = []

    def forgetful(query: dns.message.Message, _: bool) -> bytes | None:
        asked.append(query.id)
        return address(query) if len(asked) > 1 else None

    assert (await answered(forgetful)).status == "answer"


async def test_a_port_where_nobody_listens_is_unreachable() -> None:
    async with Engine() as engine:
        assert (await ask(NOBODY, resolver(), NAME, "A", transport=engine)).status == "unreachable"


async def test_a_second_answer_and_one_that_comes_late_disturb_nobody() -> None:
    held: list[dns.message.Message] = []

    def handle(query: dns.message.Message, _: bool) -> list[bytes]:
        name = query.question[0].name.to_text().lower()
        if name.startswith("slow"):
            held.append(query)
            return []
        late = [address(each) for each in held]
        held.clear()
        return [*late, address(query), address(query)]

    async with name_server(handle) as profile, Engine() as engine:
        slow = await ask(profile, resolver(), "slow.example", "A", deadline_s=0.2, transport=engine)
        assert slow.status == "timeout"
        for _ in range(20):
            answer = await ask(profile, resolver(), NAME, "A", deadline_s=0.5, transport=engine)
            assert answer.values == ("203.0.113.9",)
        silent = await ask(profile, resolver(), "slow.example", "A", deadline_s=0.2, transport=engine)
    assert silent.status == "timeout", "late answers and copies are no sign of a stranger"


async def test_a_flood_that_overflows_the_receive_buffer_ends_in_a_verdict_for_each_question() -> None:
    def flooding(query: dns.message.Message, _: bool) -> list[bytes]:
        return [*[bytes(1400)] * 150, address(query)]

    async with name_server(flooding, tcp=False) as profile, Engine() as engine:
        for _ in range(2):
            answers = await asyncio.gather(
                *(
                    ask(profile, resolver(), f"n{n}.example", "A", deadline_s=1.0, transport=engine)
                    for n in range(30)
                )
            )
            assert {answer.status for answer in answers} <= {"answer", "timeout", "mismatch"}
        assert not any(outlet.waiting for gate in engine._gates.values() for outlet in gate.outlets)


async def test_a_round_tells_what_came_for_each_question_and_what_did_not() -> None:
    def handle(query: dns.message.Message, _: bool) -> bytes | None:
        name = query.question[0].name.to_text().lower()
        return None if name.startswith("lost") else address(query)

    async with name_server(handle) as profile, Engine(per_server_per_s=400.0, burst=5.0) as engine:
        there, gone = profile.dialled(resolver().address, 53), NOBODY.dialled(resolver().address, 53)
        names = [f"n{number}.example" for number in range(20)]
        asked = [(there, make_question(name, "A", 0)) for name in (*names, "lost.example")]
        asked += [(gone, make_question(NAME, "A", 0)), asked[0]]
        heard = Round(engine)
        await heard.ask(asked, 0.3)
        heard.keep(asked)
        assert [type(came) for came in heard.came[20:]] == [TimeoutError, ConnectionRefusedError, bytes]
        assert all(isinstance(came, bytes) for came in heard.came[:20])
        before = engine._gates[there].lately
        assert (await heard.datagram(*asked[3], 0.3))[12:] == asked[3][1].restored(heard.came[3])[12:]  # type: ignore[arg-type]
        assert engine._gates[there].lately in (0, before), "what was heard is not asked again"
        await heard.ask([], 0.3)


async def test_closing_tells_those_who_stand_in_line_too() -> None:
    async with name_server(address) as profile:
        engine = Engine(per_server_per_s=0.1, burst=1.0)
        there = profile.dialled(resolver().address, 53)
        heard = Round(engine)
        waiting = asyncio.create_task(heard.ask([(there, make_question(NAME, "A", 0))] * 3, 5.0))
        await asyncio.sleep(0)
        engine.close()
        await waiting
        assert {type(came) for came in heard.came[1:]} == {ConnectionAbortedError}


async def test_rare_types_extended_errors_and_edns_trouble_go_to_dnspython() -> None:
    caa = await answered(lambda query, _: reply(query, f'{NAME}. 60 IN CAA 0 issue "ca.test"'), rtype="CAA")
    assert caa.values == ('0 issue "ca.test"',)
    old = await answered(lambda query, _: reply(query, rcode=1) if query.edns >= 0 else address(query))
    assert (old.status, old.notes) == ("answer", ("answers only without EDNS",))
    versioned = await answered(lambda query, _: reply(query, rcode=16) if query.edns >= 0 else address(query))
    assert versioned.status == "answer"


async def test_two_thousand_questions_all_come_back() -> None:
    async with name_server(address) as profile, Engine(per_server_per_s=1e6, burst=1e6) as engine:
        places = asyncio.Semaphore(100)

        async def one(number: int) -> Answer:
            async with places:
                return await ask(profile, resolver(), f"n{number}.shop.example", "A", transport=engine)

        answers = await asyncio.gather(*map(one, range(2000)))
    assert {answer.status for answer in answers} == {"answer"}
    assert {answer.name for answer in answers} == {f"n{number}.shop.example" for number in range(2000)}


async def test_a_server_is_asked_no_faster_than_its_bucket_allows() -> None:
    async with name_server(address) as profile, Engine(per_server_per_s=200.0, burst=10.0) as engine:
        started = time.monotonic()
        await asyncio.gather(*(ask(profile, resolver(), NAME, "A", transport=engine) for _ in range(60)))
        assert time.monotonic() - started >= 0.2


async def test_waiting_for_a_turn_does_not_count_as_silence() -> None:
    async with name_server(address) as profile, Engine(per_server_per_s=50.0, burst=1.0) as engine:
        answers = await asyncio.gather(
            *(ask(profile, resolver(), NAME, "A", deadline_s=0.2, transport=engine) for _ in range(25))
        )
    assert {answer.status for answer in answers} == {"answer"}


async def test_idle_sockets_are_closed_and_the_timer_rests() -> None:
    now = [time.monotonic()]
    async with name_server(address) as profile, Engine(monotonic=lambda: now[0]) as engine:
        await ask(profile, resolver(), NAME, "A", transport=engine)
        assert engine.sockets
        now[0] += 60
        async with asyncio.timeout(5):
            while engine.sockets or engine._timer is not None:  # noqa: ASYNC110 - nothing tells of it
                await asyncio.sleep(0)


async def test_closing_tells_those_who_wait() -> None:
    asked = asyncio.Event()
    async with name_server(lambda query, _: asked.set()) as profile:
        engine = Engine()
        waiting = asyncio.create_task(ask(profile, resolver(), NAME, "A", transport=engine))
        await asked.wait()
        engine.close()
        assert (await waiting).status == "unreachable"


@pytest.mark.parametrize(
    ("name", "wire"),
    [
        ("a.example", b"\1a\7example\0"),
        ("a.example.", b"\1a\7example\0"),
        (".", b"\0"),
        ("x\\.y.example", b"\3x.y\7example\0"),
        ("bücher.example", b"\x0dxn--bcher-kva\7example\0"),
    ],
)
def test_case_20_names_are_encoded_as_they_are_meant(name: str, wire: bytes) -> None:
    assert make_question(name, "A", 0).asked == wire + b"\0\1\0\1"


def test_a_bucket_fills_with_time_and_owes_what_could_not_wait() -> None:
    now = [0.0]
    monotonic: Callable[[], float] = lambda: now[0]  # noqa: E731
    bucket = Bucket(10.0, 2.0, monotonic)
    assert [bucket.take() for _ in range(3)] == [True, True, False]
    now[0] = 0.1
    assert bucket.take()
    bucket.owe()
    now[0] = 0.2
    assert not bucket.take()
    now[0] = 0.35
    assert bucket.take()


async def test_the_profile_is_asked_before_any_socket_is_opened() -> None:
    async with Engine() as engine:
        answer = await ask(Profile(loopback_only=True), resolver(), NAME, "A", transport=engine)
        assert answer.status == "outside-profile"
        assert engine.sockets == 0
