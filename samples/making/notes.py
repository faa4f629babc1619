"""Small everyday files: a carrier's notes, a register, a staff handbook and a list of the fleet."""

from __future__ import annotations

import csv
import datetime
import io
from pathlib import Path

import xlsxwriter
from docx import Document

LONG_AGO = datetime.datetime(2025, 12, 15, 9, 0)

CARRIERS_NOTES = """# Notes for whoever takes my round

Great Finch, hill round. Written down by Halvard before his holiday.

## Dogs

- **Kelp Cottage**: the dog is called Admiral. He accepts oat biscuits and hates umbrellas.
- **Upper Mill**: two terriers, both deaf. Ring the cowbell by the gate so that they are not startled.
- **The Rectory**: no dog, but the gander bites.

## Short cuts

The path behind the smokehouse saves twelve minutes, but only when the stream is low: if the third stepping stone
is under water, go round by the bridge.

The key to the peat shed hangs on the back of the notice board. Parcels for the Nilssons go into the shed, never
onto the porch, because their lamb eats cardboard.

## Who wants what

| House | Wish |
| --- | --- |
| 4, Church Lane | Reads her letters aloud to you; allow ten minutes |
| 9, Church Lane | Newspaper under the blue flowerpot |
| Signal House | Knock four times; he thinks three is bad luck |
| The Ropewalk | Leave seed catalogues with the sister next door |
"""

LOST = (
    ("number", "date", "found_at", "item", "claimed_by"),
    ("L-01", "2025-01-17", "Tolle counter", "one left ski", ""),
    ("L-02", "2025-02-03", "Night boat", "set of bagpipes", "J. Sandvik"),
    ("L-03", "2025-02-20", "Sorting hall", "wedding ring, engraved 1998", "T. Moen"),
    ("L-04", "2025-03-08", "Skerry landing", "stuffed pike", ""),
    ("L-05", "2025-04-11", "Great Finch shop", "umbrella, green", "R. Aune"),
    ("L-06", "2025-05-02", "Night boat", "umbrella, black", ""),
    ("L-07", "2025-05-29", "Port Amber quay", "tuba mouthpiece", "Harbour Band"),
    ("L-08", "2025-06-14", "Little Finch path", "false teeth, upper", "declined to say"),
    ("L-09", "2025-07-22", "Tolle counter", "live tortoise", "school of Tolle"),
    ("L-10", "2025-08-05", "Night boat", "umbrella, striped", ""),
    ("L-11", "2025-09-19", "Sorting hall", "jar of marbles", "P. Aster"),
    ("L-12", "2025-10-30", "Skerry landing", "accordion", "I. Kaldor"),
    ("L-13", "2025-11-16", "Port Amber quay", "lifebelt of the ferry Aurelia", "Ferry company"),
    ("L-14", "2025-12-24", "Great Finch shop", "red hat with bell", ""),
)

BOATS = (
    ("Boat", "Built", "Length m", "Capacity bags", "Skipper", "Next inspection"),
    ("Marjorie", 1974, 14.2, 60, "Una Brekke", "2026-05-04"),
    ("Night boat Selene", 2003, 22.5, 180, "Tor Valdis", "2026-02-16"),
    ("Petrel", 1991, 9.8, 35, "Lio Marsh", "2026-09-21"),
    ("Tern", 2018, 11.4, 48, "Aud Renning", "2027-03-01"),
)

BICYCLES = (
    ("Bicycle", "Island", "Load kg", "Kilometres 2025", "Remark"),
    ("B1", "Amber", 120, 5210, "new chain in June"),
    ("B2", "Amber", 120, 4870, ""),
    ("B3", "Great Finch", 90, 6930, "brake blocks twice"),
    ("B4", "Tolle", 90, 3120, "basket repaired with fishing line"),
    ("B5", "Skerry", 60, 940, "salt: frame to be repainted"),
)


def make_carriers_notes(path: Path) -> None:
    path.write_text(CARRIERS_NOTES, encoding="utf-8")


def make_lost_property(path: Path) -> None:
    rows = io.StringIO(newline="")
    csv.writer(rows, lineterminator="\n").writerows(LOST)
    path.write_text(rows.getvalue(), encoding="utf-8")


def make_fleet(path: Path) -> None:
    workbook = xlsxwriter.Workbook(str(path))
    workbook.set_properties({"title": "Fleet of Windrose Post", "author": "Windrose Post", "created": LONG_AGO})
    bold = workbook.add_format({"bold": True})
    for name, rows in (("Boats", BOATS), ("Bicycles", BICYCLES)):
        sheet = workbook.add_worksheet(name)
        sheet.set_column(0, len(rows[0]) - 1, 20)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row, bold if number == 0 else None)
    workbook.close()


def make_staff_handbook(path: Path) -> None:
    document = Document()
    document.core_properties.title = "Staff handbook"
    document.core_properties.author = "Windrose Post"
    document.core_properties.created = document.core_properties.modified = LONG_AGO
    document.add_heading("Staff handbook", 0)
    document.add_heading("Holidays", 1)
    document.add_paragraph(
        "Everyone has twenty-eight days of holiday a year. Up to six of them may be taken into the next year, but not "
        "beyond Easter. During the herring weeks in September at most two carriers may be away at once."
    )
    document.add_heading("Clothing", 1)
    document.add_paragraph(
        "The cooperative provides an oilskin coat every third year and a boot allowance of 900 crowns a year. Caps are "
        "optional, except on photographs."
    )
    document.add_heading("When you are ill", 1)
    document.add_paragraph(
        "Tell the duty desk before six in the morning. A doctor's note is needed from the fourth day on, since the "
        "doctor comes to the outer islands only on Tuesdays."
    )
    document.add_heading("Allowances", 1)
    table = document.add_table(rows=0, cols=2, style="Table Grid")
    for what, amount in (
        ("Allowance", "Crowns"),
        ("Night on the boat", "310"),
        ("Sunday duty", "260"),
        ("Storm duty, wind over 20 m/s", "480"),
        ("Carrying the goat across a stream", "45"),
    ):
        cells = table.add_row().cells
        cells[0].text, cells[1].text = what, amount
    document.add_heading("Secrecy of the post", 1)
    document.add_paragraph(
        "What you read on a postcard stays on the postcard. Whoever passes on a secret pays a fine of a round of tea "
        "for the whole sorting hall."
    )
    document.save(str(path))
