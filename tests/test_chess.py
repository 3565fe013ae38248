import copy
import pickle
from random import Random
from xml.etree import ElementTree

import chess
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arena.game import IllegalMove, Outcome
from games.chess import SHOWN, State, game

CHESS = game()
KIWIPETE = "r3k2r/p1ppqpb1/bn2pnp1/3PN3/1p2P3/2N2Q1p/PPPBBPPP/R3K2R w KQkq - 0 1"
PROMOTIONS = "r3k2r/Pppp1ppp/1b3nbN/nP6/BBP1P3/q4N2/Pp1P2PP/R2Q1RK1 w kq - 0 1"
MIDDLEGAME = "rnbq1k1r/pp1Pbppp/2p5/8/2B5/8/PPP1NnPP/RNBQK2R w KQ - 1 8"
ROOKS = "r3k2r/8/8/8/8/8/8/R3K2R w KQkq - 0 1"
PASSANT = "8/8/8/2k5/2pP4/8/B7/4K3 b - d3 0 3"
SKEWERED = "8/2p5/3p4/KP5r/1R3p1k/8/4P1P1/8 w - - 0 1"
KNIGHTS = "4k3/8/8/8/8/8/8/1N1NK3 w - - 90 60"
LONE_ROOK = "8/8/8/4k3/8/8/8/R3K3 w Q - 0 1"
POSITIONS = [
    "",
    KIWIPETE,
    PROMOTIONS,
    MIDDLEGAME,
    ROOKS,
    PASSANT,
    SKEWERED,
    KNIGHTS,
    LONE_ROOK,
    "8/P6k/8/8/8/8/p6K/8 w - - 97 90",
]


def start(fen="", **options) -> State:
    return game(fen=fen, **options).start(Random(0))


def mover(state: State) -> str:
    return "white" if state.board.turn else "black"


def played(moves: str, state: State | None = None) -> State:
    state = state or start()
    for move in moves.split():
        state = CHESS.apply(state, mover(state), move)
    return state


def reason(move: str, state: State) -> str:
    with pytest.raises(IllegalMove) as error:
        CHESS.apply(state, mover(state), move)
    return str(error.value)


def ending(board: chess.Board) -> str | None:
    """The rules said with python-chess alone, on a board that remembers the whole game."""
    if board.is_checkmate():
        return f"checkmate by {'black' if board.turn else 'white'}"
    if board.is_stalemate():
        return "stalemate"
    if board.is_insufficient_material():
        return "insufficient material"
    if board.halfmove_clock >= 100:
        return "fifty moves without a capture or a pawn move"
    return "threefold repetition" if board.is_repetition(3) else None


def meaning(board: chess.Board, move: str) -> chess.Move | None:
    """What python-chess makes of a text, if anything."""
    for read in (board.parse_uci, board.parse_san):
        try:
            return read(move) or None
        except ValueError:
            continue
    return None


def agrees(state: State, board: chess.Board) -> bool:
    """Compare all that is told of a position with python-chess; gives whether the game goes on."""
    seat = "white" if board.turn else "black"
    assert CHESS.legal(state, seat) == tuple(sorted(move.uci() for move in board.legal_moves))
    assert CHESS.legal(state, "black" if board.turn else "white") == ()
    text = CHESS.observe(state, None)
    assert [line[3:] for line in text.splitlines()[:8]] == str(board).splitlines()
    assert f"\nFEN: {board.fen()}\n" in CHESS.observe(state, seat)
    assert (", in check" in text) == board.is_check()
    turn, end = CHESS.turn(state), ending(board)
    if end is None:
        assert turn == seat
    else:
        assert isinstance(turn, Outcome) and turn.kind == "rules"
        assert turn.reason == end
        won = 0.0 if "checkmate" not in end else -1.0 if board.turn else 1.0
        assert turn.payoff == {"white": won, "black": -won}
    return end is None


