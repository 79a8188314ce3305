"""Commands of other tools that repairs need again and again, filled in from a few checked names.

Each is `command.run` with its commands written already: the same plan, the same care, and the same way back. A
value fills one word or a part of one; it can hold no blank and cannot begin with a hyphen, so it stays a name.
"""

import shlex
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from cockpit.actions.cards import Access, Parameter, RemedyCard
from cockpit.actions.contract import Remedy, Request

_NAMESPACE = Parameter("selector", "Namespace", optional=True, default="default")
_DEPLOYMENT = Parameter("selector", "Name of the deployment")
_ROLLED_OUT = "kubectl rollout status deployment/{deployment} --namespace={namespace} --timeout=60s"
_IMAGES = "kubectl get deployment {deployment} --namespace={namespace} --output=jsonpath={{..image}}"
_PROXY = "gcloud compute target-https-proxies"


class Preset(msgspec.Struct, frozen=True, kw_only=True):
    """One command with what makes it careful; `{name}` stands for a parameter."""

    name: str
    title: str
    parameters: Mapping[str, Parameter]
    target: str
    apply: str
    check: str
    expect: str = ""
    read: str = ""
    undo: str = ""
    alerts: tuple[str, ...] = ("service-down",)
    checks: tuple[str, ...] = ("http.health",)

    def filled(self, given: Mapping[str, str]) -> dict[str, str]:
        """The parameters of `command.run` for these values."""
        told = {name: _fill(getattr(self, name), given) for name in ("apply", "check", "read", "undo")}
        return {"target": given[self.target], "says": self.title, "expect": self.expect.format(**given), **told}


def _fill(command: str, given: Mapping[str, str]) -> str:
    """The command with each word filled in by itself, so that no value can become two words."""
    return shlex.join(word.format(**given) for word in shlex.split(command))


PRESETS = (
    Preset(
        name="kubectl.rollout-undo",
        title="Go back to the release of a deployment before this one",
        parameters={"deployment": _DEPLOYMENT, "namespace": _NAMESPACE},
        target="deployment",
        apply="kubectl rollout undo deployment/{deployment} --namespace={namespace}",
        check=_ROLLED_OUT,
        read=_IMAGES,
        undo="kubectl rollout undo deployment/{deployment} --namespace={namespace}",
    ),
    Preset(
        name="kubectl.rollout-restart",
        title="Restart the pods of a deployment one after another",
        parameters={"deployment": _DEPLOYMENT, "namespace": _NAMESPACE},
        target="deployment",
        apply="kubectl rollout restart deployment/{deployment} --namespace={namespace}",
        check=_ROLLED_OUT,
    ),
    Preset(
        name="gcloud.switch-certificate",
        title="Let a load balancer of Google Cloud present another certificate",
        parameters={
            "proxy": Parameter("selector", "Name of the target HTTPS proxy"),
            "certificate": Parameter("selector", "Certificate that it shall present"),
            "former": Parameter("selector", "Certificate that it presents now"),
        },
        target="proxy",
        apply=f"{_PROXY} update {{proxy}} --ssl-certificates={{certificate}}",
        check=f"{_PROXY} describe {{proxy}} --format=value(sslCertificates)",
        expect="{certificate}",
        read=f"{_PROXY} describe {{proxy}} --format=value(sslCertificates)",
        undo=f"{_PROXY} update {{proxy}} --ssl-certificates={{former}}",
        alerts=("certificate-expired", "certificate-expiring", "certificate-invalid", "certificate-revoked"),
        checks=("tls.certificate", "tls.expiry"),
    ),
    Preset(
        name="mongosh.step-down",
        title="Let another member of a MongoDB replica set become its primary",
        parameters={"host": Parameter("record-name", "Host of the present primary")},
        target="host",
        apply='mongosh --host={host} --quiet --eval="rs.stepDown(120)"',
        check='mongosh --host={host} --quiet --eval="!db.hello().isWritablePrimary && Boolean(db.hello().primary)"',
        expect="true",
    ),
)
"""Every preset."""


def _card(preset: Preset) -> RemedyCard:
    def make(request: Request, access: Access) -> Remedy:
        from cockpit.actions.commands.run_command import CommandRemedy

        return CommandRemedy(replace(request, parameters=preset.filled(request.parameters)), access)

    return RemedyCard(
        name=preset.name,
        title=preset.title,
        parameters=preset.parameters,
        target=preset.target,
        make=make,
        alerts=preset.alerts,
        checks=preset.checks,
    )


CARDS = tuple(map(_card, PRESETS))
"""The presets as they are offered."""
