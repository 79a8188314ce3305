"""The calls that the code makes and the policies that are printed are the same set."""

import ast
import importlib
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest
from botocore import xform_name
from botocore.loaders import Loader
from botocore.model import ServiceModel

import cockpit
from cockpit.actions.aws_remedy import AwsRemedy
from cockpit.errors import NotFound
from cockpit.ses.kit import calls as kit_calls
from cockpit.ses.permissions import (
    CALLER,
    CERTIFICATES,
    CHANGES,
    KIT,
    MESSAGES,
    PROVISION,
    QUEUE,
    READS,
    RECORDS,
    ROLES,
    SIGNING,
    SUPPRESSION,
    SWITCHES,
    TARGETS,
    TELLING,
    Call,
    Where,
    calls_of,
    policy,
    secrets_in,
)

ROOT = Path(cockpit.__path__[0])
SERVICES = {
    *("sts", "sesv2", "ses", "cloudwatch", "health", "dynamodb", "sqs"),
    *("acm", "elbv2", "lambda", "route53", "s3", "sns", "support"),
}
WITHOUT_ACCOUNT = ("arn:aws:s3:::", "arn:aws:route53:::")


def operations(service: str) -> dict[str, str]:
    """The operations of a service by their name in Python, from the SDK's own model."""
    model = ServiceModel(Loader().load_service_model(service, "service-2"), service_name=service)
    return {xform_name(name): name for name in model.operation_names}


def texts(node: ast.AST) -> list[str]:
    return [each.value for each in ast.walk(node) if isinstance(each, ast.Constant) and isinstance(each.value, str)]


def asked(path: Path) -> Iterator[tuple[str, str]]:
    """Every (service, operation) of a `call("service", "operation", …)`, and of lists read page by page."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "attr", getattr(node.func, "id", ""))
        words = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
        if name == "call" and len(words) >= 2:
            yield words[0], operations(words[0])[words[1]]
        elif name == "_all" and words:
            yield "sesv2", operations("sesv2")[words[0]]


def sent(path: Path, service_of: dict[str, str]) -> Iterator[tuple[str, str]]:
    """Every operation that is called on a client."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        name = getattr(node.func, "attr", "") if isinstance(node, ast.Call) else ""
        if name in service_of:
            service = service_of[name]
            yield service, operations(service)[name]


def named(path: Path, names: Iterable[str]) -> set[str]:
    """Which of these names the code uses, as a method or as a text."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    methods = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return (methods | set(texts(tree))) & set(names)


def subclasses(cls: type[AwsRemedy]) -> Iterator[type[AwsRemedy]]:
    for each in cls.__subclasses__():
        yield each
        yield from subclasses(each)


def pairs(calls: Iterable[Call]) -> set[tuple[str, str]]:
    return {(each.service, each.operation) for each in calls} - {("sts", "GetCallerIdentity")}


def test_what_is_read_is_what_the_read_and_ingest_policies_allow() -> None:
    made = {pair for path in (ROOT / "probes").rglob("*.py") for pair in asked(path)}
    copied = named(ROOT / "actions" / "dns" / "hosted_zones.py", operations("route53"))
    made |= {("route53", operations("route53")[name]) for name in copied}
    assert made == pairs(READS) | pairs(QUEUE)
    assert {service for service, _ in pairs(QUEUE)} == {"sqs"}


def test_what_suppressions_change_is_what_the_remediate_policy_allows() -> None:
    names = {"sesv2": "put_suppressed_destination delete_suppressed_destination get_suppressed_destination"}
    names["dynamodb"] = " ".join(operations("dynamodb"))
    service_of = {name: service for service, words in names.items() for name in words.split()}
    made = set(sent(ROOT / "actions" / "ses" / "suppression.py", service_of))
    assert made == pairs(SUPPRESSION)


def test_what_signing_calls_is_what_the_remediate_policy_allows() -> None:
    services = ("sesv2", "s3")
    service_of = {name: service for service in services for name in operations(service)}
    files = [ROOT / "actions" / "ses" / name for name in ("byodkim.py", "dkim_keys.py")]
    made = {
        (service_of[name], operations(service_of[name])[name]) for path in files for name in named(path, service_of)
    }
    assert made == pairs(SIGNING)


def test_what_zones_are_changed_with_is_what_the_remediate_policy_allows() -> None:
    known = operations("route53")
    words = known | {name: name for name in known.values()}
    files = (ROOT / "actions" / "dns").rglob("*.py")
    made = {("route53", words[name]) for path in files for name in named(path, words)}
    assert made == pairs(RECORDS)


def test_what_the_other_remedies_declare_and_are_held_to_is_what_the_remediate_policy_allows() -> None:
    for family in ("balancers", "certificates", "functions", "ses", "watching"):
        for path in (ROOT / "actions" / family).glob("*.py"):
            importlib.import_module(f"cockpit.actions.{family}.{path.stem}")
    made = {
        (service, operation)
        for remedy in subclasses(AwsRemedy)
        for table in (remedy.sends, remedy.reads)
        for service, names in table.items()
        for operation in names
    }
    assert made == pairs((*SWITCHES, *CERTIFICATES, *SUPPRESSION, *TARGETS))


def test_a_remedy_asks_for_nothing_that_it_does_not_declare() -> None:
    """Every `service:Operation` in the remedies' code is in some table."""
    declared = {f"{service}:{operation}" for service, operation in pairs(CHANGES)}
    for path in (ROOT / "actions").rglob("*.py"):
        if "provision" in path.parts:
            continue
        for text in texts(ast.parse(path.read_text(encoding="utf-8"))):
            service, _, operation = text.partition(":")
            if service in SERVICES and operation[:1].isupper() and operation.isalnum():
                assert text in declared, (path, text)


