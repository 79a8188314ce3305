"""What no file of the product may contain, read from the source itself."""

import ast
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("cockpit", "screens", "storage")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
TESTS = sorted((ROOT / "tests").rglob("*.py"))

MARKUP_WIDGETS = {
    "Static", "Label", "Button", "Checkbox", "RadioButton", "Collapsible", "TabPane", "OptionList", "Option",
    "SelectionList", "Select", "Tree",
}  # fmt: skip
MARKUP_METHODS = {"notify", "add_column", "add_columns", "add_option"}
MARKUP_ATTRIBUTES = {"border_title", "border_subtitle", "tooltip"}


def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), str(path))


def trees_with(paths: list[Path], *words: str) -> Iterator[tuple[Path, ast.Module]]:
    """The files in whose text one of the words stands at all, and their trees: the others need no parsing."""
    for path in paths:
        text = path.read_text(encoding="utf-8")
        if any(word in text for word in words):
            yield path, ast.parse(text, str(path))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module


def called(node: ast.Call) -> str:
    """The last name of what is called: `notify` for `self.app.notify(...)`."""
    function = node.func
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


def put_together(value: ast.expr) -> bool:
    """Whether an expression is text that is assembled on the spot, or fixed text that markup would act on."""
    if isinstance(value, ast.Constant):
        return isinstance(value.value, str) and "[" in value.value
    if isinstance(value, ast.IfExp):
        return put_together(value.body) or put_together(value.orelse)
    if isinstance(value, ast.BinOp):
        return isinstance(value.op, ast.Add | ast.Mod) and (put_together(value.left) or _texty(value.left))
    if isinstance(value, ast.Call):
        return called(value) in ("str", "format", "join", "visible", "fit", "escape")
    return isinstance(value, ast.JoinedStr)


def _texty(value: ast.expr) -> bool:
    return isinstance(value, ast.Constant) and isinstance(value.value, str)


