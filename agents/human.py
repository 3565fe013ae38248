"""A person at the terminal."""

import asyncio
import json
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib.util import find_spec
from textwrap import fill
from threading import Lock, Thread
from typing import TextIO

from arena.agent import Agent, AgentUnavailable, Reply, Turn
from arena.game import Move, Seat

_CONTROLS = (*range(9), *range(11, 32), *range(127, 160), *range(0x202A, 0x202F), *range(0x2066, 0x206A))
"""All but tab and line feed of C0 and C1, which move the cursor and begin escape sequences, and the marks
that turn the direction of writing."""
_HIDDEN = dict.fromkeys(_CONTROLS)

# Seats that are asked at once share one terminal: one question at a time.
_terminal = Lock()


@dataclass(frozen=True)
class Human(Agent):
    """Shows what the seat may see and asks until it is given a legal move.

    ``?`` lists the legal moves, ``??`` shows the rules; the tab key, or any unique beginning, completes a
    move. Ctrl-D leaves the game, and the match is void.
    """

    reader: TextIO | None = field(default=None, repr=False, compare=False, kw_only=True)
    """Where answers come from; None is standard input."""
    writer: TextIO | None = field(default=None, repr=False, compare=False, kw_only=True)
    """Where questions go; None is standard error, since standard output may carry data."""
    told: set[tuple[str, Seat]] = field(default_factory=set, init=False, repr=False, compare=False)
    """The match and seat of everybody who was shown the rules."""

    async def act(self, turn: Turn) -> Reply:
        reader, writer = self.reader or sys.stdin, self.writer or sys.stderr
        first = (turn.match, turn.seat) not in self.told
        self.told.add((turn.match, turn.seat))
        with _settings_kept(reader):
            try:
                move = await _in_thread(lambda: _ask(turn, reader, writer, first))
            except EOFError as error:
                raise AgentUnavailable("left the game") from error
            except asyncio.CancelledError:
                _say(writer, "")  # what is printed next begins its own line
                raise
        return Reply(move, text=move)


async def _in_thread(work: Callable[[], Move]) -> Move:
    """The result of `work`, from a thread that nothing waits for once this is cancelled.

    `asyncio.to_thread` would keep the program from ending until somebody presses Enter.
    """
    answer: Future[Move] = Future()
    answer.set_running_or_notify_cancel()

    def run() -> None:
        try:
            answer.set_result(work())
        except BaseException as error:
            answer.set_exception(error)

    Thread(target=run, name="human", daemon=True).start()
    return await asyncio.wrap_future(answer)


def _ask(turn: Turn, reader: TextIO, writer: TextIO, first: bool) -> Move:
    """The move that the person gives; blocks until it is there.

    Raises:
        EOFError: there are no more answers.
    """
    with _terminal:
        shown = (turn.rules if first else "", turn.observation, turn.complaint)
        _say(writer, "\n" + "\n\n".join(filter(None, shown)))
        while True:
            line = _line(turn, reader, writer)
            if line == "??":
                _say(writer, turn.rules)
            elif line == "?":
                _say(writer, _offer(turn))
            elif line and turn.legal is None:
                return line
            elif line:
                meant = _meant(line, turn.legal or ())
                if len(meant) == 1:
                    return meant[0]
                _say(writer, _refusal(line, meant))


def _line(turn: Turn, reader: TextIO, writer: TextIO) -> str:
    prompt = f"{_clean(turn.seat)}> "
    if reader is sys.stdin and reader.isatty() and sys.stdout.isatty():
        with _completing(turn.legal or ()):
            return _clean(input(prompt)).strip()
    writer.write(prompt)
    writer.flush()
    line = reader.readline()
    if not line:
        raise EOFError
    return _clean(line).strip()


def _meant(line: str, legal: Sequence[Move]) -> Sequence[Move]:
    """The legal moves that `line` may stand for: itself, else those that begin so."""
    if line in legal:
        return [line]
    exact = [move for move in legal if move.startswith(line)]
    return exact or [move for move in legal if move.casefold().startswith(line.casefold())]


def _offer(turn: Turn) -> str:
    if turn.legal is not None:
        return fill("  ".join(turn.legal), 100, break_long_words=False, break_on_hyphens=False)
    if turn.schema is not None:
        return f"A JSON document in one line that fits this schema:\n{json.dumps(turn.schema)}"
    return "Any text, in one line."


def _refusal(line: str, meant: Sequence[Move]) -> str:
    if meant:
        return f"{line} may be {', '.join(meant)}: type more of it."
    return f"{line} is no legal move here: ? lists them, ctrl-D leaves the game."


def _say(writer: TextIO, text: str) -> None:
    writer.write(_clean(text) + "\n")
    writer.flush()


def _clean(text: str) -> str:
    """`text` without what could do anything to the terminal, or could not be stored as UTF-8."""
    return text.translate(_HIDDEN).encode(errors="replace").decode()


@contextmanager
def _completing(moves: Sequence[Move]) -> Iterator[None]:
    """Let the tab key complete a move, where Python was built with readline."""
    if find_spec("readline") is None:
        yield
        return
    import readline  # a terminal only: loading it may write to one

    def complete(text: str, at: int) -> str | None:
        meant = _meant(text, moves)
        return meant[at] if at < len(meant) else None

    before = readline.get_completer(), readline.get_completer_delims()
    readline.set_completer(complete)
    readline.set_completer_delims("\n")
    libedit = "libedit" in (readline.__doc__ or "")
    readline.parse_and_bind("bind ^I rl_complete" if libedit else "tab: complete")
    try:
        yield
    finally:
        readline.set_completer(before[0])
        readline.set_completer_delims(before[1])


@contextmanager
def _settings_kept(reader: TextIO) -> Iterator[None]:
    """Leave the terminal as it was found: a question given up would leave it without echo."""
    if not reader.isatty():
        yield
        return
    import termios  # there is none on Windows

    before = termios.tcgetattr(reader)
    try:
        yield
    finally:
        termios.tcsetattr(reader, termios.TCSADRAIN, before)


agent = Human
