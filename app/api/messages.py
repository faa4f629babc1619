"""Turns OpenAI's messages into ours."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.api.bodies import ImagePartIn, MessageIn
from app.api.images import from_data_url
from domain.answers import ImagePart, Message, Role, TextPart
from domain.errors import BadRequest

ROLES: Mapping[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}


def messages_of(given: Sequence[MessageIn], pulled: Sequence[bytes] = ()) -> tuple[Message, ...]:
    """Raises BadRequest when the last message is not a question of the user's. Messages of tools are ignored.
    `pulled`: the images that were taken out of the body."""
    messages = tuple(_message(message, ROLES[message.role], pulled) for message in given if message.role in ROLES)
    last = messages[-1] if messages and given[-1].role == "user" else None
    if last is None or not last.parts or not (last.text.strip() or _has_image(last)):
        raise BadRequest("The last message must be the user's, with words or an image in it.")
    return messages


def _message(given: MessageIn, role: Role, pulled: Sequence[bytes]) -> Message:
    if isinstance(given.content, str):
        return Message(role, (TextPart(given.content),))
    return Message(role, tuple(_part(part, pulled) for part in given.content or ()))


def _part(given: object, pulled: Sequence[bytes]) -> TextPart | ImagePart:
    if isinstance(given, ImagePartIn):
        data = from_data_url(given.image_url.url, pulled)
        return ImagePart(data, given.image_url.url[5 : given.image_url.url.index(";")])
    return TextPart(getattr(given, "text", ""))


def _has_image(message: Message) -> bool:
    return any(isinstance(part, ImagePart) for part in message.parts)
