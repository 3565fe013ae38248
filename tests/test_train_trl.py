"""TRL trains a model of two layers: every method, after kill -9, with old log-probabilities taken first."""

import json
import os
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from math import isfinite, log
from pathlib import Path

import msgspec
import pytest

import arena.train.watch
from arena.data.folder import Shape, write
from arena.data.hygiene import Rules
from arena.registry import CorruptCheckpoint, Registry
from arena.train.plan import Plan, Step, Stopped
from arena.train.ready import prepare
from arena.train.run import train
from arena.train.trainer import build, quiet
from arena.train.work import opened
from tests.data_rows import label, pair
from tests.tiny_base import write_tiny_base

pytest.importorskip("trl", reason="training is an extra: pip install 'selfplay-arena[train]'")

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    return write_tiny_base(tmp_path_factory.mktemp("base") / "tiny")


@pytest.fixture(autouse=True)
def one_thread():
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@dataclass
class Told:
    """What a training told, and when it is to end."""

    halt_after: int = 0
    steps: list[Step] = field(default_factory=list)

    def watch(self, step: Step) -> None:
        self.steps.append(step)

    def halted(self) -> bool:
        return self.halt_after > 0 and len(self.steps) + 1 >= self.halt_after


def rows_in(path: Path, rows, format="dpo", test_share=0.0) -> Path:
    write(path, rows, Shape(format=format, name="Test", command="arena pairs"), Rules(test_share=test_share))
    return path


def plan_of(base: Path, root: Path, data: Path, **more) -> Plan:
    places = {"checkpoints": root / "checkpoints", "work": root / "training"}
    return Plan(**({"method": "dpo", "base": str(base), "data": (data,), "lr": 1e-2} | places | more))


@pytest.mark.parametrize(
    ("method", "format", "first"),
    [("dpo", "dpo", log(2)), ("kto", "kto", 0.5), ("sft", "sft", None), ("sft", "dpo", None)],
)
def test_every_method_lowers_its_loss_and_adds_a_checkpoint(base, tmp_path, method, format, first):
    rows = [label(n, n % 2 == 0) if format == "kto" else pair(n) for n in range(32)]
    data = rows_in(tmp_path / "d", rows, format, 0.2)
    given = (("loss_type", "sigmoid"),) if method == "dpo" else ()
    plan = plan_of(base, tmp_path, data, method=method, settings=given)
    told = Told()
    trained = train(plan, watch=told.watch)
    assert [step.step for step in told.steps] == list(range(1, trained.steps + 1))
    assert all(isfinite(step.loss) for step in told.steps)
    if first is not None:
        assert told.steps[0].loss == pytest.approx(first, abs=1e-4)
    assert trained.metrics["last/loss"] < trained.metrics["first/loss"]
    assert isfinite(trained.metrics["test/loss"])
    found = Registry(plan.checkpoints).find("latest")
    assert found.id == trained.checkpoint and found.method == method and found.base == str(base)
    assert set(found.files) == {"adapter_config.json", "adapter_model.safetensors"}
    assert json.loads(found.config)["settings"]["lora_r"] == 16
    assert {"torch", "trl", "transformers", "peft"} <= set(found.versions)
    assert found.data_digest == prepare(plan).files[0].digest


def test_the_same_plan_again_trains_nothing_and_gives_the_same(base, tmp_path):
    plan = plan_of(base, tmp_path, rows_in(tmp_path / "d", map(pair, range(8))))
    one = train(plan)
    told = Told()
    again = train(plan, watch=told.watch)
    assert (again.checkpoint, again.resumed, len(told.steps)) == (one.checkpoint, one.steps, one.steps)
    assert len(Registry(plan.checkpoints).checkpoints()) == 1
    assert train(msgspec.structs.replace(plan, fresh=True)).checkpoint == one.checkpoint


