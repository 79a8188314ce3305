"""The query that finds the services of a sending domain and their owners, as the alert response process has it."""

from cockpit.config.edit import domain_name

_QUERY = """\
-- Query: Get Domain Owners for DNS/DKIM Alert
-- Description: Find all services using a specific sending domain
SELECT
    s.id as service_id,
    s.name as service_name,
    s.email_from as email_domain,
    u.name as owner_name,
    u.email_address as owner_email,
    s.active as is_active,
    s.created_at
FROM
    services s
    LEFT JOIN users u ON s.created_by_id = u.id
WHERE
    {where}
    AND s.active = true
ORDER BY
    s.created_at DESC;
"""


def owner_query(domain: str) -> str:
    """The query for Blazer (PostgreSQL) with the domain filled in; raises BadInput for what is no domain.

    Only a validated name gets in, in A-labels, and beside it in its own letters where these differ. What LIKE takes
    for wildcards is escaped.
    """
    name = domain_name(domain)
    spellings = list(dict.fromkeys([name, _in_letters(name)]))
    tests = [f"s.email_from LIKE '%{_literal(spelling)}%' ESCAPE '\\'" for spelling in spellings]
    return _QUERY.format(where=tests[0] if len(tests) == 1 else f"({' OR '.join(tests)})")


def _literal(text: str) -> str:
    """Text inside a LIKE pattern inside an SQL string (standard_conforming_strings is on)."""
    for special in "\\%_":
        text = text.replace(special, f"\\{special}")
    return text.replace("'", "''")


def _in_letters(name: str) -> str:
    """A name with its internationalised labels in their own script; as it is where there are none."""
    if "xn--" not in name:
        return name
    import idna

    try:
        return idna.decode(name)
    except idna.IDNAError:
        return name
