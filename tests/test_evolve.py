"""Evolutions: what is chosen, what is typed, and that each goes on where it stopped."""

from itertools import pairwise
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from arena.evolve import commands, league
from arena.evolve import evolve as evolving
from arena.evolve.evolve import Evolution, Halted
from arena.evolve.history import Generation, History, load
from arena.evolve.league import Member
from arena.evolve.recipe import Recipe, names, read
from arena.registry import Facts, GateVerdict, Registry
from arena.settings import SettingsError

BASE = Member("base0000", "", None, True)
CHAIN = [
    BASE,
    Member("first000", "base0000", 0.6, True),
    Member("second00", "first000", 0.4, False),
    Member("third000", "first000", 0.7, True),
]
ONE = "abcd1234"
RECIPE = Recipe(name="tiny", game="kuhn_poker", generations=3)


@pytest.mark.parametrize("name", names())
def test_every_recipe_that_comes_with_the_arena_can_be_read_and_names_its_source(name):
    recipe = read(name)
    assert recipe.name == name
    assert recipe.about and recipe.source
    assert recipe.differs or recipe.source == "this project"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("generations = 3", r"expected game, such as game = \"kuhn_poker\""),
        (
            "game = 'kuhn_poker'\ngenerations = 0",
            "line 2, column 1: generations: expected int >= 1",
        ),
        ("game = 'kuhn_poker'\nround = 1", "line 2, column 1: round: no such setting"),
        (
            "game = 'kuhn_poker'\n[play]\nround = 1",
            r"line 3, column 1: play\.round: no such setting; did you mean 'rounds'",
        ),
        ("game = 'kuhn_poker'\n[train]\nwords = '--base gpt'", "--base is set by the evolution itself"),
        ("game = 'kuhn_poker'\n[train]\nwords = '--set \"'", "No closing quotation"),
        ("game = ", "line 1"),
    ],
)
def test_a_recipe_that_says_what_none_says_is_refused_with_its_place(tmp_path, text, words):
    file = tmp_path / "mine.toml"
    file.write_text(text)
    with pytest.raises(SettingsError, match=words):
        read(str(file))


def test_a_misspelt_recipe_gets_the_closest_one():
    with pytest.raises(SettingsError, match="no recipe 'kuhm'; did you mean 'kuhn'"):
        read("kuhm")


def test_opponents_are_chosen_by_what_they_are():
    def chosen(*wanted: str) -> tuple[str, ...]:
        return league.opponents(wanted, CHAIN, "third000", 1, 4)

    assert chosen("self") == ("third000",)
    assert chosen("previous", "random") == ("first000", "random")
    assert chosen("best") == ("first000",)
    assert chosen("self", "self", "previous", "best") == ("third000", "first000")
    assert league.opponents(["previous", "best", "any", "hard"], [BASE], "base0000", 1, 1) == ()


@given(st.integers(0, 2**31), st.integers(1, 50))
def test_choices_follow_from_seed_and_generation_and_are_members(seed, generation):
    wanted = ("any", "hard")
    found = league.opponents(wanted, CHAIN, "third000", seed, generation)
    assert found == league.opponents(wanted, CHAIN, "third000", seed, generation)
    assert set(found) <= {one.id for one in CHAIN} - {"third000"}
    for how in ("champion", "latest", "open-ended"):
        one = league.parent(how, CHAIN, "third000", seed, generation)
        assert one in {member.id for member in CHAIN}
        assert one == league.parent(how, CHAIN, "third000", seed, generation)


def test_better_players_with_fewer_children_become_parents_more_often():
    drawn = [league.parent("open-ended", CHAIN, "third000", 7, number) for number in range(2000)]
    share = {one.id: drawn.count(one.id) / 2000 for one in CHAIN}
    assert share["third000"] > share["first000"] > share["base0000"]
    weights = {"base0000": 0.5 / 2, "first000": 0.7311 / 3, "second00": 0.2689, "third000": 0.8808}
    total = sum(weights.values())
    for name, weight in weights.items():
        assert share[name] == pytest.approx(weight / total, abs=0.04)


