"""`evolve`: generation after generation, each stage a command that goes on where it stopped."""

import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import fmean
from typing import TypeAlias

import msgspec

from arena.data.sample import samples
from arena.evolve import commands, league
from arena.evolve.history import STAGES, Generation, History, Stage, load
from arena.evolve.measure import against
from arena.evolve.recipe import Recipe
from arena.models.folder import base_digest
from arena.registry import Checkpoint, Facts, Registry
from arena.replay import archive

Run: TypeAlias = Callable[[Sequence[str]], int]
"""Runs a command of the arena to its end; gives its exit code."""

Ask: TypeAlias = Callable[[Sequence[str]], tuple[int, Sequence[Mapping[str, object]]]]
"""Runs a command with ``--json``; gives its exit code and what it said, line by line."""

FAILED = 1
"""The exit code of a command that finished, but with less than was asked for."""
_GENERATIONS = frozenset({"generations", "minutes", "patience"})
"""Fields of a recipe that say only how far to go."""


class Halted(Exception):
    """A stage ended with an exit code that ends the evolution as well; run again to go on."""

    def __init__(self, words: Sequence[str], code: int) -> None:
        super().__init__(f"`{commands.shown(words)}` ended with exit code {code}")
        self.code = code


@dataclass
class Evolution:
    """A recipe at work, in a folder of its own."""

    recipe: Recipe
    folder: Path
    replays: Path
    registry: Registry
    run: Run
    ask: Ask
    told: Callable[[Generation, Stage], None] = lambda generation, stage: None
    """Called before each stage."""
    history: History = field(init=False)

    def __post_init__(self) -> None:
        self.history = load(self.file, decisive(self.recipe))

    @property
    def file(self) -> Path:
        """Where the history is kept."""
        return self.folder / "history.json"

    def evolve(self) -> str:
        """Go on until a limit is reached; why it ended.

        Raises:
            Halted: a stage was stopped, or failed.
            RegistryError: the registry is damaged, or not ours to change.
            ReplayError: a run cannot be read.
        """
        self._begin()
        while not (why := self._end()):
            self._generation(self._current())
        self.history.ended = why
        self._save()
        return why

    def _begin(self) -> None:
        """The base is checkpoint 0, the first champion, and measured as all others are."""
        base = self._base()
        if not self.history.generations:
            zero = Generation(number=0, candidate=base.id, done=["play", "rows", "train", "gate"])
            self.history.generations.append(zero)
            self._save()
        zero = self.history.generations[0]
        if not zero.complete:
            self._stage(zero, "measure")

    def _base(self) -> Checkpoint:
        recipe = self.recipe
        known = [one for one in self.registry.checkpoints() if not one.trained and one.base == recipe.base]
        base = (
            known[0]
            if known
            else self.registry.add(None, Facts(base=recipe.base, base_digest=base_digest(recipe.base)))
        )
        if self.registry.champion is None:
            self.registry.promote(base, f"the base that {recipe.name} begins with")
        return base

    def _current(self) -> Generation:
        last = self.history.generations[-1]
        if not last.complete:
            return last
        number = last.number + 1
        champion = self.champion
        members = self._members()
        seed = self.recipe.seed
        parent = league.parent(self.recipe.parent, members, champion, seed, number)
        generation = Generation(
            number=number,
            parent=parent,
            champion=champion,
            opponents=league.opponents(self.recipe.play.opponents, members, parent, seed, number),
        )
        self.history.generations.append(generation)
        self._save()
        return generation

    @property
    def champion(self) -> str:
        """The id of the last one promoted here; the registry's may be another evolution's."""
        promoted = [one.candidate for one in self.history.generations if one.decision == "promote"]
        return promoted[-1] if promoted else self.history.generations[0].candidate

    def _members(self) -> list[league.Member]:
        return [
            league.Member(one.candidate, one.parent, one.score, one.number == 0 or one.decision == "promote")
            for one in self.history.generations
            if one.candidate and one.complete
        ]

    def _generation(self, generation: Generation) -> None:
        for stage in STAGES:
            if stage not in generation.done:
                self._stage(generation, stage)

    def _stage(self, generation: Generation, stage: Stage) -> None:
        self.told(generation, stage)
        start = time.monotonic()
        match stage:
            case "play":
                self._play(generation)
            case "rows":
                self._rows(generation)
            case "train":
                self._train(generation)
            case "gate":
                self._gate(generation)
            case "measure":
                self._measure(generation)
        generation.seconds[stage] = generation.seconds.get(stage, 0.0) + time.monotonic() - start
        generation.done.append(stage)
        self._save()

    def _play(self, generation: Generation) -> None:
        if not self.recipe.play.rounds:
            return
        ours = {one.candidate for one in self.history.generations}
        if self.recipe.play.gather and generation.number > 1:
            self._do(commands.gather(self.recipe, generation, self.folder))
        self._do(commands.play(self.recipe, generation, self.folder, ours), fine=(0, FAILED))
        run = self.replays / commands.run_of(self.recipe, generation.number, "play")
        learners = {generation.parent, commands.MIRROR}
        moves = Counter(
            sample.move
            for replay in archive.scan(run)
            for sample in samples(replay)
            if sample.agent in learners and not sample.fault
        )
        generation.common = max(moves.values(), default=0) / max(moves.total(), 1)

    def _rows(self, generation: Generation) -> None:
        if not self.recipe.play.rounds:
            return
        words = commands.rows(self.recipe, generation, self.folder)
        path = commands.folder_of(self.folder, generation.number)
        path.joinpath("train.jsonl").unlink(missing_ok=True)
        code = self.run(words)
        found = path / "train.jsonl"
        if code == FAILED and not found.exists():
            generation.reason = "no row was left to train on"
            return
        if code:
            raise Halted(words, code)
        moves = [_move(line) for line in found.read_bytes().splitlines()]
        if len(moves) > 1 and len(set(moves)) == 1 and moves[0] and generation.common < 1:
            # a model that is taught one move everywhere makes no other
            generation.reason = f"all {len(moves)} rows prefer one move, {moves[0]!r}: nothing was trained"
            return
        generation.rows = len(moves)

    def _train(self, generation: Generation) -> None:
        if self.recipe.play.rounds and not generation.rows:
            return
        parent = self.registry.find(generation.parent)
        words = commands.train(self.recipe, generation, self.folder, trained=parent.trained)
        self._do(words)
        seed = commands.training_seed(self.recipe, generation)
        made = [one for one in self.registry.checkpoints() if one.seeds.get("train") == seed]
        if not made:
            raise Halted(words, FAILED)
        generation.candidate = made[-1].id

    def _gate(self, generation: Generation) -> None:
        if not generation.candidate:
            return
        candidate = self.registry.find(generation.candidate)
        words = commands.gate(self.recipe, generation)
        code = self.run(words)
        judged = [one for one in self.registry.verdicts(candidate) if one.against == generation.champion]
        if code not in (0, FAILED) or not judged:
            raise Halted(words, code)
        verdict = judged[-1]
        generation.decision, generation.reason = verdict.decision, verdict.reason
        scores = [value for name, value in verdict.figures.items() if name.endswith("/score")]
        generation.score = fmean(scores) if scores else None
        if verdict.decision == "promote":
            self._promote(candidate)

    def _promote(self, candidate: Checkpoint) -> None:
        """Make it the registry's champion too, unless that one is somebody else's."""
        champion = self.registry.champion
        ours = {one.candidate for one in self.history.generations}
        if champion is None or (champion.id != candidate.id and champion.id in ours):
            self.registry.promote(candidate, f"promoted by {self.recipe.name}")

    def _measure(self, generation: Generation) -> None:
        wanted = self.recipe.measure
        if not generation.candidate:
            return
        options = wanted.options or self.recipe.play.options
        agent = commands.agent(generation.candidate, options, generation.candidate)
        found: dict[str, float] = {}
        if wanted.exact:
            words = ["exact", self.recipe.game, agent, "--against", wanted.opponent]
            code, lines = self.ask(words)
            told = next((one for one in lines if one.get("event") == "exact"), None)
            if code or told is None:
                raise Halted(words, code or FAILED)
            found = {name: float(str(told[name])) for name in ("payoff", "exploitability", "best")}
        if wanted.rounds:
            run = commands.run_of(self.recipe, generation.number, "measure")
            self._do(self._meeting(agent, run), fine=(0, FAILED))
            found |= against(self.replays / run, generation.candidate)
        generation.measured = found

    def _meeting(self, agent: str, run: str) -> list[str]:
        wanted = self.recipe.measure
        seated = ["-a", agent, *(["-a", wanted.opponent] if wanted.opponent else ["--allow-self"])]
        words = ["tournament", wanted.game or self.recipe.game, *seated]
        # the same scenarios for every candidate
        return [*words, "--rounds", str(wanted.rounds), "--seed", str(self.recipe.seed), "--name", run]

    def _end(self) -> str:
        recipe, done = self.recipe, [one for one in self.history.generations if one.complete]
        trained = [one for one in done if one.number]
        if len(self.history.generations) > len(done):
            return ""
        if len(trained) >= recipe.generations:
            return f"{recipe.generations} generations are done"
        spent = sum(sum(one.seconds.values()) for one in done) / 60
        if recipe.minutes and spent >= recipe.minutes:
            return f"{spent:.0f} of {recipe.minutes:g} minutes are spent"
        fruitless = 0
        for one in reversed(trained):
            if one.decision == "promote":
                break
            fruitless += 1
        if fruitless >= recipe.patience:
            return f"{fruitless} generations in a row brought no better player"
        if len(trained) > 1 and trained[-1].common >= recipe.collapse > trained[0].common:
            return (
                f"the learner makes one move at {trained[-1].common:.0%} of its decisions: it has collapsed"
            )
        return ""

    def _do(self, words: Sequence[str], fine: tuple[int, ...] = (0,)) -> None:
        code = self.run(words)
        if code not in fine:
            raise Halted(words, code)

    def _save(self) -> None:
        self.history.save(self.file)


class _Meta(msgspec.Struct):
    move: str = ""


class _Row(msgspec.Struct):
    meta: str = "{}"


def _move(line: bytes) -> str:
    """The move that a row makes likelier; empty where it names none."""
    return msgspec.json.decode(msgspec.json.decode(line, type=_Row).meta, type=_Meta).move


def decisive(recipe: Recipe) -> str:
    """All of a recipe that decides results, as text."""
    told = {name: getattr(recipe, name) for name in recipe.__struct_fields__ if name not in _GENERATIONS}
    return msgspec.json.encode(told, order="sorted").decode()
