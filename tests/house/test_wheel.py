"""What is installed is what was written: the wheel carries every file, and starts in an empty environment."""

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("cockpit", "screens", "storage")

pytestmark = pytest.mark.xdist_group("wheel")


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    done = subprocess.run(
        command,
        cwd=cwd,
        env={**{k: v for k, v in os.environ.items() if k != "PYTHONPATH"}, **environment},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    try:
        import hatchling  # noqa: F401

        isolation = ["--no-build-isolation"]
    except ImportError:
        isolation = []
    run(sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", *isolation, "-w", folder, ROOT, cwd=folder)
    return next(folder.glob("incident_cockpit-*.whl"))


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment with nothing but the wheel; its libraries are borrowed from the one that runs the tests."""
    folder = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", folder, cwd=folder)
    program = folder / "bin" / "python"
    site = Path(run(program, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))", cwd=folder).strip())
    (site / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    run(
        sys.executable, "-m", "pip", "--python", program, "install", "-q", "--no-deps", "--no-index",
        "--force-reinstall", wheel, cwd=folder,
    )  # fmt: skip
    return folder


def test_the_wheel_carries_every_file_of_the_three_packages(wheel: Path) -> None:
    carried = set(zipfile.ZipFile(wheel).namelist())
    written = {
        str(path.relative_to(ROOT))
        for package in PACKAGES
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert written - carried == set()
    kinds = {Path(name).suffix for name in carried}
    assert {".md", ".tcss", ".typed"} <= kinds


def test_the_wheel_carries_nothing_else(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == set(PACKAGES)


def test_the_installed_command_starts(installed: Path) -> None:
    home = installed / "home"
    home.mkdir()
    cockpit = installed / "bin" / "cockpit"
    assert run(cockpit, "--version", cwd=home, COCKPIT_HOME=str(home)).startswith("cockpit ")
    status = json.loads(run(cockpit, "status", "--json", cwd=home, COCKPIT_HOME=str(home)))
    assert status["domains"] == []
    assert "dkim-missing" in run(cockpit, "drill", "--list", cwd=home, COCKPIT_HOME=str(home))
    where = run(installed / "bin" / "python", "-c", "import cockpit; print(cockpit.__file__)", cwd=home)
    assert where.startswith(str(installed))
