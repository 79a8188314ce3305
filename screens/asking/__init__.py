"""Screens that ask for something and go away: questions, texts, searches."""
