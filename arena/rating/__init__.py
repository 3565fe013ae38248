"""Ratings and sequential tests: pure functions over result tables.

Import what you need from its own module, such as ``from arena.rating.bradley_terry import fit``; nothing is
re-exported here, so that a module costs only what it imports.
"""
