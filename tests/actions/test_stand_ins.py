"""Each tool that presets know, as a stand-in on the PATH that keeps its state: run, checked, taken back."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from cockpit.actions.journal import ActionState
from cockpit.runbooks.fence import FENCED_BY
from tests.actions.dns.conftest import Desk, _one_session, desk

__all__ = ["_one_session", "desk"]

KUBECTL = """
case "$1 $2" in
  "config current-context") echo drill-east ;;
  "get deployment") cat now ;;
  "rollout undo") mv now t; mv before now; mv t before; echo "deployment.apps/$3 rolled back" ;;
  "rollout restart") echo again >> restarts; echo "deployment.apps/$3 restarted" ;;
  "rollout status") echo "deployment \\"$3\\" successfully rolled out" ;;
  *) exit 64 ;;
esac
"""
GCLOUD = """
case "$1 $2 $3" in
  "config get-value project") echo drill-project ;;
  "compute target-https-proxies describe") cat now ;;
  "compute target-https-proxies update")
    echo "https://compute.example/projects/drill/global/sslCertificates/${5#--ssl-certificates=}" > now
    echo "Updated [$4]." ;;
  *) exit 64 ;;
esac
"""
MONGOSH = """
case "$3" in
  *stepDown*) echo secondary > now; echo "{ ok: 1 }" ;;
  *isWritablePrimary*) if grep -q secondary now; then echo true; else echo false; fi ;;
  *) exit 64 ;;
esac
"""
ISTIOCTL = """
case "$1 $2" in
  "tag list") printf 'TAG REVISION NAMESPACES\\nstable %s shop\\n' "$(cat now)" ;;
  "tag set") echo "${4#--revision=}" > now; echo "Revision tag $3 created" ;;
  *) exit 64 ;;
esac
"""
FORMER = "https://compute.example/projects/drill/global/sslCertificates/web-10\n"
Tool = Callable[..., Path]


@pytest.fixture
def tool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """Put a stand-in on the PATH; its folder, where it keeps its state and the arguments of every call."""

    def make(name: str, script: str, **files: str) -> Path:
        folder = tmp_path / "bin"
        folder.mkdir(exist_ok=True)
        path = folder / name
        path.write_text(f'#!/bin/sh\ncd "$(dirname "$0")" && echo "$0 $*" >> calls\n{script}')
        path.chmod(0o755)
        for file, text in files.items():
            (folder / file).write_text(text)
        return folder

    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}{os.pathsep}/usr/bin{os.pathsep}/bin")
    monkeypatch.setenv(FENCED_BY, "the test")
    return make


def calls(folder: Path, words: str) -> int:
    return (folder / "calls").read_text().count(words)


def test_a_release_is_rolled_back_with_kubectl_and_forward_again(desk: Desk, tool: Tool) -> None:
    folder = tool("kubectl", KUBECTL, now="api:7.4\n", before="api:7.3\n")
    tool("kubectl", KUBECTL)
    view = desk.planned("kubectl.rollout-undo", deployment="api", namespace="shop")
    assert view.plan is not None, view.reason
    assert view.plan.account == "kubectl drill-east"
    assert [(line.sign, line.text) for line in view.plan.diff] == [
        ("-", "api:7.4"),
        ("+", "kubectl rollout undo deployment/api --namespace=shop"),
    ]
    assert view.plan.undo == "yes, with: kubectl rollout undo deployment/api --namespace=shop"
    assert view.plan.checks[0].startswith("status 0 of: kubectl rollout status deployment/api")
    assert (folder / "now").read_text() == "api:7.4\n"
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert "successfully rolled out" in done.lines[-1].text
    assert (folder / "now").read_text() == "api:7.3\n"
    back = desk.undone(done)
    assert back.state is ActionState.SUCCEEDED, back.reason
    assert (folder / "now").read_text() == "api:7.4\n"
    assert calls(folder, "rollout undo") == 2


def test_a_restart_with_kubectl_has_no_way_back_and_is_made_once(desk: Desk, tool: Tool) -> None:
    folder = tool("kubectl", KUBECTL)
    view = desk.planned("kubectl.rollout-restart", deployment="api")
    assert view.plan is not None, view.reason
    assert not view.plan.reversible
    assert view.plan.subject["risk"] == "Single service down: may run by itself (restart)."
    assert desk.applied(view).state is ActionState.SUCCEEDED
    assert (folder / "restarts").read_text() == "again\n"


def test_a_certificate_of_google_cloud_is_switched_and_the_former_one_put_back(desk: Desk, tool: Tool) -> None:
    folder = tool("gcloud", GCLOUD, now=FORMER)
    view = desk.planned("gcloud.switch-certificate", proxy="web", certificate="web-1", former="web-10")
    assert view.plan is not None, view.reason
    assert view.plan.account == "gcloud drill-project"
    assert "--ssl-certificates=web-10" in view.plan.undo
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert (folder / "now").read_text().endswith("/web-1\n")
    assert desk.undone(done).state is ActionState.SUCCEEDED
    assert (folder / "now").read_text() == FORMER
    assert calls(folder, "update web") == 2


def test_the_primary_of_a_replica_set_steps_down_once_another_one_is_seen(desk: Desk, tool: Tool) -> None:
    folder = tool("mongosh", MONGOSH, now="primary\n")
    view = desk.planned("mongosh.step-down", host="db1.shop.example")
    assert view.plan is not None, view.reason
    assert view.plan.account.endswith("--host=db1.shop.example")
    assert not view.plan.reversible
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert (folder / "now").read_text() == "secondary\n"
    assert calls(folder, "stepDown") == 1


def test_a_revision_of_istio_is_switched_by_a_command_of_ones_own_and_back(desk: Desk, tool: Tool) -> None:
    folder = tool("istioctl", ISTIOCTL, now="1-20-3\n")
    tool("kubectl", KUBECTL)
    view = desk.planned(
        "command.run",
        target="tag/stable",
        says="let the tag stable name revision 1-21-0",
        apply="istioctl tag set stable --revision=1-21-0 --overwrite",
        undo="istioctl tag set stable --revision=1-20-3 --overwrite",
        read="istioctl tag list",
        check="istioctl tag list",
        expect="1-21-0",
    )
    assert view.plan is not None, view.reason
    assert view.plan.account == "istioctl drill-east"
    assert [line.text for line in view.plan.diff if line.sign == "-"] == [
        "TAG REVISION NAMESPACES",
        "stable 1-20-3 shop",
    ]
    done = desk.applied(view)
    assert done.state is ActionState.SUCCEEDED, done.reason
    assert (folder / "now").read_text() == "1-21-0\n"
    assert desk.undone(done).state is ActionState.SUCCEEDED
    assert (folder / "now").read_text() == "1-20-3\n"
