"""Four themes, and the colour of each tone in each of them.

Every text colour has a contrast of at least 4.5 (WCAG 2.2, 1.4.3) on the theme's background and on its
selection; a test computes it. The high-contrast themes reach 7 (WCAG 1.4.6).
"""

from collections.abc import Mapping

import msgspec
from rich.style import Style
from textual.theme import Theme

from screens.present.lines import Tone

DEFAULT_THEME = "dark"


class Colours(msgspec.Struct, frozen=True):
    """One theme: its surfaces, and a colour per tone, all as `#rrggbb`."""

    name: str
    dark: bool
    background: str
    panel: str
    selection: str
    tones: Mapping[Tone, str]

    def theme(self) -> Theme:
        """The same as a Textual theme; our styles name only what is set here."""
        return Theme(
            name=self.name,
            dark=self.dark,
            primary=self.tones[Tone.ACCENT],
            secondary=self.tones[Tone.INFO],
            accent=self.tones[Tone.ACCENT],
            warning=self.tones[Tone.WARN],
            error=self.tones[Tone.FAIL],
            success=self.tones[Tone.OK],
            foreground=self.tones[Tone.PLAIN],
            background=self.background,
            surface=self.background,
            panel=self.panel,
            variables={
                **{f"tone-{tone.value}": colour for tone, colour in self.tones.items()},
                "selection": self.selection,
                "input-selection-background": self.selection,
                "input-cursor-background": self.tones[Tone.STRONG],
                "input-cursor-foreground": self.background,
                "border": self.tones[Tone.ACCENT],
                "border-blurred": self.tones[Tone.RULE],
            },
        )


def _tones(**colours: str) -> dict[Tone, str]:
    return {Tone(name): colour for name, colour in colours.items()}


THEMES: Mapping[str, Colours] = {
    colours.name: colours
    for colours in (
        Colours(
            "dark", True, "#0f141b", "#18202b", "#22344c",
            _tones(
                plain="#d5dce6", strong="#ffffff", muted="#a0adbd", fail="#ff9a92", warn="#f5c653",
                unknown="#cdb0ff", info="#86c8ff", ok="#84dc95", accent="#6fcbe8", key="#f5c653",
                title="#e8eef6", drill="#ffb454", rule="#65788f",
            ),
        ),
        Colours(
            "light", False, "#fbfaf6", "#f0eee6", "#d3e3f5",
            _tones(
                plain="#1e2632", strong="#000000", muted="#4b5563", fail="#a3101a", warn="#704200",
                unknown="#5f2899", info="#0a4b86", ok="#155a24", accent="#075566", key="#704200",
                title="#111820", drill="#8a3a00", rule="#7b8594",
            ),
        ),
        Colours(
            "high-contrast-dark", True, "#000000", "#000000", "#00315e",
            _tones(
                plain="#ffffff", strong="#ffffff", muted="#d6d6d6", fail="#ffaaa3", warn="#ffd84a",
                unknown="#dcc6ff", info="#a6d8ff", ok="#8cf5a0", accent="#7fe3ff", key="#ffd84a",
                title="#ffffff", drill="#ffc873", rule="#ffffff",
            ),
        ),
        Colours(
            "high-contrast-light", False, "#ffffff", "#ffffff", "#cfe6ff",
            _tones(
                plain="#000000", strong="#000000", muted="#2e2e2e", fail="#7d0008", warn="#4d2c00",
                unknown="#45107a", info="#00315e", ok="#003d12", accent="#003c4a", key="#4d2c00",
                title="#000000", drill="#5c2500", rule="#000000",
            ),
        ),
    )
}  # fmt: skip

_SIXTEEN: Mapping[bool, Mapping[Tone, str]] = {
    True: _tones(
        plain="#ffffff", strong="#ffffff", muted="#aaaaaa", fail="#ff5555", warn="#ffff55", unknown="#ff55ff",
        info="#55ffff", ok="#55ff55", accent="#55ffff", key="#ffff55", title="#ffffff", drill="#ffff55",
        rule="#555555",
    ),
    False: _tones(
        plain="#000000", strong="#000000", muted="#555555", fail="#aa0000", warn="#aa5500", unknown="#aa00aa",
        info="#0000aa", ok="#00aa00", accent="#0000aa", key="#aa5500", title="#000000", drill="#aa5500",
        rule="#aaaaaa",
    ),
}  # fmt: skip
"""By dark and light: exactly the colours of the sixteen (IBM's), so that none is taken for its neighbour."""

_BOLD = {Tone.STRONG, Tone.KEY, Tone.TITLE, Tone.DRILL, Tone.FAIL}


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two `#rrggbb` colours, 1 to 21 (WCAG 2.2, "contrast ratio")."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    channels = (int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


class Paints:
    """Rich styles for every tone of one theme, plain and selected; made once per theme, looked up per span."""

    def __init__(self, colours: Colours, *, few_colours: bool = False) -> None:
        self.colours = colours
        self._tones = _SIXTEEN[colours.dark] if few_colours else colours.tones
        self.base = Style.parse(f"{self._tones[Tone.PLAIN]} on {colours.background}")
        self.selected_base = Style.parse(f"{self._tones[Tone.PLAIN]} on {colours.selection}")
        if few_colours:
            self.selected_base = self.base + Style(reverse=True)
        lit_base = Style.parse(f"{self._tones[Tone.PLAIN]} on {colours.panel}")
        self.lit = {tone: self._style(tone, lit_base) for tone in Tone}
        self.plain = {tone: self._style(tone, self.base) for tone in Tone}
        self.selected = {tone: self._style(tone, self.selected_base) for tone in Tone}
        if few_colours:
            # One colour for the whole row: turned round, every tone would paint a patch of its own.
            bold = self.selected_base + Style(bold=True)
            self.selected = {tone: bold if tone in _BOLD else self.selected_base for tone in Tone}

    def _style(self, tone: Tone, base: Style) -> Style:
        return base + Style(color=self._tones[tone], bold=tone in _BOLD or None)