class Machine:
    """A stand-in for the commands: it trains nothing, but leaves behind what they would leave."""

    def __init__(self, root: Path, decisions: list[str], *, fail: str = "", common: float = 0.5) -> None:
        self.root = root
        self.registry = Registry(root / "checkpoints")
        self.decisions = decisions
        self.fail = fail
        self.typed: list[list[str]] = []

    def evolution(self, recipe: Recipe = RECIPE) -> Evolution:
        return Evolution(
            recipe, self.root / recipe.name, self.root / "replays", self.registry, self.run, self.ask
        )

    def run(self, words):
        self.typed.append(list(words))
        if self.fail and words[0] == self.fail:
            return 130
        match words[0]:
            case "pairs":
                folder = Path(words[words.index("--out") + 1])
                folder.mkdir(parents=True, exist_ok=True)
                row = {"prompt": [], "chosen": [], "rejected": [], "margin": 1.0, "run": words[1]}
                (folder / "train.jsonl").write_bytes(msgspec.json.encode(row) + b"\n")
            case "train":
                self._trained(words)
            case "gate":
                return self._gated(words)
        return 0

    def ask(self, words):
        self.typed.append(list(words))
        if self.fail == words[0]:
            return 130, []
        return 0, [{"event": "exact", "payoff": 0.1, "exploitability": 0.2, "best": 0.3}]

    def _trained(self, words) -> None:
        adapter = self.root / f"adapter-{len(self.typed)}"
        adapter.mkdir()
        (adapter / "weights").write_text(words[1])
        seed = int(words[words.index("--seed") + 1])
        parent = words[words.index("--from") + 1] if "--from" in words else ""
        facts = Facts(base="smollm2", base_digest="digest", seeds={"train": seed}, parent=parent)
        self.registry.add(adapter, facts)

    def _gated(self, words) -> int:
        one, other = (word.split("/")[1].split(",")[0] for word in words[1:3])
        decision = self.decisions.pop(0)
        figures = {"kuhn_poker/score": 0.6 if decision == "promote" else 0.4}
        verdict = GateVerdict(decision=decision, against=other, reason="it was said", figures=figures)
        self.registry.verdict(self.registry.find(one), verdict)
        return 0 if decision == "promote" else 1


@pytest.fixture(autouse=True)
def no_model(monkeypatch):
    monkeypatch.setattr(evolving, "base_digest", lambda base: "digest")
    monkeypatch.setattr(evolving.archive, "scan", lambda run: iter(()))


def of(machine: Machine, command: str) -> list[list[str]]:
    return [words for words in machine.typed if words[0] == command]


def test_generations_are_played_trained_gated_and_promoted(tmp_path):
    machine = Machine(tmp_path, ["promote", "reject", "promote"])
    evolution = machine.evolution()
    assert evolution.evolve() == "3 generations are done"
    one, two, three = evolution.history.generations[1:]
    assert [each.decision for each in (one, two, three)] == ["promote", "reject", "promote"]
    assert two.parent == three.parent == one.candidate
    assert one.opponents == (one.parent,)
    assert evolution.champion == three.candidate == machine.registry.champion.id
    assert [words[0] for words in machine.typed] == ["tournament", "pairs", "train", "gate"] * 3
    assert "--from" not in of(machine, "train")[0]
    assert of(machine, "train")[1][of(machine, "train")[1].index("--from") + 1] == one.candidate
    assert of(machine, "pairs")[0][2:6] == ["--agent", one.parent, "--agent", "mirror"]


def test_an_evolution_that_is_over_does_nothing_when_it_is_typed_again(tmp_path):
    machine = Machine(tmp_path, ["promote"] * 3)
    machine.evolution().evolve()
    machine.typed.clear()
    assert machine.evolution().evolve() == "3 generations are done"
    assert machine.typed == []
    assert machine.evolution(msgspec.structs.replace(RECIPE, generations=2)).evolve()
    assert machine.typed == []


