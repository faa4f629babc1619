"""A language model behind any OpenAI-compatible server (vLLM, Ollama, llama.cpp, SGLang, TGI), through LangChain."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager, suppress
from dataclasses import replace
from typing import cast
from urllib.parse import urlsplit

import httpx
import openai
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage
from langchain_openai import ChatOpenAI
from langsmith import tracing_context
from pydantic import SecretStr

from app.adapters.llm.served_models import Served, first_of, named
from domain.answers import Delta, ImagePart, Message, Prompt, TextPart, Usage
from domain.errors import ExhibitError, ModelRefused, ModelUnavailable, PromptTooLong, TooManyImages

_CONNECT_S = 5.0
_LIST_S = 2.0  # for facts that are useful before the first question, but not needed
_ANSWER_SHARE = 4  # of a small context, a quarter at most is kept free for the answer
_LOOPBACK = ("localhost", "127.0.0.1", "::1")

# Error messages that ask for a shorter prompt; the groups are the limit and the prompt's length.
_TOO_LONG = (
    re.compile(r"maximum (?:context|model) length (?:is |of |\()(?P<limit>\d+)"),  # vLLM, OpenAI
    re.compile(r"longer than the model's context length \((?P<limit>\d+)"),  # SGLang
    re.compile(r"exceeds? the available context size(?: \((?P<limit>\d+))?"),  # llama.cpp
    re.compile(r"must be <= (?P<limit>\d+)\. Given"),  # TGI
    re.compile(r"context_length_exceeded|context window|prompt is too long|longer than the maximum model length"),
)
_NEEDED = re.compile(
    r"(?:prompt contains(?: at least)?|resulted in|(?:The input|Input length|request) \(|Given: `?|prompt \(length)"
    r" ?(\d+)"
)
_TOO_MANY_IMAGES = (
    re.compile(r"[Aa]t most (?P<limit>\d+) image"),  # vLLM
    re.compile(r"[Tt]oo many images|maximum (?:number )?of images|limit of (?P<limit>\d+) images"),
)
_NO_IMAGES = re.compile(
    r"not a multimodal model|image input is not supported|does not support image|missing data required for image"
    r"|image_url is only supported|[Uu]nknown part type: image|only support text",
)


class OpenAIChat:
    """`timeout_s` is the longest silence: until the first token, and between two of them. `context` is how many tokens
    prompt and answer may have together; None: as many as the server says, if it does. It is asked at the first use, and
    again after it was gone, for it may have come back with another model.

    Each answer has a connection of its own, closed with the iterator: that is what aborts the generation at the
    server at once, and it leaves nothing that is bound to an event loop.
    """

    def __init__(
        self,
        url: str,
        model: str | None = None,
        api_key: str | None = None,
        *,
        timeout_s: float = 120.0,
        max_tokens: int = 1024,
        context: int | None = None,
    ) -> None:
        self._url = _base(url)
        self._wanted = model
        self._model = model
        self._context = context
        self._served: Served | None = None  # what the server said when last asked
        self._api_key = api_key or "none"  # the client insists on one; servers without keys ignore it
        self._timeout_s = timeout_s
        self._max_tokens = max_tokens
        self._ssl: ssl.SSLContext | None = None  # made once, at first use: it costs 20 ms

    @property
    def model(self) -> str:
        """The server's first model when none was named; "unknown" until it has been asked."""
        return self._model or "unknown"

    async def room(self) -> int | None:
        if self._served is None:
            with suppress(ExhibitError):  # the next generation reports it
                async with self._client() as client:
                    await self._serving(client)
        served = self._served
        return served.context - self._longest_answer(served) if served and served.context else None

    async def answers(self) -> bool:
        """Whether the server can be reached, and serves what is asked for."""
        self._served = None
        try:
            async with self._client() as client:
                await self._listed(client, self._timeout_s)
        except ExhibitError:
            return False
        return True

    async def generate(self, prompt: Prompt) -> AsyncIterator[Delta]:
        try:
            async with aclosing(self._generated(prompt)) as deltas:
                async for delta in deltas:
                    yield delta
        except ModelUnavailable:
            self._served = None
            raise

    async def _generated(self, prompt: Prompt) -> AsyncGenerator[Delta]:
        async with self._client() as client:
            chat = self._chat(client, await self._serving(client))
            stream = chat.astream(_langchain_messages(prompt.messages))
            thoughts = _WithoutThoughts()
            usage, finish = Usage(), ""
            while (chunk := await self._next(stream)) is not None:
                usage = _usage(chunk) or usage
                finish = str(chunk.response_metadata.get("finish_reason") or finish)
                if text := thoughts.feed(chunk.text):
                    yield Delta(text)
        if not finish:
            raise ModelUnavailable("the language model's server stopped in the middle of the answer")
        yield Delta(thoughts.end(), usage=usage, cut=finish == "length")

    async def aclose(self) -> None:
        """Nothing stays open between answers."""

    async def _serving(self, client: httpx.AsyncClient) -> Served:
        """Raises ModelUnavailable when no model was named and the server names none."""
        if self._served is None:
            told = await self._told(client)
            self._served = replace(told, context=self._context or told.context)
            self._model = told.name
        return self._served

    async def _told(self, client: httpx.AsyncClient) -> Served:
        if self._wanted is None:
            return first_of(await self._listed(client, self._timeout_s))
        if self._context is not None:
            return Served(self._wanted)
        try:
            return named(self._wanted, await self._listed(client, min(_LIST_S, self._timeout_s)))
        except ExhibitError:
            return Served(self._wanted)

    async def _listed(self, client: httpx.AsyncClient, timeout_s: float) -> object:
        with self._translated():
            async with asyncio.timeout(timeout_s):
                answer = await client.get(f"{self._url}/models", headers={"Authorization": f"Bearer {self._api_key}"})
            answer.raise_for_status()
            return cast(object, answer.json())

    def _longest_answer(self, served: Served) -> int:
        """Tokens kept free for the answer: the server refuses a prompt that leaves less."""
        return self._max_tokens if served.context is None else min(self._max_tokens, served.context // _ANSWER_SHARE)

    async def _next(self, stream: AsyncIterator[AIMessageChunk]) -> AIMessageChunk | None:
        """The next chunk, in time; None after the last. LangSmith never gets it, whatever the environment sets.

        Not `wait_for`: before Python 3.12 it loses a cancellation that comes together with a chunk, and an answer that
        nobody waits for would be generated to its end.
        """
        with self._translated(), tracing_context(enabled=False):
            async with asyncio.timeout(self._timeout_s):
                return await anext(stream, None)

    def _client(self) -> httpx.AsyncClient:
        self._ssl = self._ssl or ssl.create_default_context()
        here = urlsplit(self._url).hostname in _LOOPBACK
        timeout = httpx.Timeout(self._timeout_s, connect=min(_CONNECT_S, self._timeout_s))
        return httpx.AsyncClient(timeout=timeout, verify=self._ssl, trust_env=not here)

    def _chat(self, client: httpx.AsyncClient, served: Served) -> ChatOpenAI:
        own = urlsplit(self._url).hostname == "api.openai.com"
        # every server but OpenAI's own understands the older name of the limit
        limit = {"max_completion_tokens" if own else "max_tokens": self._longest_answer(served)}
        return ChatOpenAI(
            base_url=self._url,
            api_key=SecretStr(self._api_key),
            model=served.name,
            temperature=0.0,
            extra_body=limit,
            max_retries=0,
            stream_usage=True,
            stream_chunk_timeout=None,  # `_next` has a limit that also covers the first token
            http_async_client=client,
            use_responses_api=False,
        )

    @contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except openai.APITimeoutError as error:
            raise ModelUnavailable(self._silent()) from error
        except openai.APIStatusError as error:
            raise _refusal(error.status_code, _said(error)) from error
        except openai.APIConnectionError as error:
            raise ModelUnavailable(f"no language model answers at {self._url}") from error
        except openai.APIError as error:  # an error event in the middle of the stream
            raise _refusal(200, _said(error)) from error
        except (TimeoutError, httpx.TimeoutException) as error:
            raise ModelUnavailable(self._silent()) from error
        except httpx.HTTPStatusError as error:
            raise _refusal(error.response.status_code, error.response.text) from error
        except httpx.ConnectError as error:
            raise ModelUnavailable(f"no language model answers at {self._url}") from error
        except httpx.HTTPError as error:
            raise ModelUnavailable("the language model's server stopped in the middle of the answer") from error
        except ValueError as error:  # not JSON
            raise ModelUnavailable(
                "what answers at the language model's address does not speak its protocol"
            ) from error

    def _silent(self) -> str:
        return f"the language model said nothing for {self._timeout_s:g} s"


def _base(url: str) -> str:
    """`http://host:8001` and `http://host:8001/v1/` are both meant as `http://host:8001/v1`."""
    url = url.rstrip("/")
    return url if urlsplit(url).path else f"{url}/v1"


# ---------------------------------------------------------------- messages


def _langchain_messages(messages: Sequence[Message]) -> list[BaseMessage]:
    makers = {"system": SystemMessage, "user": HumanMessage, "assistant": AIMessage}
    return [makers[message.role](content=_content(message)) for message in messages]


def _content(message: Message) -> str | list[str | dict[str, object]]:
    """Plain text if there are no images: some servers accept no lists of parts."""
    if not any(isinstance(part, ImagePart) for part in message.parts):
        return message.text
    return [_part(part) for part in message.parts]


def _part(part: TextPart | ImagePart) -> dict[str, object]:
    if isinstance(part, TextPart):
        return {"type": "text", "text": part.text}
    data = base64.b64encode(part.data).decode("ascii")
    return {"type": "image_url", "image_url": {"url": f"data:{part.media_type};base64,{data}"}}


def _usage(chunk: AIMessageChunk) -> Usage | None:
    told = chunk.usage_metadata
    return Usage(told["input_tokens"], told["output_tokens"]) if told else None


class _WithoutThoughts:
    """Leaves out a `<think>…</think>` with which some models begin, where the server doesn't."""

    _OPEN, _CLOSE = "<think>", "</think>"

    def __init__(self) -> None:
        self._held = ""
        self._state = "start"

    def feed(self, text: str) -> str:
        if self._state == "answer":
            return text
        self._held += text
        if self._state == "start":
            self._begin()
        if self._state == "thinking":
            self._look_for_the_end()
        return self.end() if self._state == "answer" else ""

    def end(self) -> str:
        rest, self._held = ("" if self._state == "thinking" else self._held), ""
        return rest

    def _begin(self) -> None:
        said = self._held.lstrip()
        if said.startswith(self._OPEN):
            self._state = "thinking"
        elif not self._OPEN.startswith(said):
            self._state = "answer"

    def _look_for_the_end(self) -> None:
        _, closed, rest = self._held.partition(self._CLOSE)
        if closed:
            self._held, self._state = rest.lstrip(), "answer"
        else:
            self._held = self._held[-len(self._CLOSE) :]


# ---------------------------------------------------------------- refusals


def _said(error: openai.APIError) -> str:
    body = error.body
    if isinstance(body, dict) and isinstance(body.get("message"), str):
        return f"{_code(body)} {body['message']}".strip()
    return error.message


def _code(body: dict[str, object]) -> str:
    code = body.get("code")
    return code if isinstance(code, str) else ""


def _refusal(status: int, said: str) -> ExhibitError:
    for pattern in _TOO_LONG:
        if match := pattern.search(said):
            needed = _NEEDED.search(said)
            limit = _number(match.groupdict().get("limit"))
            return PromptTooLong(_too_long(limit), limit, _number(needed.group(1)) if needed else None)
    if _NO_IMAGES.search(said):
        return TooManyImages("the language model takes no images", 0)
    for pattern in _TOO_MANY_IMAGES:
        if match := pattern.search(said):
            limit = _number(match.groupdict().get("limit"))
            return TooManyImages(f"the language model takes {limit if limit is not None else 'fewer'} images", limit)
    kind = ModelUnavailable if status in LATER else ModelRefused
    return kind(_REFUSALS.get(status) or f"the language model's server refused: {_in_short(status, said)}")


LATER = frozenset({408, 425, 429, 502, 503, 504})  # busy, or still loading
_REFUSALS = {
    401: "the language model's server refuses the key",
    403: "the language model's server refuses the key",
    404: "the language model's server has no such model",
    429: "the language model's server is busy",
}


def _too_long(limit: int | None) -> str:
    return "the prompt is longer than the model's context" + (f" of {limit} tokens" if limit is not None else "")


def _number(text: str | None) -> int | None:
    return int(text) if text else None


def _in_short(status: int, said: str) -> str:
    line = " ".join(said.split())
    return f"{line[:200]} ({status})" if status >= 400 else line[:200]
