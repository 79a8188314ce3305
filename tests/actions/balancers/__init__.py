"""Remedies for what stands behind load balancers, played against the simulated ones."""
