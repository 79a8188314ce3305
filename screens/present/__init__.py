"""Model to styled text: pure functions from the desk's values to lines of (text, tone), without Textual."""
