"""A chat completion as servers write it, one document or one event of a stream, decoded without trust."""

import json
from dataclasses import dataclass

import msgspec

from .answer import plain


class BadBody(Exception):
    """The body is no chat completion, or breaks off. The message ends the sentence "the server …"."""

    def __init__(self, message: str, *, retry: bool = True) -> None:
        super().__init__(message)
        self.retry = retry
        """Whether another attempt may go better."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The server's own count; None where it does not say."""

    input: int | None = None
    cached: int | None = None
    output: int | None = None
    thinking: int | None = None


class Part(msgspec.Struct, gc=False):
    """What a piece adds to a message, or a whole message."""

    content: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None
    refusal: str | None = None
    tool_calls: object = None
    function_call: object = None


class Piece(msgspec.Struct, gc=False):
    """A choice of one event (`delta`) or of a whole completion (`message`)."""

    index: int = 0
    delta: Part | None = None
    message: Part | None = None
    finish_reason: str | None = None
    logprobs: object = None


class _Prompted(msgspec.Struct, gc=False):
    cached_tokens: int | None = None


class _Completed(msgspec.Struct, gc=False):
    reasoning_tokens: int | None = None


class Counts(msgspec.Struct, gc=False):
    """The usage object. DeepSeek has its own name for what was cached."""

    prompt_tokens: int | None = None
    completion_tokens: int | None = None
    total_tokens: int | None = None
    prompt_cache_hit_tokens: int | None = None
    prompt_tokens_details: _Prompted | None = None
    completion_tokens_details: _Completed | None = None

    def tokens(self) -> Tokens:
        """Thinking is counted once: some servers leave it out of the completion, but not of the total."""
        output = self.completion_tokens
        if output is not None and self.total_tokens is not None and self.prompt_tokens is not None:
            output = max(output, self.total_tokens - self.prompt_tokens)
        prompted = self.prompt_tokens_details or _Prompted(self.prompt_cache_hit_tokens)
        completed = self.completion_tokens_details or _Completed()
        return Tokens(self.prompt_tokens, prompted.cached_tokens, output, completed.reasoning_tokens)


class Event(msgspec.Struct, gc=False):
    """One event of a stream, or a whole completion."""

    choices: list[Piece] | None = None
    model: str | None = None
    usage: Counts | None = None
    error: object = None


def event(data: bytes) -> Event:
    """One event, decoded strictly if that works, and else with what is broken in its text replaced.

    Raises:
        BadBody: it is no JSON, no completion, or an error that came in place of one.
    """
    found = _decoded(data)
    if found.error:
        raise _failed(found.error)
    return found


def shown(data: bytes) -> str:
    """The start of what came, fit for a message."""
    return repr(data[:60].decode("utf-8", "replace"))


_decoder = msgspec.json.Decoder(Event)


def _decoded(data: bytes) -> Event:
    try:
        return _decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        pass
    try:
        loose = json.loads(data.decode("utf-8", "replace"), strict=False)
        return _decoder.decode(json.dumps(_clean(loose)).encode())
    except (ValueError, RecursionError):
        raise BadBody(f"sent {shown(data)} where the JSON of a chat completion belongs") from None


def _clean(value: object) -> object:
    """The value without lone surrogates, whose escapes msgspec refuses."""
    if isinstance(value, dict):
        return {plain(str(key)): _clean(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_clean(item) for item in value]
    return plain(value) if isinstance(value, str) else value


def _failed(error: object) -> BadBody:
    """An error that came in place of an answer; a status in it says whether to try again."""
    fields = error if isinstance(error, dict) else {"message": error}
    code = str(fields.get("code"))
    status = int(code) if code.isdecimal() and len(code) == 3 else 500
    said = " ".join(str(fields.get("message") or fields.get("type") or code).split())[:200]
    return BadBody(f"broke off with an error: {said}", retry=status >= 500 or status in (408, 409, 429))
