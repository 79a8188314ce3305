"""Five hundred hostile values and texts: none is ever run, read as a template, or drawn as anything but text.

Values reach a real command as arguments in one process each; a file that any of them would make is looked for.
"""

import subprocess
from itertools import cycle, product
from pathlib import Path

import pytest

from cockpit.errors import BadInput, CockpitError
from cockpit.runbooks.command_line import environment, filled, shell_script, variable_of
from cockpit.runbooks.format import parse
from cockpit.runbooks.inputs import TYPES, fill, typed
from cockpit.runbooks.linter import lint
from cockpit.runbooks.model import Command, Kind
from cockpit.runbooks.shelf import Shelf
from screens.present.markdown import markdown_lines

COMMAND = (
    "; touch {c}", "| touch {c}", "|| touch {c}", "&& touch {c}", "& touch {c}", "$(touch {c})", "`touch {c}`",
    "${{IFS}}touch${{IFS}}{c}", "\n touch {c}", "\r\ntouch {c}", "'; touch {c}; '", '"; touch {c}; "', "> {c}",
    ">> {c}", "2>{c}", "<(touch {c})", "$((`touch {c}`))", "\\; touch {c}", "x'$(touch {c})'y", "!touch {c}",
    "{{touch,{c}}}", "~/$(touch {c})", "* ; touch {c}", "%0a touch {c}", "\x00touch {c}",
)  # fmt: skip
OPTION = (
    "-o{c}", "--output={c}", "-f{c}", "--file={c}", "-exec touch {c}", "--config={c}", "-K{c}", "--eval=touch {c}",
    "-c touch {c}", "--checkpoint-action=exec=touch {c}", "-oProxyCommand=touch {c}", "--post-file={c}",
    "--rsh=touch {c}", "-e touch {c}", "--use-compress-program=touch {c}", "--", "-", "-rf", "--help", "-\u2010x",
)  # fmt: skip
TEMPLATE = (
    "{{{{other}}}}", "{{{{ other }}}}", "{{{{7*7}}}}", "{{% raw %}}touch {c}", "${{other}}", "#{{`touch {c}`}}",
    "<%= `touch {c}` %>", "{{{{self.__init__.__globals__}}}}", "%(other)s", "{{other}}", "$other", "[[${{7*7}}]]",
    "{{{{{{other}}}}}}", "@(touch {c})",
    "{{{{other}}}}{{{{other}}}}", "{{0.__class__}}", "%{{other}}", "\\{{{{other}}}}",
)  # fmt: skip
MARKUP = (
    "[@click=app.quit]x[/]", "[b]x", "[/]", "[#zzz]x", "\x1b]52;c;UFdO\x07", "\x1b[2J", "\x9b31m", "\u202egnp.exe",
    "[link=https://evil.example]x[/link]", "<script>x</script>", "[x](javascript:alert(1))", "\u2066x\u2069",
    "![x](https://evil.example/p.png)", ":boom:", "\x1bPx\x1b\\", "\u200b\ufeff", "[type=x, v={{'a[0]'}}]",
)  # fmt: skip
PATH = (
    "../../../../etc/passwd", "/etc/passwd", "..\\..\\x", "file:///etc/passwd", "~root/.ssh/id_rsa", "/dev/tcp/x/1",
    "../{c}", "{c}", "./{c}", "%2e%2e%2f{c}", "....//....//x", "/proc/self/environ", "a/../../b", "//evil/share",
    "x\x00.md", "con.md", "-/{c}", "../library/../{c}", "@{c}", "fileb://{c}",
)  # fmt: skip
AROUND = ("{0}", "a{0}", "{0}b", "a {0} b", "shop.example{0}")


def hostile(canary: str) -> list[str]:
    """The five hundred: each attack bare and between other words."""
    attacks = [text.format(c=canary) for text in (*COMMAND, *OPTION, *TEMPLATE, *MARKUP, *PATH)]
    return [around.replace("{0}", attack) for around, attack in product(AROUND, attacks)]


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    return tmp_path / "canary"


def test_there_are_five_hundred(canary: Path) -> None:
    assert len(set(hostile(str(canary)))) == 500


def test_no_typed_value_can_hold_an_attack(canary: Path) -> None:
    for value in hostile(str(canary)):
        for kind in set(TYPES) - {"text"}:
            try:
                taken = typed(kind, value, "x")
            except BadInput:
                continue
            assert not set(taken) & set(" \t\n\r\0;|&$`'\"<>(){}[]\\*?!#~"), (kind, value)
            assert not taken.startswith("-") or kind == "number", (kind, value)


