"""Who owns the services that send as a domain: the query for their database, and its result."""
