"""Processes of a UCI chess engine: found, started, searched with, watched and killed."""

import asyncio
import logging
import os
import re
import shlex
import shutil
import signal
from collections.abc import AsyncIterator, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

import chess
from chess.engine import EngineError, Limit, UciProtocol

from arena.agent import AgentUnavailable

_FOLDERS = ("/usr/games", "/usr/local/games")
"""Where Debian puts engines; seldom on PATH."""
_START_SECONDS = 60.0
_DYING_SECONDS = 5.0
_MATE = 10_000

T = TypeVar("T")

# Without a handler Python prints the library's warnings about chatty engines over the screen.
logging.getLogger("chess.engine").addHandler(logging.NullHandler())


class Line(NamedTuple):
    """What an engine said last of one of its best moves."""

    move: chess.Move
    centipawns: int
    """From the view of the side to move; to mate in n moves is 10,000 - n, to be mated in n n - 10,000."""
    mate: int | None
    """Moves to mate, negative when the side to move is mated; None when none was found."""
    depth: int


class Search(NamedTuple):
    """What an engine answered."""

    best: chess.Move
    lines: tuple[Line, ...]
    """The best move's first; an engine may say nothing."""
    engine: str
    """Its name and version, as it gives them."""


@dataclass(frozen=True)
class Program:
    """Which engine is run, and how."""

    target: str
    """A path or a name, with arguments if it needs some."""
    options: Mapping[str, str]
    """Options that it has to have."""
    hash: int
    """MiB of its hash table, where it has one."""
    multipv: int
    """How many best moves it is asked for."""
    timeout: float
    """Seconds after which a silent process is taken for hung."""


class Engines:
    """Up to `size` processes of one engine, started when they are needed.

    A search depends on its arguments and the program alone: the hash is cleared before each. A process
    that failed or was interrupted is killed, never used again. Belongs to the event loop it is used in.
    """

    def __init__(self, program: Program, size: int) -> None:
        self.searching = 0
        """How many searches are going on."""
        self._program = program
        self._slots = asyncio.Semaphore(size)
        self._idle: list[_Process] = []
        self._all: set[_Process] = set()

    @property
    def processes(self) -> tuple[int, ...]:
        """The ids of the processes that live."""
        living = (process for process in self._all if not process.returncode.done())
        return tuple(process.transport.get_pid() for process in living if process.transport is not None)

    async def check(self) -> None:
        """See that the engine is there and answers.

        Raises:
            AgentUnavailable: it is not installed, is no UCI engine, or refuses an option.
        """
        async with self._process() as process:
            await self._within(self._program.timeout, process.ping())

    async def search(self, board: chess.Board, limit: Limit, moves: Sequence[chess.Move] | None) -> Search:
        """The best of `moves`, or of all legal ones when it is None.

        Raises:
            AgentUnavailable: the engine could not be started, died, hung, or answered nonsense.
        """
        async with self._process() as process:
            self.searching += 1
            try:
                return await self._within(self._program.timeout, process.search(board, limit, moves))
            finally:
                self.searching -= 1

    async def close(self) -> None:
        """Kill every process and wait until it is gone."""
        self._idle.clear()
        while self._all:
            await self._kill(self._all.pop())

    @asynccontextmanager
    async def _process(self) -> AsyncIterator["_Process"]:
        async with self._slots:
            while self._idle and self._idle[-1].returncode.done():
                await self._kill(self._idle.pop())
            process = self._idle.pop() if self._idle else await self._start()
            try:
                yield process
            except BaseException:
                await self._kill(process)
                raise
            self._idle.append(process)

    async def _start(self) -> "_Process":
        target = self._program.target
        try:
            # Its own process group: ctrl-C at the terminal must not end a search that may still finish.
            _, process = await _Process.popen(_command(target), setpgrp=True)
        except OSError as error:
            raise AgentUnavailable(f"the engine {target!r} does not start: {error}") from error
        self._all.add(process)
        try:
            await self._within(min(_START_SECONDS, self._program.timeout), process.begin(self._program))
        except BaseException:
            await self._kill(process)
            raise
        return process

    async def _within(self, seconds: float, work: Coroutine[Any, Any, T]) -> T:
        try:
            async with asyncio.timeout(seconds):
                return await work
        except EngineError as error:
            raise AgentUnavailable(f"the engine {self._program.target!r} failed: {error}") from error
        except TimeoutError as error:
            raise AgentUnavailable(
                f"the engine {self._program.target!r} did not answer for {seconds:g} seconds: it hangs, is "
                "no UCI engine, or its limits need a longer timeout"
            ) from error

    async def _kill(self, process: "_Process") -> None:
        self._all.discard(process)
        transport = process.transport
        assert transport is not None, "set by popen"
        if transport.get_returncode() is None:
            with suppress(ProcessLookupError):
                os.killpg(transport.get_pid(), signal.SIGKILL)
        try:
            # Not awaited itself: a cancelled wait must not cancel the library's future.
            await asyncio.wait({process.returncode}, timeout=_DYING_SECONDS)
        finally:
            transport.close()


