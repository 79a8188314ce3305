"""Ask the world. A probe returns a Reading, never raises for what the world does, and never decides."""
