"""The runway against histories that were simulated to their end: its interval is right as often as it says."""

import math
import random
from collections import deque
from dataclasses import dataclass

import pytest

from cockpit.ses.runway import COVERAGE, Course, History, present, runway, volume

LINE = 0.05


@dataclass
class Simulation:
    """Mail at a steady pace whose bounce rate jumps, and AWS's figure over a volume that nobody is told."""

    chance: random.Random
    volume: float
    shape: str
    base: float
    rate: float
    mails: int

    def __post_init__(self) -> None:
        self.figure = self.base
        self.window: deque[tuple[int, int]] = deque([(self.mails, round(self.mails * self.base))])
        while sum(sent for sent, _ in self.window) < self.volume:
            self.window.append((self.mails, _binomial(self.chance, self.mails, self.base)))

    def point(self, rate: float) -> tuple[int, int, float]:
        sent = max(1, round(self.chance.gauss(self.mails, self.mails * 0.05)))
        bad = _binomial(self.chance, sent, rate)
        if self.shape == "fading":
            self.figure += (bad / sent - self.figure) * (1 - math.exp(-sent / self.volume))
        else:
            self.window.append((sent, bad))
            while sum(s for s, _ in self.window) - self.window[0][0] >= self.volume:
                self.window.popleft()
            self.figure = sum(b for _, b in self.window) / sum(s for s, _ in self.window)
        return sent, bad, self.figure

    def play(self, quiet: int, loud: int) -> tuple[History, float]:
        """The history until now, and the seconds from now until the line was really crossed."""
        points = [self.point(self.base) for _ in range(quiet)] + [self.point(self.rate) for _ in range(loud)]
        history = History([p[0] for p in points], [p[1] for p in points], [p[2] for p in points])
        for ahead in range(4000):
            if self.figure >= LINE:
                return history, ahead * 900.0
            self.point(self.rate)
        return history, math.inf


def _binomial(chance: random.Random, number: int, rate: float) -> int:
    return max(0, round(chance.gauss(number * rate, math.sqrt(number * rate * (1 - rate)))))


def simulated(chance: random.Random, shape: str) -> Simulation:
    return Simulation(
        chance,
        volume=chance.choice([20_000, 60_000, 150_000]),
        shape=shape,
        base=chance.uniform(0.01, 0.025),
        rate=chance.uniform(0.09, 0.2),
        mails=chance.randint(1_000, 4_000),
    )


@pytest.mark.parametrize("shape", ["fading", "window"])
def test_the_interval_holds_the_truth_as_often_as_it_says(shape: str) -> None:
    chance = random.Random(11)
    held = told = 0
    for _ in range(150):
        history, truth = simulated(chance, shape).play(quiet=20, loud=chance.randint(3, 6))
        (found,) = runway(history, [LINE])
        if truth == 0 or found.course is not Course.NEARING:
            continue
        told += 1
        late = math.inf if found.latest_s is None else found.latest_s
        assert found.soonest_s is not None
        # The simulation looks every 15 minutes only, so the crossing was in the point that ends at `truth`.
        held += found.soonest_s <= truth and truth - 900 <= late
    assert told >= 60
    assert held / told >= COVERAGE - 0.05, f"{held} of {told}"


def test_the_interval_is_narrow_enough_to_be_of_use() -> None:
    chance = random.Random(5)
    widths = []
    for _ in range(60):
        history, _ = simulated(chance, "fading").play(quiet=20, loud=5)
        (found,) = runway(history, [LINE])
        if found.seconds and found.latest_s and found.soonest_s:
            widths.append(found.latest_s / max(found.soonest_s, 900))
    assert sorted(widths)[len(widths) // 2] < 4


def steady(rate: float, figure: float, mails: int = 2_000) -> History:
    return History([mails] * 24, [mails * rate] * 24, [figure] * 24)


def test_a_figure_that_does_not_move_has_no_runway_and_says_why() -> None:
    (found,) = runway(steady(0.12, 0.02), [LINE])
    assert (found.course, found.seconds) == (Course.UNCLEAR, None)
    assert "not followed" in found.why


def test_a_rate_below_the_line_is_safe() -> None:
    (found,) = runway(steady(0.02, 0.02), [LINE])
    assert found.course is Course.SAFE
    history, _ = Simulation(random.Random(2), 40_000, "fading", 0.01, 0.03, 2_000).play(quiet=10, loud=8)
    assert runway(history, [LINE])[0].course is Course.SAFE


def test_without_mail_or_without_a_figure_nothing_is_promised() -> None:
    assert runway(History([0] * 9, [0] * 9, [0.02] * 9), [LINE])[0].course is Course.SAFE
    assert runway(History([5] * 9, [1] * 9, [None] * 9), [LINE])[0].course is Course.UNCLEAR
    assert runway(History([], [], []), [LINE])[0].course is Course.UNCLEAR


def test_good_mails_that_heal_a_crossed_line_really_heal_it() -> None:
    for seed in range(20):
        one = Simulation(random.Random(seed), 40_000, "fading", 0.02, 0.15, 2_000)
        points = [one.point(0.02) for _ in range(16)]
        while one.figure < 0.06:
            points.append(one.point(0.15))
        history = History([p[0] for p in points], [p[1] for p in points], [p[2] for p in points])
        (found,) = runway(history, [LINE])
        assert found.course is Course.CROSSED
        assert found.good is not None
        assert found.good_most is not None
        needed = one.volume * math.log(one.figure / LINE)
        assert 0.7 * needed <= found.good <= found.good_most
        assert found.good_most >= 0.95 * needed


def test_the_bounces_to_a_line_are_those_of_the_time_to_it() -> None:
    history, _ = Simulation(random.Random(3), 60_000, "fading", 0.02, 0.15, 2_000).play(quiet=16, loud=4)
    review, pause = runway(history, [LINE, 0.10])
    assert review.seconds is not None
    assert pause.seconds is not None
    assert review.seconds < pause.seconds
    assert review.bad is not None
    assert pause.bad is not None
    assert 0 < review.bad < pause.bad
    points, sent, bad = present(history)
    assert points == 4
    assert review.bad == pytest.approx(review.seconds * bad / (points * 900), rel=0.01)


def test_the_same_history_gives_the_same_runway() -> None:
    history, _ = Simulation(random.Random(3), 60_000, "fading", 0.02, 0.15, 2_000).play(quiet=16, loud=4)
    assert runway(history, [LINE]) == runway(history, [LINE])
    assert volume(history) is not None


def test_a_figure_that_jumps_past_what_was_counted_is_safe_from_nothing() -> None:
    history = History([24_000.0] * 40, [504.0] * 40, [0.019] * 40)
    found = runway(history, [0.03, 0.05, 0.10], latest=0.092)
    assert [each.course for each in found] == [Course.CROSSED, Course.CROSSED, Course.UNCLEAR]
    assert "climbs faster than the mail" in found[2].why
    assert "what brings it back" in found[0].why
