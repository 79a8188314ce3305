"""SES of the simulated account, in both API versions, with the mail that leaves and what comes back."""