def test_a_checkpoint_is_gone_on_from_and_is_its_own_reference(base, tmp_path):
    data = rows_in(tmp_path / "d", map(pair, range(12)))
    one = train(plan_of(base, tmp_path, data))
    told = Told()
    given = (("loss_type", "sigmoid"),)
    two = train(plan_of(base, tmp_path, data, start="gen/1", settings=given), watch=told.watch)
    assert told.steps[0].loss == pytest.approx(log(2), abs=1e-4)
    registry = Registry(tmp_path / "checkpoints")
    assert registry.find(two.checkpoint).parent == one.checkpoint
    assert set(registry.find(two.checkpoint).files) == {"adapter_config.json", "adapter_model.safetensors"}


def test_a_checkpoint_that_is_damaged_or_of_another_base_is_refused(base, tmp_path):
    data = rows_in(tmp_path / "d", map(pair, range(8)))
    one = train(plan_of(base, tmp_path, data))
    other = write_tiny_base(tmp_path / "other", seed=1)
    with pytest.raises(ValueError, match="is an adapter for"):
        prepare(plan_of(other, tmp_path, data, start="gen/1"))
    path = tmp_path / "checkpoints" / one.checkpoint / "adapter" / "adapter_model.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(CorruptCheckpoint):
        prepare(plan_of(base, tmp_path, data, start="gen/1"))


PROGRAM = """
import os, signal, sys
from pathlib import Path
import msgspec, torch
from arena.train.plan import Plan
from arena.train.run import train

torch.set_num_threads(1)
plan = msgspec.json.decode(sys.argv[1], type=Plan, dec_hook=lambda kind, value: kind(value))
last = int(sys.argv[2])

def watch(step):
    if step.step == last:
        os.kill(os.getpid(), signal.SIGKILL)

print(train(plan, watch=watch).resumed)
"""


def run(plan: Plan, last: int) -> subprocess.CompletedProcess:
    asked = msgspec.json.encode(plan, enc_hook=str).decode()
    command = [sys.executable, "-W", "ignore", "-c", PROGRAM, asked, str(last)]
    return subprocess.run(command, capture_output=True, text=True, cwd=Path(__file__).parent.parent)


@pytest.mark.parametrize("start", ["", "gen/1"])
def test_after_kill_9_the_finished_adapter_is_the_same_to_the_byte(base, tmp_path, start):
    """Equal are the adapter's files, the checkpoint's id and every figure of every step but its seconds."""
    data = rows_in(tmp_path / "d", map(pair, range(20)))
    if start:
        train(plan_of(base, tmp_path, data, steps=3))
    given = (("save_steps", "3"),)
    whole = plan_of(base, tmp_path, data, start=start, settings=given, work=tmp_path / "whole")
    broken = msgspec.structs.replace(whole, work=tmp_path / "broken")
    assert run(whole, 0).returncode == 0
    assert run(broken, 8).returncode == -signal.SIGKILL
    done = run(broken, 0)
    assert done.stdout.strip() == "6", done.stderr
    one, other = prepare(whole).folder, prepare(broken).folder
    for path in sorted((one / "adapter").iterdir()):
        assert path.read_bytes() == (other / "adapter" / path.name).read_bytes(), path.name
    assert figures(one) == figures(other) and len(figures(one)) == 10


def figures(folder: Path) -> list[Step]:
    lines = (folder / "metrics.jsonl").read_bytes().splitlines()
    return [msgspec.structs.replace(msgspec.json.decode(line, type=Step), seconds=0.0) for line in lines]


def test_resting_points_are_made_by_the_clock_unless_steps_are_named(base, tmp_path, monkeypatch):
    data = rows_in(tmp_path / "d", map(pair, range(12)))
    monkeypatch.setattr(arena.train.watch, "LEAST", 0.0)
    monkeypatch.setattr(arena.train.watch, "_SHARE", 1e9)
    sealed = []
    monkeypatch.setattr(arena.train.watch.Watch, "rested", lambda self, step: sealed.append(step))
    train(plan_of(base, tmp_path, data))
    assert sealed == [1, 2, 3, 4, 5, 6]
    del sealed[:]
    train(plan_of(base, tmp_path, data, settings=(("save_steps", "4"),)))
    assert sealed == [4, 6]


