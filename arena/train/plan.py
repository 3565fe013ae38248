"""`Plan`: what to train on what, and how; `Step` and `Trained`: what is told while it runs and in the end."""

from pathlib import Path
from typing import Literal, TypeAlias

import msgspec

from arena.data.check import Finding
from arena.data.hygiene.split import Seeds

Method: TypeAlias = Literal["dpo", "kto", "sft", "grpo"]
Device: TypeAlias = Literal["auto", "cpu", "cuda"]
Value: TypeAlias = str | int | float | bool | list[str] | list[float] | dict[str, object] | None
"""What a field of a TRL configuration may hold."""


class Matches(msgspec.Struct, frozen=True, kw_only=True):
    """GRPO over whole matches: one seat learns, `Plan.opponent` holds the others."""

    game: str
    """As typed, such as "kuhn_poker"."""
    seats: tuple[str, ...] = ()
    """The seats that learn, one a match, in turn; all of the game's when empty."""
    context: Literal["state", "chat", "tools"] = "state"
    """What a learner is sent and trained on: rules and observation, of which one decision a match is drawn;
    its whole conversation, in which what others wrote is masked; or the results of a tool that it calls, for
    bases whose chat template knows tools."""
    retries: int = 2
    """Tries after a bad answer, as in `arena.match`."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """All that decides what comes out, but for the files that it names."""

    method: Method
    data: tuple[Path, ...] = ()
    """Folders that `arena pairs` wrote, or files of rows. None for GRPO over whole matches."""
    base: str = "smollm2"
    """See `arena.models.folder.transformers_folder`."""
    start: str = ""
    """The checkpoint to go on from, by its name in the registry, or the folder of an adapter; empty for a new
    adapter. DPO and KTO then keep a frozen copy of it as their reference."""
    steps: int | None = None
    epochs: float | None = None
    lr: float | None = None
    batch: int | None = None
    """Rows of a step."""
    settings: tuple[tuple[str, str], ...] = ()
    """Fields of TRL's configuration, or of LoRA (``lora_r``), with their values as typed."""
    ends: bool = True
    """Whether DPO trains the end of each answer too. Who chooses among legal moves never writes one, but it
    takes most of the gradient of answers of one word."""
    doubt: bool = False
    """Whether DPO smooths its labels by the mean chance that a row prefers the worse answer, as its z tells:
    the loss of both orders is weighed by how likely each is. Source: Z. Wang et al., "CREAM" (2024), arXiv
    2410.12735, whose measure is how far the rankings of two generations of the model agree."""
    seed: int = 0
    held_out: tuple[Seeds, ...] = ()
    """Scenario seeds that are kept for evaluation: a row of one is refused."""
    matches: Matches | None = None
    baseline: Literal["group", "role"] = "group"
    """With GRPO, what is taken from a reward before the mean of its group: nothing, or what its role gets in
    its game on the average; see `arena.train.baseline`."""
    opponent: str = "random"
    """With GRPO, who holds the other seats of a match, or every seat after a position: any agent, a frozen
    checkpoint too. In whole matches "self" is the learner as it is now."""
    playouts: int = 1
    """With GRPO over positions, how often each answer is played on to the end."""
    device: Device = "auto"
    checkpoints: Path = Path("checkpoints")
    """The registry that the adapter is added to, and where `start` is looked for."""
    work: Path = Path("training")
    """Where it is worked, in a folder of its own for each plan."""
    licence: str = ""
    """Of the base, for the registry; empty when it is not known."""
    fresh: bool = False
    """Start over, even when half of it is done."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What one optimizer step measured. None where the method has no such figure."""

    step: int
    """From 1."""
    steps: int
    """How many there will be."""
    epoch: float
    seconds: float
    """That the step took; a report, nothing depends on it."""
    tokens: int
    """That were trained on since the first step, padding left out."""
    loss: float
    lr: float
    margin: float | None = None
    """Mean implicit reward of the chosen completion over that of the rejected one, in nats times beta."""
    accuracy: float | None = None
    """DPO: share of pairs whose chosen completion has the higher implicit reward; SFT: share of tokens that
    were the likeliest."""
    reward: float | None = None
    """GRPO: mean reward."""
    figures: dict[str, float] = {}
    """All that TRL logged, by its names."""


class Trained(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a plan."""

    checkpoint: str
    """Its id in the registry."""
    name: str
    """How people call it there: ``gen/3``."""
    adapter: Path
    """A folder that PEFT reads; the registry holds a copy."""
    folder: Path
    """Where it was worked: ``metrics.jsonl``, ``plan.json`` and the last resting points."""
    steps: int
    resumed: int
    """The step that this run went on from: 0 from the start, `steps` when all had been done before."""
    tokens: int
    seconds: float
    """Of the steps, those of earlier runs included."""
    metrics: dict[str, float]
    """Means over the first and the last tenth of the steps, and on the rows of the test split."""
    findings: tuple[Finding, ...]
    """What the look at the rows told before anything was trained."""


class Stopped(Exception):
    """Somebody asked for an end; all that was trained is saved, and the same plan goes on from there."""

    def __init__(self, step: int, steps: int, folder: Path) -> None:
        super().__init__(f"stopped after step {step:,} of {steps:,}; the same command goes on from there")
        self.step, self.steps, self.folder = step, steps, folder
