"""IAM: roles and their policies, kept and simulated; the endpoint itself refuses nobody by them."""

import fnmatch
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from cockpit.clock import Clock
from cockpit.drill.aws.place import Place
from cockpit.drill.aws.protocol.errors import AwsError
from cockpit.drill.aws.protocol.wire import Call, Operation

MAX_ROLES = 100
MAX_POLICIES = 20


@dataclass(slots=True)
class Role:
    """One role; policies as JSON documents by name, attached ones by ARN only."""

    name: str
    path: str
    trust: str
    description: str
    at: datetime
    inline: dict[str, str] = field(default_factory=dict)
    attached: list[str] = field(default_factory=list)


class Iam:
    """The roles of the account."""

    name = "iam"

    def __init__(self, place: Place, clock: Clock) -> None:
        self._place = place
        self._clock = clock
        self._roles: dict[str, Role] = {}

    def operations(self) -> Mapping[str, Operation]:
        """The operations that are built."""
        return {
            "CreateRole": self.create_role,
            "GetRole": self.get_role,
            "ListRoles": self.list_roles,
            "DeleteRole": self.delete_role,
            "PutRolePolicy": self.put_role_policy,
            "GetRolePolicy": self.get_role_policy,
            "ListRolePolicies": self.list_role_policies,
            "DeleteRolePolicy": self.delete_role_policy,
            "AttachRolePolicy": self.attach_role_policy,
            "DetachRolePolicy": self.detach_role_policy,
            "ListAttachedRolePolicies": self.list_attached_role_policies,
            "SimulatePrincipalPolicy": self.simulate_principal_policy,
        }

    def add(self, name: str, service: str, policies: Mapping[str, Mapping[str, Any]]) -> Role:
        """Make a role that `service` may take on, as the baseline does."""
        statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
        trust = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        role = Role(name, "/", trust, "", self._clock.now())
        role.inline = {key: json.dumps(policy) for key, policy in policies.items()}
        self._roles[name] = role
        return role

    def create_role(self, call: Call) -> Mapping[str, Any]:
        """IAM CreateRole."""
        asked = call.parameters
        name = asked["RoleName"]
        if name in self._roles:
            raise AwsError("EntityAlreadyExists", f"Role with name {name} already exists.", 409)
        if len(self._roles) >= MAX_ROLES:
            raise AwsError("LimitExceeded", f"The drill world keeps {MAX_ROLES} roles and no more.", 409)
        _read(asked["AssumeRolePolicyDocument"])
        role = Role(
            name, asked.get("Path", "/"), asked["AssumeRolePolicyDocument"], asked.get("Description", ""), call.at
        )
        self._roles[name] = role
        return {"Role": self._shown(role)}

    def get_role(self, call: Call) -> Mapping[str, Any]:
        """IAM GetRole."""
        return {"Role": self._shown(self._role(call))}

    def list_roles(self, call: Call) -> Mapping[str, Any]:
        """IAM ListRoles by path, all on one page."""
        prefix = call.parameters.get("PathPrefix", "/")
        roles = [self._roles[name] for name in sorted(self._roles) if self._roles[name].path.startswith(prefix)]
        return {"Roles": [self._shown(role) for role in roles], "IsTruncated": False}

    def delete_role(self, call: Call) -> Mapping[str, Any]:
        """IAM DeleteRole, once it has no policies."""
        role = self._role(call)
        if role.inline or role.attached:
            raise AwsError("DeleteConflict", "Cannot delete entity, must remove its policies first.", 409)
        del self._roles[role.name]
        return {}

    def put_role_policy(self, call: Call) -> Mapping[str, Any]:
        """IAM PutRolePolicy."""
        role = self._role(call)
        _read(call.parameters["PolicyDocument"])
        if call.parameters["PolicyName"] not in role.inline and len(role.inline) >= MAX_POLICIES:
            raise AwsError("LimitExceeded", "The role has too many policies.", 409)
        role.inline[call.parameters["PolicyName"]] = call.parameters["PolicyDocument"]
        return {}

    def get_role_policy(self, call: Call) -> Mapping[str, Any]:
        """IAM GetRolePolicy."""
        role, name = self._role(call), call.parameters["PolicyName"]
        document = quote(role.inline[self._policy(role, name)])
        return {"RoleName": role.name, "PolicyName": name, "PolicyDocument": document}

    def list_role_policies(self, call: Call) -> Mapping[str, Any]:
        """IAM ListRolePolicies."""
        return {"PolicyNames": sorted(self._role(call).inline), "IsTruncated": False}

    def delete_role_policy(self, call: Call) -> Mapping[str, Any]:
        """IAM DeleteRolePolicy."""
        role = self._role(call)
        del role.inline[self._policy(role, call.parameters["PolicyName"])]
        return {}

    def attach_role_policy(self, call: Call) -> Mapping[str, Any]:
        """IAM AttachRolePolicy; what a managed policy allows is not simulated."""
        role, arn = self._role(call), call.parameters["PolicyArn"]
        if arn not in role.attached:
            role.attached.append(arn)
            del role.attached[MAX_POLICIES:]
        return {}

    def detach_role_policy(self, call: Call) -> Mapping[str, Any]:
        """IAM DetachRolePolicy."""
        role, arn = self._role(call), call.parameters["PolicyArn"]
        if arn not in role.attached:
            raise AwsError("NoSuchEntity", f"Policy {arn} was not found.", 404)
        role.attached.remove(arn)
        return {}

    def list_attached_role_policies(self, call: Call) -> Mapping[str, Any]:
        """IAM ListAttachedRolePolicies."""
        attached = [{"PolicyName": arn.rpartition("/")[2], "PolicyArn": arn} for arn in self._role(call).attached]
        return {"AttachedPolicies": attached, "IsTruncated": False}

    def simulate_principal_policy(self, call: Call) -> Mapping[str, Any]:
        """IAM SimulatePrincipalPolicy for a role's inline policies; conditions are taken as met."""
        name = call.parameters["PolicySourceArn"].rpartition("/")[2]
        if name not in self._roles:
            raise AwsError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
        statements = list(_statements(self._roles[name]))
        results = [
            {
                "EvalActionName": action,
                "EvalResourceName": resource,
                "EvalDecision": _decision(statements, action, resource),
                "MissingContextValues": [],
            }
            for action in call.parameters["ActionNames"]
            for resource in call.parameters.get("ResourceArns", ["*"])
        ]
        return {"EvaluationResults": results, "IsTruncated": False}

    def _role(self, call: Call) -> Role:
        name = call.parameters["RoleName"]
        if name not in self._roles:
            raise AwsError("NoSuchEntity", f"The role with name {name} cannot be found.", 404)
        return self._roles[name]

    def _policy(self, role: Role, name: str) -> str:
        if name not in role.inline:
            raise AwsError("NoSuchEntity", f"The role policy with name {name} cannot be found.", 404)
        return name

    def _shown(self, role: Role) -> dict[str, Any]:
        return {
            "Path": role.path,
            "RoleName": role.name,
            "RoleId": f"AROADRILL{zlib.crc32(role.name.encode()):011d}",
            "Arn": self._place.arn("iam", f"role{role.path}{role.name}"),
            "CreateDate": role.at,
            "AssumeRolePolicyDocument": quote(role.trust),
            "Description": role.description,
            "MaxSessionDuration": 3600,
        }


