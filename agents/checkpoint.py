"""A model of the registry: ``checkpoint/champion``, ``checkpoint/gen/3`` or the beginning of an id.

``champion`` and ``gen/3`` alone mean the same. What plays is the base with the checkpoint's adapter, in the
embedded engine or in transformers; the base and the files are checked against what the registry knows.
"""

from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from arena.agent import Activity, Agent, AgentUnavailable, Reply, Turn
from arena.game import Game
from arena.models.folder import base_digest
from arena.registry import Checkpoint, Registry, RegistryError

from .hf_engine import Dtype

_OWN = ("name", "target", "engine")


@dataclass(frozen=True, kw_only=True)
class FromCheckpoint(Agent):
    """Plays as a trained model; options that an engine does not have are refused by it."""

    target: str
    """"champion", "latest", ``gen/3``, or an id of the registry or its beginning."""
    engine: Literal["llamacpp", "hf"] = "llamacpp"
    """What runs the model: the embedded llama.cpp, or transformers."""
    legal: Literal["show", "hide", "constrain", "retry"] | None = None
    """This and the following are the engine's; None leaves each at the engine's default."""
    context: Literal["state", "chat"] | None = None
    temperature: float | None = None
    top_p: float | None = None
    max_tokens: int | None = None
    candidates: int | None = None
    system: str | None = None
    prompt: str | None = None
    quant: Literal["auto", "as-is", "q8_0", "q4_0"] | None = None
    context_size: int | None = None
    parallel: int | None = None
    threads: int | None = None
    reuse: bool | None = None
    device: str | None = None
    dtype: Dtype | None = None
    checkpoints: Path = field(
        default=Path("checkpoints"), compare=False, repr=False, metadata={"setting": "checkpoints"}
    )
    cache: str = field(default="off", compare=False, repr=False, metadata={"setting": "cache"})
    cache_dir: Path = field(
        default=Path("~/.cache/arena"), compare=False, repr=False, metadata={"setting": "cache_dir"}
    )
    max_cost: float | None = field(default=None, compare=False, repr=False, metadata={"setting": "max_cost"})

    def options(self) -> dict[str, object]:
        """What was asked for and, under the names of the engine, what it comes to."""
        engine = self._engine.options()
        told = {name: value for name, value in engine.items() if name not in ("adapter", "target")}
        return {"target": self.target, "engine": self.engine, "base": self._checkpoint.base, **told}

    def suits(self, game: Game[Any]) -> None:
        self._engine.suits(game)

    async def act(self, turn: Turn) -> Reply:
        return await self._engine.act(turn)

    async def ready(self) -> None:
        """Check the files, the base and the engine.

        Raises:
            AgentUnavailable: one of them is not what it has to be.
        """
        checkpoint = self._checkpoint
        now = base_digest(checkpoint.base)
        if checkpoint.base_digest and checkpoint.base_digest != now:
            raise AgentUnavailable(
                f"checkpoint {checkpoint.id} was trained from other weights than those that "
                f"{checkpoint.base!r} now names: install the ones it was trained from, or train it again"
            )
        await self._engine.ready()

    def template(self) -> str:
        return self._engine.template()

    async def probabilities(self, turn: Turn) -> tuple[float, ...] | None:
        return await self._engine.probabilities(turn)

    def activity(self) -> Activity | None:
        return self._engine.activity()

    async def close(self) -> None:
        if "_engine" in vars(self):
            await self._engine.close()

    @cached_property
    def _checkpoint(self) -> Checkpoint:
        try:
            return Registry(self.checkpoints).find(self.target)
        except RegistryError as error:
            raise AgentUnavailable(str(error)) from error

    @cached_property
    def _engine(self) -> Agent:
        """The base with the adapter, under the options that were given.

        Raises:
            AgentUnavailable: there is no such checkpoint, or its files are damaged.
            ValueError: the engine has no such option.
        """
        checkpoint = self._checkpoint
        try:
            adapter = Registry(self.checkpoints).path(checkpoint)
        except RegistryError as error:
            raise AgentUnavailable(str(error)) from error
        kind = _engine(self.engine)
        takes = {one.name for one in fields(kind) if one.init}
        given = {one.name: getattr(self, one.name) for one in fields(self) if one.name not in _OWN}
        options = {name: value for name, value in given.items() if value is not None and name in takes}
        if lacking := [
            one.name
            for one in fields(self)
            if one.compare and one.name not in takes | set(_OWN) and given.get(one.name) is not None
        ]:
            raise ValueError(f"engine={self.engine} has no option {lacking[0]!r}: leave it out")
        trained = {"adapter": str(adapter)} if checkpoint.trained else {}
        made: Agent = kind(name=self.name, target=checkpoint.base, **options, **trained)
        return made


def _engine(name: Literal["llamacpp", "hf"]) -> Any:
    """The class of agents that runs a model; each brings its own library."""
    if name == "hf":
        from .hf import agent as transformers

        return transformers
    from .llamacpp import agent as llamacpp

    return llamacpp


agent = FromCheckpoint
