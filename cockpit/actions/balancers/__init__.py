"""Remedies for what stands behind a load balancer."""
