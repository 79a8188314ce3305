"""Incident command at one terminal: people, clocks, words, evidence and the record afterwards."""
