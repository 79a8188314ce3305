"""One question to one server: what came back is told apart, and nothing a server does raises."""

import asyncio
import time

import dns.flags
import dns.message
import dns.rcode
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.probes.names.answer import Answer, Server
from cockpit.probes.names.dns import ask
from cockpit.profile import Profile
from tests.probes.nameserver import ADDRESS, NOBODY, Handler, authoritative, name_server, reply, resolver

NAME = "www.shop.example"
SOA = "shop.example. 300 IN SOA ns1.shop.example. admin.shop.example. 2026112001 60 60 60 30"


async def answered(
    handler: Handler, rtype: str = "A", server: Server | None = None, *, tcp: bool = True, deadline_s: float = 2.0
) -> Answer:
    async with name_server(handler, tcp=tcp) as profile:
        return await ask(profile, server or resolver(), NAME, rtype, deadline_s=deadline_s)


async def test_an_answer_has_values_flags_and_the_ttl_that_is_left() -> None:
    answer = await answered(lambda query, _: reply(query, f"{NAME}. 47 IN A 203.0.113.9"))
    assert (answer.status, answer.values, answer.ttl_s) == ("answer", ("203.0.113.9",), 47)
    assert answer.took_s > 0
    assert answer.heard


async def test_a_chain_is_followed_and_its_least_ttl_counts() -> None:
    records = (
        f"{NAME}. 300 IN CNAME a.example.",
        "a.example. 20 IN CNAME b.example.",
        "b.example. 60 IN A 203.0.113.9",
    )
    answer = await answered(lambda query, _: reply(query, *records))
    assert [alias.target for alias in answer.chain] == ["a.example", "b.example"]
    assert (answer.values, answer.ttl_s) == (("203.0.113.9",), 20)


async def test_case_17_a_chain_that_goes_round_is_a_loop() -> None:
    records = (f"{NAME}. 300 IN CNAME a.example.", f"a.example. 20 IN CNAME {NAME}.")
    assert (await answered(lambda query, _: reply(query, *records))).status == "loop"


async def test_cases_1_and_2_absent_names_and_absent_types_are_told_apart() -> None:
    absent = await answered(lambda query, _: reply(query, authority=(SOA,), rcode=3))
    assert (absent.status, absent.ttl_s, absent.serial, absent.zone) == ("nxdomain", 30, 2026112001, "shop.example")
    assert (await answered(lambda query, _: reply(query, authority=(SOA,)))).status == "nodata"


async def test_case_23_strings_of_a_txt_are_joined_with_nothing_between() -> None:
    answer = await answered(lambda query, _: reply(query, f'{NAME}. 60 IN TXT "v=DKIM1; p=AA" "BB"'), "TXT")
    assert answer.values == ("v=DKIM1; p=AABB",)


async def test_hostile_text_is_made_visible() -> None:
    answer = await answered(lambda query, _: reply(query, f'{NAME}. 60 IN TXT "\\027]52;c;x\\007"'), "TXT")
    assert answer.values == ("\\u{1b}]52;c;x\\u{7}",)


async def test_case_3_servfail_that_checking_causes_is_bogus() -> None:
    def validating(query: dns.message.Message, _: bool) -> bytes:
        if query.flags & dns.flags.CD:
            return reply(query, f"{NAME}. 60 IN A 203.0.113.9")
        return reply(query, rcode=2)

    assert (await answered(validating)).status == "bogus"
    assert (await answered(lambda query, _: reply(query, rcode=2))).status == "servfail"


async def test_a_name_server_is_not_asked_twice_about_servfail() -> None:
    asked = []

    def failing(query: dns.message.Message, _: bool) -> bytes:
        asked.append(query)
        return reply(query, rcode=2)

    assert (await answered(failing, server=authoritative())).status == "servfail"
    assert len(asked) == 1
    assert not asked[0].flags & dns.flags.RD


async def test_case_14_a_cut_answer_is_asked_again_over_tcp() -> None:
    def big(query: dns.message.Message, tcp: bool) -> bytes:
        return reply(query, f"{NAME}. 60 IN A 203.0.113.9") if tcp else reply(query, tc=True)

    answer = await answered(big)
    assert answer.status == "answer"
    assert "asked again over TCP" in answer.notes[0]
    assert (await answered(big, tcp=False)).status == "tcp-blocked"


async def test_case_15_a_server_that_trips_over_edns_is_asked_without() -> None:
    def old(query: dns.message.Message, _: bool) -> bytes:
        return reply(query, rcode=1) if query.edns >= 0 else reply(query, f"{NAME}. 60 IN A 203.0.113.9")

    answer = await answered(old)
    assert answer.status == "answer"
    assert answer.notes == ("answers only without EDNS",)


