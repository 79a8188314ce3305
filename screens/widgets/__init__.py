"""Widgets that draw lines of tones with Textual's Line API and repaint only what changed."""
