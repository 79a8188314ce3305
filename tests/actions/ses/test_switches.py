"""What switches something at SES: the plan is right, it is applied, seen from outside, and taken back."""

from pathlib import Path
from typing import Any

import pytest

from cockpit.actions.journal import ActionState
from cockpit.config import settings_from
from cockpit.desk.remedies.actions import ActionView
from cockpit.drill.estate.company import SUPPRESSION_TABLE
from tests.actions.conftest import DOMAIN, SELECTOR, LocalWorld
from tests.actions.ses.conftest import Desk

PEOPLE = ("ann@mail.example", "bob@mail.example", "cid@mail.example")
SWITCHES: dict[str, tuple[dict[str, str], list[str], str]] = {
    "ses.dkim-off": ({"domain": DOMAIN}, ["- signing on", "+ signing off"], "unsigned"),
    "ses.mail-from": (
        {"domain": DOMAIN, "on_mx_failure": "REJECT_MESSAGE", "mail_from": f"bounce.{DOMAIN}"},
        [
            f"- MAIL FROM bounce.{DOMAIN}",
            f"+ MAIL FROM bounce.{DOMAIN} (mail is refused without MX)",
        ],
        "3/3 name servers",
    ),
    "ses.pause": ({"what": "campaigns"}, ["- sending on", "+ sending paused"], "this pause is ours"),
    "ses.suppression-reasons": (
        {"reasons": "COMPLAINT"},
        ["- reasons bounce and complaint", "+ reasons complaint"],
        "after bounce SES goes on sending",
    ),
    "ses.suppress": (
        {"addresses": "ann@mail.example bob@mail.example", "place": "list"},
        ["+ SES's list a…@mail.example bounce", "+ SES's list b…@mail.example bounce"],
        "",
    ),
}


def shown(view: ActionView) -> list[str]:
    assert view.plan is not None, view.reason
    return [f"{line.sign} {line.label} {line.text}" for line in view.plan.diff]


def state_of(world: LocalWorld) -> Any:
    mail = world.world.mail
    identity = mail.get(DOMAIN)
    return (
        identity.dkim.enabled,
        identity.mail_from,
        identity.reject_on_mx_failure,
        mail.sending,
        mail.configuration_sets["campaigns"].sending,
        sorted(mail.suppressed_reasons),
        {name: entry.reason for name in PEOPLE if (entry := mail.suppression.get(name)) is not None},
    )


def listed(desk: Desk, address: str) -> str | None:
    found = desk.world.world.mail.suppression.get(address)
    return found.reason if found is not None else None


@pytest.mark.parametrize("remedy", SWITCHES)
def test_a_switch_is_planned_applied_verified_and_taken_back(desk: Desk, remedy: str) -> None:
    parameters, diff, proof = SWITCHES[remedy]
    before = desk.world.do(lambda: state_of(desk.world))
    view = desk.planned(remedy, **parameters)
    assert shown(view) == diff
    assert view.plan is not None
    assert all(line.undo for line in view.plan.diff if line.sign == "+")
    assert "mail" in view.plan.reach
    assert view.plan.undo.startswith("yes")
    assert proof in " ".join(view.plan.proof)
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.world.do(lambda: state_of(desk.world)) != before
    back = desk.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert desk.world.do(lambda: state_of(desk.world)) == before
    again = desk.planned(remedy, **parameters)
    assert again.state is ActionState.PLANNED


def test_signing_is_turned_on_again(desk: Desk) -> None:
    identity = desk.world.identity()
    desk.world.do(lambda: setattr(identity, "dkim", desk.world.off()))
    done = desk.applied(desk.planned("ses.dkim-on", domain=DOMAIN))
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.world.identity().dkim.enabled
    again = desk.planned("ses.dkim-on", domain=DOMAIN)
    assert again.code == "NOTHING_TO_DO"


def test_a_mail_from_domain_without_its_mx_is_refused(desk: Desk) -> None:
    view = desk.planned("ses.mail-from", domain=DOMAIN, mail_from=f"elsewhere.{DOMAIN}")
    assert view.code == "DNS_MX_NOT_READY"
    assert "10 feedback-smtp.ca-central-1.amazonses.com" in view.reason
    stranger = desk.planned("ses.mail-from", domain=DOMAIN, mail_from="bounce.pay.example")
    assert stranger.code == "BAD_PARAMETER"


