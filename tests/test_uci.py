"""Chess engines: the real Stockfish, and small programs that misbehave."""

import asyncio
import os
import shutil
import sys
from collections import Counter
from dataclasses import replace
from random import Random

import chess
import pytest

from agents.random import agent as UniformRandom
from agents.uci import agent as Uci
from arena import load
from arena.agent import AgentUnavailable, Position, Reply, Turn
from arena.events import Ended, Line, Replied
from arena.match import describe, play, verify
from games.chess import game as Chess
from games.tic_tac_toe import game as TicTacToe

stockfish = pytest.mark.skipif(
    shutil.which("stockfish", path=f"{os.environ.get('PATH', '')}:/usr/games") is None,
    reason="stockfish is not installed",
)


def turn(board: chess.Board, seed: int = 0, notation: str = "uci", rules: str = "Chess.") -> Turn:
    write = board.san if notation == "san" else board.uci
    legal = tuple(write(move) for move in board.legal_moves)
    return Turn(0, "white", rules, f"a diagram\nFEN: {board.fen()}\nYou are white.", legal, seed=seed)


def position(seed: int) -> chess.Board:
    """Some position in which the game is not over."""
    rng = Random(seed)
    board = chess.Board()
    for _ in range(rng.randrange(4, 60)):
        board.push(rng.choice(list(board.legal_moves)))
        if board.is_game_over():
            return chess.Board()
    return board


TURNS = [turn(position(seed), seed, "san" if seed % 2 else "uci") for seed in range(24)]


async def answers(agent: Uci, order: list[int]) -> dict[int, Reply]:
    """The replies to `TURNS`, asked for all at once in that order."""
    replies = await asyncio.gather(*(agent.act(TURNS[at]) for at in order))
    return {at: replace(reply, usage=Reply().usage) for at, reply in zip(order, replies, strict=True)}


@stockfish
@pytest.mark.parametrize(
    "options",
    [{}, {"depth": 5}, {"nodes": 3000}, {"multipv": 4, "temperature": 80.0}, {"epsilon": 0.4, "nodes": 200}],
)
async def test_a_reply_depends_on_position_options_and_seed_alone(options):
    one, two, fresh = Uci(pool=1, **options), Uci(pool=3, **options), Uci(**options)
    order = list(range(len(TURNS)))
    first = await answers(one, order)
    Random(1).shuffle(order)
    assert await answers(two, order) == first
    order.reverse()
    assert await answers(one, order) == first
    assert await answers(fresh, [order[3]]) == {order[3]: first[order[3]]}
    for agent in (one, two, fresh):
        await agent.close()
    assert all(reply.move in (TURNS[at].legal or ()) for at, reply in first.items())


@stockfish
async def test_it_sees_a_mate_and_says_what_it_thinks():
    agent = Uci()
    board = chess.Board("6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1")
    assert (await agent.act(turn(board))).move == "a1a8"
    reply = await agent.act(turn(board, notation="san"))
    assert reply.move == "Ra8#"
    assert reply.text.startswith("mate in 1 at depth ")
    assert reply.usage.model.startswith("Stockfish")
    await agent.close()


@stockfish
async def test_candidates_are_the_best_moves_with_their_probabilities():
    agent = Uci(multipv=3, temperature=50.0, nodes=2000)
    asked = turn(chess.Board("r1bqkbnr/pppp1ppp/2n5/4p3/2B1P3/5Q2/PPPP1PPP/RNB1K1NR w KQkq - 2 3"))
    reply = await agent.act(asked)
    candidates = reply.candidates
    assert len(candidates) == 3
    assert candidates[0].move == "f3f7"
    assert {candidate.source for candidate in candidates} == {"multipv"}
    assert sum(candidate.probability or 0 for candidate in candidates) == pytest.approx(1)
    assert reply.move == "f3f7"
    assert candidates[0].probability == pytest.approx(1)
    one_reply = turn(chess.Board("7k/8/8/8/8/8/6q1/7K w - - 0 1"))
    assert len((await agent.act(one_reply)).candidates) == 1
    await agent.close()


