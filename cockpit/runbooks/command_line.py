"""Command lines without a shell: split first, then put values into arguments, so that `;` stays a character."""

import re
import shlex
from collections.abc import Mapping, Sequence

from cockpit.errors import BadInput
from cockpit.runbooks.inputs import PLACEHOLDER, fill_required

ENVIRONMENT = (
    "PATH",
    "HOME",
    "USER",
    "LOGNAME",
    "LANG",
    "LC_ALL",
    "LC_CTYPE",
    "TZ",
    "TMPDIR",
    "SSL_CERT_FILE",
    "KUBECONFIG",
    "AWS_PROFILE",
    "AWS_REGION",
    "AWS_DEFAULT_REGION",
    "AWS_CONFIG_FILE",
    "AWS_SHARED_CREDENTIALS_FILE",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
    "AWS_ENDPOINT_URL",
    "AWS_CA_BUNDLE",
    "AWS_EC2_METADATA_DISABLED",
    "HTTPS_PROXY",
    "HTTP_PROXY",
    "NO_PROXY",
    "https_proxy",
    "http_proxy",
    "no_proxy",
)
"""What a command inherits; everything else of our environment stays here."""

_SHELL = re.compile(
    r"\$\(|`|\$\{|\$[A-Za-z_]|&&|\|\||[|;<>]|(?:^|\s)&(?:\s|$)"
    r"|^\s*(?:for|while|until|if|case|function|do|done|then|fi|export|source|cd|set|\.)\b"
)
_ASSIGNMENT = re.compile(r"^\s*[A-Za-z_][A-Za-z0-9_]*=")


def command_lines(block: str) -> list[str]:
    """The commands of a block: comments and empty lines dropped, a prompt removed.

    A line that ends in `\\`, or inside quotes, goes on in the next one.
    """
    found: list[str] = []
    begun = ""
    for line in re.sub(r"\\\n\s*", " ", block).splitlines():
        begun = f"{begun}\n{line}" if begun else re.sub(r"^\s*\$ ", "", line).strip()
        if begun.startswith("#") or not begun:
            begun = ""
        elif _closed(begun):
            found.append(begun)
            begun = ""
    return [*found, begun] if begun else found


def _closed(line: str) -> bool:
    try:
        shlex.split(line, comments=True)
    except ValueError:
        return False
    return True


def shell_reason(line: str) -> str:
    """Why a line needs a shell, in words; empty when it does not."""
    bare = _outside_single_quotes(line)
    if _ASSIGNMENT.match(bare):
        return "it sets a variable"
    found = _SHELL.search(bare)
    return f"it uses the shell's {found.group(0).strip()!r}" if found else ""


def _outside_single_quotes(line: str) -> str:
    """The line without what stands in quotes; inside double quotes a shell still expands `$` and backquotes."""
    line = re.sub(r"'[^']*'", "''", PLACEHOLDER.sub("x", line))
    return re.sub(r'"([^"]*)"', lambda match: '"' + re.sub(r"[^$`({A-Za-z_]", "", match.group(1)) + '"', line)


def shell_script(body: str) -> str:
    """A block's text for a shell that names its values: `{{name}}` becomes a variable, in quotes where it has none.

    A value so reaches the shell as what a variable holds, which it never reads as program text. Raises BadInput for
    a placeholder in single quotes, where no shell would look for it.
    """
    script, quote, place = "", "", 0
    while place < len(body):
        match = PLACEHOLDER.match(body, place)
        character = body[place]
        if match:
            if quote == "'":
                raise BadInput(f"{{{{{match[1]}}}}} stands in single quotes, where the shell does not put it in.")
            variable = f"${{{variable_of(match[1])}}}"
            script += variable if quote else f'"{variable}"'
            place = match.end()
            continue
        if character == "\\" and quote != "'":
            script += body[place : place + 2]
            place += 2
            continue
        if character in "'\"" and quote in ("", character):
            quote = "" if quote else character
        script += character
        place += 1
    return script


def variable_of(name: str) -> str:
    """The environment variable under which a shell block finds a value."""
    return f"RUNBOOK_{name.replace('-', '_')}"


def split(line: str) -> tuple[str, ...]:
    """The arguments of a line, placeholders still in them; raises BadInput when quotes do not close."""
    compact = PLACEHOLDER.sub(lambda match: "{{" + match.group(1) + "}}", line)
    try:
        return tuple(shlex.split(compact, comments=True))
    except ValueError as error:
        raise BadInput(f"The command line cannot be split: {error}.") from None


def filled(template: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The arguments with values in them.

    Raises BadInput for a name without a value, for a value that would become an option, and for a command whose
    own name would come from a value.
    """
    if not template or PLACEHOLDER.search(template[0]):
        raise BadInput("What is run must be written in the runbook, not come from a value.")
    arguments = []
    for part in template:
        argument = fill_required(part, values)
        if "\0" in argument:
            raise BadInput("A value holds a NUL character.")
        if argument.startswith("-") and PLACEHOLDER.match(part):
            raise BadInput(f"The value {argument!r} would be read as an option.")
        arguments.append(argument)
    return arguments


def environment(inherited: Mapping[str, str]) -> dict[str, str]:
    """The part of the environment that a command gets."""
    return {name: inherited[name] for name in ENVIRONMENT if name in inherited}
