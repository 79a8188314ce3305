"""No text is ever parsed: what Textual or Rich would read as markup, or follow as a link, is not used at all."""

import ast
from pathlib import Path

import pytest

import screens

SCREENS = sorted(Path(screens.__file__).parent.rglob("*.py"))
PARSING = {
    "Static", "Label", "Button", "DataTable", "OptionList", "SelectionList", "Select", "Tree", "RichLog",
    "Markdown", "MarkdownViewer",
    "Checkbox", "RadioButton", "RadioSet", "Collapsible", "TabPane", "Tabs", "Link", "Header",
    "Footer", "from_markup", "from_ansi", "Console",
}  # fmt: skip
Trees = list[tuple[Path, ast.Module]]
PARSED_ATTRIBUTES = {"border_title", "border_subtitle", "tooltip", "title", "sub_title", "loading"}


@pytest.fixture(scope="module")
def trees() -> Trees:
    return [(path, ast.parse(path.read_text(encoding="utf-8"))) for path in SCREENS]


def test_no_widget_that_parses_its_text_is_imported(trees: Trees) -> None:
    for path, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module and node.module.startswith(("textual", "rich")):
                assert not PARSING & {name.name for name in node.names}, path


@pytest.mark.parametrize("attribute", sorted(PARSED_ATTRIBUTES))
def test_no_attribute_that_is_parsed_is_set(attribute: str, trees: Trees) -> None:
    for path, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign | ast.AnnAssign):
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                named = {target.attr for target in targets if isinstance(target, ast.Attribute)}
                assert attribute not in named, (path, node.lineno)


def test_every_toast_is_plain(trees: Trees) -> None:
    found = 0
    for path, tree in trees:
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "notify":
                found += 1
                plain = [word for word in node.keywords if word.arg == "markup"]
                assert plain, (path, node.lineno)
                assert isinstance(plain[0].value, ast.Constant)
                assert plain[0].value.value is False
    assert found


def test_screens_know_neither_rows_nor_sockets(trees: Trees) -> None:
    for path, tree in trees:
        for node in ast.walk(tree):
            names = [name.name for name in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            for name in names:
                assert name.split(".")[0] not in {"storage", "socket", "ssl", "sqlite3", "boto3", "httpx", "dns"}, (
                    path
                )
