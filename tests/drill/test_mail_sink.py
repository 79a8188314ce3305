"""The mail sink speaks SMTP with Python's own client and with curl, and fails as mail servers do."""

import asyncio
import smtplib
import ssl
from collections.abc import AsyncIterator, Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from cockpit.clock import SystemClock
from cockpit.drill.pki import DrillAuthority
from cockpit.drill.sinks import MailSink, SinkServer
from tests.drill.programs import program, run

HOST = "mx.sinks.example"


@pytest.fixture(scope="module")
def authority() -> DrillAuthority:
    return DrillAuthority(SystemClock())


async def served(mail: MailSink) -> AsyncIterator[SinkServer]:
    server = SinkServer(SystemClock(), [], mail)
    await server.start()
    yield server
    await server.close()


@pytest.fixture
async def plain() -> AsyncIterator[SinkServer]:
    async for server in served(MailSink()):
        yield server


@pytest.fixture
async def secure(authority: DrillAuthority) -> AsyncIterator[SinkServer]:
    async for server in served(MailSink(context=authority.issue(HOST).server_context, login=True)):
        yield server


def letter(text: str = "We are looking into it.\n.dot at the start\n") -> EmailMessage:
    made = EmailMessage()
    made["Subject"], made["From"], made["To"] = "INC-42: café mail delayed", "ops@shop.example", "all@shop.example"
    made.set_content(text)
    return made


def mail_of(server: SinkServer) -> MailSink:
    assert server.mail is not None
    return server.mail


async def speak(server: SinkServer, talk: Callable[[smtplib.SMTP], Any], patience: float = 5.0) -> Any:
    """Talk to the sink in a thread, as the client blocks."""
    host, port = mail_of(server).address

    def session() -> Any:
        with smtplib.SMTP(host, port, timeout=patience) as client:
            return talk(client)

    return await asyncio.to_thread(session)


async def test_a_letter_is_taken_and_can_be_read(plain: SinkServer) -> None:
    assert await speak(plain, lambda client: client.send_message(letter())) == {}
    (message,) = plain.messages("mail")
    assert message.text.startswith("INC-42: café mail delayed\nWe are looking into it.\n.dot at the start")
    assert message.request == "MAIL ops@shop.example -> all@shop.example"
    assert "Subject: " in message.body


async def test_several_letters_go_through_one_session(plain: SinkServer) -> None:
    def talk(client: smtplib.SMTP) -> None:
        for number in range(3):
            client.send_message(letter(f"update {number}"))

    await speak(plain, talk)
    assert [one.text.splitlines()[1] for one in plain.messages("mail")] == ["update 0", "update 1", "update 2"]


async def test_with_starttls_and_login_nothing_else_is_taken(secure: SinkServer, authority: DrillAuthority) -> None:
    mail = mail_of(secure)
    with pytest.raises(smtplib.SMTPSenderRefused) as refused:
        await speak(secure, lambda client: client.send_message(letter()))
    assert refused.value.smtp_code == 530

    def talk(client: smtplib.SMTP) -> None:
        assert client.docmd("AUTH", "PLAIN AGEAYg==")[0] == 538
        # The drill's name resolves nowhere here, and the check of it is the client's own affair.
        client._host = HOST  # type: ignore[attr-defined]
        client.starttls(context=ssl.create_default_context(cadata=authority.ca_pem))
        client.login(mail.user, mail.token)
        client.send_message(letter())

    await speak(secure, talk)
    assert len(secure.messages("mail")) == 1


async def test_a_wrong_login_is_refused(secure: SinkServer, authority: DrillAuthority) -> None:
    def talk(client: smtplib.SMTP) -> None:
        client._host = HOST  # type: ignore[attr-defined]
        client.starttls(context=ssl.create_default_context(cadata=authority.ca_pem))
        client.login(mail_of(secure).user, "wrong")

    with pytest.raises(smtplib.SMTPAuthenticationError):
        await speak(secure, talk)


