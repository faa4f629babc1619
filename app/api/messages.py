"""OpenAI's messages to ours."""

from __future__ import annotations

from collections.abc import Sequence

from app.api.images import from_data_url
from app.api.schemas import ImagePartIn, MessageIn
from app.domain.errors import BadRequest
from app.domain.types import ImagePart, Message, Role, TextPart


def messages_of(given: Sequence[MessageIn]) -> tuple[Message, ...]:
    """Raises BadRequest when the last message is no question of the user's."""
    messages = tuple(_message(message) for message in given)
    last = messages[-1]
    if last.role != "user" or not last.parts or not (last.text.strip() or _has_image(last)):
        raise BadRequest("The last message must be the user's, with words or an image in it.")
    return messages


def _message(given: MessageIn) -> Message:
    role: Role = "system" if given.role == "developer" else given.role
    if isinstance(given.content, str):
        return Message(role, (TextPart(given.content),))
    return Message(role, tuple(_part(part) for part in given.content or ()))


def _part(given: object) -> TextPart | ImagePart:
    if isinstance(given, ImagePartIn):
        data = from_data_url(given.image_url.url)
        return ImagePart(data, given.image_url.url[5 : given.image_url.url.index(";")])
    return TextPart(getattr(given, "text", ""))


def _has_image(message: Message) -> bool:
    return any(isinstance(part, ImagePart) for part in message.parts)
