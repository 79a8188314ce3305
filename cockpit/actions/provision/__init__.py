"""Making, comparing and taking away the compliance kit in an account."""
