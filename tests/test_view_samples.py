"""Matches as their events, and how the tests of the views look at what is drawn.

`UPDATE_SCREENS=1 pytest tests/test_view*.py` writes the screens anew; read their diff before you keep it.
"""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from rich.console import Console, RenderableType

from arena.agent import Candidate, Message, Usage
from arena.events import Asked, Ended, Fouled, Line, Moved, Replied, Seated, Started, decode, encode

GPT, LORA = "openai/gpt-5-mini,think=low", "hf/arena-lora-17"


def tic_tac_toe() -> list[Line]:
    """x takes a corner, then wins on the diagonal; o once answers with a taken cell."""
    talk = {
        0: "The corners give the most lines.\nMOVE: 0",
        1: "I take another corner.\n\n**MOVE: 2**",
        2: "Centre. Good luck.\nMOVE: 4",
        3: "MOVE: 6",
        4: "That leaves the diagonal open: I win.\nMOVE: 8",
    }
    events: list[Line] = [
        Started(
            "01KAM3T7Q9",
            "tic_tac_toe",
            1,
            {},
            {"x": Seated(GPT), "o": Seated(LORA)},
            41,
            "Three in a row.",
        )
    ]
    cells = list("012345678")
    for ply, move in enumerate("02468"):
        seat = "xo"[ply % 2]
        legal = "\n".join(cell for cell in cells if cell.isdigit())
        events.append(Asked(ply, seat, _grid(cells), legal, seed=ply))
        if ply == 3:
            error = "'4' is not a free cell; legal moves: 1, 3, 5, 6, 7, 8"
            events += [
                _replied(ply, seat, "4", "The centre!\nMOVE: 4", attempt=0),
                Fouled(ply, seat, "illegal", error, "4"),
                Asked(ply, seat, _grid(cells), legal, 1, error, seed=33),
            ]
        events.append(_replied(ply, seat, move, talk[ply], attempt=int(ply == 3)))
        cells[int(move)] = seat
        events.append(Moved(ply, seat, move, _grid(cells)))
    return [*events, Ended({"x": 1.0, "o": -1.0}, "x has 048", "rules", 5)]


def _grid(cells: list[str]) -> str:
    rows = [" " + " │ ".join(cells[row : row + 3]) for row in (0, 3, 6)]
    return "\n───┼───┼───\n".join(rows)


def _replied(ply: int, seat: str, move: str, text: str, attempt: int) -> Replied:
    prompt = Message("user", f"You are {seat}. Ply {ply}, attempt {attempt}: which cell?")
    usage = Usage(528 + 10 * ply, 400, 127, 40, 0.0062 if seat == "x" else None, 1.2 + ply, finish="stop")
    shares = ((move, 0.62), ("1", 0.27), ("3", 0.11)) if seat == "x" else ()
    candidates = tuple(Candidate(cell, "", share, "samples") for cell, share in shares)
    thinking = "The middle cell lies on four lines, a corner on three." if seat == "x" else ""
    kept = 0 if ply < 2 and not attempt else 1
    messages = (Message("system", "Three in a row."), prompt) if not kept else (prompt,)
    return Replied(ply, seat, move, attempt, None, "", text, thinking, kept, messages, usage, candidates)


_GLYPHS = dict(zip("KQRBNPkqrbnp", "♔♕♖♗♘♙♚♛♜♝♞♟", strict=True))
_GAME = [
    ("e4", "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR"),
    ("e5", "rnbqkbnr/pppp1ppp/8/4p3/4P3/8/PPPP1PPP/RNBQKBNR"),
    ("Qh5", "rnbqkbnr/pppp1ppp/8/4p2Q/4P3/8/PPPP1PPP/RNB1KBNR"),
    ("Nc6", "r1bqkbnr/pppp1ppp/2n5/4p2Q/4P3/8/PPPP1PPP/RNB1KBNR"),
    ("Bc4", "r1bqkbnr/pppp1ppp/2n5/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR"),
    ("Nf6", "r1bqkb1r/pppp1ppp/2n2n2/4p2Q/2B1P3/8/PPPP1PPP/RNB1K1NR"),
    ("Qxf7#", "r1bqkb1r/pppp1Qpp/2n2n2/4p3/2B1P3/8/PPPP1PPP/RNB1K1NR"),
]


def chess() -> list[Line]:
    """The scholar's mate between two agents that are no language models."""
    seats = {"white": Seated("uci/stockfish,nodes=2000"), "black": Seated("random")}
    events: list[Line] = [Started("01KAM3TB02", "chess", 1, {}, seats, 7, "Chess.")]
    events.append(Asked(0, "white", _diagram("rnbqkbnr/pppppppp/8/8/8/8/PPPPPPPP/RNBQKBNR")))
    for ply, (move, placement) in enumerate(_GAME):
        seat = ("white", "black")[ply % 2]
        if ply:
            events.append(Asked(ply, seat, _diagram(placement)))
        events += [Replied(ply, seat, move), Moved(ply, seat, move, _diagram(placement))]
    return [*events, Ended({"white": 1.0, "black": -1.0}, "checkmate", "rules", len(_GAME))]


def _diagram(placement: str) -> str:
    lines = []
    for rank, row in zip("87654321", placement.split("/"), strict=True):
        cells = "".join("." * int(char) if char.isdigit() else char for char in row)
        lines.append(f"{rank}  " + "  ".join(_GLYPHS.get(cell, "·") for cell in cells))
    return "\n".join([*lines, "   a  b  c  d  e  f  g  h"])