async def test_a_referral_is_told_from_a_lame_server() -> None:
    down = "shop.example. 60 IN NS ns1.shop.example."
    glue = "ns1.shop.example. 60 IN A 192.0.2.1"
    referral = await answered(
        lambda query, _: reply(query, authority=(down,), additional=(glue,)), server=authoritative()
    )
    assert (referral.status, referral.zone, referral.referral) == (
        "referral",
        "shop.example",
        ("ns1.shop.example",),
    )
    assert referral.glue == (("ns1.shop.example", "192.0.2.1"),)
    lame = await answered(lambda query, _: reply(query, authority=(". 60 IN NS a.",)), server=authoritative())
    assert lame.status == "lame"
    assert (await answered(lambda query, _: reply(query), server=authoritative())).status == "lame"


async def test_refusal_is_a_status_of_its_own() -> None:
    assert (await answered(lambda query, _: reply(query, rcode=5))).status == "refused"


async def test_silence_ends_at_the_deadline() -> None:
    started = time.monotonic()
    assert (await answered(lambda query, _: None, deadline_s=0.3)).status == "timeout"
    assert time.monotonic() - started < 30


async def test_a_lost_datagram_is_asked_for_again() -> None:
    asked = []

    def forgetful(query: dns.message.Message, _: bool) -> bytes | None:
        asked.append(query.id)
        return reply(query, f"{NAME}. 60 IN A 203.0.113.9") if len(asked) > 1 else None

    assert (await answered(forgetful, deadline_s=0.6)).status == "answer"


async def test_answers_to_other_questions_are_not_believed() -> None:
    def liar(query: dns.message.Message, _: bool) -> bytes:
        wire = bytearray(reply(query, f"{NAME}. 60 IN A 203.0.113.66"))
        wire[0] ^= 0xFF
        return bytes(wire)

    def other_name(query: dns.message.Message, _: bool) -> bytes:
        other = dns.message.make_query("other.example", "A", id=query.id)
        return reply(other, "other.example. 60 IN A 203.0.113.66")

    assert (await answered(liar, deadline_s=0.3)).status == "mismatch"
    assert (await answered(other_name, deadline_s=0.3)).status == "mismatch"


async def test_ids_differ_from_question_to_question() -> None:
    ids = []

    def noting(query: dns.message.Message, _: bool) -> bytes:
        ids.append(query.id)
        return reply(query, f"{NAME}. 60 IN A 203.0.113.9")

    async with name_server(noting) as profile:
        await asyncio.gather(*(ask(profile, resolver(), NAME, "A") for _ in range(20)))
    assert len(set(ids)) > 10


async def test_a_port_where_nobody_listens_is_unreachable() -> None:
    assert (await ask(NOBODY, resolver(), NAME, "A", deadline_s=1.0)).status == "unreachable"


async def test_a_server_outside_the_profile_is_not_asked() -> None:
    answer = await ask(Profile(loopback_only=True), Server("google", "8.8.8.8"), NAME, "A")
    assert answer.status == "outside-profile"


@pytest.mark.parametrize("name", ["a..b", "x" * 64 + ".example", ".".join(["abc"] * 80)])
async def test_a_name_that_cannot_be_asked_for_is_malformed(name: str) -> None:
    assert (await ask(Profile(), Server("x", ADDRESS), name, "A")).status == "malformed"


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.binary(max_size=300), st.integers(0, 255), st.integers(0, 255))
def test_no_octets_make_it_raise(tail: bytes, flags: int, code: int) -> None:
    def nonsense(query: dns.message.Message, _: bool) -> bytes:
        head = query.id.to_bytes(2, "big") + bytes([flags | 0x80, code])
        return head + query.to_wire()[4:12] + query.to_wire()[12 : 12 + len(NAME) + 6] + tail

    answer = asyncio.run(answered(nonsense, deadline_s=0.05))
    assert answer.status


async def test_a_64_kilobyte_txt_is_cut_and_kept_readable() -> None:
    strings = " ".join(f'"{"x" * 250}"' for _ in range(240))

    def big(query: dns.message.Message, tcp: bool) -> bytes:
        return reply(query, f"{NAME}. 60 IN TXT {strings}") if tcp else reply(query, tc=True)

    answer = await answered(big, "TXT", deadline_s=10.0)
    assert answer.values[0].endswith("more characters")
    assert len(answer.values[0]) < 5000