def test_the_whole_account_is_paused_and_resumed_with_the_narrower_way_named(desk: Desk) -> None:
    view = desk.planned("ses.pause", what="account")
    assert view.plan is not None
    assert view.plan.risk == "high"
    assert "campaigns" in " ".join(view.plan.proof)
    assert "mail/h" in view.plan.reach
    assert desk.applied(view).state is ActionState.SUCCEEDED
    assert not desk.world.world.mail.sending
    done = desk.applied(desk.planned("ses.resume", what="account"))
    assert done.state is ActionState.SUCCEEDED
    assert desk.world.world.mail.sending


@pytest.mark.parametrize("remedy", ["ses.resume", "ses.pause"])
def test_what_aws_paused_is_not_lifted_here(desk: Desk, remedy: str) -> None:
    desk.world.do(lambda: setattr(desk.world.world.mail, "enforcement", "SHUTDOWN"))
    view = desk.planned(remedy, what="account")
    assert view.code == "PAUSED_BY_AWS"
    assert "Support Center" in view.reason


def test_suppression_knows_list_and_table_and_a_file(desk: Desk, tmp_path: Path) -> None:
    told = {**(desk.world.profile.settings or {}), "ses": {"suppression_table": SUPPRESSION_TABLE}}
    desk.actions._settings = settings_from(told, "the test")
    file = tmp_path / "bad.csv"
    file.write_text("email,reason\nann@mail.example,bounce\ncid@mail.example,complaint\n")
    view = desk.planned("ses.suppress", addresses=f"@{file}")
    assert view.plan is not None, view.reason
    assert {line.label for line in view.plan.diff} == {"SES's list", "the table"}
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    free = desk.applied(desk.planned("ses.unsuppress", addresses="ann@mail.example"))
    assert free.state is ActionState.SUCCEEDED, free.reason
    assert listed(desk, "ann@mail.example") is None
    back = desk.undone(free)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert listed(desk, "ann@mail.example") == "BOUNCE"
    assert desk.applied(desk.planned("ses.unsuppress", addresses=f"@{file}")).state is ActionState.SUCCEEDED


@pytest.mark.parametrize("addresses", ["nobody", "@/nowhere/at/all.csv"])
def test_what_is_no_address_is_refused(desk: Desk, addresses: str) -> None:
    assert desk.planned("ses.suppress", addresses=addresses).code == "BAD_PARAMETER"


def test_signing_goes_back_to_easy_dkim_and_forward_again(desk: Desk) -> None:
    forward = desk.applied(desk.planned("ses.byodkim", domain=DOMAIN, selector=SELECTOR))
    assert forward.state is ActionState.SUCCEEDED, forward.reason
    view = desk.planned("ses.restore-dkim", domain=DOMAIN)
    assert view.plan is not None, view.reason
    assert "Easy DKIM" in view.plan.title
    assert "the former key is in S3" in " ".join(view.plan.proof)
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert desk.world.identity().dkim.origin == "AWS_SES"
    back = desk.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert desk.world.identity().dkim.selector == SELECTOR


def test_nothing_is_restored_where_nothing_is_known(desk: Desk) -> None:
    assert desk.planned("ses.restore-dkim", domain=DOMAIN).code == "NOT_KNOWN"
    assert desk.planned("ses.restore-dkim", domain=DOMAIN, to="easy").code == "NOTHING_TO_DO"


def test_a_request_for_production_access_says_beforehand_that_it_cannot_be_unsent(desk: Desk) -> None:
    desk.world.do(lambda: setattr(desk.world.world.mail, "production", False))
    asked = {"site": "https://www.shop.example", "text": "Receipts to customers; bounces are suppressed."}
    view = desk.planned("ses.production-access", **asked)
    assert view.plan is not None, view.reason
    assert view.plan.undo.startswith("cannot be undone")
    assert "sandbox" in view.plan.reach
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert "PENDING" in done.lines[-1].text
    assert desk.planned("ses.production-access", **asked).code == "NOTHING_TO_DO"


def test_a_support_case_is_opened_once_and_where_the_plan_has_none_the_text_is_given(desk: Desk) -> None:
    asked = {"subject": "SES paused", "text": "Sending stopped at 14:02 UTC; please review."}
    done = desk.applied(desk.planned("ses.support-case", **asked))
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert not done.can_undo
    support = desk.world.world.account.support
    desk.world.do(lambda: setattr(support, "subscribed", False))
    view = desk.planned("ses.support-case", **asked)
    desk.world.do(lambda: setattr(support, "subscribed", True))
    assert view.code == "NO_SUPPORT_PLAN"
    assert asked["text"] in view.reason
