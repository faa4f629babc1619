"""Hostile documents, made here: each is far over one limit, and small enough to be sent in a moment."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Iterator
from email.message import EmailMessage

FAN = 100  # children of a node of the page tree


def many_pages(pages: int = 100_000) -> bytes:
    """A PDF of so many pages; a hundred of them share a drawing."""
    objects = [b"<</Type/Catalog/Pages 2 0 R>>", b"", b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"]
    nodes = []
    for first in range(0, pages, FAN):
        drawing = b"BT /F1 12 Tf 50 700 Td (Harbour log, sheet %d) Tj ET" % (first // FAN)
        objects.append(b"<</Length %d>>stream\n%b\nendstream" % (len(drawing), drawing))
        content, node = len(objects), len(objects) + 1
        nodes.append(node)
        count = min(FAN, pages - first)
        kids = b" ".join(b"%d 0 R" % (node + n) for n in range(1, count + 1))
        objects.append(
            b"<</Type/Pages/Parent 2 0 R/Count %d/MediaBox[0 0 612 792]/Resources<</Font<</F1 3 0 R>>>>/Kids[%b]>>"
            % (count, kids)
        )
        objects += [b"<</Type/Page/Parent %d 0 R/Contents %d 0 R>>" % (node, content)] * count
    objects[1] = b"<</Type/Pages/Count %d/Kids[%b]>>" % (pages, b" ".join(b"%d 0 R" % node for node in nodes))
    return _pdf(objects)


def _pdf(objects: list[bytes]) -> bytes:
    out, places = io.BytesIO(), []
    out.write(b"%PDF-1.4\n")
    for number, one in enumerate(objects, start=1):
        places.append(out.tell())
        out.write(b"%d 0 obj\n%b\nendobj\n" % (number, one))
    table = out.tell()
    out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
    out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
    out.write(b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table))
    return out.getvalue()


def many_columns(columns: int = 200_000, rows: int = 3) -> bytes:
    lines = (",".join(f"{'depth' if row == 0 else row} {column}" for column in range(columns)) for row in range(rows))
    return "\n".join(lines).encode()


def many_attachments(attachments: int = 5_000) -> bytes:
    """An e-mail with so many notes."""
    letter = EmailMessage()
    letter["From"], letter["Subject"] = "ann@sea.example", "All the logs"
    letter.set_content("Attached are all the logs of the harbour.")
    letter.make_mixed()
    head, _, tail = letter.as_bytes().rpartition(b"\n--")
    boundary = (letter.get_boundary() or "").encode()
    parts = b"".join(
        b'\n--%b\nContent-Type: text/plain\nContent-Disposition: attachment; filename="%d.txt"\n\n%b'
        % (boundary, number, note(number))
        for number in range(attachments)
    )
    return head + parts + b"\n--" + tail


def many_files(files: int = 5_000) -> bytes:
    """An archive with so many notes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(files):
            archive.writestr(f"logs/{number}.txt", note(number) + b" of the archive")
    return out.getvalue()


def note(number: int) -> bytes:
    return b"Log %d: the ferry left the harbour with %d barrels of oil" % (number, number * 7)


def cubic_formats(signs: int = 60_000, cells: int = 200) -> bytes:
    """A workbook whose numbers are shown by a format of unclosed brackets."""
    from openpyxl import Workbook

    book, out = Workbook(), io.BytesIO()
    for row in range(1, cells):
        book.active.append([f"barrels {row}", row * 7])
        book.active.cell(row, 2).number_format = "[$ " * 3
    book.save(out)
    return _with_format(out.getvalue(), "[$ " * (signs // 3))


def _with_format(data: bytes, number_format: str) -> bytes:
    """openpyxl writes no format over 255 characters, and reads any."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as book, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as again:
        for name in book.namelist():
            content = book.read(name)
            if name == "xl/styles.xml":
                content = content.replace(b"[$ [$ [$ ", number_format.encode())
            again.writestr(name, content)
    return out.getvalue()


def deep_json(depth: int = 1_000_000) -> bytes:
    return b'{"harbour": "Skerry", "deep": ' + b"[" * depth + b"]" * depth + b"}"


MADE: dict[str, Callable[[], bytes]] = {
    "pages.pdf": many_pages,
    "columns.csv": many_columns,
    "attachments.eml": many_attachments,
    "files.zip": many_files,
    "formats.xlsx": cubic_formats,
    "deep.json": deep_json,
}


def made() -> Iterator[tuple[str, bytes]]:
    """Names and contents, one at a time."""
    for name, make in MADE.items():
        yield name, make()