@pytest.mark.parametrize("chess960", [False, True])
@pytest.mark.parametrize("seed", range(3))
def test_random_games_agree_with_python_chess_from_first_move_to_last(seed, chess960):
    rng = Random(seed)
    state = game(chess960=chess960).start(rng)
    board = state.board.copy()
    while agrees(state, board):
        move = rng.choice(list(board.legal_moves))
        state = CHESS.apply(state, mover(state), move.uci())
        board.push(move)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(POSITIONS), st.lists(st.integers(0, 250), min_size=10, max_size=60), st.booleans())
def test_any_line_of_play_agrees_with_python_chess(fen, choices, in_san):
    state = start(fen)
    board = state.board.copy()
    for choice in choices:
        if not agrees(state, board):
            return
        moves = list(board.legal_moves)
        move = moves[choice % len(moves)]
        state = CHESS.apply(state, mover(state), board.san(move) if in_san else move.uci())
        board.push(move)
    agrees(state, board)


@pytest.mark.parametrize(
    ("fen", "depth", "nodes"),
    [("", 3, 8902), (KIWIPETE, 2, 2039), (PROMOTIONS, 3, 9467), (MIDDLEGAME, 2, 1486), (SKEWERED, 3, 2812)],
)
def test_the_moves_are_as_many_as_published(fen, depth, nodes):
    # chessprogramming.org, "Perft Results".
    def count(state, left):
        if left == 1:
            return len(state.names)
        return sum(count(CHESS.apply(state, mover(state), name), left - 1) for name in state.names)

    assert count(start(fen), depth) == nodes


@pytest.mark.parametrize(
    ("fen", "moves", "payoff", "why"),
    [
        ("", "f2f3 e7e5 g2g4 d8h4", -1, "checkmate by black"),
        ("", "e4 e5 Bc4 Nc6 Qh5 Nf6 Qxf7#", 1, "checkmate by white"),
        ("7k/8/6K1/8/8/8/8/5Q2 w - - 0 1", "f1f7", 0, "stalemate"),
        ("4k3/8/8/8/4q3/4K3/8/8 w - - 0 1", "e3e4", 0, "insufficient material"),
        ("", "Nf3 Nf6 Ng1 Ng8 Nf3 Nf6 Ng1 Ng8", 0, "threefold repetition"),
        ("7k/8/6K1/8/8/8/8/R7 w - - 99 80", "a1a7", 0, "fifty moves without a capture or a pawn move"),
        ("7k/8/6K1/8/8/8/8/R7 w - - 99 80", "a1a8", 1, "checkmate by white"),
        ("7k/8/6K1/8/8/8/8/5Q2 w - - 99 80", "f1f7", 0, "stalemate"),
    ],
)
def test_games_end_as_they_should_and_when_they_should(fen, moves, payoff, why):
    before, last = moves.rsplit(" ", 1) if " " in moves else ("", moves)
    state = played(before, start(fen))
    assert CHESS.turn(state) == mover(state)
    outcome = CHESS.turn(played(last, state))
    assert outcome == Outcome({"white": float(payoff), "black": float(-payoff)}, why)


def test_a_position_that_lost_the_right_to_castle_is_another_position():
    shuffle = "Rg1 Rg8 Rh1 Rh8"
    state = played(f"{shuffle} {shuffle}", start(ROOKS))
    assert CHESS.turn(state) == "white"
    assert "position seen 2 times" in CHESS.observe(state, None)
    outcome = CHESS.turn(played("Rg1 Rg8 Rh1 Rh8", state))
    assert isinstance(outcome, Outcome) and outcome.reason == "threefold repetition"


def test_what_is_remembered_does_not_grow_with_the_game():
    state, rng = start(), Random(5)
    for _ in range(150):
        state = CHESS.apply(state, mover(state), rng.choice(state.names))
        assert len(state.seen) == state.board.halfmove_clock + 1
        assert len(state.board.move_stack) == 1
        assert len(state.last) <= SHOWN
    assert len(played("Nf3 Nf6 Ng1 Ng8 e4").seen) == 1


