"""Commands about sending by SES: how it stands, who is suppressed, the kit, the keys, the permissions."""