@stockfish
async def test_temperature_draws_each_candidate_as_often_as_it_says():
    agent = Uci(multipv=3, temperature=60.0, nodes=300)
    board = chess.Board()
    replies = [await agent.act(turn(board, seed)) for seed in range(300)]
    played = Counter(reply.move for reply in replies)
    assert len({reply.candidates for reply in replies}) == 1
    for candidate in replies[0].candidates:
        assert candidate.probability is not None
        assert abs(played[candidate.move] / 300 - candidate.probability) < 0.09
    await agent.close()


@stockfish
async def test_without_temperature_the_best_candidate_is_played():
    agent = Uci(multipv=4)
    for seed in range(5):
        reply = await agent.act(turn(position(7), seed))
        assert reply.move == reply.candidates[0].move
        assert [candidate.probability for candidate in reply.candidates] == [1, 0, 0, 0]
    await agent.close()


@stockfish
async def test_epsilon_is_the_share_of_random_moves():
    agent, board = Uci(epsilon=0.25, nodes=1), position(3)
    replies = [await agent.act(turn(board, seed)) for seed in range(400)]
    assert abs(sum(reply.text == "a random move" for reply in replies) - 100) < 30
    assert len({reply.move for reply in replies if reply.text != "a random move"}) == 1
    await agent.close()


async def test_random_moves_are_uniform_over_the_games_list_and_need_no_engine():
    agent = Uci("no-such-engine", epsilon=1.0)
    asked = turn(chess.Board(), notation="san")
    moves = Counter([(await agent.act(replace(asked, seed=seed))).move for seed in range(2000)])
    assert set(moves) == set(asked.legal or ())
    assert all(60 < count < 145 for count in moves.values())


@stockfish
async def test_castling_is_written_as_the_game_writes_it():
    agent = Uci(nodes=20)
    fen = "4k3/8/8/8/8/8/8/4K2R w K - 0 1"
    for notation, castles in (("uci", "e1g1"), ("san", "O-O")):
        asked = replace(turn(chess.Board(fen), notation=notation), legal=(castles,))
        assert (await agent.act(asked)).move == castles
    board = chess.Board("4k3/8/8/8/8/8/8/1R2K1R1 w GB - 0 1", chess960=True)
    for castles in ("e1g1", "e1b1"):
        asked = replace(turn(board, rules="Chess960. Castle king to rook."), legal=(castles,))
        assert (await agent.act(asked)).move == castles
    san = replace(turn(board, rules="Chess960. Castle king to rook.", notation="san"), legal=("O-O-O",))
    assert (await agent.act(san)).move == "O-O-O"
    await agent.close()


@stockfish
async def test_only_moves_of_the_games_list_are_searched():
    agent = Uci(multipv=3)
    board = chess.Board("6k1/5ppp/8/8/8/8/5PPP/R5K1 w - - 0 1")
    reply = await agent.act(replace(turn(board), legal=("h2h3", "g2g3")))
    assert {candidate.move for candidate in reply.candidates} == {"h2h3", "g2g3"}
    await agent.close()


@stockfish
@pytest.mark.parametrize("options", [{}, {"notation": "san"}, {"chess960": True}])
async def test_it_wins_a_match_that_can_be_verified(options):
    game, agents = Chess(**options), {"white": Uci(pool=1), "black": UniformRandom()}
    agents["white"].suits(game)
    events: list[Line] = []
    await play(game, agents, started=describe(game, agents, seed=4, match_id="m"), record=events.append)
    await agents["white"].close()
    assert isinstance(events[-1], Ended)
    assert events[-1].payoff == {"white": 1.0, "black": -1.0}
    assert await verify(game, events) is None
    assert all(event.fault is None for event in events if isinstance(event, Replied))


@stockfish
async def test_a_better_position_is_not_given_away_by_a_repetition_that_the_fen_hides():
    game = Chess(fen="4k3/B7/8/6K1/7R/8/8/8 b - - 1 1")
    state = game.start(Random(0))
    for move in ["e8f8", "g5h6", "f8e8", "h6g5", "e8f8", "g5h6", "f8e8"]:
        state = game.apply(state, str(game.turn(state)), move)
    agent = Uci(nodes=200)
    asked = replace(turn(state.board), position=Position(game, state))
    # King to g5 would bring the first position for the third time.
    assert (await agent.act(replace(asked, legal=("h6g5", "h6g6")))).move == "h6g6"
    assert (await agent.act(replace(asked, legal=("h6g5",)))).move == "h6g5"
    assert (await agent.act(asked)).move != "h6g5"
    await agent.close()