def test_en_passant_is_offered_taken_and_told():
    state = start(PASSANT)
    assert "c4d3" in state.names
    assert "FEN: 8/8/8/2k5/2pP4/8/B7/4K3 b - d3 0 3" in CHESS.observe(state, "black")
    for move in ("c4d3", "cxd3"):
        assert played(move, state).board.board_fen() == "8/8/8/2k5/8/3p4/B7/4K3"


@pytest.mark.parametrize("move", ["a7a8n", "a8=N", "a8N", "a8=N+", "a7a8N"])
def test_promotions_are_read_in_every_usual_form(move):
    state = start("8/P6k/8/8/8/8/7K/8 w - - 0 1")
    assert played(move, state).board.piece_at(chess.A8) == chess.Piece.from_symbol("N")


@pytest.mark.parametrize("move", ["e1g1", "O-O", "0-0", "o-o", "O-O+", "e1h1", " O-O "])
def test_castling_is_read_in_every_usual_form(move):
    assert played(move, start(ROOKS)).board.board_fen() == "r3k2r/8/8/8/8/8/8/R4RK1"


@pytest.mark.parametrize("move", ["Nf3", "Ng1f3", "g1f3", "Ng1-f3", "g1-f3", " Nf3\n", "Nf3+"])
def test_a_move_is_read_in_either_notation_and_told_in_that_of_the_game(move):
    assert "Last moves: g1f3\n" in CHESS.observe(played(move), "black")
    san = game(notation="san")
    assert "Last moves: Nf3\n" in san.observe(san.apply(san.start(Random(0)), "white", move), None)


def test_moves_are_listed_in_algebraic_notation_when_asked():
    san = game(notation="san", fen=KIWIPETE)
    state = san.start(Random(0))
    board = chess.Board(KIWIPETE)
    assert san.legal(state, "white") == tuple(sorted(map(board.san, board.legal_moves)))
    for move in san.legal(state, "white"):
        assert (
            san.apply(state, "white", move).board.fen()
            == CHESS.apply(start(KIWIPETE), "white", move).board.fen()
        )
    assert "listed in SAN; UCI is understood" in san.rules
    assert "listed in UCI; SAN is understood" in CHESS.rules


@pytest.mark.parametrize(
    ("fen", "move", "words"),
    [
        ("", "castle", "there is no such move; write UCI (e2e4, e7e8q) or SAN (Nf3, exd5, O-O, e8=Q)"),
        ("", "e2e9", "there is no such move"),
        ("", "e2e2", "there is no such move"),
        ("", "", "there is no such move"),
        ("", "0000", "no move may be passed"),
        ("", "--", "no move may be passed"),
        ("", "e2e5", "the pawn on e2 cannot go to e5"),
        ("", "Qh5", "no queen of yours can go to h5"),
        ("", "e5", "no pawn of yours can go to e5"),
        ("", "e4e5", "you have no piece on e4"),
        ("", "e7e5", "you have no piece on e7"),
        ("", "O-O", "castling to that side is not possible now"),
        (ROOKS, "Kg1", "no king of yours can go to g1"),
        ("", "0-0-0", "castling to that side is not possible now"),
        ("", "e2e4q", "only a pawn that reaches the last rank promotes"),
        ("", "g1f3q", "only a pawn that reaches the last rank promotes"),
        ("8/P6k/8/8/8/8/7K/8 w - - 0 1", "a7a8", "a pawn promotes there: add q, r, b or n in UCI"),
        ("8/P6k/8/8/8/8/7K/8 w - - 0 1", "a8", "=Q, =R, =B or =N in SAN"),
        ("8/P6k/8/8/8/8/7K/8 w - - 0 1", "a8=K", "a pawn promotes there"),
        ("4k3/8/8/8/4r3/8/4N3/4K3 w - - 0 1", "Nc3", "it leaves your king in check"),
        ("4k3/8/8/8/4r3/8/4N3/4K3 w - - 0 1", "e2c3", "it leaves your king in check"),
        ("4k3/8/8/8/4r3/8/8/R3K3 w Q - 0 1", "Ra2", "your king would still be in check"),
        ("4k3/8/8/8/4r3/8/8/R3K3 w Q - 0 1", "O-O-O", "castling to that side is not possible now"),
        ("4k3/8/8/8/8/5N2/8/1N2K3 w - - 0 1", "Nd2", "more than one piece can go there: Nbd2, Nfd2"),
        ("4k3/8/8/8/8/5N2/8/1N2KN2 w - - 0 1", "Nfd2", "can go there: N3d2, Nf1d2;"),
        ("4k3/8/8/8/8/5N2/8/1N2KN2 w - - 0 1", "N1d2", "can go there: Nbd2, Nf1d2;"),
        ("7k/8/8/R7/8/8/8/R3K3 w Q - 0 1", "Ra3", "more than one piece can go there: R1a3, R5a3"),
    ],
)
def test_a_refusal_says_why(fen, move, words):
    assert words in reason(move, start(fen))