def _read(document: str) -> Mapping[str, Any]:
    try:
        policy = json.loads(document)
    except ValueError:
        policy = None
    if not isinstance(policy, dict) or "Statement" not in policy:
        raise AwsError("MalformedPolicyDocument", "Syntax errors in policy.", 400)
    return policy


def _statements(role: Role) -> Iterator[Mapping[str, Any]]:
    for document in role.inline.values():
        given = _read(document)["Statement"]
        yield from given if isinstance(given, list) else [given]


def _decision(statements: list[Mapping[str, Any]], action: str, resource: str) -> str:
    met = [one["Effect"] for one in statements if _covers(one, "Action", action) and _reaches(one, resource)]
    if "Deny" in met:
        return "explicitDeny"
    return "allowed" if "Allow" in met else "implicitDeny"


def _reaches(statement: Mapping[str, Any], resource: str) -> bool:
    if "NotResource" in statement:
        return not _covers(statement, "NotResource", resource)
    return _covers(statement, "Resource", resource)


def _covers(statement: Mapping[str, Any], name: str, value: str) -> bool:
    given = statement.get(name, [])
    patterns = [given] if isinstance(given, str) else given
    return any(
        value == "*" and name == "Resource" or fnmatch.fnmatchcase(value.lower(), one.lower()) for one in patterns
    )
