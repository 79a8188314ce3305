"""What the AWS command line can be asked, by the SDK's own service models; used to check written commands."""

from collections.abc import Sequence
from difflib import get_close_matches
from functools import lru_cache

from botocore import xform_name
from botocore.exceptions import DataNotFoundError, UnknownServiceError
from botocore.loaders import Loader
from botocore.model import ServiceModel

_OWN_COMMANDS = frozenset({"s3", "configure", "sso", "login", "help", "history", "ecs-deploy", "emr"})
_GLOBAL = """
ca-bundle cli-auto-prompt cli-binary-format cli-connect-timeout cli-input-json cli-input-yaml cli-read-timeout color
debug endpoint-url generate-cli-skeleton max-items no-cli-auto-prompt no-cli-pager no-paginate no-sign-request
no-verify-ssl output page-size profile query region starting-token version
"""
_GLOBAL_OPTIONS = frozenset(_GLOBAL.split())
_SHORTENED = frozenset(
    {("ses", "send-email"), ("lambda", "invoke"), ("route53", "create-hosted-zone"), ("sns", "subscribe")}
)
"""Commands for which the command line adds options of its own to the service's."""


_RENAMED = {"s3api": "s3", "configservice": "config", "deploy": "codedeploy"}
"""What the command line calls some services, and what their models are called."""


def wrong_call(argv: Sequence[str]) -> str:
    """What is wrong with `aws SERVICE OPERATION --options…`, in a sentence; empty when nothing is known to be."""
    words = [word for word in argv[1:] if not word.startswith("-")]
    if len(words) < 2 or words[0] in _OWN_COMMANDS or words[1] in ("wait", "help"):
        return ""
    service, operation = words[0], words[1]
    options = _operations(_RENAMED.get(service, service))
    if options is None:
        return f"There is no AWS service {service!r} on the command line."
    if operation not in options:
        near = get_close_matches(operation, options, n=1)
        hint = f" Did you mean {near[0]}?" if near else ""
        return f"`aws {service}` has no operation {operation!r}.{hint}"
    if (service, operation) in _SHORTENED:
        return ""
    for word in argv:
        name = word.removeprefix("--").partition("=")[0]
        if not word.startswith("--") or name in _GLOBAL_OPTIONS or name in options[operation]:
            continue
        near = get_close_matches(name, options[operation], n=1)
        known = f" Did you mean --{near[0]}?" if near else f" It has: --{', --'.join(sorted(options[operation]))}."
        return f"`aws {service} {operation}` has no option --{name}.{known}"
    return ""


@lru_cache(maxsize=64)
def _operations(service: str) -> dict[str, frozenset[str]] | None:
    """The operations of a service by their command-line names, each with its options; None for no such service."""
    try:
        model = ServiceModel(Loader().load_service_model(service, "service-2"), service_name=service)
    except (DataNotFoundError, UnknownServiceError):
        return None
    found: dict[str, frozenset[str]] = {}
    for name in model.operation_names:
        shape = model.operation_model(name).input_shape
        members = shape.members if shape is not None else {}
        options: set[str] = set()
        for member, kind in members.items():
            option = xform_name(member, "-")
            options |= {option, f"no-{option}"} if kind.type_name == "boolean" else {option}
        found[xform_name(name, "-")] = frozenset(options)
    return found
