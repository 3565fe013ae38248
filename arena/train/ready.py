"""`Ready`: a plan with all that follows from it and from the files it names, known without torch."""

from hashlib import sha256
from pathlib import Path

import msgspec

from arena.agent import AgentUnavailable
from arena.data.check import Finding
from arena.registry import Checkpoint, Registry
from arena.registry.disk import hashes
from arena.train.base import Base, base_of
from arena.train.defaults import Rows, settings, steps
from arena.train.fields import given
from arena.train.machine import Machine, machine
from arena.train.plan import Plan, Value
from arena.train.preflight import Looked, look, lost
from arena.train.rows import DataFile, files

_SAMPLING = {
    "top_p",
    "top_k",
    "min_p",
    "repetition_penalty",
    "generation_kwargs",
    "use_vllm",
    "cache_implementation",
}
RECIPE = 1
"""Part of a work folder's name: raise it when the same plan would be trained otherwise."""


class Start(msgspec.Struct, frozen=True):
    """The adapter that training goes on from."""

    adapter: Path
    parent: str
    """Its id in the registry; empty when it is a folder from elsewhere."""
    digest: str
    """Tells its files from others."""


class Ready(msgspec.Struct, frozen=True, kw_only=True):
    """All that is known before the first step."""

    plan: Plan
    base: Base
    machine: Machine
    start: Start | None
    files: tuple[DataFile, ...]
    test: tuple[DataFile, ...]
    """Files of the test split, which are measured on in the end."""
    looked: Looked
    findings: tuple[Finding, ...]
    settings: dict[str, Value]
    """Every field of TRL's configuration, and of LoRA, that is set."""
    steps: int
    key: str
    """Names the work: 16 hexadecimal digits that follow from the plan and from the bytes of what it names."""

    @property
    def folder(self) -> Path:
        """Where it is worked."""
        return self.plan.work / self.key

    def config(self) -> str:
        """All settings as JSON, for people and for the registry; no path of this machine in it."""
        told = {
            "method": self.plan.method,
            "base": self.plan.base,
            "data": [
                {"name": f"{one.path.parent.name}/{one.path.name}", "sha256": one.digest}
                for one in self.files
            ],
            "start": self.plan.start and (self.start.parent or self.start.digest if self.start else ""),
            "matches": self.plan.matches,
            "opponent": self.plan.opponent if self.plan.method == "grpo" else "",
            "baseline": self.plan.baseline,
            "playouts": self.plan.playouts,
            "seed": self.plan.seed,
            "ends": self.plan.ends,
            "held_out": [tuple(one) for one in self.plan.held_out],
            "device": self.machine.device,
            "settings": self.settings,
            "findings": [tuple(one) for one in self.findings],
        }
        return msgspec.json.format(msgspec.json.encode(told, order="sorted")).decode()


def prepare(plan: Plan) -> Ready:
    """Look at all that a plan names; converts a GGUF base once.

    Raises:
        AgentUnavailable: the base or the adapter is not there.
        RegistryError: the registry has no such checkpoint, or its files are damaged.
        ValueError: settings are wrong, or the rows must not be trained on.
    """
    asked = given(plan.method, plan.settings)
    if not plan.data and not (plan.method == "grpo" and plan.matches):
        raise ValueError("there is nothing to train on: name a folder that `arena pairs --out` wrote")
    if plan.matches and (plan.method != "grpo" or plan.data):
        raise ValueError("--game plays whole matches for GRPO, and takes no rows")
    if not plan.ends and plan.method != "dpo":
        raise ValueError(f"--no-ends is for DPO: {plan.method} teaches how an answer ends as well")
    if plan.doubt and (plan.method != "dpo" or "label_smoothing" in asked):
        raise ValueError("--doubt sets label_smoothing of DPO: leave it out, or the other")
    if plan.matches and (unfit := sorted(_SAMPLING & asked.keys())):
        raise ValueError(f"--set {unfit[0]}: whole matches are sampled by temperature alone")
    base, found = base_of(plan.base), files(plan.data)
    where = machine(plan.device)
    looked = look(found, plan.method, base, plan.held_out) if found else Looked((), ())
    if plan.doubt:
        asked |= {"label_smoothing": _smoothing(looked)}
    longest = looked.longest or base.context
    count = len(looked.lengths) or 1
    made = settings(plan, asked, Rows(count, longest, looked.good, looked.bad), base, where)
    limit = made.get("max_length")
    told = lost(looked, limit) if found and isinstance(limit, int) else ()
    if plan.doubt and "sigmoid" not in _names(made["loss_type"]):
        raise ValueError(f"--doubt weighs both orders of loss_type=sigmoid, not of {made['loss_type']}")
    start = _start(plan, base)
    return Ready(
        plan=plan,
        base=base,
        machine=where,
        start=start,
        files=found,
        test=files(plan.data, "test") if plan.method != "grpo" else (),
        looked=looked,
        findings=(*looked.findings, *told),
        settings=made,
        steps=steps(made, count),
        key=_key(plan, base, start, found),
    )


def _smoothing(looked: Looked) -> float:
    """The mean chance that a row prefers the worse answer; at most just below that of a coin.

    Raises:
        ValueError: there are rows that do not say how sure they are.
    """
    if looked.doubt is None:
        raise ValueError(
            "--doubt: there are rows without z, which says how sure a preference is; "
            "make them with `arena pairs --scheme same-prompt`"
        )
    return round(min(looked.doubt, 0.49), 4)


def _names(value: Value) -> list[str]:
    return [str(one) for one in value] if isinstance(value, list) else [str(value)]


def _key(plan: Plan, base: Base, start: Start | None, found: tuple[DataFile, ...]) -> str:
    known = msgspec.json.encode(
        [
            RECIPE,
            plan.method,
            sorted(one.digest for one in found),
            base.digest,
            base.template,
            start.digest if start else "",
            [plan.steps, plan.epochs, plan.lr, plan.batch, sorted(plan.settings), plan.seed],
            [plan.ends, plan.doubt],
            [plan.matches, plan.opponent, plan.baseline, plan.playouts, plan.device],
        ]
    )
    return sha256(known).hexdigest()[:16]


def _start(plan: Plan, base: Base) -> Start | None:
    """The adapter to go on from.

    Raises:
        AgentUnavailable: the folder holds none.
        RegistryError: no checkpoint has the name, or its files are damaged.
        ValueError: it is of another base.
    """
    if not plan.start:
        return None
    folder = Path(plan.start).expanduser()
    if folder.is_dir():
        if not (folder / "adapter_config.json").is_file():
            raise AgentUnavailable(
                f"{plan.start!r} holds no adapter_config.json: expected a folder that PEFT wrote"
            )
        return Start(folder.resolve(), "", _digest(folder))
    registry = Registry(plan.checkpoints)
    checkpoint = registry.find(plan.start)
    _same_base(checkpoint, base, plan)
    if not checkpoint.trained:
        return None
    path = registry.path(checkpoint)
    return Start(path, checkpoint.id, _digest(path))


def _same_base(checkpoint: Checkpoint, base: Base, plan: Plan) -> None:
    if checkpoint.base_digest and checkpoint.base_digest != base.digest:
        raise ValueError(f"{plan.start} is an adapter for {checkpoint.base!r}, not for --base {plan.base}")
    if checkpoint.template_digest and checkpoint.template_digest != base.template:
        raise ValueError(f"{plan.start} was trained under another chat template than that of {plan.base}")


def _digest(folder: Path) -> str:
    return sha256(msgspec.json.encode(sorted(hashes(folder).items()))).hexdigest()
