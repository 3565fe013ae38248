import chess
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.settings import SettingsError
from arena.tournament.openings import Openings, placed, read

START = chess.STARTING_FEN
E4 = "rnbqkbnr/pppppppp/8/8/4P3/8/PPPP1PPP/RNBQKBNR b KQkq - 0 1"
MATED = "rnb1kbnr/pppp1ppp/8/4p3/6Pq/5P2/PPPPP2P/RNBQKBNR w KQkq - 1 3"
CHESS960 = "bqnb1rkr/pp3ppp/3ppn2/2p5/5P2/P2P4/NPP1P1PP/BQ1BNRKR w HFhf - 2 9"
GAMES = """[Event "one"]

1. e4 {good (or not)} e5 (1... c5 2. Nf3) 2. Nf3 Nc6 1-0

[Event "two"]
[SetUp "1"]
[FEN "4k3/8/8/8/8/8/4P3/4K3 w - - 0 1"]

*

[Event "three"]

1. d4 1/2-1/2
"""


def write(folder, name, text):
    file = folder / name
    file.write_bytes(text.encode() if isinstance(text, str) else text)
    return str(file)


def error(text, **options):
    with pytest.raises(SettingsError) as caught:
        read(text, **options)
    assert str(caught.value).count("\n") == 0
    return str(caught.value)


def test_random_openings_leave_the_moves_to_the_game():
    openings = read("random:8")
    assert openings == Openings("opening_plies", (8,))
    assert [openings.value(1, scenario) for scenario in range(3)] == [8, 8, 8]


@given(st.integers(1, 40), st.integers(0, 2**63 - 1), st.integers(0, 5))
def test_every_opening_is_used_once_before_any_is_used_again(size, seed, cycle):
    openings = Openings("fen", tuple(map(str, range(size))))
    used = [openings.value(seed, cycle * size + place) for place in range(size)]
    assert sorted(used) == sorted(openings.values)


def test_the_order_depends_on_the_seed_and_changes_when_all_were_used():
    openings = Openings("fen", tuple(map(str, range(30))))
    first = [openings.value(1, place) for place in range(30)]
    assert first == [openings.value(1, place) for place in range(30)]
    assert first != [openings.value(2, place) for place in range(30)]
    assert first != [openings.value(1, place) for place in range(30, 60)]


def test_a_book_may_hold_epd_and_whole_fens_and_comments(tmp_path):
    lines = [
        "# openings",
        f'{E4[:-4]} bm e5; id "king\'s pawn";',
        "",
        f"{START} ; c0 x",
        f"{E4[:-4]} hmvc 3; fmvn 7;",
        f"{E4[:-4]} id again;",
    ]
    openings = read(write(tmp_path, "book.epd", "\n".join(lines)))
    assert openings.option == "fen"
    assert openings.values == (E4, START, f"{E4[:-4]} 3 7")


def test_a_pgn_gives_the_positions_at_the_ends_of_its_main_lines(tmp_path):
    openings = read(write(tmp_path, "book.pgn", GAMES))
    assert [chess.Board(fen).fullmove_number for fen in openings.values] == [3, 1, 1]
    assert openings.values[1] == "4k3/8/8/8/8/8/4P3/4K3 w - - 0 1"


def test_a_pgn_may_be_cut_after_so_many_plies(tmp_path):
    openings = read(write(tmp_path, "Book.PGN", GAMES) + ":1")
    assert openings.values[0] == E4
    assert len(openings.values) == 3


def test_a_book_in_latin_1_with_a_byte_order_mark_or_dos_line_ends_is_read(tmp_path):
    latin = '[White "Müller"]\r\n\r\n1. e4 *\r\n'.encode("latin-1")
    assert read(write(tmp_path, "a.pgn", latin)).values == (E4,)
    assert read(write(tmp_path, "b.epd", b"\xef\xbb\xbf" + E4.encode() + b"\r\n")).values == (E4,)


@pytest.mark.parametrize(
    ("name", "text", "told"),
    [
        ("a.epd", f"{E4}\nnonsense\n", "line 2: no EPD, expected four fields or more"),
        ("a.epd", "9/8 w - -", "line 1: no EPD, expected 8 rows"),
        ("a.epd", f"\n\n{MATED}", "line 3: the game is over there, checkmate"),
        ("a.epd", "8/8/8/8/8/8/8/K7 w - - 0 1", "line 1: no possible position, NO_BLACK_KING"),
        ("a.epd", CHESS960, "BAD_CASTLING_RIGHTS; does the game want chess960=true?"),
        ("a.epd", START[:-3] + "100 80", "line 1: the game is over there, fifty moves"),
        ("a.epd", "# nothing\n", "holds no opening"),
        ("a.pgn", "", "holds no opening"),
        ("a.pgn", '[Event "x"]\n\n1. e4 e5\n2. Ke4 *\n', "line 4: illegal san: 'Ke4'"),
        ("a.pgn", f"1. e4 *\n\n{GAMES.replace('4k3', '5k3')}", "line 11: expected 8 columns"),
        ("a.pgn", "1. e4 *\n\nhello\n", "line 3: a game without a move or a FEN"),
        ("a.pgn", "\n1. f3 e5 2. g4 Qh4# 0-1\n", "line 2: the game is over there, checkmate"),
    ],
)
def test_a_wrong_line_of_a_book_is_named(tmp_path, name, text, told):
    file = write(tmp_path, name, text)
    message = error(file)
    assert message.startswith(f"openings: {file}")
    assert told in message


def test_a_book_of_chess960_is_read_when_the_game_is_chess960(tmp_path):
    (fen,) = read(write(tmp_path, "a.epd", CHESS960), chess960=True).values
    assert chess.Board(fen, chess960=True).status() == chess.STATUS_VALID


def test_every_position_of_a_book_is_a_first_position_that_chess_takes(tmp_path):
    from arena.load import game

    for fen in read(write(tmp_path, "book.pgn", GAMES)).values:
        assert game(f'chess,fen="{fen}"').options["fen"] == fen


def test_a_missing_book_is_named(tmp_path):
    assert error(str(tmp_path / "none.epd")).endswith("none.epd cannot be read: No such file or directory.")


@pytest.mark.parametrize(
    "text", ["", "random", "random:", "random:-1", "random:x", "book.txt", "a.epd:3", "a.pgn:0"]
)
def test_what_names_no_opening_is_refused_with_the_forms_there_are(text):
    message = error(text)
    assert message.startswith(f"openings={text!r}: expected random:8")
    assert "book.pgn:16" in message


def test_the_digest_depends_on_the_openings_and_not_on_where_the_book_lies(tmp_path):
    (tmp_path / "deeper").mkdir()
    here, there = write(tmp_path, "a.epd", E4), write(tmp_path / "deeper", "b.epd", f"# moved\n{E4}\n")
    assert read(here).digest == read(there).digest
    digests = {read(here).digest, read("random:2").digest, read("random:3").digest}
    assert len(digests | {read(write(tmp_path, "c.epd", START)).digest}) == 4


def test_a_book_is_placed_in_a_folder_and_random_openings_are_not(tmp_path):
    assert placed("book.pgn:16", tmp_path) == f"{tmp_path}/book.pgn:16"
    assert placed("/book.epd", tmp_path) == "/book.epd"
    assert placed("random:8", tmp_path) == "random:8"
