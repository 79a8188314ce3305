"""Route 53 of the simulated account, and how the account asks DNS."""
