"""A plot of curves in braille, drawn by plotext; imported with the first screen that has one."""

from collections.abc import Callable

from rich.text import Text
from textual.app import RenderResult
from textual_plotext import PlotextPlot

from screens.present.lines import Tone
from screens.present.ses_plot import Curve, Picture
from screens.shell import paints_of

Build = Callable[[], Picture | None]


_LEAST_WIDTH = 20
_LEAST_HEIGHT = 5
_AROUND = 4
"""Rows of a plot that are frame, times of day and a free one."""


class Plot(PlotextPlot):
    """Draws what `build` returns; `redraw()` asks again and paints only when something differs."""

    DEFAULT_CSS = "Plot { height: 1fr; width: 1fr; }"

    def __init__(self, build: Build, *, id: str | None = None, classes: str | None = None) -> None:
        super().__init__(id=id, classes=classes)
        self._build = build
        self._picture: Picture | None = None
        # Plotext's own colours would not have the contrast that our themes keep.
        self.set_reactive(PlotextPlot.theme, "clear")

    def redraw(self) -> None:
        """Build again, and paint what changed."""
        picture = self._build()
        if picture != self._picture:
            self._picture = picture
            self.refresh()

    def render(self) -> RenderResult:
        """The curves in the colours of the theme that is on now."""
        figure, picture = self.plt, self._picture
        figure.clear_figure()
        if picture is None:
            return Text("  no figures to draw yet", paints_of(self).plain[Tone.MUTED])
        if self.size.width < _LEAST_WIDTH or self.size.height < _LEAST_HEIGHT:
            return Text("  no room to draw them", paints_of(self).plain[Tone.MUTED])
        self._draw(picture)
        return super().render()

    def _draw(self, picture: Picture) -> None:
        figure = self.plt
        figure.ylim(0, picture.top)
        figure.xlim(picture.first_h, picture.last_h)
        figure.xticks([hour for hour, _ in picture.ticks], [words for _, words in picture.ticks])
        figure.yfrequency(min(6, max(2, self.size.height // 3)))
        # The legend stands in the upper left corner, the newest values at the right: the words go in between.
        words_h = picture.first_h + 0.38 * (picture.last_h - picture.first_h)
        taken: set[int] = set()
        for mark in picture.marks:
            if mark.percent <= picture.top:
                figure.hline(mark.percent, color=self._colour(mark.tone))
                row = round(mark.percent / picture.top * (self.size.height - 4))
                if row not in taken:
                    taken.add(row)
                    figure.text(
                        mark.words,
                        words_h,
                        mark.percent,
                        color=self._colour(mark.tone),
                        # Left to itself, plotext writes on white.
                        background="default",
                        alignment="left",
                    )
        # Plotext fails at the legend of a curve of which no point is inside, as when a clock is ahead of ours, and
        # writes a legend over its own frame where the rows inside do not suffice for it.
        curves = [curve for curve in picture.curves if _has_points(curve, picture)]
        legend = sum(bool(curve.name) for curve in curves) <= self.size.height - _AROUND
        for curve in curves:
            figure.plot(
                list(curve.hours),
                list(curve.percent),
                marker=curve.marker,
                color=self._colour(curve.tone),
                label=(curve.name or None) if legend else None,
            )

    def _colour(self, tone: Tone) -> tuple[int, int, int]:
        style = paints_of(self).plain[tone]
        triplet = style.color.get_truecolor() if style.color is not None else None
        return (triplet.red, triplet.green, triplet.blue) if triplet is not None else (255, 255, 255)


def _has_points(curve: Curve, picture: Picture) -> bool:
    """Whether some of a curve lies within the picture."""
    return any(
        picture.first_h <= hour <= picture.last_h and 0 <= percent <= picture.top
        for hour, percent in zip(curve.hours, curve.percent, strict=True)
    )
