"""All settings, read once from the environment (prefix EXHIBIT_) and from `.env`. The service refuses bad values."""

from __future__ import annotations

import ipaddress
import os
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    IPvAnyNetwork,
    SecretStr,
    ValidationError,
    field_validator,
    model_validator,
)
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from domain.errors import BadConfiguration
from domain.evidence import Space
from domain.limits import DocumentLimits


class LanguageModel(BaseModel):
    """An OpenAI-compatible server. Without a URL the built-in reader answers."""

    model_config = ConfigDict(frozen=True)

    url: str | None = None
    model: str | None = None  # None: the first one the server lists
    api_key: SecretStr | None = None
    timeout_s: float = Field(default=120.0, gt=0)  # longest silence: until the first token, and between tokens
    describes: bool | None = None  # whether ingestion describes pictures and tables; None: if the model takes images
    context: int | None = Field(default=None, ge=512)  # tokens of prompt and answer; None: what the server says
    images: int = Field(default=4, ge=0, le=64)  # most images in one prompt; lowered to what the server allows

    @field_validator("url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        return checked_url(value)

    @property
    def key(self) -> str | None:
        return self.api_key.get_secret_value() if self.api_key else None


class Settings(BaseSettings):
    model_config = SettingsConfigDict(
        env_prefix="EXHIBIT_",
        env_nested_delimiter="__",
        env_file=".env",
        env_ignore_empty=True,
        extra="ignore",
        frozen=True,
    )

    data_dir: Path = Path("data")
    cache_dir: Path = Field(
        default_factory=lambda: _user_cache() / "exhibit"
    )  # converted models and the like: can be made again, slowly
    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)
    models: Literal["bundled", "standard"] = "bundled"
    max_upload_mb: int = Field(default=1024, gt=0)
    max_pages: int = Field(default=5_000, ge=1)  # of a document; what is beyond any of these limits is left out
    max_chunks: int = Field(default=50_000, ge=1)  # of a document
    max_cells: int = Field(default=2_000_000, ge=1)  # of a sheet, with something in them
    max_columns: int = Field(default=702, ge=1, le=16_384)  # of a sheet
    max_attachments: int = Field(default=1_000, ge=1, le=5_000)  # of an upload: in its archives and e-mails
    max_nesting: int = Field(default=60, ge=1, le=500)  # of values in JSON, elements in OpenDocument
    max_minutes: int = Field(default=120, ge=1)  # of reading a document, without waiting for others
    database_url: str | None = None  # None: SQLite in the data folder
    database_connections: int = Field(default=16, ge=4, le=200)  # most to Postgres of one process, besides the queue's
    chroma_url: str | None = None  # None: embedded, in the data folder
    blobs_url: str | None = None  # None: files in the data folder
    llm: LanguageModel = LanguageModel()
    judge: Literal["rules", "nli", "llm"] = (
        "rules"  # a second opinion on claims: none, a cross-encoder, the language model
    )
    nli_model: str = "cross-encoder/nli-deberta-v3-small"  # folder, or name in the hub
    api_keys: Annotated[tuple[SecretStr, ...], NoDecode] = ()  # comma-separated
    spaces: Annotated[tuple[Space, ...], NoDecode] = (
        "words",
        "text",
        "image",
    )  # spaces that are searched, comma-separated
    rerank: bool = True  # whether the best candidates are reranked
    hosts: Annotated[tuple[str, ...], NoDecode] = ()  # further Host names this service answers to, comma-separated
    proxies: Annotated[tuple[IPvAnyNetwork, ...], NoDecode] = ()  # whose X-Forwarded-For is believed, comma-separated
    max_connections: int = Field(default=512, ge=1)  # open at the same time
    max_connections_per_address: int = Field(default=64, ge=1)  # this machine and `proxies` apart
    traces: int = Field(default=2_000, ge=0)  # how many of the newest searches can be explained later
    traces_days: int = Field(default=14, ge=1)  # and for how long
    conversations_days: int = Field(default=0, ge=0, le=36_500)  # without use until they are deleted; 0: never
    session_days: int = Field(default=30, ge=1, le=400)  # without use until a browser has to give the key again
    role: Literal["all", "api", "worker"] = "all"  # api: only enqueues; worker: only runs queued work
    fetch: bool = True  # whether documents may be fetched from the internet by URL
    hidden_text: Literal["omit", "include"] = "omit"  # text that can't be seen on the page; `include` marks it
    parallel_documents: int = Field(default=2, ge=1, le=64)
    parse_workers: int = Field(default_factory=lambda: min(4, os.cpu_count() or 1), ge=1, le=64)
    parse_memory_mb: int = Field(default=2048, ge=256)
    compose_version: str | None = None  # the version that the compose file belongs to, which sets it

    @field_validator("spaces")
    @classmethod
    def _some_way_of_finding(cls, value: tuple[Space, ...]) -> tuple[Space, ...]:
        if not value:
            raise ValueError("name at least one of words, text, image")
        return value

    @field_validator("api_keys", "hosts", "proxies", "spaces", mode="before")
    @classmethod
    def _comma_separated(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value

    @field_validator("api_keys", mode="before")
    @classmethod
    def _none_or_some(cls, value: object) -> object:
        if isinstance(value, str) and value.strip() and not value.replace(",", " ").strip():
            raise ValueError(
                "there is no key between these commas"
            )  # a service with EXHIBIT_API_KEYS set must not end up without a key
        return value

    @field_validator("blobs_url")
    @classmethod
    def _a_folder(cls, value: str | None) -> str | None:
        if value is not None and not value.startswith("file://"):
            raise ValueError("only file:// folders are supported so far")
        return value

    @field_validator("chroma_url")
    @classmethod
    def _an_address(cls, value: str | None) -> str | None:
        return checked_url(value)

    @field_validator("compose_version")
    @classmethod
    def _that_of_this_image(cls, value: str | None) -> str | None:
        if value is not None and value != version("exhibit"):
            raise ValueError(
                f"docker-compose.yml is of version {value}, this image of {version('exhibit')}: "
                "`make up` builds the image that belongs to the file"
            )
        return value

    @model_validator(mode="after")
    def _a_queue_that_somebody_works_off(self) -> Settings:
        if self.role != "all" and self.embedded:
            raise ValueError("EXHIBIT_ROLE other than `all` needs EXHIBIT_DATABASE_URL and EXHIBIT_CHROMA_URL")
        return self

    def as_worker(self) -> Settings:
        """Raises BadConfiguration if the stores can't be shared with a second process."""
        if self.embedded:
            raise BadConfiguration(
                "A worker needs EXHIBIT_DATABASE_URL and EXHIBIT_CHROMA_URL; without them the service works its own "
                "queue off: `exhibit serve` is all there is to run."
            )
        return self.model_copy(update={"role": "worker"})

    @model_validator(mode="after")
    def _a_judge_that_is_there(self) -> Settings:
        if self.judge == "llm" and self.llm.url is None:
            raise ValueError("EXHIBIT_JUDGE=llm needs EXHIBIT_LLM__URL")
        return self

    @property
    def embedded(self) -> bool:
        """Whether a store lies in the data folder, which then belongs to one process."""
        return self.chroma_url is None or self.database_url is None

    @property
    def loopback(self) -> bool:
        return is_loopback(self.host)

    @property
    def catalogue_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'catalogue.db'}"

    @property
    def queue_url(self) -> str:
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'queue.db'}"

    @property
    def blobs_dir(self) -> Path:
        return Path(self.blobs_url.removeprefix("file://")) if self.blobs_url else self.data_dir / "blobs"

    @property
    def limits(self) -> DocumentLimits:
        return DocumentLimits(
            self.max_pages,
            self.max_chunks,
            self.max_cells,
            self.max_columns,
            self.max_attachments,
            self.max_nesting,
            self.max_minutes,
        )

    @property
    def max_upload_bytes(self) -> int:
        return self.max_upload_mb * 1024 * 1024


def checked_url(value: str | None) -> str | None:
    if value is None or (value.startswith(("http://", "https://")) and urlsplit(value).hostname):
        return value
    raise ValueError("an address begins with http:// or https:// and a host")


def _user_cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser()


def is_loopback(host: str) -> bool:
    """Whether a host name or address can be reached from this machine alone."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _variable(location: tuple[int | str, ...]) -> str:
    return f"EXHIBIT_{'__'.join(str(part) for part in location).upper()}: " if location else ""


def load_settings() -> Settings:
    """Raises BadConfiguration with a sentence that names each bad variable and its fault."""
    try:
        return Settings()
    except ValidationError as error:
        faults = "; ".join(
            f"{_variable(fault['loc'])}{fault['msg'].removeprefix('Value error, ')}"
            for fault in error.errors(include_input=False, include_url=False)
        )
        raise BadConfiguration(f"These settings don't work: {faults}.") from error