def test_it_suits_chess_only():
    Uci().suits(Chess(notation="san", chess960=True))
    with pytest.raises(ValueError, match=r'cannot play TicTacToe.*a line "FEN: …" in what .x. observes'):
        Uci().suits(TicTacToe())


async def test_a_turn_without_position_or_list_is_refused():
    with pytest.raises(ValueError, match="needs a list of legal moves"):
        await Uci().act(replace(TURNS[0], legal=None))
    with pytest.raises(ValueError, match='needs a line "FEN: …"'):
        await Uci().act(replace(TURNS[0], observation="a board"))


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ("Skill Level=3", "'Skill Level' is refused: the engine's mistakes cannot be seeded"),
        ("Use NNUE=false;uci_elo=1400", "'uci_elo' is refused: the engine's mistakes"),
        ("UCI_LimitStrength=true", "cannot be seeded"),
        ("Threads=4", "irreproducible"),
        ("Hash=64", "the agent's own option hash"),
        ("nodestime=5", "a limit on time"),
        ("Contempt", "expected Name=Value;Name=Value, got 'Contempt'"),
    ],
)
def test_options_that_spoil_reproducibility_are_refused_with_the_reason(options, reason):
    with pytest.raises(ValueError, match=reason):
        Uci(setoption=options)


@pytest.mark.parametrize(
    "options",
    [
        {"nodes": 0},
        {"depth": -1},
        {"epsilon": 1.5},
        {"temperature": 50.0},
        {"temperature": -1.0, "multipv": 2},
        {"multipv": 0},
        {"pool": 0},
        {"hash": 0},
    ],
)
def test_impossible_options_are_refused(options):
    with pytest.raises(ValueError, match=f"{next(iter(options))}={next(iter(options.values()))!r}"):
        Uci(**options)


def test_specifiers_set_the_options_and_there_is_no_limit_on_time():
    agent = load.agent("uci/stockfish,nodes=200,epsilon=0.25")
    assert agent == Uci("stockfish", nodes=200, epsilon=0.25, name=agent.name)
    assert load.agent("uci").nodes == 1000
    assert load.options_of(load.agent("uci,depth=3"))["nodes"] is None
    with pytest.raises(load.LoadError, match="no option 'movetime'"):
        load.agent("uci/stockfish,movetime=1")
    with pytest.raises(load.LoadError, match="cannot be seeded"):
        load.agent("uci/stockfish,setoption=Skill Level=3")


@stockfish
async def test_options_reach_the_engine_and_unknown_ones_are_found_before_the_match():
    plain, odd = Uci(setoption="Use NNUE=false;Contempt=10"), Uci(setoption="Use NNUE=false", multipv=2)
    with pytest.raises(AgentUnavailable, match="does not support option Contempt"):
        await plain.ready()
    await odd.ready()
    classical, network = Uci(setoption="Use NNUE=false"), Uci()
    texts = [(await agent.act(turn(chess.Board()))).text for agent in (classical, network)]
    assert texts[0] != texts[1]
    for agent in (plain, odd, classical, network):
        await agent.close()


async def test_an_engine_that_is_not_there_is_unavailable_with_what_to_do():
    for agent in (Uci("no-such-engine"), Uci("/no/such/engine"), Uci(__file__)):
        with pytest.raises(AgentUnavailable, match="apt-get install stockfish"):
            await agent.ready()
        with pytest.raises(AgentUnavailable, match=r"give its path \(uci//opt/engines/stockfish\)"):
            await agent.act(TURNS[0])
        await agent.close()


async def test_a_target_with_an_open_quote_is_unavailable():
    with pytest.raises(AgentUnavailable, match="No closing quotation"):
        await Uci('stockfish "bench').ready()


