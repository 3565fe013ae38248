"""The page in a real browser: keys, addresses, and that nothing which a model wrote ever runs."""

from pathlib import Path

import pytest

from arena import load
from arena.agent import Message
from arena.events import Asked, Ended, Fouled, Moved, Replied, Seated, Started, decode_all
from arena.replay.replay import Replay
from arena.replay.values import by_value
from arena.view.page import Exported, match_page
from games.chess import Chess
from tests.bench import page as bench
from tests.chromium import PROGRAM, Browser, browser
from tests.talkers import Talker, talked

pytestmark = pytest.mark.skipif(PROGRAM is None, reason="Chromium is not installed")

ROOT = Path(__file__).parent.parent
SCRIPT = "</script><script>document.title = 'run'</script>"
IMAGE = "<img src=x onerror=\"document.title = 'run'\"><svg onload=\"document.title = 'run'\">"
LINK = "<a href=\"javascript:document.title='run'\">javascript:alert(1)</a> [x](javascript:alert(1))"
CONTROLS = "\x1b]0;run\x07 \x9b31m \x00 \x7f a\u2028b\u2029c \u202eevil\u202c ]]> <!-- --> ${1} {{1}}"
HOSTILE = (SCRIPT, IMAGE, LINK, CONTROLS, "x" * 1_000_000)


@pytest.fixture(scope="module")
def chromium():
    with browser() as running:
        yield running


@pytest.fixture(scope="module")
def talk(tmp_path_factory) -> Path:
    """A match of chess with fouls, thinking and marks."""
    game = Chess(max_plies=40)
    one, two = Talker(name="one/talker", wrong=7, thinks=40), Talker(name="two/talker", wrong=9)
    replay = talked(game, one, two, seed=5)
    own = by_value(replay, game)
    page = match_page(Exported(replay, game, (own,)))
    return write(tmp_path_factory.mktemp("page"), page.html)


@pytest.fixture(scope="module")
def run(tmp_path_factory) -> Path:
    return write(tmp_path_factory.mktemp("run"), bench.one_run(Chess(max_plies=8), 6).html)


def write(folder: Path, html: str) -> Path:
    path = folder / "page.html"
    path.write_text(html, encoding="utf-8")
    return path


def hostile() -> Replay:
    """Every text that a model or a game could choose is one of `HOSTILE`."""
    events = [
        Started(
            "m1",
            SCRIPT,
            1,
            {"fen": IMAGE},
            {SCRIPT: Seated(IMAGE, options={"name": LINK}), "o": Seated(CONTROLS)},
            1,
            SCRIPT,
        )
    ]
    for ply, text in enumerate(HOSTILE):
        seat = SCRIPT if ply % 2 == 0 else "o"
        asked = (Message("system", text), Message("user", text + str(ply)))
        events += [
            Asked(ply, seat, text, text),
            Replied(ply, seat, fault="unparsable", detail=text, text=text, messages=asked),
            Fouled(ply, seat, "unparsable", text, text),
            Asked(ply, seat, text, text, 1),
            Replied(ply, seat, text, 1, None, "", text, text, 0, asked),
            Moved(ply, seat, text, text),
        ]
    return Replay(
        (*events, Ended({SCRIPT: 1.0, "o": -1.0}, SCRIPT, "rules", len(HOSTILE), {SCRIPT: {IMAGE: 1.0}}))
    )


def test_nothing_that_a_model_wrote_runs_or_asks_for_anything(chromium: Browser, tmp_path):
    path = write(tmp_path, match_page(Exported(hostile())).html)
    tab = chromium.open(path)
    for key in (
        "ArrowRight",
        "c",
        "p",
        "d",
        "o",
        "s",
        "ArrowRight",
        "p",
        "c",
        "x",
        "b",
        "f",
        "g",
        "$",
        "p",
        "0",
        "?",
    ):
        tab.press(key)
    assert not tab.run("document.title").startswith("run")
    assert tab.complaints == []
    assert tab.requests == [path.as_uri()]
    assert tab.count("main script, main a[href^='javascript'], main img[src='x'], iframe, object") == 0


