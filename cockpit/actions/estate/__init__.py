"""The stored DKIM keys of an organisation: looking at them, and making new ones straight into S3."""
