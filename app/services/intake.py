"""Takes uploads in, with the files of archives and the attachments of mails, nested ones too.

An archive is only a wrapping: its files become documents, it does not. A mail is a document, and its attachments are
others, which know it by `parent_id` in their metadata and are deleted with it (unless they were sent on their own, or
inside another mail that is still there).
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from app.services.library import Library, Upload
from domain.documents import Collection, Document
from domain.errors import BadRequest, ExhibitError, TooLarge, Unavailable
from domain.ports import ALONE, Share
from ingest.unpack import ARCHIVES, MAILS, MAX_DEPTH, Member, Unpacked, UnpackLimits

Unpack = Callable[[Path, str, Path, UnpackLimits], Awaitable[Unpacked]]
TIMES_THE_LIMIT = 4  # the most that the archives of one upload may unpack to: factor × the upload limit


@dataclass(frozen=True, slots=True)
class Taken:
    """The documents of an upload; `rejected` names each refused part by its path through the archives."""

    documents: list[tuple[Document, bool]] = field(default_factory=list)  # and whether it was there already
    rejected: list[tuple[str, ExhibitError]] = field(default_factory=list)


@dataclass(slots=True)
class _Allowance:
    members: int
    total: int


@dataclass(frozen=True, slots=True)
class _Inside:
    """Where a file lies: its path through archives and mails, and the mail that it is attached to."""

    metadata: Mapping[str, Any]
    way: str = ""
    depth: int = 0  # how many archives and mails it is inside of
    mail: Document | None = None
    replaces: str | None = None  # the upload itself is the new version of this document
    share: Share = ALONE

    def named(self, name: str) -> str:
        return f"{self.way}/{name}" if self.way else name

    def opened(self, name: str, mail: Document | None = None) -> _Inside:
        return _Inside(self.metadata, self.named(name), self.depth + 1, mail or self.mail, share=self.share)

    def member(self, member: Member) -> _Inside:
        """What a part's metadata says of its whole; the sender's own keys stay, apart from these."""
        origin: dict[str, Any] = {"path": self.named(member.path)}
        if self.mail is not None:
            origin |= {"parent_id": self.mail.id, "parent": self.mail.name}
        folders = member.path.rpartition("/")[0]
        return replace(self, way=self.named(folders) if folders else self.way, metadata={**self.metadata, **origin})


class Intake:
    def __init__(
        self,
        library: Library,
        unpack: Unpack,
        original: Callable[[Document], Path],
        temporary: Callable[[], Path],
        media_type_of: Callable[[Path, str], str],
        max_bytes: int,
        max_attachments: int,
    ) -> None:
        self._library = library
        self._unpack = unpack
        self._original = original
        self._temporary = temporary
        self._media_type_of = media_type_of
        self._max_bytes = max_bytes
        self._max_attachments = max_attachments

    async def take_in(
        self,
        collection: Collection,
        upload: Upload,
        metadata: Mapping[str, Any],
        replaces: str | None = None,
        share: Share = ALONE,
    ) -> Taken:
        """Never raises for what is wrong with the upload: that is among the rejected. Its file is gone either way."""
        taken = Taken()
        allowance = _Allowance(self._max_attachments, TIMES_THE_LIMIT * self._max_bytes)
        await self._take(collection, upload, _Inside(metadata, replaces=replaces, share=share), allowance, taken)
        return taken

    async def _take(
        self, collection: Collection, upload: Upload, inside: _Inside, allowance: _Allowance, taken: Taken
    ) -> None:
        try:
            media_type = await asyncio.to_thread(self._media_type_of, upload.file, upload.name)
            if media_type in ARCHIVES and inside.replaces:
                raise BadRequest("An archive is many documents, and can't be the new version of one.")
            if media_type in ARCHIVES:
                await self._open(collection, upload.file, media_type, inside.opened(upload.name), allowance, taken)
                return
            part_of = inside.mail.id if inside.mail else None
            share = replace(inside.share, place=inside.share.place + len(taken.documents))
            document, duplicate = await self._library.take_in(
                collection, upload, inside.metadata, part_of, inside.replaces, share
            )
            taken.documents.append((document, duplicate))
            if media_type in MAILS:
                original = await asyncio.to_thread(self._original, document)
                where = inside.opened(upload.name, document)
                await self._open(collection, original, media_type, where, allowance, taken)
        except ExhibitError as error:
            taken.rejected.append((inside.named(upload.name), error))
        finally:
            await asyncio.to_thread(upload.file.unlink, missing_ok=True)

    async def _open(
        self,
        collection: Collection,
        file: Path,
        media_type: str,
        where: _Inside,
        allowance: _Allowance,
        taken: Taken,
    ) -> None:
        """Raises ExhibitError for the whole of it."""
        if where.depth > MAX_DEPTH:
            raise TooLarge(f"archives and mails more than {MAX_DEPTH} deep inside each other are not opened")
        folder = await asyncio.to_thread(self._folder)
        try:
            limits = UnpackLimits(allowance.members, allowance.total, self._max_bytes)
            unpacked = await self._unpack(file, media_type, folder, limits)
            allowance.members -= len(unpacked.members)
            allowance.total -= sum(member.size for member in unpacked.members)
            self._check(unpacked, media_type)
            taken.rejected.extend((where.named(path) if path else where.way, error) for path, error in unpacked.refused)
            for member in unpacked.members:
                await self._take(collection, _upload(member), where.member(member), allowance, taken)
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    def _folder(self) -> Path:
        folder = self._temporary()
        try:
            folder.mkdir(mode=0o700)
        except OSError as error:
            raise Unavailable(f"The archive could not be opened: {error.strerror}.") from error
        return folder

    @staticmethod
    def _check(unpacked: Unpacked, media_type: str) -> None:
        if media_type in ARCHIVES and not unpacked.members and not unpacked.refused:
            raise BadRequest("the archive is empty")


def _upload(member: Member) -> Upload:
    return Upload(member.file, member.name, member.size, member.sha256)
