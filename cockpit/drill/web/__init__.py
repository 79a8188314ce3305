"""The drill's web: hosts, their certificates, and the faults of both."""
