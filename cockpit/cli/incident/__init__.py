"""`cockpit incident`: incident command without the screen."""
