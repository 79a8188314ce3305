"""What an ordinary document leaves open: `[domain]`, `<namespace>` and `$VAR` in its commands become `{{name}}`.

Such a name is found in blocks that are to be run, and in capitals in SQL; from then on it means the same wherever
the document writes it, and is asked for once.
"""

import re
from collections.abc import Sequence

from msgspec.structs import replace

from cockpit.runbooks.fences import SHELLS, Fence
from cockpit.runbooks.markdown import Item, Section, Text

_BRACKETS = re.compile(r"(?<![\w\]\[$\\(!])\[([A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+){0,3})\](?![(\[]|:\s)")
_ANGLES = re.compile(r"(?<![\w<])<([A-Za-z][A-Za-z0-9_-]*(?: [A-Za-z0-9_-]+){0,3})>|(?<=[\w])<([A-Za-z][\w-]*)>")
_VARIABLE = re.compile(r"\$(?:\{([A-Z][A-Z0-9_]{1,})\}|([A-Z][A-Z0-9_]{1,})\b)")
_ASSIGNED = re.compile(
    r"(?:^|[;&|]|\bexport\s|\bread\s|\bfor\s|\blocal\s)\s*([A-Z][A-Z0-9_]*)(?==|\s+in\b|\s*$)", re.MULTILINE
)
_CAPITALS = re.compile(r"\[([A-Z][A-Z0-9_]{2,})\](?!\()")
_SECRET = re.compile(r"TOKEN|SECRET|PASSW|CREDENTIAL|_KEY\b|^KEY")
_QUOTED = re.compile(r"'[^'\n]*'")
_COMMENT = re.compile(r"(?m)^\s*#.*$")
_OWN = frozenset(
    {"HOME", "USER", "PATH", "PWD", "OLDPWD", "SHELL", "LOGNAME", "HOSTNAME", "RANDOM", "SECONDS", "IFS", "TMPDIR"}
)
"""Variables that a shell has by itself."""

_TYPES = {"domain": "domain", "zone": "domain", "hostname": "domain", "selector": "selector", "email": "email"}


def named(words: str) -> str:
    """A placeholder's words as a name: `customer-api` and `Customer API` are both `customer_api`."""
    return re.sub(r"[^a-z0-9]+", "_", words.lower()).strip("_")


def type_of(name: str) -> str:
    """The type that a name suggests; `text` where it suggests none."""
    return _TYPES.get(name, "text")


def opened(sections: Sequence[Section]) -> list[str]:
    """Put `{{name}}` in place of every placeholder, in the sections themselves; returns the names in order."""
    names: dict[str, None] = {}
    for section in sections:
        for block in section.blocks:
            text = block.body if isinstance(block, Fence) else block.text
            if isinstance(block, Fence) and block.word in SHELLS:
                names.update(dict.fromkeys(_in_commands(text)))
            elif isinstance(block, Fence) and block.word == "sql":
                names.update(dict.fromkeys(map(named, _CAPITALS.findall(text))))
    for section in sections:
        section.title = _rewritten(section.title, names)
        section.blocks = [_block(block, names) for block in section.blocks]
    return list(names)


def _block(block: Text | Item | Fence, names: dict[str, None]) -> Text | Item | Fence:
    if not isinstance(block, Fence):
        return replace(block, text=_rewritten(block.text, names))
    body = _rewritten(block.body, names)
    if block.word in SHELLS:
        taken = set(_ASSIGNED.findall(block.body)) | _OWN
        body = _VARIABLE.sub(lambda match: _variable(match, taken, names), body)
    return replace(block, body=body)


def _variable(match: "re.Match[str]", taken: set[str], names: dict[str, None]) -> str:
    name = match[1] or match[2]
    return match[0] if name in taken or named(name) not in names else f"{{{{{named(name)}}}}}"


def _in_commands(body: str) -> list[str]:
    """The names that a block's commands leave open; comments and what stands in single quotes are not looked at."""
    bare = _QUOTED.sub("''", _COMMENT.sub("", body))
    found = [named(words) for words in _BRACKETS.findall(bare)]
    found += [named(first or second) for first, second in _ANGLES.findall(bare)]
    taken = set(_ASSIGNED.findall(body)) | _OWN
    found += [named(a or b) for a, b in _VARIABLE.findall(bare) if (a or b) not in taken]
    # A secret is never asked for: it would stand in the command's arguments.
    found = [name for name in found if not _SECRET.search(name.upper())]
    return [name for name in found if name]


def _rewritten(text: str, names: dict[str, None]) -> str:
    def put(match: "re.Match[str]") -> str:
        name = named(next(group for group in match.groups() if group))
        return f"{{{{{name}}}}}" if name in names else match[0]

    return _ANGLES.sub(put, _BRACKETS.sub(put, text))
