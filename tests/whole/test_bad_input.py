"""What goes wrong from outside gets one clear sentence and its exit code, shows no traceback, and loses nothing.

Real processes on real files: an ordinary user's read-only directory, a disk that is really full, a served world
that is in another account, whose credentials have expired, or that cannot be reached at all.
"""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from tempfile import mkdtemp

import msgspec
import pytest

from cockpit.drill.process.launch import LaunchedWorld
from cockpit.own_process import own_command, own_environment
from tests.screens.terminal import Terminal
from tests.whole.home import Done, Home, run, until
from tests.whole.place import Place, changes_at_aws, quick, served

pytestmark = pytest.mark.xdist_group("whole-home")

NOBODY = 65534
REFUSED, UNKNOWN, USAGE, STORAGE, CONFIG = 1, 2, 64, 74, 78
GOOD = "domains:\n  - name: shop.example\n"


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """One home for what must not change it."""
    return Home(tmp_path_factory.mktemp("home")).fill()


def refused(done: Done, code: int, *words: str) -> None:
    """Assert that a command ended with this code and one sentence in which these words stand."""
    assert done.code == code, done
    assert done.out == ""
    for word in words:
        assert word in done.sentence


# Configuration


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("domains: [shop.example\n", "line 2", "cockpit.yaml"),
        ("domains:\n  - name: shop.example\n    hosst: []\n", "line 3, domains[0].hosst", "did you mean 'hosts'?"),
        ("domains:\n  - name: shop.example\n  - name: shop.example\n", "line 3", "shop.example"),
        ("intervals:\n  dns_s: soon\n", "line 2, intervals.dns_s", "number"),
        ("domains: &a [*a]\n", "line 1", ""),
        ("domains: !!python/object/apply:os.system ['true']\n", "line 1", ""),
        ("\x00\x01\x02", "cockpit.yaml", ""),
    ],
    ids=["unclosed", "unknown key", "twice", "not a number", "an alias of itself", "a Python object", "no text"],
)
def test_broken_yaml_is_named_by_file_and_line_and_nothing_is_lost(
    home: Home, text: str, place: str, words: str
) -> None:
    path = home.folder / "cockpit.yaml"
    path.write_text(text)
    done = home.do("status")
    refused(done, CONFIG, str(path), place, words)
    refused(home.do("incident", "note", "1", "lost?"), CONFIG, str(path))
    assert path.read_text() == text
    path.write_text(GOOD)
    assert home.notes() == ["written before"]


@pytest.mark.parametrize(
    "name", ["shop", "-x.example", "shop..example", "shop.example; rm -rf /", "\x1b[2J.example"]
)
def test_what_is_no_domain_is_refused_before_anything_is_asked(home: Home, name: str) -> None:
    done = home.do("check", "--", name)
    refused(done, USAGE, "is not a domain name")
    assert "\x1b" not in done.err


# The outside


@pytest.fixture(scope="module")
def world() -> Iterator[LaunchedWorld]:
    with served("all-quiet") as launched:
        yield launched


@pytest.fixture
def place(world: LaunchedWorld, tmp_path: Path) -> Iterator[Place]:
    yield Place(tmp_path, quick(world))
    world.inject(do="aws-heal")


def elsewhere(place: Place, folder: str, **changes: object) -> Place:
    """The same world, reached with a profile that differs."""
    where = place.folder / folder
    where.mkdir()
    return Place(where, msgspec.structs.replace(place.profile, **changes))


def verdicts(done: Done) -> dict[str, str]:
    """The deciding verdict of each check."""
    return {each["check"]: each["verdict"] for each in done.document["observations"] if each["vantage"] == ""}


def test_a_domain_that_does_not_exist_fails_and_says_how_to_get_it_back(place: Place) -> None:
    done = place.run("check", "nothing.example")
    assert (done.code, done.err) == (REFUSED, "")
    assert "✖ FAIL    dns.resolution   DNS: nothing.example does not exist at all 2 name servers" in done.out
    assert done.out.count("fix:") == 1


def test_credentials_of_another_account_are_unknown_to_a_check_and_refused_everywhere_else(
    place: Place, world: LaunchedWorld
) -> None:
    other = elsewhere(place, "other", aws=msgspec.structs.replace(place.profile.aws, account="999999999999"))
    checked = other.run("check", "shop.example", "--json")
    assert (checked.code, checked.err) == (UNKNOWN, "")
    found = verdicts(checked)
    assert (found["ses.identity"], found["dns.resolution"]) == ("UNKNOWN", "OK")
    refused(other.run("init", "--from-ses"), REFUSED, "447112341123", "999999999999 is pinned")
    with other.desk() as desk:
        uid = desk.actions.request("ses.byodkim", {"domain": "shop.example", "selector": "s2026b"})
        until(lambda: desk.refresh() is not None and desk.actions.get(uid).state == "refused", "the refusal")
        view = desk.actions.get(uid)
    assert view.code == "WRONG_IDENTITY"
    assert "999999999999" in view.reason
    assert changes_at_aws(world) == []
    assert other.verified().ok


