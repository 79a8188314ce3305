"""The SES screen: plots with everybody's lines, stops told apart, nothing green on old data, the way back in."""

import math
from typing import Any

import pytest
from textual.pilot import Pilot

from cockpit.desk.health.ses_views import Rate
from cockpit.health.model import Verdict
from cockpit.ses.estate.functions import DNS_NOTIFIER
from screens.app import CockpitApp
from screens.pages.ses import SesScreen
from screens.present.board import ses_lines
from screens.present.lines import Tone, plain
from screens.present.ses import quota_spans, rate_lines, state_lines
from screens.present.ses_news import suppression_lines
from screens.present.ses_plot import picture
from screens.widgets.plot import Plot
from tests.screens.conftest import cockpit
from tests.screens.desks import ACCOUNT, Scene
from tests.screens.plain import assert_golden, screen_lines
from tests.screens.ses_scene import Answers, counted, sending, watching

OTHER = "ses:447112341123/eu-west-1"


async def on_ses(pilot: Pilot[int]) -> CockpitApp:
    app = pilot.app
    assert isinstance(app, CockpitApp)
    app.go("ses")
    await pilot.pause()
    await pilot.pause()
    return app


def shown(app: CockpitApp) -> str:
    return "\n".join(screen_lines(app))


def toasts(app: CockpitApp) -> str:
    return "\n".join(notification.message for notification in app._notifications)


async def test_the_screen_draws_both_rates_with_all_lines_and_the_runway(scene: Scene) -> None:
    sending(scene)
    watching(scene)
    scene.hold_watch()
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        for words in (
            "AWS's figure 3.20 %",
            "last hour, ours 4.00 %",
            "by events 3.90 %",
            "10 % AWS may pause",
            "in 2.5 h (80 %: 90 min to 4.5 h), 412 more bounces",
            "runway, 80 %",
            "newsletter 5.60 %",
        ):
            assert words in shown(app), f"{words!r} is missing:\n{shown(app)}"
        assert_golden(app, "ses-80x24")
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        await pilot.pause()
        assert_golden(app, "ses-200x50")


async def test_each_part_is_a_tab_away_and_says_what_is_known(scene: Scene) -> None:
    sending(scene)
    watching(scene)
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        for words in (
            ("complaint rate",),
            ("failed sends  6.10 %", "EmailsFailed", "1,040", "EmailsSuppressed", "counted by SES", "5 % warning"),
            ("no pause by AWS", "sending is on", "no configuration set is paused", "production", "41% 410,000"),
            ("tells 1 action", "it can never fire", "as old-bounces", "missing", "13:59"),
            ("closed", "AWS_SES_SENDING_PAUSED", "Sending was paused."),
            ("47 bounced for good", "not spam 1 · of 1,200 sent", "mail.example", "set aside 2", "fail open"),
            ("get_account", "7 of 60, 1 call waiting"),
        ):
            await pilot.press("tab")
            for each in words:
                assert each in shown(app), f"{each!r} is missing:\n{shown(app)}"


async def test_several_accounts_are_turned_through(scene: Scene) -> None:
    sending(scene)
    sending(scene, target=OTHER, bounce=0.01)
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        assert "ca-central-1 (1 of 2, a turns)" in shown(app)
        app.perform("ses.account")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "eu-west-1 (2 of 2, a turns)" in shown(app)


def test_the_dashboard_shows_the_account_that_is_worst_off_and_says_which(scene: Scene) -> None:
    sending(scene, bounce=0.01)
    assert "eu-west-1" not in scene.desk.ses().headline
    sending(scene, target=OTHER, enforcement="SHUTDOWN", sending_enabled=False)
    scene.saw(OTHER, "ses.account", Verdict.FAIL, "AWS paused sending (SHUTDOWN)")
    scene.refresh()
    assert scene.desk.ses().headline.startswith("eu-west-1: ")
    assert scene.desk.ses().verdict is Verdict.FAIL


def test_what_is_wrong_bears_the_sign_where_aws_itself_is_content(scene: Scene) -> None:
    sending(scene)
    scene.refresh()
    panel = scene.desk.ses()
    text = [plain(each) for each in ses_lines(panel, scene.clock.now(), 33)]
    assert "AWS: HEALTHY · sending on" in text, text
    assert text[5].startswith("▲ "), text


