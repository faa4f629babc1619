"""Makes the sample documents: `python samples/make.py [--into FOLDER]`. The same code makes the same bytes."""

from __future__ import annotations

import argparse
import io
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

from making.chinese import make_handbook
from making.deck import make_deck
from making.notes import make_carriers_notes, make_fleet, make_lost_property, make_staff_handbook
from making.pictures import make_harbour, make_letter, make_map
from making.report import make_report

HERE = Path(__file__).parent
FIXED = (2025, 12, 15, 9, 0, 0)  # the time that stands in every entry of an Office file

DOCUMENTS: dict[str, Callable[[Path], None]] = {
    "annual-report-2025.pdf": make_report,
    "project-gannet.pptx": make_deck,
    "harbour-morning.jpg": make_harbour,
    "chart-of-the-isles.svg": make_map,
    "letter-1931-scanned.pdf": make_letter,
    "灯塔守则.pdf": make_handbook,
    "carriers-notes.md": make_carriers_notes,
    "lost-property-2025.csv": make_lost_property,
    "staff-handbook.docx": make_staff_handbook,
    "fleet.xlsx": make_fleet,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--into", type=Path, default=HERE / "documents", help="folder for the documents")
    make_all(parser.parse_args().into)


def make_all(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, make in DOCUMENTS.items():
        path = folder / name
        make(path)
        if path.suffix in (".docx", ".pptx", ".xlsx"):
            path.write_bytes(without_clock(path.read_bytes()))
        print(f"{path.stat().st_size:>9,}  {path}")


def without_clock(archive: bytes) -> bytes:
    """The same Office file with one fixed time everywhere, also in the workbooks that charts carry inside."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as source, zipfile.ZipFile(made, "w") as target:
        for entry in source.infolist():
            content = source.read(entry)
            if entry.filename == "docProps/core.xml":
                content = re.sub(rb"\d{4}-\d\d-\d\dT[\d:]{8}Z", b"2025-12-15T09:00:00Z", content)
            elif entry.filename.endswith(".xlsx"):
                content = without_clock(content)
            target.writestr(zipfile.ZipInfo(entry.filename, FIXED), content, zipfile.ZIP_DEFLATED)
    return made.getvalue()


if __name__ == "__main__":
    main()
