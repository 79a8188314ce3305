"""Which permission is missing, asked of AWS itself before the night in which it would be needed.

Source: IAM SimulatePrincipalPolicy for the caller's own role or user. It judges the policies of an identity, not
those of an organisation or of a resource, and it needs a permission of its own; without that nothing is claimed.
"""

from collections.abc import Sequence

from cockpit.doctor.diagnosis import Diagnosis, passed_over, poor, well
from cockpit.errors import WorldError
from cockpit.profile import Profile
from cockpit.ses.permissions import ROLES, calls_of

AREA = "rights"
_AT_ONCE = 100
"""Actions of one question; AWS takes as many as fit into its limit of 128."""


def permissions(profile: Profile, caller: str) -> list[Diagnosis]:
    """What each role of the cockpit lacks for this caller (an ARN as GetCallerIdentity gives it)."""
    principal = principal_of(caller)
    if not principal:
        return [passed_over(AREA, f"{caller} has no policies that AWS could be asked about.")]
    try:
        return [_judged(role, _denied(profile, principal, _actions(role))) for role in ROLES]
    except WorldError as error:
        return [passed_over(AREA, f"AWS does not say what is allowed: {error} (iam:SimulatePrincipalPolicy)")]


def principal_of(caller: str) -> str:
    """The role or user behind a caller's ARN; empty for the account's root and for federated users."""
    parts = caller.split(":", 5)
    if len(parts) < 6:
        return ""
    partition, account, resource = parts[1], parts[4], parts[5]
    kind, _, rest = resource.partition("/")
    if kind == "assumed-role" and rest:
        return f"arn:{partition}:iam::{account}:role/{rest.rpartition('/')[0] or rest}"
    return caller if kind in ("user", "role") and rest else ""


def _actions(role: str) -> list[str]:
    return sorted({each.action for each in calls_of(role)} - {"sts:GetCallerIdentity"})


def _denied(profile: Profile, principal: str, actions: Sequence[str]) -> list[str]:
    from cockpit.actions.aws import AwsClients, reading

    client = AwsClients(profile, "doctor", read_only=True).reader("iam")
    denied = []
    for start in range(0, len(actions), _AT_ONCE):
        asked = list(actions[start : start + _AT_ONCE])
        answer = reading(
            "what is allowed",
            lambda: client.simulate_principal_policy(PolicySourceArn=principal, ActionNames=asked),  # noqa: B023
        )
        results = answer.get("EvaluationResults", ())
        denied += [str(each["EvalActionName"]) for each in results if each["EvalDecision"] != "allowed"]
    return denied


def _judged(role: str, denied: Sequence[str]) -> Diagnosis:
    if not denied:
        return well(AREA, f"Everything that {role} needs is allowed.")
    return poor(
        AREA,
        f"For {role} {len(denied)} permissions are missing: {', '.join(denied)}.",
        f"Add them as cockpit iam --role {role} prints them, where this caller shall do that.",
    )