def hazards(tree: ast.Module) -> Iterator[str]:
    """Places where outside text could be read as markup: it can run actions and crash the app."""
    ours = {
        alias.asname or alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("screens")
        for alias in node.names
    } | {node.name for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            markup = next((word.value for word in node.keywords if word.arg == "markup"), None)
            off = isinstance(markup, ast.Constant) and markup.value is False
            if isinstance(markup, ast.Constant) and markup.value is True:
                yield f"line {node.lineno}: markup=True"
            if (
                called(node) in ("from_markup", "escape")
                and node.args
                and not isinstance(node.args[0], ast.Constant)
            ):
                yield f"line {node.lineno}: {called(node)}() of text that is not fixed"
            if (
                called(node) in MARKUP_METHODS | (MARKUP_WIDGETS - ours)
                and not off
                and any(put_together(value) for value in node.args)
            ):
                yield f"line {node.lineno}: {called(node)}() takes text as markup; pass Content or markup=False"
            for word in node.keywords:
                if word.arg in MARKUP_ATTRIBUTES and put_together(word.value):
                    yield f"line {node.lineno}: {word.arg}= takes text as markup; pass Content"
        if isinstance(node, ast.Assign) and put_together(node.value):
            for target in node.targets:
                if isinstance(target, ast.Attribute) and target.attr in MARKUP_ATTRIBUTES:
                    yield f"line {node.lineno}: .{target.attr} takes text as markup; assign Content"


def test_sqlite_is_imported_in_one_module_only() -> None:
    """Two SQLite builds in one process on one file lose each other's locks."""
    importers = {
        name_of(path)
        for path, tree in trees_with(MODULES, "sqlite3", "apsw")
        if {name.split(".")[0] for name in imported(tree)} & {"sqlite3", "pysqlite3", "apsw"}
    }
    assert importers == {"storage/database.py"}


def test_only_storage_knows_sqlite_utils() -> None:
    importers = {
        name_of(path)
        for path, tree in trees_with(MODULES, "sqlite_utils")
        if "sqlite_utils" in {name.split(".")[0] for name in imported(tree)}
    }
    assert all(name.startswith("storage/") for name in importers)


def test_no_screen_passes_assembled_text_where_markup_is_read() -> None:
    found = [
        f"{name_of(path)} {hazard}"
        for path in MODULES
        if path.is_relative_to(ROOT / "screens")
        for hazard in hazards(tree_of(path))
    ]
    assert found == []


@pytest.mark.parametrize(
    "source",
    [
        "Static(f'{x}')",
        "Label('a ' + x)",
        "self.app.notify('%s' % x)",
        "Button('[b]x[/b]')",
        "w.border_title = f'{x}'",
        "Static(x, tooltip=str(x))",
        "Content.from_markup(x)",
        "RichLog(markup=True)",
        "Static('a' if y else f'{x}')",
    ],
)
def test_the_markup_test_finds_each_hazard(source: str) -> None:
    assert list(hazards(ast.parse(source)))


@pytest.mark.parametrize(
    "source",
    [
        "Static(f'{x}', markup=False)",
        "Label('Domains')",
        "Static(Content(f'{x}'))",
        "Content.from_markup('[b]$x[/b]', x=x)",
        "w.border_title = Content(x)",
        "notify(x, markup=False)",
    ],
)
def test_the_markup_test_lets_safe_text_pass(source: str) -> None:
    assert not list(hazards(ast.parse(source)))


def test_every_module_and_package_says_what_it_is_for() -> None:
    assert [name_of(path) for path in MODULES if not ast.get_docstring(tree_of(path))] == []


def test_no_test_sleeps() -> None:
    """A test waits on a condition; a sleep is too long on a fast machine and too short on a slow one.

    A bench may pace the load that it makes by the clock.
    """
    sleepers = [
        f"{name_of(path)} line {node.lineno}"
        for path, tree in trees_with(TESTS, "sleep")
        if "bench" not in path.parts
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and called(node) == "sleep" and not _yields(node)
    ]
    assert sleepers == []


def _yields(node: ast.Call) -> bool:
    """`sleep(0)` only lets others run."""
    return bool(node.args) and isinstance(node.args[0], ast.Constant) and node.args[0].value == 0


def test_no_error_is_swallowed() -> None:
    swallowed = [
        f"{name_of(path)} line {node.lineno}"
        for path, tree in trees_with(MODULES, "except")
        for node in ast.walk(tree)
        if isinstance(node, ast.ExceptHandler)
        and _catches_all(node)
        and all(isinstance(s, ast.Pass) for s in node.body)
    ]
    assert swallowed == []


def _catches_all(handler: ast.ExceptHandler) -> bool:
    return handler.type is None or (
        isinstance(handler.type, ast.Name) and handler.type.id in ("Exception", "BaseException")
    )


def product_files() -> list[Path]:
    """Every file that is delivered: what git tracks, or all of the tree where there is no git."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=False)  # noqa: S607
    if listed.returncode == 0 and listed.stdout:
        return [path for name in listed.stdout.decode().split("\0") if name and (path := ROOT / name).is_file()]
    folders = [ROOT / name for name in (*PACKAGES, "tests")]
    return [
        path
        for folder in folders
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    ]


FOREIGN = {
    "/" + "work/": "a path of the machine it was written on",
    "/" + "root/": "a path of the machine it was written on",
    "/home" + "/user": "a path of the machine it was written on",
    "files.python" + "hosted.org": "the host of a package registry",
    "pypi" + ".org": "the host of a package registry",
    "art" + "ifactory": "the host of a package registry",
    "TO" + "DO": "unfinished work",
    "FIX" + "ME": "unfinished work",
    "NotImpl" + "ementedError": "unfinished work",
}


@pytest.mark.parametrize("text", FOREIGN)
def test_nothing_foreign_is_in_the_tree(text: str) -> None:
    found = [
        name_of(path) for path in product_files() if path.name != "uv.lock" and text.encode() in path.read_bytes()
    ]
    assert found == [], FOREIGN[text]


def test_no_name_hides_a_dumping_ground() -> None:
    vague = {"utils.py", "util.py", "helpers.py", "helper.py", "common.py", "misc.py", "base.py", "manager.py"}
    assert [name_of(path) for path in MODULES if path.name in vague] == []


def test_only_the_agreed_folders_stand_at_the_top() -> None:
    tops = {path.relative_to(ROOT).parts[0] for path in product_files() if len(path.relative_to(ROOT).parts) > 1}
    assert tops <= {"cockpit", "screens", "storage", "tests", ".ci"}


def test_one_module_says_how_our_own_program_is_called() -> None:
    named = [name_of(path) for path in MODULES if "sys.executable" in path.read_text(encoding="utf-8")]
    assert named == ["cockpit/cli/drill/play.py", "cockpit/own_process.py"], "play.py becomes what the other names"