def kuhn() -> list[Line]:
    """NATURE deals, both seats have the same agent, and the world fails in the end."""
    seats = {
        "first": Seated("vllm/Qwen3-8B@http://localhost:8000/v1"),
        "second": Seated("vllm/Qwen3-8B@http://localhost:8000/v1"),
    }
    return [
        Started("01KAM3TC5H", "kuhn_poker", 1, {}, seats, 3, "Three cards."),
        Moved(0, "nature", "K Q", "first holds K, second holds Q\npot 2"),
        Asked(1, "first", "You hold K.\npot 2", "bet\npass"),
        Replied(1, "first", "bet", text="I bet, as a king cannot lose.\nMOVE: bet"),
        Moved(1, "first", "bet", "first holds K, second holds Q\nfirst bets\npot 3"),
        Asked(2, "second", "You hold Q.\nfirst bets\npot 3", "call\nfold"),
        Ended({}, "vllm/Qwen3-8B: the server refused the connection", "void", 2),
    ]


NASTY = (
    "\x1b]0;owned\x07\x1b[2J\x1b[31mred\x9b5m\x00\x08\x7f\rover [bold]markup[/bold] [link=http://x]l[/link]"
    " \u202eesrever\u2066iso\u200bzero\ufeff\ud800 e\u0301\u0302\u0303\u0304 \U000e0041"
    " 👩\u200d💻 :smile: \x85\u2028end"
)


def hostile(nasty: str = NASTY) -> list[Line]:
    """A match in which every text that can be hostile is."""
    usage = Usage(1, 1, 1, 1, 0.1, 1.0, model=nasty, finish=nasty)
    candidates = (Candidate(nasty, nasty, 0.5, nasty),)
    reply = Replied(
        0, nasty, nasty, 0, None, nasty, nasty, nasty, 0, (Message("user", nasty),), usage, candidates
    )
    return [
        Started(nasty, nasty, 1, {nasty: nasty}, {nasty: Seated(nasty), "b": Seated("b")}, 1, nasty),
        Asked(0, nasty, nasty, nasty, 0, nasty),
        reply,
        Fouled(0, nasty, "illegal", nasty, nasty),
        Asked(0, nasty, nasty, nasty, 1, nasty),
        reply,
        Moved(0, nasty, nasty, nasty),
        Ended({nasty: 1.0, "b": -1.0}, nasty, "rules", 1),
    ]


def prefixes(events: list[Line]) -> Iterator[list[Line]]:
    """The match as it stood after each of its events."""
    return (events[: end + 1] for end in range(len(events)))


ROOT = Path(__file__).parent.parent
SCREENS = ROOT / "tests" / "screens"
_SGR = re.compile(r"\x1b\[[0-9;]*m")


def terminal(width: int = 80, height: int = 24, *, no_color: bool = False) -> Console:
    """A console that takes its file for a terminal."""
    return Console(
        file=StringIO(),
        width=width,
        height=height,
        force_terminal=True,
        color_system="standard",
        no_color=no_color,
        _environ={"TERM": "xterm"},
    )


def drawn(renderable: RenderableType, width: int = 80, height: int = 24, *, no_color: bool = False) -> str:
    """What a terminal would get, with its colour sequences."""
    console = terminal(width, height, no_color=no_color)
    console.print(renderable)
    return written(console)


def text(renderable: RenderableType, width: int = 80, height: int = 24) -> str:
    """What is to be read on a terminal, without spaces at the ends of lines."""
    return plain(drawn(renderable, width, height))


def written(console: Console) -> str:
    assert isinstance(console.file, StringIO)
    return console.file.getvalue()


def plain(output: str) -> str:
    """Output without colours and without spaces at the ends of lines."""
    return "".join(line.rstrip() + "\n" for line in _SGR.sub("", output).split("\n")[:-1])


def same_screen(name: str, shown: str) -> None:
    """Compare with ``screens/<name>.txt``."""
    path = SCREENS / f"{name}.txt"
    if os.environ.get("UPDATE_SCREENS"):
        path.write_text(shown, encoding="utf-8")
    assert shown == path.read_text(encoding="utf-8")


def unsafe(output: str) -> set[str]:
    """The characters in output that a terminal would obey, or hide, but for line feeds and colours."""
    hidden = re.compile(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\ud800-\udfff]"
    )
    return set(hidden.findall(_SGR.sub("", output)))


class Terminal:
    """A Python program in a terminal of its own, 80×24."""

    def __init__(self, program: str) -> None:
        self.master, self.slave = pty.openpty()
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
        self.before = termios.tcgetattr(self.slave)
        self.seen = b""
        environ = {**os.environ, "TERM": "xterm-256color"}
        for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "COLUMNS", "LINES"):
            environ.pop(name, None)
        self.program = subprocess.Popen(
            [sys.executable, "-c", f"import fcntl, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0)\n{program}"],
            stdin=self.slave,
            stdout=self.slave,
            stderr=self.slave,
            cwd=ROOT,
            env=environ,
            start_new_session=True,
        )

    def until(self, text: str, seconds: float = 30) -> str:
        """Read until the terminal has been sent `text` since the last call; what came before that."""
        os.set_blocking(self.master, False)
        limit = time.monotonic() + seconds
        while text.encode() not in self.seen:
            assert time.monotonic() < limit, f"no {text!r} in {self.seen!r}"
            try:
                self.seen += os.read(self.master, 65536)
            except BlockingIOError:
                time.sleep(0.01)
        before, _, self.seen = self.seen.partition(text.encode())
        return before.decode(errors="replace")

    def press(self, keys: str) -> None:
        os.write(self.master, keys.encode())

    def close(self) -> None:
        self.program.kill()
        self.program.wait()
        os.close(self.master)
        os.close(self.slave)


def test_the_samples_are_events_that_a_replay_can_hold() -> None:
    for events in (tic_tac_toe(), chess(), kuhn()):
        assert [decode(encode(event)) for event in events] == events
