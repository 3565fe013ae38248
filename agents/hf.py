"""A model that transformers runs in this process: ``hf/smollm2``, ``hf/<folder>,adapter=<folder>``.

It knows the probability of every legal move, which servers do not tell: `Reply.candidates` has them all.
"""

import asyncio
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import msgspec

from arena.agent import Activity, Agent, AgentUnavailable, Candidate, Message, Reply, Turn, Usage
from arena.models.folder import template_digest
from arena.models.lora import CONFIG, adapter_digest
from arena.seeding import derive

from .answer import Form, split_thinking
from .hf_engine import Adapter, Answered, Dtype, Engine, Question, Weights
from .hf_model import Sampling, Written
from .hf_moves import drawn
from .hf_pool import hold, let_go
from .prompt import load
from .stream import Choice
from .verdict import judge, most_frequent, sampled

_GREETING = (Message("user", "Answer with the word ok."),)


@dataclass(frozen=True, kw_only=True)
class HuggingFace(Agent):
    """A chat model, with or without a LoRA adapter, on this machine's processor or accelerator."""

    target: str = "smollm2"
    """The model: "smollm2", a folder that transformers or PEFT wrote, a path that ends in .gguf, or
    ``owner/repo`` on the Hugging Face hub."""
    adapter: str = ""
    """The folder of a PEFT adapter of that model. Base and adapters share the base's weights."""
    legal: Literal["show", "hide", "constrain", "retry"] = "constrain"
    """Whether legal moves are told: always, never, and chosen among by their probabilities, or only on a
    re-ask. Where moves are free text, "constrain" is "show"."""
    context: Literal["state", "chat"] = "state"
    """What is sent: rules and observation, or the seat's whole conversation so far."""
    candidates: int = 1
    """How many free answers are sampled; the most frequent legal move is played."""
    temperature: float = 0.3
    """0 takes the likeliest; 1 draws by the model's own probabilities."""
    top_p: float = 1.0
    """The share of likely tokens that a free answer is drawn from."""
    max_tokens: int = 256
    """Tokens that a free answer may have, thinking included."""
    system: str = ""
    """Path of a file whose text replaces the system section of the prompt."""
    prompt: str = ""
    """Path of a file that replaces ``prompt.md``; "brief" leaves the rules out."""
    parallel: int = 16
    """Turns of concurrent matches that are worked on together; each takes memory for its prompt."""
    device: str = "auto"
    """"cpu", "cuda" or "cuda:1"; "auto" is an accelerator where there is one."""
    dtype: Dtype = "auto"
    """How the weights are held; "auto" is float32 on a processor and as stored on an accelerator."""

    def __post_init__(self) -> None:
        for name in ("candidates", "max_tokens", "parallel"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name}={getattr(self, name)!r}: expected 1 or more")
        if not self.temperature >= 0:
            raise ValueError(f"temperature={self.temperature!r}: expected 0 or more")
        if not 0 < self.top_p <= 1:
            raise ValueError(f"top_p={self.top_p!r}: expected a share above 0, at most 1")
        load(self.prompt, self.system)

    async def act(self, turn: Turn) -> Reply:
        if self.legal == "constrain" and turn.legal:
            return await self._chosen(turn)
        return await self._written(turn)

    async def probabilities(self, turn: Turn) -> tuple[float, ...] | None:
        if self.legal != "constrain" or not turn.legal:
            return None
        question = self._question(self._messages(turn, "bare"), _family(turn))
        scored, _, _ = await self._engine.score(question, turn.legal, self.parallel)
        return scored.chances(self.temperature)

    def template(self) -> str:
        try:
            return template_digest(self._base)
        except AgentUnavailable:  # it cannot play either, which `ready` says
            return ""

    async def ready(self) -> None:
        """Load the weights and answer once.

        Raises:
            AgentUnavailable: they cannot be loaded, with what to do about it.
        """
        await self._engine.write(self._question(_GREETING, "ready"), Sampling(0, 0.0, 1.0, 1), 1)

    def activity(self) -> Activity | None:
        if "_engine" not in vars(self):
            return None
        engine = self._engine
        return Activity(f"{self._model} @ this process", engine.busy, self.parallel, engine.queued)

    async def close(self) -> None:
        vars(self).pop("_engine", None)
        await asyncio.to_thread(let_go, self)

    @cached_property
    def _engine(self) -> Engine:
        return hold(Weights(self._base, self.device, self.dtype), self)

    @cached_property
    def _adapter(self) -> Path | None:
        if self.adapter:
            return Path(self.adapter).expanduser().resolve()
        folder = Path(self.target).expanduser()
        own = (folder / CONFIG).is_file() and not (folder / "config.json").is_file()
        return folder.resolve() if own else None

    @cached_property
    def _trained(self) -> Adapter | None:
        return Adapter(self._adapter, adapter_digest(self._adapter)) if self._adapter else None

    @cached_property
    def _base(self) -> str:
        """The base: the target, or what the target was trained from when that is an adapter."""
        if self.adapter or self._adapter is None:
            return self.target
        try:
            config = msgspec.json.decode((self._adapter / CONFIG).read_bytes(), type=_Trained)
        except (OSError, msgspec.DecodeError) as error:
            raise AgentUnavailable(f"{str(self._adapter / CONFIG)!r} cannot be read: {error}") from None
        return config.base_model_name_or_path

    @property
    def _model(self) -> str:
        name = Path(self._base).name.removesuffix(".gguf")
        return f"{name}+{self._adapter.name}" if self._adapter else name

    def _question(self, messages: tuple[Message, ...], family: str) -> Question:
        return Question(messages, family, self._trained)

    def _messages(self, turn: Turn, form: Form) -> tuple[Message, ...]:
        shown = self.legal in ("show", "constrain") or (self.legal == "retry" and turn.attempt > 0)
        prompt = load(self.prompt, self.system)
        return prompt.messages(turn, context=self.context, legal=shown, form=form)

    async def _chosen(self, turn: Turn) -> Reply:
        """One of the legal moves, by the model's probabilities."""
        legal = turn.legal or ()
        messages = self._messages(turn, "bare")
        question = self._question(messages, _family(turn))
        scored, seconds, wait = await self._engine.score(question, legal, self.parallel)
        number = drawn(scored.chances(self.temperature), derive(turn.seed, "move"))
        own = scored.chances()
        return Reply(
            legal[number],
            text=legal[number],
            messages=messages,
            usage=Usage(
                scored.input,
                scored.cached,
                scored.sizes[number],
                0,
                0.0,
                seconds,
                wait,
                self._model,
                "stop",
                ("constrained by log-probabilities",),
            ),
            candidates=tuple(
                Candidate(move, probability=chance, source="logprobs")
                for move, chance in zip(legal, own, strict=True)
            ),
        )

    async def _written(self, turn: Turn) -> Reply:
        """A move read from what the model writes."""
        free: Form = "whole" if turn.verbatim and turn.legal is None else "line"
        form: Form = free if turn.schema is None else "json"
        messages = self._messages(turn, form)
        question = self._question(messages, _family(turn))
        seeds = [turn.seed, *(derive(turn.seed, "sample", number) for number in range(1, self.candidates))]
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(self._sample(question, seed)) for seed in seeds]
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        answers = [task.result() for task in tasks]
        prompt = load(self.prompt, self.system)
        verdicts = [judge(_choice(answer.what), turn, form, prompt, self.max_tokens) for answer in answers]
        played = most_frequent(verdicts, turn.legal)
        notes = ("not constrained: moves are free text",) if self.legal == "constrain" else ()
        return Reply(
            played.move,
            played.fault,
            played.detail,
            played.choice.text,
            played.choice.thinking,
            messages,
            self._usage(answers, played.choice.finish, notes),
            sampled(verdicts) if self.candidates > 1 else (),
        )

    async def _sample(self, question: Question, seed: int) -> Answered[Written]:
        how = Sampling(derive(seed, "text"), self.temperature, self.top_p, self.max_tokens)
        return await self._engine.write(question, how, self.parallel)

    def _usage(self, answers: list[Answered[Written]], finish: str, notes: tuple[str, ...]) -> Usage:
        return Usage(
            sum(answer.what.input for answer in answers),
            sum(answer.what.cached for answer in answers),
            sum(answer.what.output for answer in answers),
            None,
            0.0,
            max(answer.seconds for answer in answers),
            max(answer.wait for answer in answers),
            self._model,
            finish,
            notes,
        )


class _Trained(msgspec.Struct):
    base_model_name_or_path: str


def _family(turn: Turn) -> str:
    """Prompts of one seat and rules begin alike."""
    return f"{turn.seat}\n{turn.rules}"


def _choice(written: Written) -> Choice:
    text, thinking = split_thinking(written.text)
    return Choice(text, thinking, finish="stop" if written.whole else "length")


agent = HuggingFace
