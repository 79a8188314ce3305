"""Everything that vouches for a host: certificates, transparency logs, revocation, and an authority's own API."""