def test_without_a_network_nothing_is_called_broken_that_is_only_unreachable(place: Place) -> None:
    nowhere = elsewhere(
        place,
        "nowhere",
        dial=dict.fromkeys(place.profile.dial, "127.0.0.1:1"),
        aws=msgspec.structs.replace(place.profile.aws, endpoint="http://127.0.0.1:1"),
    )
    checked = nowhere.run("check", "shop.example", "--json")
    assert (checked.code, checked.err) == (UNKNOWN, "")
    assert set(verdicts(checked).values()) == {"UNKNOWN"}
    refused(nowhere.run("init", "--from-ses"), REFUSED, "AWS does not say who is calling")
    with nowhere.watch(), nowhere.desk() as desk:

        def looked_at() -> bool:
            desk.refresh()
            row = next(row for row in desk.domains() if row.target == "shop.example")
            return row.at is not None and "UNKNOWN" in row.verdict.value

        until(looked_at, "an observation")
        assert desk.alerts() == []
    assert [event.kind for event in nowhere.events()] == ["watch.started", "watch.stopped"]


def test_expired_credentials_are_one_sentence_that_says_to_log_in_and_the_rest_is_still_seen(
    place: Place, world: LaunchedWorld
) -> None:
    world.inject(do="aws-fault", kind="expired-credentials")
    checked = place.run("check", "shop.example", "--json")
    assert (checked.code, checked.err) == (UNKNOWN, "")
    found = verdicts(checked)
    assert found["ses.identity"] == found["mail.dkim"] == "UNKNOWN"
    assert found["dns.resolution"] == found["tls.certificate"] == found["http.health"] == "OK"
    refused(place.run("init", "--from-ses"), REFUSED, "expired", "log in again")
    world.inject(do="aws-heal")
    assert place.run("check", "shop.example", "--json").code == 0


# The disk


@pytest.fixture
def ordinary() -> Iterator[Home]:
    """A home whose owner is bound by permissions, which the superuser is not."""
    folder = Path(mkdtemp(prefix="cockpit-ordinary-"))
    folder.chmod(0o755)
    place = folder / "home"
    place.mkdir(mode=0o700)
    prefix: list[str] = []
    if os.geteuid() == 0:
        if shutil.which("setpriv") is None:
            pytest.skip("setpriv is not installed, and nothing binds the superuser")
        os.chown(place, NOBODY, NOBODY)
        prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups"]
        if run([*prefix, *own_command("--version")], {**own_environment(), "COCKPIT_HOME": str(place)}).code:
            pytest.skip("another user cannot run this installation")
    try:
        yield Home(place, prefix)
    finally:
        place.chmod(0o700)
        shutil.rmtree(folder)


def readable(home: Home) -> None:
    """What was written can be read where nothing can be written now."""
    assert "INC-1" in home.do("status").out
    assert "INC-1" in home.do("incident", "list").out
    assert home.notes() == ["written before"]


def test_a_read_only_directory_is_one_sentence_and_what_was_written_is_still_there(ordinary: Home) -> None:
    ordinary.fill()
    ordinary.folder.chmod(0o500)
    for arguments in (("incident", "note", "1", "not written"), ("incident", "open", "x", "--severity", "P3")):
        refused(ordinary.do(*arguments), STORAGE, str(ordinary.folder / "cockpit.db"), "read-only")
    refused(ordinary.do("init"), CONFIG, "cockpit.yaml cannot be written: Permission denied.")
    readable(ordinary)
    ordinary.folder.chmod(0o700)
    assert ordinary.notes() == ["written before"]
    assert ordinary.do("incident", "note", "1", "written after").code == 0
    assert ordinary.notes() == ["written before", "written after"]


def test_a_first_start_in_a_read_only_directory_leaves_nothing_behind(ordinary: Home) -> None:
    ordinary.folder.chmod(0o500)
    refused(ordinary.do("status"), STORAGE, "cockpit.db cannot be created: Permission denied.")
    assert list(ordinary.folder.iterdir()) == []


@contextmanager
def small_disk(folder: Path) -> Iterator[Callable[[], int]]:
    """Four megabytes mounted at `folder`; what is yielded fills the rest and returns the filler's descriptor."""
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=4m,mode=0700", "tmpfs", str(folder)], capture_output=True, text=True
    )
    if mounted.returncode:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    try:
        yield partial(_fill, folder / "filler")
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(path: Path) -> int:
    """Write until there is no room left."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT, 0o600)
    size = 65536
    while size:
        try:
            os.write(descriptor, b"\0" * size)
        except OSError:
            size //= 2
    return descriptor


def test_a_full_disk_is_one_sentence_and_every_note_that_was_accepted_stays(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only the superuser can mount a small disk")
    with small_disk(tmp_path / "disk") as fill:
        home = Home(tmp_path / "disk").fill()
        filler = fill()
        for _ in range(2):
            refused(home.do("incident", "note", "1", "not written"), STORAGE, "The disk that holds", "is full")
        readable(home)
        os.ftruncate(filler, 0)
        os.close(filler)
        assert home.do("incident", "note", "1", "written after").code == 0
        assert home.notes() == ["written before", "written after"]


def test_a_screen_whose_disk_fills_up_says_so_keeps_the_line_and_goes_on_reading(tmp_path: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only the superuser can mount a small disk")
    with small_disk(tmp_path / "disk") as fill:
        home = Home(tmp_path / "disk").fill()
        with Terminal(own_command("--as", "mhassan"), env=home.environment) as terminal:
            terminal.wait_for(b"Next")
            terminal.send("n")
            filler = fill()
            terminal.send("typed on a full disk\r")
            terminal.wait_for(b"is full")
            os.ftruncate(filler, 0)
            os.close(filler)
            mark = len(terminal.output)
            terminal.send("\r")
            terminal.wait_for(b"start again", since=mark)
            assert home.do("incident", "note", "1", "written next door").code == 0
            terminal.wait_for(b"written next door", since=mark)
            terminal.process.terminate()
            assert terminal.wait() == 143
        assert b"Traceback" not in terminal.output
        assert home.notes() == ["written before", "written next door"]
