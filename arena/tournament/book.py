"""Positions of an opening book in EPD or PGN, read by python-chess."""

import io
import re
from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import chess
import chess.pgn

_CLOCK = re.compile(r"\b(hmvc|fmvn) (\d+) ?;")


class BookError(ValueError):
    """A line of a book gives no position that can be played."""

    def __init__(self, line: int, reason: str) -> None:
        """`line` counts from 1."""
        super().__init__(f"line {line}: {reason}")
        self.line = line
        self.reason = reason


def epd(text: str, chess960: bool = False) -> tuple[str, ...]:
    """The FEN of each line that is not empty or a comment; a line is EPD, or a FEN of six fields.

    Raises:
        BookError: a line is neither, or nobody can move there.
    """
    return tuple(_epd_lines(text, chess960))


def pgn(text: str, plies: int = 0, chess960: bool = False) -> tuple[str, ...]:
    """The FEN after the first `plies` of each main line, or after all of them; 0 is all.

    Raises:
        BookError: a game has an illegal move, or nothing to begin with, or is over by then.
    """
    return tuple(_pgn_games(_Numbered(text), plies, chess960))


def _epd_lines(text: str, chess960: bool) -> Iterator[str]:
    for number, line in enumerate(text.split("\n"), 1):
        fields = line.split()
        if not fields or fields[0].startswith("#"):
            continue
        board = chess.Board(None, chess960=chess960)
        try:
            board.set_fen(_fen(fields))
        except ValueError as error:
            raise BookError(number, f"no EPD, {error}") from error
        yield _playable(board, number)


def _fen(fields: list[str]) -> str:
    """The FEN of a line of EPD, of whose operations only the two clocks count; or the FEN that it is."""
    if len(fields) < 4:
        raise ValueError("expected four fields or more")
    if len(fields) > 5 and fields[4].isdigit() and fields[5].rstrip(";").isdigit():
        return " ".join(fields[:6]).rstrip(";")
    clocks = dict(_CLOCK.findall(" ".join(fields[4:])))
    return " ".join([*fields[:4], clocks.get("hmvc", "0"), clocks.get("fmvn", "1")])


def _pgn_games(source: "_Numbered", plies: int, chess960: bool) -> Iterator[str]:
    while reached := chess.pgn.read_game(source, Visitor=partial(_MainLine, source, plies)):
        reached.board.chess960 = chess960
        yield _playable(reached.board, reached.line)


def _playable(board: chess.Board, line: int) -> str:
    """The FEN of a position in which the game goes on."""
    if status := board.status():
        hint = "; does the game want chess960=true?" if status & chess.STATUS_BAD_CASTLING_RIGHTS else ""
        raise BookError(line, f"no possible position, {status.name}{hint}")
    outcome = board.outcome()
    if outcome or board.halfmove_clock >= 100:
        reason = outcome.termination.name.lower().replace("_", " ") if outcome else "fifty moves"
        raise BookError(line, f"the game is over there, {reason}")
    return board.fen()


class _Numbered(io.StringIO):
    """Text that counts the lines that were read."""

    line = 0

    def readline(self, size: int | None = -1, /) -> str:  # type: ignore[override]  # typeshed's base says bytes
        text = super().readline(-1 if size is None else size)
        self.line += bool(text)
        return text


class _Reached(NamedTuple):
    board: chess.Board
    line: int


class _MainLine(chess.pgn.BaseVisitor[_Reached]):
    """Follows a main line to its end, or for so many plies, and stands no mistake."""

    def __init__(self, source: _Numbered, plies: int) -> None:
        self.source = source
        self.left = plies or -1
        self.reached = _Reached(chess.Board(), 0)
        self.known = False

    def visit_header(self, tagname: str, tagvalue: str) -> None:
        self.known = self.known or tagname == "FEN"

    def begin_variation(self) -> chess.pgn.SkipType:
        return chess.pgn.SKIP

    def begin_parse_san(self, board: chess.Board, san: str) -> chess.pgn.SkipType | None:
        return None if self.left else chess.pgn.SKIP

    def visit_board(self, board: chess.Board) -> None:
        self.reached = _Reached(board, self.source.line)

    def visit_move(self, board: chess.Board, move: chess.Move) -> None:
        self.left -= 1
        self.known = True

    def handle_error(self, error: Exception) -> None:
        raise BookError(self.source.line, str(error)) from error

    def result(self) -> _Reached:
        if not self.known:
            raise BookError(self.reached.line, "a game without a move or a FEN")
        return self.reached
