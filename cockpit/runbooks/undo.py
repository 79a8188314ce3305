"""Commands that change something and do not say how that is taken back."""

import re
from collections.abc import Iterator, Sequence

from cockpit.runbooks.model import Command, Problem, Runbook

_CHANGES = re.compile(
    r"^(?:delete|put|create|update|restart|apply|patch|import|reboot|failover|scale|terminate|modify|change|set|"
    r"remove|disable|enable|stop|start|kill|drain|cordon|invoke|register|deregister|attach|detach|rollout)(?:$|[-_])"
)
_AT_ONCE = frozenset({"rm", "mv", "dd", "truncate", "kill", "reboot", "shutdown", "iptables", "nft"})
_LOOKS = frozenset({("kubectl", "rollout", "status"), ("kubectl", "rollout", "history")})
_SAYS = re.compile(
    r"\bundo|undone|way back|go(?:es)? back|back to|take[sn]? (?:it )?back|restore|reverse|roll(?:s|ed)? ?back|"
    r"harmless|changes nothing|nothing to take back",
    re.IGNORECASE,
)


def missing_undo(book: Runbook) -> Iterator[Problem]:
    """A warning for each step whose command changes something, with neither `undo` nor words about the way back."""
    for step in book.steps:
        if not isinstance(step.work, Command) or step.policy.undo or _SAYS.search(step.text):
            continue
        changing = next((line for line in step.work.argv if changes(line)), None)
        if changing is not None:
            yield Problem(
                step.line, "warning", f"{step.title!r} changes something and does not say how that is taken back."
            )


def changes(argv: Sequence[str]) -> bool:
    """Whether a command's words say that it changes something; one that cannot be told is taken for looking."""
    if not argv or tuple(argv[:3]) in _LOOKS:
        return False
    if argv[0] in _AT_ONCE:
        return True
    words = [word for word in argv[1:] if not word.startswith("-")][:6]
    return argv[0] in ("aws", "kubectl", "systemctl", "gcloud", "docker", "helm", "terraform") and any(
        _CHANGES.match(word) for word in words
    )
