"""Propose and solve: challengers write tasks, solvers try them blind, programs say who is right.

One family of games. Absolute Zero, R-Zero, SQLM, Self-Challenging agents and SGS are presets of it, and so
are our own "arena" and the "duel" of two agents; all of them are data in `games.proposals.preset`. NATURE
deals, admits and verifies: what programs did is a move like any other, so that a replay can be watched where
nothing can be run, and asked again where it can.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from random import Random
from typing import Any, ClassVar, Literal

import msgspec

from arena.game import NATURE, Finished, Game, IllegalMove, Move, Outcome, Seat

from .proposals import court, drawing, moves, observation, settle
from .proposals.buffer import gathered, load, save
from .proposals.families import FAMILIES
from .proposals.family import Family, Field, Marks, Quote
from .proposals.preset import PRESETS, Preset
from .proposals.seating import GUIDE, Seating
from .proposals.session import Drawn, Finding, Phase, Proposal, Round, Ruling, Session
from .proposals.task import Task
from .proposals.templates import LEVELS, template

_MOST = {"solvers": 64, "proposals": 64, "challenges": 50, "difficulty": LEVELS[-1], "work": 4_000}


@dataclass(frozen=True)
class ProposeSolve(Game[Session]):
    """One batch of proposals with its tries, or in a duel one challenge after the other."""

    preset: str = "arena"
    """arena, duel, azr.deduction, azr.abduction, azr.induction, r_zero.paper, r_zero.code, sqlm.math,
    sqlm.code, self_challenging or sgs: who proposes what, and what it pays."""
    family: str = ""
    """What tasks are about: deduction, abduction, induction, output, arithmetic, equation, word, programming,
    certificate, tested or question; empty for the preset's own."""
    solvers: int = 0
    """How many try each task; 0 for the preset's own number. In a duel both do."""
    proposals: int = 0
    """How many challengers propose at once; 0 for the preset's own number."""
    challenges: int = 2
    """How often each seat of a duel challenges the other."""
    form: Literal["", "json", "blocks"] = ""
    """How proposals and answers are written; empty for the preset's own form."""
    work: int = 240
    """Letters in which a solver may think before it answers in JSON; nobody reads them."""
    guide: Literal["", "none", "rules", "seat"] = ""
    """Who says how sound a task is; empty for what the preset says."""
    tasks: Literal["proposed", "training", "held_out"] = "proposed"
    """Whether tasks are proposed, or are ours, of graded difficulty, with nobody to propose them."""
    difficulty: int = 0
    """Of tasks of ours, 1 to 10; 0 for any."""
    buffer: str = ""
    """A file of earlier tasks: for references, for novelty, and to try again what nobody solved."""

    held_out: ClassVar[Mapping[str, object]] = {"tasks": "held_out"}
    slow = True
    verbatim = True
    procedural = True

    def __post_init__(self) -> None:
        if self.preset not in PRESETS:
            raise ValueError(f"preset={self.preset!r}: expected one of {', '.join(PRESETS)}")
        if self.family and self.family not in FAMILIES:
            raise ValueError(f"family={self.family!r}: expected one of {', '.join(FAMILIES)}")
        for name, most in _MOST.items():
            if not 0 <= getattr(self, name) <= most:
                raise ValueError(f"{name}={getattr(self, name)!r}: expected 0 to {most}")
        chosen = self._chosen
        if chosen.form not in self._kind.forms:
            raise ValueError(
                f"tasks of family {chosen.family} are not written as {chosen.form!r}: add form=json"
            )
        if chosen.duel and not self.challenges:
            raise ValueError("challenges=0: expected 1 or more")
        if chosen.proposer.repetition and chosen.proposals < 2:
            raise ValueError(f"{self.preset} compares proposals with each other: proposals must be 2 or more")

    @property
    def seats(self) -> tuple[Seat, ...]:
        return self.seating.seats

    @cached_property
    def seating(self) -> Seating:
        """Who sits where."""
        chosen, is_exam = self._chosen, self.tasks != "proposed"
        one = is_exam or chosen.duel
        has_guide = chosen.guide == "seat" and not one
        return Seating(chosen.duel, 1 if one else chosen.proposals, chosen.solvers, is_exam, has_guide)

    @cached_property
    def rules(self) -> str:
        return observation.rules(self._chosen, self.seating, self.challenges)

    def start(self, rng: Random) -> Session:
        return Session(rng.getrandbits(63), f"{rng.getrandbits(64):016x}")

    def phase(self, state: Session) -> Phase:
        """What happens now."""
        now, drawn = state.now, state.drawn
        if drawn is None:
            return "draw"
        if len(now.proposals) < (1 if drawn.dealt else self.seating.batch):
            return "propose"
        if not now.rulings:
            return "admit"
        if self.seating.has_guide and not drawn.dealt and len(now.opinions) < len(now.admitted):
            return "guide"
        if len(now.answers) < len(self.seating.answering(now)):
            return "solve"
        return "verify" if now.admitted and not now.findings else "over"

    def turn(self, state: Session) -> Seat | tuple[Seat, ...] | Outcome:
        match self.phase(state):
            case "draw" | "admit" | "verify":
                return NATURE
            case "propose":
                return self.seating.proposing(state)[len(state.now.proposals) :]
            case "guide":
                return GUIDE
            case "solve":
                return self.seating.answering(state.now)[len(state.now.answers) :]
        return self._outcome(state)

    def observe(self, state: Session, seat: Seat | None) -> str:
        phase, chosen, now = self.phase(state), self._chosen, state.now
        if seat is None:
            return observation.to_spectator(chosen, self._kind, state, phase)
        told = observation.waiting(phase)
        if phase == "propose" and state.drawn and seat in self.seating.proposing(state):
            quote = self._quote(state, _MOST["proposals"] - 1)
            told = observation.to_challenger(chosen, self._kind, self._asks, state.drawn, quote)
        elif phase == "guide" and state.drawn and seat == GUIDE:
            at = now.admitted[len(now.opinions)]
            told = observation.to_guide(self._kind, state.drawn, now.task(at), self._quote(state, at))
        elif phase == "solve" and seat in self.seating.answering(now):
            at = self.seating.tried(now, seat)
            told = observation.to_solver(chosen, self._kind, now.task(at), self._quote(state, at))
        return observation.score(state, self._rounds) + told if chosen.duel else told

    def schema(self, state: Session, seat: Seat) -> Mapping[str, Any] | None:
        phase = self.phase(state)
        if phase == "guide":
            return moves.rating_schema() if seat == GUIDE else None
        if self._chosen.form != "json":
            return None
        if phase == "propose" and seat in self.seating.proposing(state):
            return moves.proposal_schema(self._asks)
        if phase == "solve" and seat in self.seating.answering(state.now):
            return moves.answer_schema(self._kind, self.work)
        return None

    def nature(self, state: Session, rng: Random) -> Move:
        chosen, now = self._chosen, state.now
        found: Drawn | list[Ruling] | list[Finding]
        if state.drawn is None:
            exam = None if self.tasks == "proposed" else self.tasks
            found = court.drawn(chosen, self._rounds, state.lot, self.buffer, exam, self.difficulty)
        elif not now.rulings:
            found = court.admitted(chosen, state, self.buffer)
        else:
            found = court.verified(self._kind, now)
        return msgspec.json.encode(found).decode()

    def apply(self, state: Session, seat: Seat, move: Move) -> Session:
        turn, phase, now = self.turn(state), self.phase(state), state.now
        if isinstance(turn, Outcome) or seat != (turn if isinstance(turn, str) else turn[0]):
            raise IllegalMove(f"it is not the turn of {seat}")
        if phase == "propose":
            source = state.drawn.references[0].program if state.drawn and self._is_given else ""
            proposal = moves.proposal(move, self._chosen, self._kind, self._asks, source)
            return state.with_now(now._replace(proposals=(*now.proposals, proposal)))
        if phase == "guide":
            return state.with_now(now._replace(opinions=(*now.opinions, moves.opinion(move))))
        if phase == "solve":
            answer = moves.answer(move, self._chosen, self._kind)
            return state.with_now(now._replace(answers=(*now.answers, answer)))
        if phase == "draw":
            return _dealt(state._replace(drawn=msgspec.json.decode(move, type=Drawn), rounds=(Round(),)))
        if phase == "admit":
            now = now._replace(rulings=tuple(msgspec.json.decode(move, type=list[Ruling])))
        else:
            now = now._replace(findings=tuple(msgspec.json.decode(move, type=list[Finding])))
        state = state.with_now(now)
        if settle.is_over(now) and len(state.rounds) < self._rounds:
            return _dealt(state._replace(rounds=(*state.rounds, Round())))
        return state

    def forfeit(self, state: Session, seat: Seat) -> Move | None:
        return None if self.phase(state) == "guide" else moves.SILENCE

    def sample(self, state: Session, seat: Seat, rng: Random) -> Move:
        phase = self.phase(state)
        if phase == "propose":
            return self.challenge(state, rng.choice(LEVELS), rng)
        if phase == "guide":
            return moves.rating(rng)
        return self.solution(state, seat) if rng.random() < 0.5 else self.mistake(state, seat, rng)

    def challenge(self, state: Session, difficulty: int, rng: Random) -> Move:
        """A proposal of ours, of difficulty 1 to 10."""
        return moves.written(template(self._kind.name, difficulty, rng), self._asks, self._chosen)

    def solution(self, state: Session, seat: Seat) -> Move:
        """An answer of `seat` that is right; of a question without a gold, one that is always the same."""
        return moves.answered(self._kind.solution(self._task(state, seat)), self._kind, self._chosen)

    def mistake(self, state: Session, seat: Seat, rng: Random) -> Move:
        """An answer of `seat` in the right form that is wrong."""
        return moves.answered(self._kind.mistake(self._task(state, seat), rng), self._kind, self._chosen)

    def is_right(self, state: Session, seat: Seat, move: Move) -> bool:
        """Whether an answer of `seat` would be right; takes as long as programs of its task run."""
        try:
            value = moves.answer(move, self._chosen, self._kind).value
        except IllegalMove:
            return False
        verdicts = () if value is None else self._kind.graded(self._task(state, seat), [value])
        return any(verdict.score == 1 for verdict in verdicts)

    def steps(self, state: Session, seat: Seat) -> int:
        """How much there is to work through in the task that `seat` tries, 1 to 10."""
        return self._kind.steps(self._task(state, seat))

    def gather(self, played: Iterable[Finished], path: Path) -> int:
        """Add the tasks of finished matches of this game to a buffer; how many tasks it then holds.

        Raises:
            IllegalMove: a match was not played by these rules.
            ValueError: the file is no buffer.
        """
        before = load(str(path)).entries if path.exists() else ()
        ended = ((match, self._replayed(match.moves)) for match in played)
        entries = gathered(self._chosen, ended, before)
        save(entries, path)
        return len(entries)

    def figures(self, state: Session) -> Mapping[Seat, Mapping[str, float]]:
        """Raw rewards and what they follow from: see `settle.figures`, and of duels `settle.duelled`."""
        if self._chosen.duel:
            return settle.duelled(state)
        if not settle.is_over(state.now):
            return {}
        return settle.figures(self._chosen, self.seating, state.now, dealt=_is_dealt(state))

    def rich(self, state: Session) -> object:
        return drawing.rich(self._chosen, self._kind, state, self.phase(state))

    @cached_property
    def _chosen(self) -> Preset:
        """The preset with what the options say otherwise."""
        chosen = PRESETS[self.preset]
        return replace(
            chosen,
            family=self.family or chosen.family,
            solvers=self.solvers if self.solvers and not chosen.duel else chosen.solvers,
            proposals=self.proposals or chosen.proposals,
            form=self.form or chosen.form,
            guide=self.guide or chosen.guide,
        )

    @cached_property
    def _kind(self) -> Family:
        return FAMILIES[self._chosen.family]

    @cached_property
    def _rounds(self) -> int:
        return 2 * self.challenges if self._chosen.duel else 1

    @property
    def _is_given(self) -> bool:
        """Whether the challenger is given the program that its task is about."""
        return self._chosen.context == "program"

    @cached_property
    def _asks(self) -> tuple[Field, ...]:
        return tuple(one for one in self._kind.asks if not (self._is_given and one.into == "program"))

    def _quote(self, state: Session, at: int) -> Quote:
        if self.tasks != "proposed":
            return str  # what we wrote ourselves is no stranger's text
        return Marks(state.key, len(state.rounds) * _MOST["proposals"] + at)

    def _task(self, state: Session, seat: Seat) -> Task:
        return state.now.task(self.seating.tried(state.now, seat))

    def _replayed(self, made: Sequence[tuple[Seat, Move]]) -> Session:
        """The end of a match; NATURE's moves tell all that was drawn when it began."""
        state = Session(0, "")
        for seat, move in made:
            state = self.apply(state, seat, move)
        return state

    def _outcome(self, state: Session) -> Outcome:
        if self._chosen.duel:
            a, b = settle.points(state)
            margin = (a - b) / self._rounds
            return Outcome({"a": margin, "b": -margin}, f"{a} points to {b}")
        dealt = _is_dealt(state)
        paid = settle.payoffs(self._chosen, self.seating, state.now, dealt=dealt)
        return Outcome(paid, settle.told(self._chosen, state.now, dealt=dealt))


def _is_dealt(state: Session) -> bool:
    return state.drawn is not None and bool(state.drawn.dealt)


def _dealt(state: Session) -> Session:
    """The state with the task of a round in place, where tasks are dealt."""
    if state.drawn is None or not state.drawn.dealt:
        return state
    return state.with_now(Round((Proposal(state.drawn.dealt[len(state.rounds) - 1]),)))


game = ProposeSolve
