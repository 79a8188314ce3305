"""The grammar of a DKIM key record, without the cryptography (RFC 6376 sections 3.2 and 3.6.1)."""


def parse_tags(record: str) -> dict[str, str] | None:
    """The tags of a tag-list, in order, values stripped; None when it is no tag-list or a tag comes twice."""
    tags: dict[str, str] = {}
    for part in record.strip().rstrip(";").split(";"):
        name, equals, value = part.partition("=")
        name = name.strip()
        if not equals or not name or name in tags:
            return None
        tags[name] = value.strip()
    return tags


def is_key_record(record: str) -> bool:
    """Whether a TXT value is meant as a DKIM key: it has a `p=` tag, or says so by its `v=`; `v=` is optional."""
    tags = parse_tags(record)
    return tags is not None and ("p" in tags or tags.get("v") == "DKIM1")