def test_a_refusal_lists_the_legal_moves_when_they_are_few():
    state = start("4k3/8/8/8/4r3/8/8/R3K3 w Q - 0 1")
    assert reason("a1a2", state).endswith("; legal moves: e1d1, e1d2, e1f1, e1f2")
    assert reason("a1a2", start()).endswith("; 20 moves are legal")


def test_only_the_side_on_turn_may_move():
    with pytest.raises(IllegalMove, match="it is not the turn of black"):
        CHESS.apply(start(), "black", "e7e5")


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(),
        st.text(st.characters(), min_size=3, max_size=6),
        st.text("abcdefgh12345678NBRQKOox+#=-0 ", max_size=8),
        st.from_regex(chess.SAN_REGEX),
    ),
    st.sampled_from(POSITIONS),
)
def test_any_text_is_a_legal_move_or_refused(move, fen):
    state = start(fen)
    kept = pickle.dumps(state)
    try:
        after = CHESS.apply(state, mover(state), move)
    except IllegalMove as error:
        assert 0 < len(str(error)) < 400 and str(error).isprintable()
        assert not meaning(state.board, move.strip())
    else:
        assert after.last[-1] in state.names
        assert after.board.move_stack[-1] == state.moves[after.last[-1]]
    assert pickle.dumps(state) == kept


@pytest.mark.parametrize(
    "move", ["e2e4" + " " * 100 + "x", "e2e4\x00", "e" * 1_000_000, "\ud800", "ｅ2e4", "e2e4\u200b"]
)
def test_hostile_texts_are_refused_in_a_short_printable_line(move):
    message = reason(move, start())
    assert message.isprintable() and len(message) < 400
    assert "there is no such move" in message


@pytest.mark.parametrize("options", [{}, {"notation": "san"}, {"chess960": True}])
def test_a_state_is_never_changed(options):
    chess_game = game(**options)
    state, rng = chess_game.start(Random(3)), Random(4)
    for _ in range(30):
        seat = chess_game.turn(state)
        if isinstance(seat, Outcome):
            break
        kept, fen = copy.deepcopy(state), state.board.fen()
        for name in (*state.names[:3], "Nd2", "O-O", "nonsense"):
            try:
                chess_game.apply(state, seat, name)
            except IllegalMove:
                assert name not in state.names
        chess_game.value(state, seat)
        chess_game.svg(state)
        chess_game.rich(state)
        assert state == kept and state.board.fen() == fen
        assert state.board.move_stack == kept.board.move_stack
        state = chess_game.apply(state, seat, rng.choice(state.names))


