"""Who did what in a drill, whether it was right, and the report on it."""
