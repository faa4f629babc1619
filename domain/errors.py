"""Everything that can go wrong, as a tree; each leaf knows its HTTP status and says what is.

ExhibitError
├── BadRequest 422
├── Forbidden 403
├── Unauthorized 401
├── Missing 404
├── Gone 410
├── Conflict 409
│   └── ModelMismatch 409
├── TooLarge 413
│   ├── PromptTooLong 413        the model's context is shorter than the prompt
│   └── TooManyImages 413        the model's server takes fewer images
├── UnsupportedType 415
├── BadGateway 502             what should be fetched could not be fetched
├── Unreadable                 a document's own fault; becomes its `failed` sentence
│   └── NeedsPassword
├── Unavailable 503
│   ├── DiskFull 503
│   └── ModelUnavailable 503
│       └── ModelRefused 503     it answers, and refuses: waiting does not help
├── TooManyTries 429           wrong keys, of one address
├── HungUp 499                 the client is gone
└── BadConfiguration           refuses to start
    └── DamagedIndex           an index's files; they can be made again
"""

from __future__ import annotations

from collections.abc import Mapping

from domain.documents import Collection, Part
from domain.evidence import Space


def listed(encoders: Mapping[Space, str] | Mapping[str, str]) -> str:
    """Their names, for a sentence."""
    return ", ".join(sorted(encoders.values()))


def unexpected(error: Exception) -> str:
    """What a user is told about an unexpected error."""
    return f"Something went wrong inside Exhibit ({type(error).__name__}); the log has the details."


class ExhibitError(Exception):
    """Base of every error that Exhibit raises on purpose; `str(error)` is one sentence for the user."""

    status = 500
    title = "Internal error"


class BadRequest(ExhibitError):
    status, title = 422, "The request can't be understood"


class Unauthorized(ExhibitError):
    status, title = 401, "A key is needed"


class Forbidden(ExhibitError):
    status, title = 403, "Not allowed"


class Missing(ExhibitError):
    status, title = 404, "Not found"


class Conflict(ExhibitError):
    status, title = 409, "Conflict"


class ModelMismatch(Conflict):
    title = "Another model made these vectors"

    @classmethod
    def of(cls, collection: Collection, made_by: str, runs: str) -> ModelMismatch:
        """Says what helps: `exhibit reindex`, or to wait while it runs."""
        reindex = collection.reindex
        if reindex is not None and reindex.live:
            return cls(
                f"The collection {collection.name!r} is being re-embedded, from {made_by} to "
                f"{listed(reindex.encoders)} ({reindex.done} of {reindex.total} pieces are done): "
                "try again when that has ended."
            )
        return cls(
            f"The collection {collection.name!r} holds vectors of {made_by}, but this service runs {runs}: "
            f"`exhibit reindex {collection.name}` re-embeds it; or start the service with the EXHIBIT_MODELS that it "
            "was made with."
        )


class Gone(ExhibitError):
    status, title = 410, "Deleted"


class TooLarge(ExhibitError):
    status, title = 413, "Too large"


class PromptTooLong(TooLarge):
    """`limit` is the model's context in tokens, `needed` what was asked for; None where the server doesn't say."""

    title = "The prompt is too long for the model"

    def __init__(self, message: str, limit: int | None = None, needed: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit
        self.needed = needed


class TooManyImages(TooLarge):
    """`limit` is how many images one prompt may have (0: the model sees none); None where the server doesn't say."""

    title = "Too many images for the model"

    def __init__(self, message: str, limit: int | None = None) -> None:
        super().__init__(message)
        self.limit = limit


class UnsupportedType(ExhibitError):
    status, title = 415, "This type of file is not taken in"


class BadGateway(ExhibitError):
    status, title = 502, "The address can't be fetched"


class Unreadable(ExhibitError):
    status, title = 422, "The document can't be read"


class NeedsPassword(Unreadable):
    title = "The document needs a password"


class Unavailable(ExhibitError):
    """`part`: what can't be reached. Work that needs it waits until it is back; None where waiting does not help."""

    status, title = 503, "Not available now"
    part: Part | None = None  # errors that former versions recorded have none

    def __init__(self, message: str, part: Part | None = None) -> None:
        super().__init__(message)
        if part is not None:
            self.part = part


class DiskFull(Unavailable):
    title = "The disk is full"


class ModelUnavailable(Unavailable):
    title = "The model can't be reached"
    part: Part | None = "the language model"


class ModelRefused(ModelUnavailable):
    """It answers, and says no: to the key, to the name. Waiting does not help."""

    part: Part | None = None


class HungUp(ExhibitError):
    status, title = 499, "The client hung up"


class TooManyTries(ExhibitError):
    status, title = 429, "Too many tries"

    def __init__(self, message: str, after_s: int = 1) -> None:
        super().__init__(message)
        self.after_s = after_s


class BadConfiguration(ExhibitError):
    title = "The settings don't work"


class DamagedIndex(BadConfiguration):
    """Nothing is lost by setting such an index aside: it can be made again."""
