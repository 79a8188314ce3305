"""Every template of the procedures, rendered from a drill that is being played, against what they prescribe."""

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.comms.aws_support import open_case
from cockpit.comms.courier import carry
from cockpit.comms.mail import SesMail
from cockpit.comms.outcome import Fate, Letter
from cockpit.comms.templates import NAMES, bundled, placeholders
from cockpit.config import Settings, settings_from
from cockpit.desk import Desk, open_desk
from cockpit.health.alerts import raised_body
from cockpit.health.detail import detail_text
from cockpit.health.hysteresis import Raise
from cockpit.health.impact import Affected
from cockpit.health.model import DECISION, Observation, Verdict
from cockpit.incident.own_severity import chosen_profile
from cockpit.profile import Profile
from cockpit.watch import check_once
from storage.ledger import Draft
from storage.observations import Observations, Sample
from tests.comms.documents import PRESCRIBED, PRESCRIBED_FIELDS
from tests.worlds import start_world

TARGET = "shop.example"
SAID = {
    "impact": "one in three mails is late",
    "cause": "a DKIM record was removed",
    "actions": "publishing the record again",
    "eta": "14:52Z",
    "customer": "Valued Customer",
    "next_steps": "wait for the caches",
    "role": "Incident Commander",
    "role_status": "Active",
    "location": "Available via Slack/Phone",
}
"""What only people know."""
COMPANY = {
    "name": "Example Mail",
    "status_page": "https://status.shop.example",
    "support_team": "Example Mail Support Team",
    "registrar_account": "account 4711",
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    """A desk in a world whose DKIM record is gone, with an incident about it that was led and resolved."""
    path: Path = tmp_path_factory.mktemp("drill") / "cockpit.db"
    with start_world("dkim-missing") as world:
        plain = {**(world.profile.settings or {}), "organisation": COMPANY}
        settings = settings_from(plain, "the test")
        seen = seen_broken(settings, world.profile)
        decision = next(each for each in seen if each.vantage == DECISION)
        desk = open_desk(settings, world.profile, path, "mona")
        Observations(desk.database).put([sample(each) for each in seen])
        body = raised_body("a1", raised(decision), affected(settings), chosen_profile(settings))
        draft = Draft(stream="ops", kind="alert.raised", body=body, occurred_at=desk.clock.now(), actor="watch")
        desk.feed.ledger.append([draft])
        desk.refresh()
        desk.incidents.open_from_alert("a1", take_lead=True)
        yield desk
        desk.close()


def seen_broken(settings: Settings, profile: Profile) -> list[Observation]:
    """Each server's DKIM records and the decision about them once one is gone, as the ordinary probes see it."""
    end, pause = time.monotonic() + 30, threading.Event()
    while True:
        seen = [
            each for each in check_once(settings, profile, [TARGET], ["mail.dkim"]) if each.check == "mail.dkim"
        ]
        decision = next(each for each in seen if each.vantage == DECISION)
        if decision.verdict is Verdict.FAIL:
            return seen
        assert time.monotonic() < end, decision
        pause.wait(0.2)


def sample(seen: Observation) -> Sample:
    words = (seen.verdict.value, seen.headline, detail_text(seen))
    return Sample(seen.target, seen.check, seen.vantage, *words, seen.at, 10)


def raised(seen: Observation) -> Raise:
    return Raise(1, seen.verdict, seen.at, seen)


def affected(settings: Settings) -> Affected:
    domain = settings.domain(TARGET)
    assert domain is not None
    return Affected(True, domain.services, (domain.owner,))


def pattern(prescribed: str) -> re.Pattern[str]:
    """The fixed words as they stand, with anything at the places."""
    parts = re.split(r"(\[[^\]\n]+\]|…)", prescribed.replace("[URGENT]", "\0").strip())
    words = "".join(
        ".*?"
        if part == "…"
        else ".+?"
        if part.startswith("[")
        else re.escape(part).replace("\0", re.escape("[URGENT]"))
        for part in parts
    )
    return re.compile(words, re.DOTALL)


def rendered(desk: Desk, name: str) -> tuple[str, tuple[str, ...]]:
    draft = desk.messages.draft(1, "internal", name, **SAID)
    return draft.text.strip(), draft.missing


@pytest.mark.parametrize("name", sorted(set(PRESCRIBED) - {"resolution_notification"}))
def test_a_template_says_what_is_prescribed_with_the_facts_of_the_drill(desk: Desk, name: str) -> None:
    text, missing = rendered(desk, name)
    assert missing == (), text
    assert pattern(PRESCRIBED[name]).fullmatch(text), text


@pytest.mark.parametrize("name", sorted(PRESCRIBED_FIELDS))
def test_a_template_has_the_fields_that_are_prescribed_in_their_order(desk: Desk, name: str) -> None:
    match name:
        case "postmortem":
            text = desk.reviews.text(1)
        case "registrar_case":
            case = desk.contacts.registrar_case(1, "ds", impact="no mail leaves")
            assert case.missing == ()
            text = case.text
        case _:
            text, missing = rendered(desk, name)
            assert missing == ()
    places = [text.find(field) for field in PRESCRIBED_FIELDS[name]]
    assert -1 not in places, [field for field in PRESCRIBED_FIELDS[name] if field not in text]
    assert places == sorted(places)


def test_the_letter_to_the_owner_names_exactly_the_records_that_are_missing(desk: Desk) -> None:
    text, _ = rendered(desk, "owner_notice_en")
    view = next(view for view in desk.board.checks(TARGET) if view.check == "mail.dkim")
    assert view.finding is not None
    assert view.finding.record
    assert all(line in text for line in view.finding.record.splitlines())
    assert "_domainkey" in text
    assert "Wait up to 1 minute for DNS propagation" in text
    french, missing = rendered(desk, "owner_notice_fr")
    assert missing == ()
    assert "jusqu'à 1 minute" in french
    assert french.startswith("Subject: Action requise : problème de configuration DNS pour")
    assert all(line in french for line in view.finding.record.splitlines())


def test_the_notice_of_the_end_says_what_is_prescribed(desk: Desk) -> None:
    desk.incidents.move(1, "resolved", reason="seen by hand")
    text, missing = rendered(desk, "resolution_notification")
    assert missing == ()
    assert pattern(PRESCRIBED["resolution_notification"]).fullmatch(text), text


def test_the_comparison_finds_a_word_that_is_missing(desk: Desk) -> None:
    text, _ = rendered(desk, "status_investigating")
    assert not pattern(PRESCRIBED["status_investigating"]).fullmatch(text.replace("reports of ", ""))


def test_what_is_told_in_public_has_no_name_of_ours_in_it(desk: Desk) -> None:
    for name in NAMES:
        if bundled(name).audience == "public":
            assert "mona" not in rendered(desk, name)[0]
            assert not {"lead", "incident", "severity"} & set(placeholders(bundled(name).text))


def test_a_case_is_opened_at_aws_support_where_the_plan_has_it(desk: Desk) -> None:
    case = desk.contacts.aws_case(1, "please look at the identity", impact="mail is late")
    assert case.missing == ()
    assert open_case(desk.profile, case.text, case.severity)


def test_mail_by_ses_leaves_by_a_verified_identity_only(desk: Desk) -> None:
    letter = Letter(id="m1", text="Subject: Hello\n\nAll is well.", to=("management@shop.example",))
    assert SesMail("ops@shop.example", (), desk.profile).send(letter, again=False).fate is Fate.SENT
    stranger = SesMail("ops@not-ours.example", (), desk.profile).send(letter, again=False)
    assert stranger.fate is Fate.REFUSED
    assert stranger.said.startswith("SES answered MessageRejected")


@pytest.mark.parametrize("audience", ["customers", "owners", "management"])
def test_the_drills_own_channels_carry_the_words(
    desk: Desk, audience: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(desk.messages, "_send", carry)
    draft = desk.messages.draft(1, audience, **SAID)
    assert draft.missing == ()
    by = desk.messages.send(
        1, audience, draft.text, to=["ops@shop.example"] if audience == "owners" else [], reason="seen at once"
    )
    desk.refresh()
    newest = desk.messages.told(1)[0]
    assert (newest.channel, newest.audience, newest.state, newest.said != "") == (by, audience, "sent", True)
    assert by != "hand"
