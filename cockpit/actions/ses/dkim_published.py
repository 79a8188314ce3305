"""Whether what is published in DNS is the key that we hold, server by server."""

from cockpit.actions.dns.published import Published
from cockpit.actions.ses.signing_key import BadKeyError, PublicHalf, published_key
from cockpit.probes.names.dns import Answer


def difference(answer: Answer, sha256: str) -> str:
    """Why this server's answer does not publish exactly the key with that fingerprint; empty when it does."""
    if not answer.heard:
        return f"it does not answer ({answer.status}), so it is not known what it has"
    if answer.status != "answer" or not answer.values:
        return f"it has no such record ({answer.status})"
    if len(answer.values) > 1:
        return f"there are {len(answer.values)} TXT records, and receivers may take any of them"
    try:
        live = published_key(answer.values[0])
    except BadKeyError as error:
        return str(error)
    return "" if live.sha256 == sha256 else f"it holds another key, fingerprint {live.fingerprint}"


def points_to(published: Published, target: str) -> bool:
    """Whether every authoritative server that answers has the CNAME to `target`."""
    answers = [answer for answer in published.authoritative if answer.heard]
    return bool(answers) and all(
        target.lower() in {value.rstrip(".").lower() for value in answer.values} for answer in answers
    )


def pairing(published: Published, key: PublicHalf, place: str) -> str:
    """The sentence that proves that the stored key and the published one are a pair."""
    held, servers, seen, resolvers = published.agreeing(lambda answer: not difference(answer, key.sha256))
    return (
        f"public key of {place} ({key.bits} bits, fingerprint {key.fingerprint}) equals TXT at"
        f" {held}/{servers} name servers, {seen}/{resolvers} resolvers"
    )
