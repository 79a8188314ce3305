"""The company that a drill happens to, and what it owns."""