async def test_what_is_out_of_order_or_malformed_is_refused(plain: SinkServer) -> None:
    def talk(client: smtplib.SMTP) -> list[int]:
        said = [
            *("MAIL FROM:<a@b.example>", "EHLO me", "RCPT TO:<a@b.example>", "DATA", "MAIL TO:<a@b.example>"),
            *("MAIL FROM:<a@b.example> SIZE=99999999", "MAIL FROM:<a@b.example>", "MAIL FROM:<a@b.example>"),
            *("RCPT TO:<nobody>", "NOOP", "VRFY a", "STARTTLS", "DANCE", "RSET", "DATA"),
        ]
        return [client.docmd(*line.split(" ", 1))[0] for line in said]

    codes = [503, 250, 503, 503, 501, 552, 250, 503, 501, 250, 252, 502, 500, 250, 503]
    assert await speak(plain, talk) == codes
    assert not plain.received


async def test_a_letter_that_is_too_large_is_refused(plain: SinkServer) -> None:
    def talk(client: smtplib.SMTP) -> tuple[int, bytes]:
        client.ehlo()
        client.mail("a@b.example")
        client.rcpt("c@d.example")
        return client.data(("x" * 900 + "\r\n") * 1200)

    with pytest.raises(smtplib.SMTPDataError, match="too large"):
        await speak(plain, lambda client: _raised(talk(client)))
    assert not plain.received


def _raised(answer: tuple[int, bytes]) -> None:
    if answer[0] >= 400:
        raise smtplib.SMTPDataError(*answer)


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("error", smtplib.SMTPDataError),
        ("rate-limit", smtplib.SMTPSenderRefused),
        ("refuse", (smtplib.SMTPServerDisconnected, ConnectionError)),
        ("timeout", smtplib.SMTPServerDisconnected),
    ],
)
async def test_a_failing_mail_server_takes_nothing(plain: SinkServer, kind: str, error: type[Exception]) -> None:
    plain.inject("mail", kind)
    with pytest.raises(error):
        await speak(plain, lambda client: client.send_message(letter()), patience=0.5)
    assert plain.messages("mail") == []
    plain.heal("mail")
    await speak(plain, lambda client: client.send_message(letter()))
    assert len(plain.messages("mail")) == 1


async def test_an_answer_can_be_lost_after_the_letter_was_taken(plain: SinkServer) -> None:
    plain.inject("mail", "lost-answer")
    with pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)):
        await speak(plain, lambda client: client.send_message(letter()))
    assert len(plain.messages("mail")) == 1


async def test_rubbish_does_not_stop_the_server(plain: SinkServer) -> None:
    host, port = mail_of(plain).address
    for rubbish in (b"\x00\xff\r\n" * 20, b"x" * 10_000):
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(rubbish)
        writer.write_eof()
        await reader.read()
        writer.close()
    await speak(plain, lambda client: client.send_message(letter()))
    assert len(plain.messages("mail")) == 1


@pytest.mark.peer
async def test_curl_sends_a_letter_over_starttls(
    secure: SinkServer, authority: DrillAuthority, tmp_path: Path
) -> None:
    curl = program("curl")
    if "smtp" not in await run(curl, "--version"):
        pytest.skip("this curl speaks no SMTP")
    mail = mail_of(secure)
    root, text = tmp_path / "root.pem", tmp_path / "letter"
    root.write_text(authority.ca_pem)
    text.write_bytes(letter().as_bytes().replace(b"\n", b"\r\n"))
    said = await run(
        *(curl, "-sS", "--ssl-reqd", "--cacert", str(root), "--connect-to", f"{HOST}:25:127.0.0.1:{mail.port}"),
        *("--url", f"smtp://{HOST}:25", "--user", f"{mail.user}:{mail.token}"),
        *("--mail-from", "ops@shop.example", "--mail-rcpt", "all@shop.example", "--upload-file", str(text)),
    )
    assert said == ""
    (message,) = secure.messages("mail")
    assert message.text.startswith("INC-42")