def test_hostile_text_is_shown_as_text(chromium: Browser, tmp_path):
    tab = chromium.open(write(tmp_path, match_page(Exported(hostile())).html), at="#0")
    assert SCRIPT in tab.text(".content") and SCRIPT in tab.text(".moves .now")
    tab.press("ArrowRight")
    assert IMAGE in tab.text(".content")
    tab.press("ArrowRight", "ArrowRight", "c")
    shown = tab.text(".content")
    assert "␛]0;run␇" in shown and "\u202e" not in shown and "a�b" in shown
    tab.press("ArrowRight")
    assert "show the other 934,464 characters" in tab.text(".content")


def test_keys_step_jump_and_open_panes(chromium: Browser, talk: Path):
    tab = chromium.open(talk)
    assert tab.text(".ticker") == "start of 40"
    tab.press("ArrowRight", "l")
    assert tab.text(".ticker") == "ply 1 of 40"
    tab.press("ArrowLeft")
    assert tab.text(".moves .now .ply") == "0"
    tab.press("x")
    assert tab.text(".ticker") == "ply 6 of 40" and "✗ illegal" in tab.text(".tries")
    tab.press("b")
    assert tab.count(".moves .now .blunder") == 1 and tab.text(".status").startswith("blunder: ")
    tab.press("ArrowRight", "p")
    assert tab.text(".content").startswith("SYSTEM") and tab.count(".content ins, .content del") > 0
    tab.press("d")
    assert tab.count(".content ins, .content del") == 0
    tab.press("$", "o")
    assert tab.text(".ticker") == "ply 39 of 40" and "draw by limit" in tab.text(".moves .end")
    tab.press("0", "s")
    assert "FEN: rnbqkbnr" in tab.text(".content")
    tab.press("i")
    tab.press("z")
    assert tab.complaints == []


def test_the_board_is_a_picture_that_can_be_flipped(chromium: Browser, talk: Path):
    tab = chromium.open(talk, at="#0")
    first = tab.run("document.querySelector('.board img').src")
    names = tab.text(".left")
    tab.press("f")
    tab.wait(f"document.querySelector('.board img').src !== {first!r}")
    assert tab.run("document.querySelector('.board img').naturalWidth") > 0
    assert tab.text(".left").index("one/talker") < names.index("one/talker")
    tab.press("g")
    assert "r n b q k b n r" in tab.text(".board")


def test_the_address_says_the_ply_and_leads_there(chromium: Browser, talk: Path):
    tab = chromium.open(talk, at="#12")
    assert tab.text(".ticker") == "ply 12 of 40"
    tab.press("ArrowRight")
    tab.wait("location.hash === '#13'")
    tab.run("location.hash = '#3'")
    tab.wait("document.querySelector('.ticker').textContent === 'ply 3 of 40'")


def test_the_mouse_picks_a_move_and_a_place_on_the_timeline(chromium: Browser, talk: Path):
    tab = chromium.open(talk)
    tab.click(".moves li:nth-child(3)")
    assert tab.text(".ticker") == "ply 2 of 40"
    tab.click(".chart")
    assert tab.text(".ticker") == "ply 19 of 40"
    tab.click(".sign")
    assert tab.text(".ticker") == "ply 6 of 40"
    tab.click(".tries button")
    assert "✗ illegal" in tab.text(".content")


def test_words_are_searched_in_a_match(chromium: Browser, talk: Path):
    tab = chromium.open(talk)
    tab.press("/", *"c7c6", "Enter")
    assert tab.text(".moves .now .ply") == "1" and tab.text("[aria-selected=true]") == "Prompt"
    assert tab.run("getSelection().toString()") == "c7c6"
    tab.press("Enter")
    assert tab.text(".moves .now .ply") == "3"
    tab.press("Escape", "0")
    assert tab.text(".ticker") == "start of 40"