def test_an_end_that_is_asked_for_saves_and_is_gone_on_from(base, tmp_path):
    data = rows_in(tmp_path / "d", map(pair, range(20)))
    plan = plan_of(base, tmp_path, data, settings=(("save_steps", "100"),))
    told = Told(halt_after=4)
    with pytest.raises(Stopped, match="stopped after step 4 of 10"):
        train(plan, watch=told.watch, halted=told.halted)
    assert train(plan).resumed == 4


def logps(trainer) -> list[tuple[float, float]]:
    data = trainer.train_dataset
    return list(zip(data["ref_chosen_logps"], data["ref_rejected_logps"], strict=True))


@pytest.mark.parametrize("start", ["", "gen/1"])
def test_old_log_probabilities_of_all_roles_are_taken_before_the_first_step(base, tmp_path, start):
    """They are those of the model that training began with, taken here in another way, and stay so."""
    one = rows_in(tmp_path / "a", [pair(n, seat="x") for n in range(6)])
    other = rows_in(tmp_path / "b", [pair(n, seat="o") for n in range(20, 26)])
    if start:
        train(plan_of(base, tmp_path, one, steps=3))
    plan = msgspec.structs.replace(plan_of(base, tmp_path, one, start=start), data=(one, other))
    with opened(tmp_path / "w", fresh=True) as work, quiet():
        trainer = build(prepare(plan), work, [], lambda text: None).trainer
        before = logps(trainer)
        assert len(before) == 12
        for (chosen, rejected), row in zip(before, trainer.train_dataset, strict=True):
            assert chosen == pytest.approx(
                scored(trainer.model, row["prompt_ids"], row["chosen_ids"]), abs=1e-3
            )
            assert rejected == pytest.approx(
                scored(trainer.model, row["prompt_ids"], row["rejected_ids"]), abs=1e-3
            )
        trainer.train()
        assert logps(trainer) == before
        row = trainer.train_dataset[0]
        now = scored(trainer.model, row["prompt_ids"], row["chosen_ids"])
        assert abs(now - before[0][0]) > 1e-2  # the model itself has moved


def test_ends_of_answers_count_in_no_log_probability_when_they_are_not_to_be_trained(base, tmp_path):
    data = rows_in(tmp_path / "d", map(pair, range(6)))
    with opened(tmp_path / "w", fresh=True) as work, quiet():
        plan = plan_of(base, tmp_path, data, ends=False)
        trainer = build(prepare(plan), work, [], lambda text: None).trainer
        special = set(trainer.processing_class.all_special_ids)
        for (chosen, _), row in zip(logps(trainer), trainer.train_dataset, strict=True):
            ids = row["chosen_ids"]
            last = max(place for place, token in enumerate(ids) if token in special)
            assert chosen == pytest.approx(scored(trainer.model, row["prompt_ids"], ids[:last]), abs=1e-3)
        trainer.train()


def scored(model, prompt: list[int], answer: list[int]) -> float:
    """The log-probability of an answer under a model as it is, by its plain forward pass."""
    import torch

    with torch.no_grad():
        logits = model(input_ids=torch.tensor([prompt + answer])).logits[0, len(prompt) - 1 : -1].float()
    picked = logits.log_softmax(-1)[range(len(answer)), answer]
    return float(picked.sum())


def test_training_writes_nothing_to_the_terminal(base, tmp_path, capfd):
    train(plan_of(base, tmp_path, rows_in(tmp_path / "d", map(pair, range(8))), steps=1))
    said = capfd.readouterr()
    assert (said.out, said.err) == ("", "")
    assert "TQDM_DISABLE" not in os.environ
