"""A language model inside the arena: ``llamacpp/smollm2``, or any GGUF file.

All agents and matches of the process that want the same model share one server; see `llama_server`.
The same seed need not give the same text: llama.cpp's sums depend on what is batched together, and on how
much of the prompt it still knew. Replays keep the text for that reason; ``parallel=1,reuse=false`` is exact.
"""

import asyncio
import logging
import os
import time
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from arena.agent import Activity, AgentUnavailable, Reply, Turn
from arena.models.folder import template_digest
from arena.models.lora import adapter_digest, gguf_lora
from arena.models.weights import BUNDLED, Quant, fingerprint, locate, quantized

from .chat import Chat
from .endpoint import Endpoint
from .llama_server import Address, Launch, Share
from .slots import Family

_NOWHERE = "http://127.0.0.1/v1"
"""The URL of a server that is not started, because nothing is asked."""

_slot: ContextVar[int | None] = ContextVar("slot", default=None)
"""Which of the server's slots is to answer; None leaves it to the server."""

_log = logging.getLogger(__name__)
_log.addHandler(logging.NullHandler())


@dataclass(frozen=True, kw_only=True)
class LlamaCpp(Chat):
    """A chat model served by llama.cpp on this machine's processor."""

    target: str = "smollm2"
    """The model: "smollm2", a path that ends in .gguf, or ``owner/repo[:file]`` on the Hugging Face hub."""
    adapter: str = ""
    """A LoRA adapter of that model: the folder that PEFT wrote, or a .gguf file. Base and adapters are played
    by one server, each request by its own."""
    quant: Literal["auto", "as-is", "q8_0", "q4_0"] = "auto"
    """How the weights are stored; "auto" is q8_0 for "smollm2" and as-is for other files."""
    context_size: int = 4096
    """Tokens that prompt and answer may have together."""
    parallel: int = 8
    """Answers that the server works on at once; each takes memory for `context_size` tokens."""
    threads: int = 0
    """Threads of the server; 0 is one for each processor that this process may use."""
    reuse: bool = True
    """Whether work on a beginning that prompts share is done once. False is slower, and with ``parallel=1``
    makes a text follow from prompt, options and seed alone."""
    limit: int = 0
    """Calls in flight at once; 0 is `parallel`, so that queueing is not counted as the agent's time."""
    legal: Literal["show", "hide", "constrain", "retry"] = "constrain"
    """Whether legal moves are told and enforced. Small models keep to no form of answer unless it is
    enforced; with ``legal=show`` a larger one may think before it moves."""
    temperature: float | None = 0.3
    max_tokens: int = 256
    tries: int = 4
    price_in: float | None = 0.0
    price_out: float | None = 0.0
    share: Share = field(default_factory=Share, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name, least in (("context_size", 64), ("parallel", 1), ("threads", 0)):
            if getattr(self, name) < least:
                raise ValueError(f"{name}={getattr(self, name)!r}: expected {least} or more")
        if self.quant == "auto":
            object.__setattr__(self, "quant", "q8_0" if self.target in BUNDLED else "as-is")
        if self.limit == 0:
            object.__setattr__(self, "limit", self.parallel)
        super().__post_init__()

    async def ready(self) -> None:
        if self.cache != "only":
            await self._open()
        async with self._wave():
            await super().ready()

    def template(self) -> str:
        try:
            return template_digest(self.target)
        except AgentUnavailable:  # it cannot play either, which `ready` says
            return ""

    async def act(self, turn: Turn) -> Reply:
        if self.cache != "only":
            # before the wave: a server that has to be started anew waits until no call is in flight
            await self._open()
        asked = time.monotonic()
        async with self._wave():
            waited = time.monotonic() - asked
            with self._pinned(turn):
                reply = await self._answer(turn)
        # the server calls itself by its base
        usage = replace(reply.usage, wait=reply.usage.wait + waited, model=self._model())
        return replace(reply, usage=usage)

    async def _answer(self, turn: Turn) -> Reply:
        try:
            return await super().act(turn)
        except AgentUnavailable as error:
            if "context size" in str(error):
                raise AgentUnavailable(
                    f"{error} with the option context_size, now {self.context_size}"
                ) from None
            if death := self.share.death:
                raise AgentUnavailable(f"{error}; the embedded server is gone: {death}") from None
            raise

    def sampling(self, endpoint: Endpoint) -> dict[str, Any]:
        settings = {**super().sampling(endpoint), "cache_prompt": self.reuse}
        if self.adapter:
            # those that are not named do not act
            settings["lora"] = [{"id": number, "scale": 1.0} for number in self.share.numbers]
        if (slot := _slot.get()) is not None:
            settings["id_slot"] = slot
        return settings

    def activity(self) -> Activity | None:
        activity, waves = super().activity(), self.share.waves
        return replace(activity, queued=activity.queued + waves.queued) if activity and waves else activity

    async def endpoint(self) -> Endpoint:
        if self.cache == "only":
            return Endpoint(_NOWHERE, self._model(), source=self._source)
        address = await self._open()
        return Endpoint(address.url, self._model(), address.key, source=self._source)

    async def close(self) -> None:
        await super().close()
        await asyncio.to_thread(self.share.close)

    @cached_property
    def _source(self) -> str:
        """What tells these weights from others of the same name."""
        path = Path(self.target).expanduser()
        which = fingerprint(path) if path.is_file() else self.target
        adapter = f",adapter={adapter_digest(self._adapter_path)}" if self.adapter else ""
        return f"llamacpp/{which}{adapter},quant={self.quant},context_size={self.context_size}"

    @property
    def _adapter_path(self) -> Path:
        return Path(self.adapter).expanduser()

    def _wave(self) -> AbstractAsyncContextManager[None]:
        """A place in a wave of requests with this agent's adapter; at once where nobody is asked."""
        waves = self.share.waves
        return waves.slot(self.adapter) if waves else nullcontext()

    @contextmanager
    def _pinned(self, turn: Turn) -> Iterator[None]:
        """A time in which requests go to the slot that knows most of the turn's prompt."""
        slots = self.share.slots
        if slots is None or self.candidates > 1:
            yield
            return
        with slots.taken(Family(self.adapter, turn.seat, turn.rules)) as slot:
            before = _slot.set(slot)
            try:
                yield
            finally:
                _slot.reset(before)

    async def _open(self) -> Address:
        """Where the server answers, started if it is not there."""
        address = self.share.address
        if address is None:
            launch = await asyncio.to_thread(self._launch)
            address = await asyncio.to_thread(self.share.open, launch)
        return address

    def _launch(self) -> Launch:
        quant: Quant = "as-is" if self.quant == "auto" else self.quant
        base = locate(self.target)
        path = quantized(base, quant, _log.info)
        adapters = (gguf_lora(self._adapter_path, base, _log.info),) if self.adapter else ()
        size = self.context_size, self.parallel, self.threads or processors()
        return Launch(path, self._base(), *size, adapters)

    def _base(self) -> str:
        name = self.target.rpartition("/")[2].removesuffix(".gguf")
        return name if self.quant == "as-is" else f"{name}-{self.quant}"

    def _model(self) -> str:
        return f"{self._base()}+{self._adapter_path.name}" if self.adapter else self._base()


def processors() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


agent = LlamaCpp
