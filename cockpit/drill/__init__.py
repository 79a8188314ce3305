"""A simulated internet that speaks the real protocols, its scenarios and its referee."""
