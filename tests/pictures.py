"""Draws the pictures of the README from real replays.

python -m tests.pictures RUN_FOLDER MATCH_PLY…    (with no arguments: from replays/golden)
"""

import io
from pathlib import Path

from rich.console import Console

from arena import load
from arena.cli.views import Drawing
from arena.events import Moved, decode_all
from arena.replay.replay import Replay
from arena.view.match import screen
from arena.view.scene import Scene

ROOT = Path(__file__).parent.parent
WIDTH, HEIGHT = 92, 24


def picture(replay: Replay, ply: int, title: str) -> str:
    """The live screen of a match before `ply` as an SVG document."""
    console = Console(
        file=io.StringIO(), record=True, width=WIDTH, force_terminal=True, color_system="truecolor"
    )
    scene, drawing = Scene(), Drawing(load.game_of(replay.started).game)
    board = None
    for event in replay.events:
        if isinstance(event, Moved) and event.ply >= ply:
            break
        scene = scene.after(event)
        board = drawing(event)
    console.print(screen(scene, width=WIDTH, height=HEIGHT, board=board))
    return console.export_svg(title=title)


def main() -> None:
    folder = ROOT / "replays" / "pictures"
    for path in sorted(folder.glob("*.jsonl")):
        replay = Replay(tuple(decode_all(path.read_bytes())))
        middle = len(replay.moves()) // 2
        path.with_suffix(".svg").write_text(picture(replay, middle, f"arena play {path.stem}"))


if __name__ == "__main__":
    main()
