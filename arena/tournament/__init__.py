"""Matches to be played, and playing many of them at once."""