@pytest.mark.parametrize("stage", ["tournament", "pairs", "train", "gate"])
def test_a_stage_that_was_stopped_is_done_again_and_no_other(tmp_path, stage):
    broken = Machine(tmp_path, ["promote"] * 3, fail=stage)
    with pytest.raises(Halted, match=f"arena {stage}.* ended with exit code 130") as halted:
        broken.evolution().evolve()
    assert halted.value.code == 130
    before = [words[0] for words in broken.typed]
    whole = Machine(tmp_path, ["promote"] * 3)
    whole.evolution().evolve()
    stages = ["tournament", "pairs", "train", "gate"]
    assert before == stages[: stages.index(stage) + 1]
    assert [words[0] for words in whole.typed] == stages[stages.index(stage) :] + stages * 2
    assert broken.typed[-1] == whole.typed[0]


def test_generations_without_a_better_player_end_it(tmp_path):
    machine = Machine(tmp_path, ["reject", "undecided"])
    recipe = msgspec.structs.replace(RECIPE, patience=2, generations=9)
    assert machine.evolution(recipe).evolve() == "2 generations in a row brought no better player"
    assert machine.registry.champion.trained is False


def test_a_generation_without_rows_trains_nothing(tmp_path):
    class Empty(Machine):
        def run(self, words):
            return 1 if words[0] == "pairs" else super().run(words)

    machine = Empty(tmp_path, [])
    evolution = machine.evolution(msgspec.structs.replace(RECIPE, generations=1))
    evolution.evolve()
    assert evolution.history.generations[1].reason == "no row was left to train on"
    assert not of(machine, "train") and not of(machine, "gate")


def test_rows_that_all_prefer_one_move_are_not_trained_on(tmp_path):
    class OneSided(Machine):
        def run(self, words):
            code = super().run(words)
            if words[0] == "pairs":
                file = Path(words[words.index("--out") + 1]) / "train.jsonl"
                row = {"prompt": [], "meta": msgspec.json.encode({"move": "pass"}).decode()}
                file.write_bytes(2 * (msgspec.json.encode(row) + b"\n"))
            return code

    machine = OneSided(tmp_path, [])
    evolution = machine.evolution(msgspec.structs.replace(RECIPE, generations=1))
    evolution.evolve()
    assert evolution.history.generations[1].reason.startswith("all 2 rows prefer one move, 'pass'")
    assert not of(machine, "train")


def test_an_evolution_that_has_collapsed_is_ended(tmp_path):
    machine = Machine(tmp_path, ["promote"] * 3)
    evolution = machine.evolution(msgspec.structs.replace(RECIPE, generations=9))
    done = ["play", "rows", "train", "gate", "measure"]
    zero = Generation(number=0, candidate="base0000", done=done)
    first = Generation(number=1, candidate="a", decision="promote", done=done, common=0.6)
    second = Generation(number=2, candidate="b", decision="promote", done=done, common=0.99)
    evolution.history.generations = [zero, first, second]
    assert evolution._end() == "the learner makes one move at 99% of its decisions: it has collapsed"


def test_minutes_end_it_between_generations(tmp_path):
    machine = Machine(tmp_path, ["promote"] * 3)
    evolution = machine.evolution(msgspec.structs.replace(RECIPE, minutes=1.0))
    done = ["play", "rows", "train", "gate", "measure"]
    zero = Generation(number=0, candidate="base0000", done=done, seconds={"measure": 61.0})
    evolution.history.generations = [zero]
    assert evolution._end() == "1 of 1 minutes are spent"


