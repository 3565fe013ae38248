"""Which errors are told in one line, and their exit codes."""

import sys

from arena.agent import AgentUnavailable

DONE, FAILED, MISUSED, MISSING, LIMITED, INTERRUPTED = 0, 1, 2, 3, 4, 130


def exit_code(error: Exception) -> int | None:
    """The exit code of an expected error; None for a bug, which deserves its traceback."""
    from arena.replay.error import ReplayError

    if isinstance(error, AgentUnavailable):
        return MISSING
    if isinstance(error, ReplayError):
        return FAILED
    if isinstance(error, ValueError):
        return MISUSED
    return None


def explain(error: Exception) -> None:
    """Tell an expected error on stderr, without control characters."""
    from arena.view.clean import clean

    print(clean(str(error)), file=sys.stderr)