def test_lists_that_were_not_read_say_nothing_good_of_the_senders(scene: Scene) -> None:
    scene.saw(ACCOUNT, "ses.suppression", Verdict.UNKNOWN, "the credentials have expired", evidence={})
    scene.refresh()
    lines = suppression_lines(scene.desk.sending.suppression(ACCOUNT), scene.clock.now(), 80)
    assert Tone.OK not in {tone for one in lines for _, tone in one}
    assert "not known" in plain(lines[-1])


async def test_a_session_that_is_over_stands_in_the_frame_of_every_screen(scene: Scene) -> None:
    sending(scene)
    scene.saw(
        ACCOUNT,
        "ses.calls",
        Verdict.UNKNOWN,
        "the session is over: log in again with aws sso login",
        evidence={"failure": "expired-credentials"},
    )
    async with cockpit(scene) as pilot:
        assert "log in again with aws sso" in "\n".join(screen_lines(pilot.app)[:3])
        app = await on_ses(pilot)
        assert "log in again with aws sso" in "\n".join(screen_lines(app)[:3])


async def test_a_cockpit_that_was_left_there_opens_there_again(scene: Scene) -> None:
    sending(scene)
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        app.keep_place()
    async with cockpit(scene) as pilot:
        await pilot.pause()
        assert pilot.app.current_mode == "ses"


async def test_an_account_that_was_never_looked_at_says_what_to_configure(scene: Scene) -> None:
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        assert "set aws.account and aws.region" in shown(app)


def test_three_kinds_of_pause_are_told_apart_with_who_lifts_each(scene: Scene) -> None:
    sending(scene, enforcement="SHUTDOWN", sending_enabled=False, review_case="8123", sets=["campaigns"])
    scene.refresh()
    text = "\n".join(plain(each) for each in state_lines(scene.desk.sending.status(), 120))
    assert "AWS paused the account (case 8123) · lifted by AWS alone" in text
    assert "configuration set campaigns · lifted by PutConfigurationSetSendingOptions" in text
    sending(scene, sending_enabled=False)
    scene.refresh()
    text = "\n".join(plain(each) for each in state_lines(scene.desk.sending.status(), 120))
    assert "no pause by AWS (HEALTHY)" in text
    assert "lifted by PutAccountSendingAttributes" in text


def test_old_data_is_never_green_and_has_no_runway(scene: Scene) -> None:
    sending(scene)
    scene.clock.advance(4000)
    scene.refresh()
    room = scene.desk.sending
    lines = [*state_lines(room.status(), 80), *rate_lines(room.rates()[0], scene.clock.now(), 80)]
    tones = {tone for one in lines for _, tone in one}
    assert Tone.OK not in tones
    text = "\n".join(plain(each) for each in lines)
    assert "no data" in text
    assert "412" not in text


@pytest.mark.parametrize(("used", "tone"), [(0.69, Tone.OK), (0.7, Tone.WARN), (0.9, Tone.FAIL)])
def test_the_quota_turns_amber_at_70_and_red_at_90_percent(scene: Scene, used: float, tone: Tone) -> None:
    sending(scene)
    scene.saw(ACCOUNT, "ses.quota", Verdict.OK, "x", evidence={"used_fraction": used})
    scene.refresh()
    assert quota_spans(scene.desk.sending.status(), 20)[0][1] is tone


def rate(scene: Scene, **evidence: Any) -> Rate:
    sending(scene)
    scene.refresh()
    return scene.desk.sending.rates()[0]


def test_a_plot_has_both_figures_four_marks_in_three_lines_and_the_interval_ahead(scene: Scene) -> None:
    drawn = picture(rate(scene), scene.clock.now())
    assert [curve.name for curve in drawn.curves] == ["ours, each 15 min", "AWS's figure", "", "runway, 80 %", ""]
    assert sorted(mark.percent for mark in drawn.marks) == [3.0, 5.0, 10.0]
    soonest, likely, latest = (curve.hours[-1] for curve in drawn.curves[2:])
    assert (soonest, likely, latest) == (1.5, 2.5, 4.5)
    assert all(math.isclose(curve.percent[-1], 5.0) for curve in drawn.curves[2:])
    assert drawn.top > 10


def test_a_plot_gone_near_keeps_the_next_line_in_sight(scene: Scene) -> None:
    drawn = picture(rate(scene), scene.clock.now(), close=True)
    assert 5.0 < drawn.top < 10.0


