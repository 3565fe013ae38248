"""What goes wrong with stored replays."""


class ReplayError(RuntimeError):
    """A replay could not be written, found or read. The message says where and what to do."""


class NewerFormat(ReplayError):
    """Written by a newer arena in a format that this one cannot read."""