def is_gone(pid: int) -> bool:
    """Whether there is no such process, not even as a zombie."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


async def begun(agent: Uci, asked: Turn) -> "asyncio.Task[Reply]":
    """A call whose search goes on."""
    task = asyncio.create_task(agent.act(asked))
    while not agent.engines.searching:
        await asyncio.sleep(0)
    return task


@stockfish
async def test_an_engine_killed_in_a_search_is_unavailable_and_the_next_call_recovers():
    agent = Uci(nodes=10**9, pool=1)
    search = await begun(agent, TURNS[0])
    (pid,) = agent.engines.processes
    os.kill(pid, 9)
    with pytest.raises(AgentUnavailable, match="died unexpectedly"):
        await search
    assert is_gone(pid)
    await agent.ready()
    assert agent.engines.processes != (pid,)
    await agent.close()


@stockfish
async def test_an_engine_killed_between_two_searches_is_started_anew():
    agent = Uci(pool=1)
    reply = await agent.act(TURNS[0])
    (pid,) = agent.engines.processes
    os.kill(pid, 9)
    while agent.engines.processes:
        await asyncio.sleep(0)
    assert (await agent.act(TURNS[0])).move == reply.move
    await agent.close()
    assert is_gone(pid)


@stockfish
async def test_a_cancelled_search_ends_its_process_and_the_next_call_recovers():
    agent = Uci(nodes=10**9, pool=1)
    search = await begun(agent, TURNS[0])
    (pid,) = agent.engines.processes
    search.cancel()
    with pytest.raises(asyncio.CancelledError):
        await search
    assert is_gone(pid)
    await agent.ready()
    await agent.close()


FAKE = """
import os, sys
with open({pids!r}, "a") as file:
    print(os.getpid(), file=file)
for line in sys.stdin:
    word = line.split()[0]
    if word == "uci":
        print("id name Fake\\nuciok")
    elif word == "isready":
        print("readyok")
    elif word == {word!r}:
        {action}
    sys.stdout.flush()
"""


@pytest.fixture
def fake(tmp_path):
    """Makes an engine that does something odd when told some word."""
    pids = tmp_path / "pids"

    def make(word: str, action: str, timeout: float = 30.0) -> Uci:
        program = tmp_path / "fake.py"
        program.write_text(FAKE.format(pids=str(pids), word=word, action=action))
        return Uci(f"{sys.executable} -S {program}", timeout=timeout)

    yield make
    assert all(is_gone(int(pid)) for pid in pids.read_text().split())


@pytest.mark.parametrize(
    ("word", "action", "reason"),
    [
        ("go", "sys.exit(3)", r"died unexpectedly \(exit code: 3"),
        ("ucinewgame", "sys.exit(3)", r"died unexpectedly \(exit code: 3"),
        ("go", "print('bestmove e2e5')", "failed: .*illegal uci"),
        ("go", "print('bestmove (none)')", "found no move in"),
        ("quit", "pass", None),
    ],
)
async def test_a_broken_engine_makes_its_agent_unavailable(fake, word, action, reason):
    agent = fake(word, action)
    await agent.ready()
    if reason is not None:
        for _ in range(2):
            with pytest.raises(AgentUnavailable, match=reason):
                await agent.act(turn(chess.Board()))
    await agent.close()


async def test_an_engine_that_hangs_is_killed_when_its_time_is_up(fake):
    agent = fake("go", "pass", timeout=2.0)
    await agent.ready()
    with pytest.raises(AgentUnavailable, match="did not answer for 2 seconds"):
        await agent.act(turn(chess.Board()))
    assert agent.engines.processes == ()


async def test_more_multipv_than_the_engine_knows_is_unavailable(fake):
    agent = replace(fake("go", "print('bestmove e2e4')"), multipv=2)
    with pytest.raises(AgentUnavailable, match="has no option MultiPV"):
        await agent.act(turn(chess.Board()))
    await agent.close()


@pytest.mark.parametrize("program", ["true", "cat"])
async def test_a_program_that_is_no_engine_is_unavailable(program):
    agent = Uci(program, timeout=0.5)
    with pytest.raises(AgentUnavailable, match=r"is no UCI engine|died unexpectedly"):
        await agent.ready()
    await agent.close()


async def test_no_more_processes_search_than_the_pool_has(fake, tmp_path):
    agent = fake("go", "print('bestmove e2e4')")
    agent = replace(agent, pool=2)
    replies = await asyncio.gather(*(agent.act(turn(chess.Board())) for _ in range(12)))
    assert {reply.move for reply in replies} == {"e2e4"}
    assert len((tmp_path / "pids").read_text().split()) == 2
    await agent.close()


async def test_an_engine_is_closed_while_it_searches(fake):
    agent = fake("go", "pass")
    search = await begun(agent, turn(chess.Board()))
    await agent.close()
    assert agent.engines.processes == ()
    with pytest.raises(AgentUnavailable):
        await search