async def test_keys_and_kit_are_asked_for_when_they_are_first_shown(scene: Scene) -> None:
    sending(scene)
    answers = Answers()
    scene.desk.__dict__["errands"] = answers
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        screen = app.main_screen()
        assert isinstance(screen, SesScreen)
        for pane, words in (
            (
                "keys",
                (
                    "-3 d",
                    "old.example",
                    "no DNS information",
                    "40 d",
                    "by 2027-01-02",
                    "1 of 3 done",
                    "? published",
                    "other.example is no identity",
                ),
            ),
            ("kit", ("1 of 4 as they should be", "code: a → b", "absent", "? queue", "throttled")),
        ):
            screen.show_pane(pane)
            await app.workers.wait_for_complete()
            await pilot.pause()
            for each in words:
                assert each in shown(app), f"{each!r} is missing:\n{shown(app)}"
        answers.trouble = "AWS did not answer within 60 s."
        app.perform("ses.ask")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "✖ AWS did not answer" in shown(app)
        assert "the-table" in shown(app)


async def test_the_parts_look_as_they_should_on_both_sizes(scene: Scene) -> None:
    sending(scene)
    watching(scene)
    scene.hold_watch()
    scene.desk.__dict__["errands"] = Answers()
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        screen = app.main_screen()
        assert isinstance(screen, SesScreen)
        for pane in ("sends", "alarms", "feedback", "keys"):
            screen.show_pane(pane)
            await app.workers.wait_for_complete()
            await pilot.pause()
            assert_golden(app, f"ses-{pane}-80x24")
        await pilot.resize_terminal(200, 50)
        await pilot.pause()
        await pilot.pause()
        assert_golden(app, "ses-keys-200x50")


async def test_a_mail_to_the_simulator_is_asked_for_twice_and_followed_on_the_screen(scene: Scene) -> None:
    sending(scene)
    answers = Answers()
    scene.desk.__dict__["errands"] = answers
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        await pilot.press("t", "enter", "enter")
        await pilot.pause()
        assert "Send a test mail for a bounce?" in shown(app)
        assert not answers.asked
        await pilot.press("right", "enter")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert ("provision", "check", "--simulate", "bounce", "--sender", "ops@shop.example") in answers.asked
        assert "✖ bounce suppresses" in shown(app)
        assert "it never came into the table" in shown(app)


async def test_the_report_on_a_key_is_written_and_its_functions_are_planned_from_the_screen(scene: Scene) -> None:
    sending(scene)
    answers = Answers()
    scene.desk.__dict__["errands"] = answers
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        await pilot.press("w")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "press the key again" in toasts(app)
        await pilot.press("w")
        await pilot.pause()
        assert "Report on which key?" in shown(app)
        await pilot.press("enter")
        await app.workers.wait_for_complete()
        words = next(each for each in answers.asked if each[:2] == ("estate", "report"))
        assert words[2:6] == ("old.example", "--selector", "s1", "--output")
        assert "phase-7-old.example-" in words[6]
        await pilot.pause()
        assert "2 of 3 items are open in it" in toasts(app)
        await pilot.press("f", "enter", "enter")
        await app.workers.wait_for_complete()
        view = scene.desk.actions.get(app.chosen_action)
        assert view.remedy == "lambda.invoke"
        assert view.parameters == {"function": DNS_NOTIFIER, "payload": '{"domain": "old.example"}'}


@pytest.mark.parametrize("pane", ["bounce", "sends"])
async def test_a_plot_is_drawn_on_any_number_of_rows(scene: Scene, pane: str) -> None:
    sending(scene)
    counted(scene)
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        screen = app.main_screen()
        assert isinstance(screen, SesScreen)
        screen.show_pane(pane)
        plot = screen.query_one(f"#plot-{pane}", Plot)
        for rows in range(1, 14):
            plot.styles.height = rows
            await pilot.pause()
            assert plot.size.height == rows
            assert app.return_code is None


async def test_points_of_a_clock_that_is_ahead_of_ours_stop_no_screen(scene: Scene) -> None:
    sending(scene)
    scene.clock.advance(-86_400)
    async with cockpit(scene) as pilot:
        app = await on_ses(pilot)
        assert app.return_code is None
        assert "10 % AWS may pause" in shown(app)
