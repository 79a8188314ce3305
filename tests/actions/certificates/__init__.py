"""Remedies for certificates, played against the simulated authority and load balancers."""
