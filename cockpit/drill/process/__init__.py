"""A world in a process of its own, and the door through which it is steered."""