def test_the_observation_is_complete():
    assert CHESS.observe(played("e4 c5"), "white") == (
        "8  r n b q k b n r\n"
        "7  p p . p p p p p\n"
        "6  . . . . . . . .\n"
        "5  . . p . . . . .\n"
        "4  . . . . P . . .\n"
        "3  . . . . . . . .\n"
        "2  P P P P . P P P\n"
        "1  R N B Q K B N R\n"
        "   a b c d e f g h\n"
        "\n"
        "White to move. Move 2, draw clock 0 of 100.\n"
        "Last moves: e2e4 c7c5\n"
        "FEN: rnbqkbnr/pp1ppppp/8/2p5/4P3/8/PPPP1PPP/RNBQKBNR w KQkq - 0 2\n"
        "You are white."
    )
    assert "Last moves: none\n" in CHESS.observe(start(), None)


def test_chess960_draws_its_position_from_the_seed():
    shuffled = game(chess960=True)
    ranks = {shuffled.start(Random(seed)).board.board_fen() for seed in range(20)}
    assert len(ranks) > 15
    assert shuffled.start(Random(1)).text == shuffled.start(Random(1)).text
    usual = game(chess960=True, position=518).start(Random(1))
    assert usual.board.fen() == chess.STARTING_FEN
    assert game(chess960=True, position=0).start(Random(2)).board.chess960_pos() == 0
    assert shuffled.rules.startswith("Chess960.") and "e1h1" in shuffled.rules


@pytest.mark.parametrize("move", ["e1h1", "e1g1", "O-O", "0-0"])
def test_chess960_castling_is_listed_as_king_takes_rook(move):
    shuffled = game(chess960=True, fen=ROOKS)
    state = shuffled.start(Random(0))
    assert "e1h1" in state.names and "e1g1" not in state.names
    after = shuffled.apply(state, "white", move)
    assert after.board.board_fen() == "r3k2r/8/8/8/8/8/8/R4RK1"
    assert after.last == ("e1h1",)


def test_chess960_castles_where_king_and_rook_only_change_places():
    shuffled = game(chess960=True, fen="4k3/8/8/8/8/8/8/5KR1 w G - 0 1")
    state = shuffled.start(Random(0))
    assert "FEN: 4k3/8/8/8/8/8/8/5KR1 w K - 0 1" in state.text
    assert shuffled.apply(state, "white", "O-O").board.board_fen() == "4k3/8/8/8/8/8/8/5RK1"
    assert shuffled.apply(state, "white", "f1g1").board.board_fen() == "4k3/8/8/8/8/8/8/5RK1"


def test_the_fen_names_the_rook_where_plain_fen_would_not():
    state = start("2r1kr1r/8/8/8/8/8/8/2R1KR1R w Ff - 0 1", chess960=True)
    assert "FEN: 2r1kr1r/8/8/8/8/8/8/2R1KR1R w Ff - 0 1" in state.text
    assert chess.Board(state.text.split("FEN: ")[1], chess960=True) == state.board


def test_an_opening_is_drawn_from_the_seed_and_does_not_count():
    opened = game(opening_plies=6, max_plies=2)
    state = opened.start(Random(1))
    assert state.plies == 0 and len(state.last) == 6
    assert state.text == opened.start(Random(1)).text
    assert len({opened.start(Random(seed)).text for seed in range(8)}) == 8
    assert opened.turn(state) == "white"
    for _ in range(2):
        state = opened.apply(state, opened.turn(state), state.names[0])
    assert opened.turn(state) == Outcome({"white": 0.0, "black": 0.0}, "2 plies played", "limit")


def test_an_opening_never_ends_the_game():
    # Half of the first moves are mate or stalemate.
    opened = game(fen="7k/8/6K1/8/8/8/8/5Q2 w - - 97 80", opening_plies=2)
    for seed in range(40):
        assert opened.turn(opened.start(Random(seed))) == "white"
    with pytest.raises(ValueError, match="opening_plies=3: random moves end the game earlier"):
        game(fen="7k/8/6K1/8/8/8/8/5Q2 w - - 97 80", opening_plies=3).start(Random(0))


