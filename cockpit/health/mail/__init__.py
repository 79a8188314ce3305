"""Mail records of a domain: SPF, DMARC, MX, MAIL FROM, MTA-STS, TLS-RPT, and what they amount to together."""
