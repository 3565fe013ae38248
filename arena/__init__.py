"""A self-play arena for language-model agents."""