def test_playing_goes_on_by_itself_and_ends(chromium: Browser, talk: Path):
    tab = chromium.open(talk, at="#36")
    tab.press(*"++++++++", " ")
    tab.wait("document.querySelector('.ticker').textContent === 'ply 39 of 40'")
    assert tab.run("!document.querySelector('.icon.pause')")


def test_the_last_address_is_shown_even_if_an_earlier_match_is_unpacked_after_it(
    chromium: Browser, run: Path
):
    tab = chromium.open(run)
    tab.click(".matches li:not([hidden]) a")
    tab.wait("document.querySelector('.match')")
    tab.run("addEventListener('hashchange', () => { location.hash = ''; }, { once: true })")
    tab.press("n")
    tab.run("new Promise((done) => setTimeout(done, 500))")
    assert tab.count(".standings") == 1 and tab.count(".match") == 0
    assert tab.run("location.hash") == ""


def test_a_run_opens_its_matches_and_goes_back(chromium: Browser, run: Path):
    tab = chromium.open(run)
    assert tab.count(".standings tbody tr") == 4 and tab.count(".matches li") == 6
    tab.press("/", *"talker-3", "Escape")
    assert 0 < tab.count(".matches li:not([hidden])") < 6
    tab.click(".matches li:not([hidden]) a")
    tab.wait("document.querySelector('.match')")
    first = tab.run("location.hash")
    tab.press("n")
    tab.wait(f"location.hash !== {first!r} && document.querySelector('.match')")
    tab.press("Escape")
    tab.wait("document.querySelector('.standings')")
    tab.run("location.hash = '#match2/5'")
    tab.wait(
        "document.querySelector('.ticker') && document.querySelector('.ticker').textContent === 'ply 5 of 8'"
    )
    assert tab.complaints == [] and tab.requests == [run.as_uri()]


@pytest.mark.parametrize(
    ("name", "width", "dark"),
    [
        ("auction", 390, True),
        ("chess", 390, True),
        ("kuhn_poker", 1280, False),
        ("negotiation", 390, False),
        ("negotiation", 1280, True),
        ("public_goods", 390, False),
        ("tic_tac_toe", 1280, True),
    ],
)
def test_every_kind_of_game_fits_its_screen(chromium: Browser, tmp_path, name, width, dark):
    replay = Replay(tuple(decode_all((ROOT / "replays" / "golden" / f"{name}.jsonl").read_bytes())))
    page = match_page(Exported(replay, load.game_of(replay.started).game))
    tab = chromium.open(write(tmp_path, page.html), width=width, height=800, dark=dark)
    below = "[...document.querySelectorAll('.tools, .timeline')]"
    place = f"JSON.stringify({below}.map((one) => one.getBoundingClientRect().y))"
    before = tab.run(place)
    for _ in replay.moves():
        tab.press("ArrowRight")
        assert tab.run("document.documentElement.scrollWidth") <= width
        assert tab.run(place) == before, "nothing below the board moves"
    red = "parseInt(getComputedStyle(document.body)[{!r}].slice(4))"
    ink, paper = (tab.run(red.format(name)) for name in ("color", "backgroundColor"))
    assert (ink > paper) == dark
    assert tab.complaints == []


@pytest.mark.slow
def test_a_long_match_opens_and_steps_without_a_visible_delay(chromium: Browser, tmp_path):
    game = Chess(max_plies=1000)
    replay = talked(game, Talker(name="one"), Talker(name="two"), seed=15)
    tab = chromium.open(write(tmp_path, match_page(Exported(replay, game)).html))
    assert tab.run("performance.now()") < 5_000
    press = "document.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true }))"
    took = tab.run(
        f"(() => {{ const t = performance.now(); for (let i = 0; i < 100; i++) {press};"
        "return (performance.now() - t) / 100; })()"
    )
    assert took < 100, "milliseconds a step"
    assert tab.complaints == []
