"""Calls to one OpenAI-compatible endpoint: streamed, timed out, tried again, counted.

Retries are ours, not the SDK's: a retry must wait outside the gate, honour any Retry-After, draw its
jitter from the turn's seed, and keep the time it lost apart from the model's own. The stream is read
raw, not through the SDK's types: parsing a chunk into them costs more than all the rest of a call.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from arena.agent import AgentUnavailable
from arena.seeding import derive

from .dialect import Call, Dialect
from .gate import Gate
from .stream import Body, Choice, Reader
from .trouble import Trouble, refused, server_says, unconnected
from .wire import BadBody, Tokens

if TYPE_CHECKING:
    from openai import AsyncOpenAI

OPENAI = "https://api.openai.com/v1"
CONNECT = 10.0
"""Seconds that a connection may take to be accepted."""
_TAIL = 1.0
"""Seconds that the end of a response may take once the server said that it is done."""
_LONGEST_WAIT = 30.0


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a model answers."""

    url: str
    """Base URL, such as "http://127.0.0.1:8080/v1"."""
    model: str
    key: str = field(default="none", repr=False)
    """The secret sent with every call."""
    key_env: str = ""
    """The environment variable the key came from, for messages; empty when no key is needed."""

    @property
    def is_openai(self) -> bool:
        """Whether it is OpenAI's own, whose dialect and prices are known."""
        return self.url.rstrip("/") == OPENAI


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for what; seconds, but for `tries`."""

    first: float = 120.0
    idle: float = 60.0
    total: float = 900.0
    tries: int = 8
    seconds: float = 300.0
    """For the failed attempts and back-offs of one call together."""
    backoff: float = 0.5

    def delay(self, seed: int, tried: int, after: float | None = None) -> float:
        """Seconds to wait after `tried` failed attempts, of which the server asks for `after`.

        Full jitter, because calls that wait equally long come back as a herd.
        """
        share: float = derive(seed, "retry", tried) / 2**63
        if after is not None:
            return after + share * self.backoff
        return share * min(_LONGEST_WAIT, self.backoff * 2.0 ** (tried - 1))


@dataclass(frozen=True, slots=True)
class Completion:
    """What a call gave."""

    choices: tuple[Choice, ...]
    """As many as were asked for, or fewer when the server does not know how."""
    tokens: Tokens
    model: str
    seconds: float
    """The attempt that answered."""
    wait: float
    """Queueing, failed attempts and back-offs."""
    first: float | None
    """Seconds to the first token of the attempt that answered; None when there was none before the end."""
    streamed: bool
    notes: tuple[str, ...]
    """What was sent otherwise than asked for."""


class Refused(AgentUnavailable):
    """The server is there and will not take this request, however often it is sent."""


class _Answer(NamedTuple):
    body: Body
    seconds: float
    first: float | None


class Client:
    """One model at one endpoint in one event loop, shared by all agents that ask it; see `connect`."""

    def __init__(self, endpoint: Endpoint, sdk: "AsyncOpenAI", limit: int) -> None:
        self.endpoint = endpoint
        self.sdk = sdk
        self.gate = Gate(limit)
        self.dialect = Dialect(openai=endpoint.is_openai)
        self.owners: set[int] = set()
        self.held: dict[str, str] = {}
        """By kind of constraint, why it does not hold here; empty when it does. Kept by `constraint.find`."""
        self.probing = asyncio.Lock()

    async def complete(self, call: Call, patience: Patience) -> Completion:
        """The answer, after as many attempts as it takes.

        Raises:
            AgentUnavailable: the world failed, with what to do about it; `Refused` when trying is no use.
        """
        clock = asyncio.get_running_loop().time
        began, lost, tried = clock(), 0.0, 0
        while True:
            async with self.gate.slot():
                sent = clock()
                try:
                    body, seconds, first = await self._answer(call, patience)
                except Trouble as error:
                    trouble = error
                else:
                    wait = clock() - began - seconds
                    return Completion(
                        body.choices,
                        body.tokens,
                        body.model,
                        seconds,
                        wait,
                        first,
                        body.streamed,
                        self.dialect.notes,
                    )
            tried += 1
            lost += clock() - sent
            delay = patience.delay(call.seed, tried, trouble.after)
            if not trouble.retry or tried >= patience.tries or lost + delay > patience.seconds:
                raise await self._unavailable(trouble, tried, lost) from None
            await asyncio.sleep(delay)
            lost += delay

    async def models(self) -> tuple[str, ...]:
        """The models that the server lists; empty when it does not."""
        import openai

        try:
            answer = await self.sdk.models.with_raw_response.list(timeout=CONNECT)
            return tuple(model.id for model in _models.decode(answer.content).data)
        except (openai.OpenAIError, msgspec.DecodeError, UnicodeDecodeError):
            return ()

    async def _answer(self, call: Call, patience: Patience) -> _Answer:
        """One attempt, sent again at once without a field that the server turns out not to know."""
        import openai

        while True:
            fields = self.dialect.fields(call)
            try:
                answer = await self._attempt(fields, patience)
            except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
                said = server_says(error)
                if self.dialect.adapt(error, said, fields):
                    continue
                if "output limit was reached" in said:
                    # how OpenAI says that a model used up its tokens before it wrote anything
                    return _Answer(Body((Choice(finish="length"),)), 0.0, None)
                raise refused(error, self.endpoint.key_env) from None
            if "n" in fields and len(answer.body.choices) < call.samples:
                self.dialect.ignores("n")
            return answer

    async def _attempt(self, fields: Mapping[str, object], patience: Patience) -> _Answer:
        import httpx2
        import openai

        reader = Reader()
        clock = asyncio.get_running_loop().time
        sent = clock()
        last = sent + patience.total
        first: float | None = None
        try:
            async with (
                asyncio.timeout_at(min(sent + patience.first, last)) as deadline,
                # servers know more fields than the SDK's types, so the whole request goes as extra_body
                self.sdk.chat.completions.with_streaming_response.create(
                    messages=[], model=self.endpoint.model, stream=True, extra_body=fields
                ) as response,
            ):
                async for piece in response.http_response.aiter_bytes():
                    if reader.feed(piece) and first is None:
                        first = clock() - sent
                    if reader.full:
                        break
                    if reader.done:
                        deadline.reschedule(clock() + _TAIL)
                    elif first is not None:
                        deadline.reschedule(min(clock() + patience.idle, last))
            return _Answer(reader.end(), clock() - sent, first)
        except (openai.BadRequestError, openai.UnprocessableEntityError):
            raise
        except openai.APIStatusError as error:
            raise refused(error, self.endpoint.key_env) from None
        except openai.APIConnectionError as error:
            raise unconnected(error) from None
        except BadBody as error:
            raise Trouble(f"the server {error}", retry=error.retry) from None
        except (TimeoutError, httpx2.HTTPError) as error:
            if not reader.complete:
                raise _broken(error, patience, first, clock() >= last) from None
            return _Answer(reader.end(), clock() - sent, first)

    async def _unavailable(self, trouble: Trouble, tried: int, lost: float) -> AgentUnavailable:
        message = f"{self.endpoint.model} at {self.endpoint.url}: {trouble}"
        if trouble.missing and (names := await self.models()):
            message += f"; it has {', '.join(names[:5])}" + (" and others" if len(names) > 5 else "")
        if tried > 1:
            message += f" (tried {tried} times in {lost:.0f} s)"
        if trouble.after is not None and trouble.after > 1:
            message += f"; it asks to be left alone for {trouble.after:.0f} s"
        if self.endpoint.key != "none":
            message = message.replace(self.endpoint.key, "…")
        message = "".join(char for char in message if char.isprintable())
        return AgentUnavailable(message) if trouble.retry else Refused(message)


class _Model(msgspec.Struct):
    id: str


class _Models(msgspec.Struct):
    data: list[_Model]


_models = msgspec.json.Decoder(_Models)


def _broken(error: Exception, patience: Patience, first: float | None, late: bool) -> Trouble:
    """A response that stopped before its end."""
    if not isinstance(error, TimeoutError):
        said = f"the connection broke in the middle of an answer: {str(error) or type(error).__name__}"
    elif late:
        said = f"the answer was not finished within total_timeout={patience.total:g} s"
    elif first is None:
        said = f"no token came within first_timeout={patience.first:g} s"
    else:
        said = f"the answer stalled for idle_timeout={patience.idle:g} s"
    return Trouble(said, retry=True)