def test_a_value_is_one_argument_and_never_an_option_or_a_program(canary: Path, tmp_path: Path) -> None:
    given: dict[str, str] = {}
    for value in hostile(str(canary)):
        try:
            given[f"v{len(given)}"] = typed("text", value, "x")
        except BadInput:
            continue
    assert len(given) > 300
    values = {**given, "other": "SECRET"}
    template = ["printf", "%s\\n"]
    options = set()
    for name, value in given.items():
        try:
            filled(["printf", f"{{{{{name}}}}}"], values)
        except BadInput:
            assert value.startswith("-")
            options.add(name)
            continue
        template.append(f"{{{{{name}}}}}")
    argv = filled(template, values)
    done = subprocess.run(
        argv, capture_output=True, cwd=tmp_path, env=environment({"PATH": "/usr/bin:/bin"}), check=True
    )
    assert done.stdout.decode().split("\n")[:-1] == [value for name, value in given.items() if name not in options]
    assert len(options) >= 40
    assert b"SECRET" not in done.stdout
    assert [path.name for path in tmp_path.iterdir()] == []
    for value in given.values():
        with pytest.raises(BadInput):
            filled(["{{x}}", "y"], {"x": value})


def test_a_value_in_a_shell_block_stays_a_value(canary: Path, tmp_path: Path) -> None:
    values = [value for value in hostile(str(canary)) if "\0" not in value]
    body = "\n".join(
        (f"printf '%s\\0' {{{{v{number}}}}}" if quoted else f'printf "%s\\0" "{{{{v{number}}}}}"')
        for number, quoted in zip(range(len(values)), cycle((True, False)), strict=False)
    )
    given = {variable_of(f"v{number}"): value for number, value in enumerate(values)}
    done = subprocess.run(
        ["bash", "-c", shell_script(body)],
        capture_output=True,
        cwd=tmp_path,
        env={"PATH": "/usr/bin:/bin", **given},
    )
    assert done.stdout.decode("utf-8").split("\0")[:-1] == values
    assert [path.name for path in tmp_path.iterdir()] == []


def test_a_filled_text_is_never_read_as_a_template_again(canary: Path) -> None:
    for value in hostile(str(canary)):
        assert fill("x {{v}} y", {"v": value, "other": "SECRET"}) == f"x {value} y"


@pytest.mark.parametrize(
    "place", ["title", "heading", "item", "text", "cell", "info", "question", "include", "front"]
)
def test_a_hostile_file_is_read_as_text_and_runs_nothing(place: str, canary: Path) -> None:
    for value in hostile(str(canary))[:: 3 if place in ("question", "include", "front") else 1]:
        book = parse(_file(place, value), "t.md")
        lint(book) if place in ("title", "include") else None
        for step in book.steps:
            assert step.kind in (Kind.MANUAL, Kind.DECIDE, Kind.INCLUDE, Kind.COMMAND)
            if isinstance(step.work, Command):
                assert step.work.asks
            drawn = "".join(text for row in markdown_lines(step.text, 80) for text, _ in row)
            assert all(character.isprintable() or character == "\t" for character in drawn)
            assert step.title.isprintable()
    assert not canary.exists()


def _file(place: str, value: str) -> str:
    one_line = value.replace("\n", " ").replace("\r", " ")
    return {
        "title": f"# {value}\n\n- [ ] do\n",
        "heading": f"# T\n\n## {value}\n\nx\n",
        "item": f"# T\n\n- [ ] {value}\n",
        "text": f"# T\n\n## Do\n\n{value}\n",
        "cell": f"# T\n\n| a | b |\n|---|---|\n| {one_line} | {one_line} |\n",
        "info": f"# T\n\n## Do\n\n```{one_line}\nx\n```\n",
        "question": f"# T\n\n## Q\n\n```decide\nquestion: {one_line}\nbranches: [{{answer: y, go: end}}]\n```\n",
        "include": f"# T\n\n## I\n\n```include\nrunbook: '{one_line}'\n```\n",
        "front": f"---\nid: '{one_line}'\ntitle: '{one_line}'\n---\n# T\n\n- [ ] do\n",
    }[place]


def test_no_path_leads_out_of_the_shelf(canary: Path, tmp_path: Path) -> None:
    shelf = Shelf([tmp_path])
    for value in hostile(str(canary)):
        with pytest.raises(CockpitError):
            shelf.get(value)