class _Process(UciProtocol):
    """One process; keeps the last line that it said of each of its best moves.

    The library's `analysis` gives such lines too, but its caller waits forever when the engine answers
    with an illegal move, or dies before it searches; `play` reports both.
    """

    def __init__(self) -> None:
        super().__init__()
        self.said: dict[int, str] = {}

    def line_received(self, line: str) -> None:
        if line.startswith("info ") and _SCORE.search(line) and _MOVE.search(line):
            rank = _RANK.search(line)
            self.said[int(rank[1]) if rank else 1] = line

    async def begin(self, program: Program) -> None:
        await self.initialize()
        fixed = {"Threads": "1", "Hash": str(program.hash)}
        known = {name: value for name, value in fixed.items() if name in self.options}
        await self.configure({**known, **program.options})
        if program.multipv > 1:
            if "MultiPV" not in self.options:
                raise EngineError("it has no option MultiPV, so the agent's multipv has to be 1")
            # `play` sends the default of this option, and lets nobody choose another value.
            self.options["MultiPV"] = replace(self.options["MultiPV"], default=program.multipv)
        await self.ping()

    async def search(self, board: chess.Board, limit: Limit, moves: Sequence[chess.Move] | None) -> Search:
        self.said.clear()
        # A new game each time, so that "ucinewgame" clears what earlier searches left.
        best = (await self.play(board, limit, game=object(), root_moves=moves)).move
        if best is None:
            raise EngineError(f"it found no move in {board.fen()}")
        lines = tuple(_line(board, self.said[rank]) for rank in sorted(self.said))
        return Search(best, lines, self.id.get("name", ""))


_RANK = re.compile(r"\bmultipv (\d+)")
_SCORE = re.compile(r"\bscore (cp|mate) (-?\d+)")
_DEPTH = re.compile(r"\bdepth (\d+)")
_MOVE = re.compile(r"\bpv (\S+)")


def _line(board: chess.Board, said: str) -> Line:
    score, move, depth = _SCORE.search(said), _MOVE.search(said), _DEPTH.search(said)
    assert score and move, "only such lines are kept"
    try:
        best = board.parse_uci(move[1])
    except ValueError as error:
        raise EngineError(f"it said {said!r}: {error}") from error
    worth = int(score[2])
    mate = worth if score[1] == "mate" else None
    if mate is not None:
        worth = _MATE - mate if mate > 0 else -_MATE - mate
    return Line(best, worth, mate, int(depth[1]) if depth else 0)


def _command(target: str) -> list[str]:
    """The program and its arguments.

    Raises:
        AgentUnavailable: no such program.
    """
    try:
        name, *arguments = shlex.split(target) or [""]
    except ValueError as error:
        raise AgentUnavailable(f"the engine {target!r} is no command: {error}") from error
    folders = os.pathsep.join((os.environ.get("PATH", os.defpath), *_FOLDERS))
    program = shutil.which(os.path.expanduser(name), path=folders)
    if program is None:
        raise AgentUnavailable(
            f"the engine {name!r} is neither a program on PATH nor an executable file: install it "
            "(apt-get install stockfish), or give its path (uci//opt/engines/stockfish)"
        )
    return [program, *arguments]
