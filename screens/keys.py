"""Which key does what: the registry's keys with the operator's own over them, checked before anything starts."""

from collections.abc import Iterable, Mapping
from difflib import get_close_matches

from textual.binding import Binding
from textual.keys import KEY_DISPLAY_ALIASES, Keys

from cockpit.errors import ConfigError
from screens.commands import BY_ID, REGISTRY, SCREENS, Command

LIST_KEYS = frozenset(
    {"up", "down", "j", "k", "g", "G", "pageup", "pagedown", "home", "end", "ctrl+u", "ctrl+d", "tab", "shift+tab"}
)
"""Keys that move in lists and between panes; no command may take them."""

_NAMES = {
    "enter": "⏎", "escape": "esc", "slash": "/", "colon": ":", "question_mark": "?", "right": "→", "left": "←",
    "space": "space",
}  # fmt: skip
_CHARACTERS = {"/": "slash", ":": "colon", "?": "question_mark", ",": "comma", ".": "full_stop", "-": "minus",
               "+": "plus", "!": "exclamation_mark", "*": "asterisk", "=": "equals_sign", "#": "number_sign",
               ";": "semicolon", "'": "apostrophe", "[": "left_square_bracket",
               "]": "right_square_bracket"}  # fmt: skip
_KNOWN = {key.value for key in Keys} | set(_CHARACTERS.values()) | set(KEY_DISPLAY_ALIASES)


class KeyMap:
    """Keys per command; `overrides` are those of `cockpit.yaml` (`keys: {incident.note: n}`)."""

    def __init__(self, overrides: Mapping[str, str] | None = None) -> None:
        self._keys = {command.id: command.keys for command in REGISTRY}
        for name, text in (overrides or {}).items():
            if name not in BY_ID:
                near = get_close_matches(name, BY_ID, n=1)
                hint = f"; did you mean {near[0]!r}?" if near else "."
                raise ConfigError(f"keys: there is no command {name!r}{hint}")
            self._keys[name] = tuple(_key(name, part) for part in text.split(",") if part.strip())
        _refuse_clashes(self._keys)

    def keys(self, command_id: str) -> tuple[str, ...]:
        """The keys of a command, as Textual names them."""
        return self._keys[command_id]

    def label(self, command_id: str) -> str:
        """The first key of a command as it is written on screen; empty when it has none."""
        keys = self._keys[command_id]
        return display(keys[0]) if keys else ""

    def bindings(self, screen: str) -> Iterable[Binding]:
        """What a screen listens to: its own commands and those that work everywhere."""
        for command in REGISTRY:
            if command.works_on(screen) and (keys := self._keys[command.id]):
                yield Binding(",".join(keys), f"command({command.id!r})", command.title, show=False, id=command.id)


def display(key: str) -> str:
    """A key as people write it: `ctrl+p`, `⏎`, `/`."""
    return _NAMES.get(key, key)


def hints(screen: str) -> list[Command]:
    """The commands with a word in the footer, those of this screen only before those of every screen."""
    mine = [command for command in REGISTRY if command.hint and command.works_on(screen)]
    return sorted(mine, key=lambda command: not command.where)


def _key(name: str, text: str) -> str:
    key = text.strip()
    key = _CHARACTERS.get(key, key)
    modifiers, _, last = key.rpartition("+")
    last = _CHARACTERS.get(last, last)
    if any(part not in ("ctrl", "shift", "alt") for part in modifiers.split("+") if part):
        raise ConfigError(f"keys: {text.strip()!r} for {name} is not a key; write n, ctrl+n, f5 or enter.")
    single = len(last) == 1 and last.isprintable()
    if not single and last not in _KNOWN and f"{modifiers}+{last}" not in _KNOWN:
        raise ConfigError(f"keys: {text.strip()!r} for {name} is not a key; write n, ctrl+n, f5 or enter.")
    key = f"{modifiers}+{last}" if modifiers else last
    if key in LIST_KEYS:
        raise ConfigError(f"keys: {display(key)} for {name} moves in lists and cannot be taken.")
    return key


def _refuse_clashes(keys: Mapping[str, tuple[str, ...]]) -> None:
    for screen in SCREENS:
        taken: dict[str, str] = {}
        for command in REGISTRY:
            if not command.works_on(screen):
                continue
            for key in keys[command.id]:
                if key in taken:
                    raise ConfigError(f"keys: {display(key)} is taken by both {taken[key]} and {command.id}.")
                taken[key] = command.id
