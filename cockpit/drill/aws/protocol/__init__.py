"""The wire formats of AWS: from a signed request to an operation's parameters and back."""
