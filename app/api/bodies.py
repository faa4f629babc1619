"""The JSON that comes in over HTTP, checked. A field's description is what `docs/api.md` says of it."""

from __future__ import annotations

import json
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    Tag,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
    field_validator,
    model_validator,
)

from app.api.json_pieces import MOST_IMAGES
from domain.conversations import LONGEST_TITLE
from domain.documents import KINDS, Kind

NAME = r"[\w-]{1,64}"  # letters of any script, digits, - and _
MAX_TOP_K = 200
MOST_METADATA = 16 * 1024  # bytes, as JSON; of a collection or a document
MOST_UNKNOWN = 8  # fields that are told one by one


def _storable(text: str) -> str:
    """NUL and halves of surrogate pairs, which neither databases nor UTF-8 take, become U+FFFD."""
    if text.isascii() and "\0" not in text:  # known of a text without looking at it
        return text
    return text.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def _all_storable(value: Any) -> Any:
    try:
        return _cleaned(value)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return _storable(value)
    if isinstance(value, list):
        return [_cleaned(one) for one in value]
    if isinstance(value, dict):
        return {_storable(key): _cleaned(one) for key, one in value.items()}
    return value


def small(metadata: dict[str, Any]) -> dict[str, Any]:
    """Metadata as the catalogue can keep it. Raises ValueError when its JSON is too long."""
    try:
        size = len(json.dumps(metadata, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace"))
    except RecursionError as error:
        raise ValueError("metadata is nested too deeply") from error
    if size > MOST_METADATA:
        raise ValueError(f"metadata has at most {MOST_METADATA} bytes as JSON; this has {size}")
    return metadata


Text = Annotated[str, AfterValidator(_storable)]
Name = Annotated[str, Field(max_length=200), AfterValidator(_storable)]
Object = Annotated[dict[str, Any], AfterValidator(_all_storable)]
Metadata = Annotated[Object, AfterValidator(small)]
MAX_TEXT = 1_000_000  # characters of one message


class Lenient(BaseModel):
    """Null counts as left out: many clients send it for fields that they don't set."""

    @model_validator(mode="before")
    @classmethod
    def _null_is_left_out(cls, body: Any) -> Any:
        if not isinstance(body, dict):
            return body
        optional = {name for name, field in cls.model_fields.items() if not field.is_required()}
        return {name: value for name, value in body.items() if value is not None or name not in optional}


class In(Lenient):
    model_config = ConfigDict(extra="forbid")

    @model_validator(mode="before")
    @classmethod
    def _few_unknown(cls, body: Any) -> Any:
        """A thousand unknown fields are one fault."""
        unknown = list(body.keys() - cls.model_fields.keys()) if isinstance(body, dict) else []
        if len(unknown) > MOST_UNKNOWN:
            raise ValueError(f"{len(unknown)} fields are not known here, {unknown[0][:100]!r} among them")
        return body


def _a_name(value: Any, check: ValidatorFunctionWrapHandler) -> Any:
    try:
        return check(value)
    except ValidationError as error:
        if not isinstance(value, str):
            raise
        raise ValueError("a name is 1 to 64 letters of any script, digits, `-` and `_`") from error


CollectionName = Annotated[str, Field(pattern=f"^{NAME}$"), WrapValidator(_a_name)]


class CollectionIn(In):
    name: CollectionName = Field(description="1 to 64 letters of any script, digits, `-` and `_`")
    metadata: Metadata = Field(default_factory=dict, description="a JSON object, up to 16 kB")


class CollectionPatch(In):
    name: CollectionName | None = Field(default=None, description="a new name; `default` keeps its own (409)")
    metadata: Metadata | None = Field(default=None, description="a JSON object, up to 16 kB")

    @model_validator(mode="after")
    def _something(self) -> CollectionPatch:
        if self.name is None and self.metadata is None:
            raise ValueError("give a name or metadata")
        return self


class VerifyIn(In):
    repair: bool = Field(default=False, description="repair what can be repaired, remove what belongs to nothing")
    compact: bool = Field(default=False, description="give the space of deleted documents back to the disk")


class ReindexIn(In):
    models: Literal["bundled", "standard"] | None = Field(
        default=None, description="the models you expect the service to run; 409 if it runs others"
    )


Kinds = Annotated[
    list[Kind],
    Field(max_length=len(KINDS), fail_fast=True, description="only these kinds of evidence; empty: all"),
]
Filter = Annotated[Object | None, Field(description="see Filters")]


class ScopeIn(In):
    collection: Name | Annotated[list[Name], Field(max_length=100, fail_fast=True)] = Field(
        default="default", description="one collection, or a list of up to 100"
    )
    top_k: int = Field(default=8, ge=1, le=MAX_TOP_K, description="how many pieces of evidence, at most")
    kinds: Kinds = Field(default_factory=list)
    filter: Filter = None

    @field_validator("collection")
    @classmethod
    def _some(cls, value: str | list[str]) -> str | list[str]:
        if not value:
            raise ValueError("name at least one collection")
        return value

    @property
    def names(self) -> tuple[str, ...]:
        return (self.collection,) if isinstance(self.collection, str) else tuple(dict.fromkeys(self.collection))


class SearchIn(ScopeIn):
    query: Text = Field(default="", max_length=200_000, description="words, an image, or both are needed")
    image: Text | None = Field(default=None, description="a data URL: `data:image/png;base64,…`, up to 20 MB")


class TextPartIn(BaseModel):
    type: Literal["text"]
    text: Text = Field(max_length=MAX_TEXT)


class ImageUrlIn(BaseModel):
    url: Text = Field(description="a data URL: `data:image/png;base64,…`; other addresses are not fetched")


class ImagePartIn(BaseModel):
    type: Literal["image_url"]
    image_url: ImageUrlIn


def _text_or_parts(content: Any) -> str:
    return "text" if isinstance(content, str) else "parts"


PartIn = Annotated[TextPartIn | ImagePartIn, Field(discriminator="type")]
Content = Annotated[
    Annotated[Text, Field(max_length=MAX_TEXT), Tag("text")]
    | Annotated[list[PartIn], Field(max_length=1000, fail_fast=True), Tag("parts")],
    Discriminator(_text_or_parts),
]


class MessageIn(BaseModel):
    role: Literal["system", "developer", "user", "assistant", "tool", "function"]
    content: Content | None = None


def _few_images(messages: list[MessageIn]) -> list[MessageIn]:
    parts = [part for message in messages if isinstance(message.content, list) for part in message.content]
    if sum(isinstance(part, ImagePartIn) for part in parts) > MOST_IMAGES:
        raise ValueError(f"at most {MOST_IMAGES} images in one request")
    return messages


Messages = Annotated[list[MessageIn], Field(min_length=1, max_length=2000, fail_fast=True), AfterValidator(_few_images)]


class ChatIn(ScopeIn):
    messages: Messages = Field(description="the conversation; the last message is the user's question")
    stream: bool = Field(default=False, description="reply with server-sent events; see Streams")
    conversation_id: Name | None = Field(
        default=None,
        description="a kept conversation, to which question and answer are added; then `messages` has the new question "
        "alone: what was said before comes from the conversation",
    )


def _some_words(title: str) -> str:
    if not title.strip():
        raise ValueError("a title has some letters")
    return title.strip()


Title = Annotated[
    str, Field(min_length=1, max_length=LONGEST_TITLE), AfterValidator(_storable), AfterValidator(_some_words)
]


class ConversationIn(In):
    title: Title = Field(default="", description="by default the first question; up to 200 characters")


class ConversationPatch(In):
    title: Title = Field(description="up to 200 characters")


class CompletionIn(Lenient):
    """OpenAI's request body; fields without a meaning here (temperature, tools, …) are accepted and ignored."""

    model_config = ConfigDict(extra="ignore")

    model: Name = Field(description="the name of a collection")
    messages: Messages = Field(description="the conversation; the last message is the user's question")
    stream: bool = False
    stream_options: dict[str, Any] | None = Field(
        default=None, description='`{"include_usage": true}` adds a last chunk with the usage'
    )
    kinds: Kinds = Field(default_factory=list)
    filter: Filter = None
