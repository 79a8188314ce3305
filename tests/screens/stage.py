"""A cockpit to be run under a pseudo-terminal: `python -m tests.screens.stage MODE DIRECTORY`.

`hostile` fills every place that text from outside can reach, unclean as if nothing had cleaned it on its way in,
and walks through every screen. `troubled` waits for keys. `crash` breaks with a secret in a local variable.
"""

import sys
from pathlib import Path

from msgspec.structs import replace

from cockpit.actions.contract import Line as PlanLine
from cockpit.clock import format_time
from cockpit.incident.model import State
from cockpit.review.items import with_new_item
from screens.app import CockpitApp
from screens.asking.conflict import Conflict
from screens.moves import MOVES
from storage.errors import EditConflict
from tests.screens.desks import SETTINGS, Scene, plan_for, planned, troubled

ESC, CSI = "\x1b", "\x9b"
HOSTILE = (
    f"{ESC}[31mPWN{ESC}[2J{ESC}[1;1HPWN-ALL-GREEN",
    f"{ESC}]0;PWN-TITLE\x07{ESC}]52;c;UFdO\x07",
    f"{ESC}PPWN{ESC}\\{CSI}31mPWN",
    "[@click=app.quit]PWN[/] [b]PWN[/i] [/] [#zzz]PWN [type=x, v={'a[0]'}] :boom: [link=https://evil.example]PWN[/link]",
    "PWN\u202egnp.exe\u2066\u200b\ufeff\U000e0041",
    "PWN\rPWN\nPWN\tPWN\x00\x7f\x08",
    "PWN 漢字 e\u0301\u0301\u0301\u0301\u0301\u0301 🏳️‍🌈",
    "PWN" * 22_000,
)
ALL = " ".join(HOSTILE[:-1])


def hostile_scene(directory: Path) -> Scene:
    """Text from outside in every field, and one field of 64 KB per record."""
    scene = Scene(directory, SETTINGS)
    alert = troubled(scene)
    for number, text in enumerate(HOSTILE):
        scene.alert(f"h{number}.example", "mail.dkim", text, kind="dkim-missing", services=(text,))
        scene.hostile(f"{text[:60]}{number}.example", text)
    scene.refresh()
    incident = scene.desk.incidents.open_from_alert(alert, take_lead=True)
    for text in HOSTILE:
        body = {"text": text, "kind": "note"}
        scene.event(f"incident/{incident.uid}", "incident.note", body, actor=text[:40])
    scene.refresh()
    run = scene.desk.start_runbook(incident.uid)
    stream = f"run/{run}"
    step = scene.desk.runbooks.get(run).steps[0].id
    scene.event(
        stream, "step.failed", {"step": step, "attempt": 1, "reason": ALL, "said": ALL, "output": ALL + HOSTILE[-1]}
    )
    planned(scene, incident.uid)
    _waiting(scene, incident.uid)
    onset = {"at": format_time(scene.clock.now()), "source": ALL, "confirmed": False}
    scene.event(f"incident/{incident.uid}", "incident.onset", onset)
    _item(scene, incident.uid)
    scene.refresh()
    return scene


def _waiting(scene: Scene, incident: str) -> None:
    """A plan that waits for somebody's approval, and everything that is said of it."""
    parameters = {"domain": "h0.example", "selector": "s2026b"}
    uid = scene.desk.actions.request("ses.byodkim", parameters, incident=incident)
    line = PlanLine("+", ALL, ALL)
    plan = replace(plan_for(scene), title=ALL, target="h0.example", reach=ALL, undo=ALL, risk=ALL, diff=(line,))
    body = {"plan": plan.to_json(), "plan_hash": plan.hash, "approvals": 1, "approval_why": ALL}
    scene.event(f"action/{uid}", "action.planned", {**body, "approval_by": [[ALL]]}, actor="runner")


def _item(scene: Scene, incident: str) -> None:
    """An action item in a post-mortem that was stored as it came."""
    document = scene.desk.reviews.open_for(incident)
    row = ALL.replace("\n", " ").replace("\r", " ")
    text = with_new_item(document.text, "ITEM", "OWNER", scene.clock.now().date(), "short")
    text = text.replace("ITEM", row).replace("OWNER", row)
    scene.desk.documents.save(document.id, text, ALL, scene.clock.now(), document.revision)


class Tour(CockpitApp):
    """Walks through every screen and dialog, then leaves with exit code 0."""

    def on_mount(self) -> None:
        super().on_mount()
        self.run_worker(self._walk())

    async def _walk(self) -> None:
        for name in ("board", "domain", "incident", "timeline", "runbook", "action", "review"):
            self.chosen_domain = self.desk.domains()[-1].target if name == "domain" else ""
            self.go(name)
            await self._look()
            self.tell(ALL, "error")
        for target in self.desk.domains():
            self.chosen_domain = target.target
            self.go("domain")
            self.refresh_now()
            await self._look()
        for command in ("palette.open", "help.show", "incident.switch", "incident.update", "incident.assign",
                        "authority.show", "review.items", "case.write", "incident.snooze"):  # fmt: skip
            self.run_worker(MOVES[command](self, self.standing(), ""))
            await self._look()
            self.screen.dismiss(None)
            await self._look()
        await self._gate()
        error = EditConflict(ALL, mine=ALL, theirs=HOSTILE[-1], revision=2, author=HOSTILE[0])
        self.push_screen(Conflict(error))
        await self._look()
        self.exit(0)

    async def _gate(self) -> None:
        """The plan that waits, read in full, and the gate before the review."""
        self.run_worker(MOVES["authority.show"](self, self.standing(), ""))
        await self._look()
        self.screen.dismiss(f"plan {self.desk.actions.running()[-1].uid}")
        await self._look()
        self.screen.dismiss(None)
        await self._look()
        self.screen.dismiss(None)
        uid = self.desk.incidents.open_incidents()[0].uid
        self.desk.incidents.move(uid, State.RESOLVED, reason="it is over")
        self.run_worker(MOVES["review.open"](self, self.standing(), uid))
        await self._look()
        self.screen.dismiss(None)
        await self._look()

    async def _look(self) -> None:
        """Wait until everything that was asked for is painted."""
        painted = self.screen
        await painted.wait_for_refresh()
        await painted.wait_for_refresh()


class Crashing(CockpitApp):
    """Breaks on the first poll."""

    def poll(self) -> None:
        secret_of_the_account = "wJalrXUtnFEMI-K7MDENG-bPxRfiCYEXAMPLEKEY"
        raise RuntimeError(f"broken with password={secret_of_the_account} [/b] \x1b]0;PWN\x07")


def main(mode: str, directory: str) -> int:
    path = Path(directory)
    scene = hostile_scene(path) if mode == "hostile" else Scene(path)
    if mode != "hostile":
        troubled(scene)
        scene.refresh()
    kind = {"hostile": Tour, "crash": Crashing}.get(mode, CockpitApp)
    app = kind(scene.desk, poll=mode != "hostile")
    app.run()
    return app.return_code or 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
