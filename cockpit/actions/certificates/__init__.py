"""Remedies for certificates: new before old, at the load balancer and at the authority."""
