"""Images: data URLs in, checked, never a URL that somebody else chose; and as replies."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence

from fastapi import Request, Response

from app.api.caching import cacheable
from app.api.json_pieces import MALFORMED, MOST_IMAGE_BYTES, PULLED
from domain.errors import BadRequest, TooLarge


def from_data_url(url: str, pulled: Sequence[bytes] = ()) -> bytes:
    """The bytes of `data:image/…;base64,…`. Those of longer images were taken out of the body, and are `pulled`.
    Raises BadRequest, TooLarge."""
    head, comma, body = url.partition(",")
    if not comma or not head.lower().startswith("data:image/") or not head.lower().endswith(";base64"):
        raise BadRequest("Give the image as a data URL: `data:image/png;base64,…`; other addresses are not fetched.")
    named = {f"{PULLED}{number}": image for number, image in enumerate(pulled)}
    if body in named:
        return named[body]
    if len(body) > MOST_IMAGE_BYTES * 4 // 3 + 4:
        raise TooLarge(f"The image is larger than {MOST_IMAGE_BYTES // 2**20} MB.")
    try:
        data = base64.b64decode("".join(body.split()), validate=True)  # some encoders break lines
    except (binascii.Error, ValueError) as error:
        raise BadRequest(MALFORMED) from error
    if not data:
        raise BadRequest("The image is empty.")
    return data


def shown(data: bytes, request: Request) -> Response:
    """As PNG or JPEG, whichever it is."""
    return cacheable(data, "image/jpeg" if data.startswith(b"\xff\xd8") else "image/png", request)
