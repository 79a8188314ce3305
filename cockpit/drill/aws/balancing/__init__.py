"""Load balancers and their certificates in the simulated account."""