def test_a_win_on_the_last_ply_counts():
    short = game(max_plies=4)
    state = short.start(Random(0))
    for move in ("f2f3", "e7e5", "g2g4", "d8h4"):
        assert short.turn(state) == mover(state)
        state = short.apply(state, mover(state), move)
    assert short.turn(state).reason == "checkmate by black"
    assert "after 4 moves of both sides" in short.rules and "moves of both sides" not in CHESS.rules


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"notation": "lan"}, "notation='lan': expected uci or san"),
        ({"opening_plies": -1}, "expected 0 or more"),
        ({"max_plies": -1}, "expected 0 or more"),
        ({"position": 5}, "position=5 needs chess960=true and no fen"),
        ({"position": 5, "chess960": True, "fen": ROOKS}, "needs chess960=true and no fen"),
        ({"position": 960, "chess960": True}, "position=960: expected 0 to 959"),
        ({"fen": "hello"}, "fen='hello': "),
        ({"fen": "8/8/8/8/8/8/8/8 w - - 0 1"}, "no possible position"),
        ({"fen": "4k3/8/8/8/8/8/8/5KR1 w G - 0 1"}, "BAD_CASTLING_RIGHTS; is it chess960=true?"),
        ({"fen": "7k/5Q2/6K1/8/8/8/8/8 b - - 0 1"}, "the game is over there, stalemate"),
        ({"fen": "4k3/8/8/8/8/8/8/4K3 w - - 0 1"}, "the game is over there, insufficient material"),
    ],
)
def test_options_that_make_no_game_are_refused(options, words):
    with pytest.raises(ValueError) as error:
        game(**options)
    assert words in str(error.value)


def test_the_value_is_opposed_in_range_and_prefers_material_and_mate():
    rng, state = Random(2), start()
    assert CHESS.value(state, "white") == 0
    while not isinstance(CHESS.turn(state), Outcome) and len(state.seen) < 60:
        white, black = CHESS.value(state, "white"), CHESS.value(state, "black")
        assert -1 < white < 1 and white == -black
        state = CHESS.apply(state, mover(state), rng.choice(state.names))
    up = CHESS.value(start("4k3/8/8/8/8/8/8/3QK3 w - - 0 1"), "white")
    assert 0.9 < up < 1 == CHESS.value(played("f3 e5 g4 Qh4#"), "black")
    # The source's example: one pawn scores 64 percent.
    pawn = CHESS.value(start("4k3/p7/8/8/8/8/PP6/4K3 w - - 0 1"), "white")
    assert (1 + pawn) / 2 == pytest.approx(0.64, abs=0.001)


def test_the_drawing_shows_every_piece_and_the_last_move():
    text = CHESS.rich(played("e4"))
    lines = text.plain.splitlines()
    assert lines[0] == "8  ♜  ♞  ♝  ♛  ♚  ♝  ♞  ♜ "
    assert lines[4] == "4              ♟          "
    assert lines[8].split() == list("abcdefgh")
    assert len({len(line.rstrip("\n")) for line in lines[:8]}) == 1
    marked = [span for span in text.spans if "#cdbf5a" in str(span.style) or "#aa9a3c" in str(span.style)]
    assert [text.plain[span.start : span.end] for span in marked] == [" ♟ ", "   "]
    white_rook = next(span for span in text.spans if span.start == text.plain.index("1  ♜") + 2)
    assert str(white_rook.style) == "bold #ffffff on #8b6544", "a1 is dark and its rook white"
    assert "FEN: " in text.plain


def test_the_picture_is_a_standalone_svg_with_move_and_check():
    picture = CHESS.svg(played("e4 f5 Qh5+"))
    root = ElementTree.fromstring(picture)
    assert root.tag.endswith("svg")
    assert "lastmove" in picture and "check" in picture
    assert "lastmove" not in CHESS.svg(start())