@pytest.mark.parametrize("role", ROLES)
def test_a_policy_allows_each_call_of_its_role_and_no_other(role: str) -> None:
    where = Where("447112341123", "ca-central-1", "incident-events", "ses-email-suppression-list")
    found = policy(role, where)
    allowed = [action for statement in found["Statement"] for action in statement["Action"]]
    besides = set(kit_calls.BESIDES) if role == PROVISION else set()
    assert sorted(allowed) == sorted({each.action for each in calls_of(role)} | besides)
    assert len(allowed) == len(set(allowed))
    assert not any("*" in action for action in allowed)
    resources = [each["Resource"] for each in found["Statement"] if each.get("Resource", "*") != "*"]
    assert role == PROVISION or "arn:aws:sns" not in str(resources)
    arns = [arn for each in resources for arn in ([each] if isinstance(each, str) else each)]
    assert all("447112341123" in arn or arn.startswith(WITHOUT_ACCOUNT) for arn in arns)


def test_what_tells_people_calls_is_what_the_messages_policy_allows() -> None:
    """Channels call AWS on the client that `aws_line` gives them."""
    made = set()
    for path in (ROOT / "comms").rglob("*.py"):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        lines = [each for each in calls if getattr(each.func, "id", "") == "aws_line"]
        for service in {words[0] for each in lines if (words := texts(each))}:
            methods = {each.func.attr for each in calls if isinstance(each.func, ast.Attribute)}
            known = operations(service)
            made |= {(service, known[name]) for name in methods & set(known)}
    assert made == pairs(TELLING) == {("sesv2", "SendEmail"), ("sns", "Publish"), ("support", "CreateCase")}


def test_messages_may_go_to_telephones_and_to_no_topic() -> None:
    (telephones,) = (
        each for each in policy(MESSAGES, Where("447112341123"))["Statement"] if "sns:Publish" in each["Action"]
    )
    assert telephones["NotResource"] == "arn:aws:sns:*:*:*"
    assert "Resource" not in telephones


def test_only_the_secrets_that_the_configuration_names_may_be_read() -> None:
    settings = {"chat_webhook": "aws:cockpit/chat#url", "zones": [{"key": "aws:arn:aws:secretsmanager:x"}], "n": 3}
    names = secrets_in(settings)
    assert names == ("arn:aws:secretsmanager:x", "cockpit/chat")
    *_, last = policy("read", Where("447112341123", "ca-central-1", secrets=names))["Statement"]
    assert last["Action"] == ["secretsmanager:GetSecretValue"]
    assert last["Resource"] == [
        "arn:aws:secretsmanager:x",
        "arn:aws:secretsmanager:ca-central-1:447112341123:secret:cockpit/chat-??????",
    ]
    assert not any("Secrets" in each["Sid"] for each in policy("read", Where())["Statement"])
    calls = {name for service, name in sent(ROOT / "secrets.py", {"get_secret_value": "secretsmanager"})}
    assert calls == {"GetSecretValue"}


def test_every_operation_exists_in_the_sdk() -> None:
    for each in (*READS, *CHANGES, *QUEUE, *TELLING, *CALLER):
        assert each.service in SERVICES
        assert each.operation in operations(each.service).values()


def test_reading_and_ingesting_cannot_change_who_is_suppressed() -> None:
    for role in ("read", "ingest"):
        actions = {each.action for each in calls_of(role)}
        assert not any(name.partition(":")[2].startswith(("Put", "Create", "Update")) for name in actions)
    assert "ses:DeleteSuppressedDestination" not in {each.action for each in calls_of("read")}
    with pytest.raises(NotFound, match="read, remediate, ingest"):
        calls_of("admin")


def test_what_the_kit_and_the_estate_call_is_what_the_provision_policy_allows() -> None:
    """Changes name their operation in a `Send`; everything else is a method of a `client`."""
    declared = pairs(KIT) - {("s3", "GetObject")}
    known = {service: operations(service) for service in kit_calls.CALLS}
    # Several services have a method of the same name for their tags.
    by_method: dict[str, set[tuple[str, str]]] = {}
    for service, operation in declared:
        by_method.setdefault(xform_name(operation), set()).add((service, operation))
    made = set()
    files = [path for room in ("provision", "estate") for path in (ROOT / "actions" / room).glob("*.py")]
    # The function runs in Lambda, under the role that the kit makes for it.
    files = [path for path in files if path.stem != "lambda_function"]
    for node in (node for path in files for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))):
        if not isinstance(node, ast.Call):
            continue
        words = [each.value for each in node.args if isinstance(each, ast.Constant)]
        if getattr(node.func, "id", "") == "Send":
            assert xform_name(words[1]) == words[2]
            made.add((words[0], words[1]))
        elif isinstance(node.func, ast.Attribute) and getattr(node.func.value, "id", "") == "client":
            made |= by_method[node.func.attr]
    assert made == declared
    assert all(operation in known[service].values() for service, operation in declared)