def test_candidates_are_measured_exactly_when_the_recipe_says_so(tmp_path):
    machine = Machine(tmp_path, ["promote"])
    measured = {"opponent": "random", "exact": True}
    given = {"name": "m", "game": "kuhn_poker", "generations": 1, "measure": measured}
    recipe = msgspec.convert(given, Recipe)
    evolution = machine.evolution(recipe)
    evolution.evolve()
    assert [one.measured["exploitability"] for one in evolution.history.generations] == [0.2, 0.2]


def test_another_recipe_does_not_go_on_with_a_history(tmp_path):
    machine = Machine(tmp_path, ["promote"] * 3)
    machine.evolution().evolve()
    with pytest.raises(SettingsError, match="begun by a recipe that says otherwise"):
        machine.evolution(msgspec.structs.replace(RECIPE, seed=5))


def test_a_damaged_history_is_told(tmp_path):
    file = tmp_path / "history.json"
    History(recipe="x").save(file)
    assert load(file, "x").generations == []
    file.write_bytes(file.read_bytes()[:9])
    with pytest.raises(SettingsError, match="is damaged"):
        load(file, "x")


def test_the_champion_of_another_evolution_stays(tmp_path):
    machine = Machine(tmp_path, ["promote"])
    evolution = machine.evolution(msgspec.structs.replace(RECIPE, generations=1))
    adapter = tmp_path / "other"
    adapter.mkdir()
    (adapter / "weights").write_text("x")
    other = machine.registry.add(adapter, Facts(base="else", method="sft"))
    machine.registry.promote(other, "by hand", force=True)
    evolution.evolve()
    assert machine.registry.champion.id == other.id
    assert evolution.champion != other.id


def test_what_is_typed_is_what_a_person_could_type():
    generation = Generation(
        number=2, parent="abcd1234", champion="abcd1234", opponents=("abcd1234", "random")
    )
    typed = commands.shown(commands.play(RECIPE, generation, Path("evolution/tiny"), ["abcd1234"]))
    assert typed.startswith(
        "arena tournament kuhn_poker -a checkpoint/abcd1234,temperature=1,name=abcd1234 "
        "-a checkpoint/abcd1234,temperature=1,name=mirror -a random --format gauntlet --rounds 100 --seed "
    )
    assert typed.endswith("--name tiny-02-play")


def test_an_agent_whose_name_looks_like_an_id_plays_as_it_was_typed(tmp_path):
    machine = Machine(tmp_path, ["promote"])
    recipe = msgspec.convert(
        {"name": "m", "game": "kuhn_poker", "generations": 1, "play": {"opponents": ["boulware", "self"]}},
        Recipe,
    )
    machine.evolution(recipe).evolve()
    words = of(machine, "tournament")[0]
    seated = [after for word, after in pairwise(words) if word == "-a"]
    assert seated[1] == "boulware" and seated[2].startswith("checkpoint/")


def test_a_measurement_that_was_stopped_halts_the_evolution_with_its_exit_code(tmp_path):
    machine = Machine(tmp_path, ["promote"], fail="exact")
    given = {"name": "m", "game": "kuhn_poker", "measure": {"opponent": "random", "exact": True}}
    with pytest.raises(Halted) as halted:
        machine.evolution(msgspec.convert(given, Recipe)).evolve()
    assert halted.value.code == 130


def test_what_earlier_generations_left_behind_is_gathered_anew_before_each_that_can_use_it(tmp_path):
    machine = Machine(tmp_path, ["reject"] * 3)
    given = {"name": "m", "game": "propose_solve", "generations": 3, "patience": 9, "play": {"gather": True}}
    machine.evolution(msgspec.convert(given, Recipe)).evolve()
    file = str(tmp_path / "m" / "gathered.jsonl")
    assert of(machine, "games") == [
        ["games", "gather", "m-01-play", "--to", file],
        ["games", "gather", "m-01-play", "m-02-play", "--to", file],
    ]
    buffered = f"propose_solve,buffer={file}"
    assert [words[1] for words in of(machine, "tournament")] == ["propose_solve", buffered, buffered]
