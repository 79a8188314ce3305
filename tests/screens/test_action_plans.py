"""The action screen with a plan of many requests, and with a plan that was refused, at both sizes."""

from datetime import timedelta

from cockpit.actions.contract import Line, Plan, PlanStep
from tests.screens.conftest import cockpit
from tests.screens.desks import Scene
from tests.screens.test_goldens import both_sizes, go, working

HOST = "www.shop.example"
REFUSAL = (
    "Caches may still hold the DS of shop.example: google, cloudflare still have it; it was taken out at 13:58:02Z"
    " with a TTL of 3600 s. The earliest safe time is 2026-11-20 14:58:02Z."
)


def _steps() -> tuple[tuple[PlanStep, ...], tuple[PlanStep, ...]]:
    """A renewal that moves two listeners, and the way back, in the order of the steps."""
    told = (
        ("acm:RequestCertificate", f"request {HOST}, shop.example", "delete the new certificate"),
        ("dns:PublishProof", "publish the proof in shop.example", "remove the proof from shop.example"),
        ("elbv2:AddListenerCertificates", "shop-lb: add the new one", "shop-lb: take the new one off"),
        ("elbv2:RemoveListenerCertificates", "shop-lb: take …3f81c2a9 off", "shop-lb: add …3f81c2a9 again"),
        ("elbv2:ModifyListener", "edge-lb: present the new one by default", "edge-lb: present …3f81c2a9 again"),
    )
    before = [{"at": number} for number in range(len(told) + 1)]
    there = [PlanStep(name, says, before[at], before[at + 1], {}) for at, (name, says, _) in enumerate(told)]
    back = [PlanStep(name, says, before[at + 1], before[at], {}) for at, (name, _, says) in enumerate(told)]
    return tuple(there), tuple(back)


def renewal(scene: Scene) -> Plan:
    """The plan of a renewal, new before old."""
    steps, back = _steps()
    now = scene.clock.now()
    return Plan(
        remedy="cert.renew",
        title=f"renew the certificate of {HOST}: ACM, new before old",
        target=HOST,
        account="447112341123",
        region="ca-central-1",
        caller="arn:aws:sts::447112341123:assumed-role/ic-remediate/mhassan",
        before=dict(steps[0].before),
        desired=dict(steps[-1].after),
        diff=(
            Line("+", "certificate", f"ACM: {HOST}, shop.example", "deleted again"),
            Line("+", "proof in shop.example", HOST, "removed again"),
            Line("-", "shop-lb listener", f"…3f81c2a9 ({HOST}, ends 2026-11-26 10:00Z)"),
            Line("+", "shop-lb listener", "the new one", "…3f81c2a9 again"),
            Line("-", "edge-lb listener", f"…3f81c2a9 ({HOST}, ends 2026-11-26 10:00Z)"),
            Line("+", "edge-lb listener", "the new one", "…3f81c2a9 again"),
        ),
        reach="1 domain, 3 services (order confirmations, receipts, password resets), 41000 mail/h",
        undo="yes: each listener presents its former certificate again, then the new one and its proof are removed",
        proof=("the former certificate stays until the new one is presented",),
        checks=(f"a TLS handshake with each address of {HOST}, from outside",),
        risk="medium",
        steps=steps,
        way_back=back,
        rolls_back=False,
        phrase=HOST,
        subject={"risk": "Certificate near expiry: may run by itself (auto-renew)."},
        made_at=now,
        expires_at=now + timedelta(minutes=15),
    )


async def test_a_plan_of_many_requests_says_what_comes_in_which_order(scene: Scene) -> None:
    uid = scene.desk.actions.request("cert.renew", {"host": HOST}, incident=working(scene))
    plan = renewal(scene)
    scene.event(f"action/{uid}", "action.planned", {"plan": plan.to_json(), "plan_hash": plan.hash}, actor="runner")
    scene.refresh()
    async with cockpit(scene) as pilot:
        await go(pilot, "action.show")
        await both_sizes(pilot, "action-steps")


async def test_a_refused_plan_says_why_and_what_can_be_done(scene: Scene) -> None:
    uid = scene.desk.actions.request("dns.dnssec-off", {"domain": "shop.example"}, incident=working(scene))
    body = {"code": "DS_CACHED", "sentence": REFUSAL, "facts": {"zone": "shop.example"}}
    scene.event(f"action/{uid}", "action.refused", body, actor="runner")
    scene.refresh()
    async with cockpit(scene) as pilot:
        await go(pilot, "action.show")
        await both_sizes(pilot, "action-refused")
