"""The slides of Project Gannet: text, two tables, a native chart, a picture and speaker notes."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

from making.pictures import make_route
from pptx import Presentation
from pptx.chart.data import CategoryChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.presentation import Presentation as Deck
from pptx.slide import Slide
from pptx.util import Cm, Pt

LONG_AGO = datetime.datetime(2025, 12, 15, 9, 0)

DRONE = (
    ("Property", "Value"),
    ("Wingspan", "2.4 m"),
    ("Payload", "3.5 kg"),
    ("Range on one charge", "42 km"),
    ("Cruising speed", "68 km/h"),
    ("Battery", "1.9 kWh"),
    ("Highest wind for take-off", "13 m/s"),
)

COSTS = (
    ("Way to Skerry", "Crowns per parcel", "Mean time"),
    ("Regular boat", "6", "26 hours"),
    ("Special boat", "145", "2 hours"),
    ("Drone", "19", "17 minutes"),
)


def make_deck(path: Path) -> None:
    deck = Presentation()
    deck.slide_width, deck.slide_height = Cm(33.87), Cm(19.05)
    cover(deck)
    why(deck)
    the_drone(deck)
    the_route(deck)
    the_flights(deck)
    what_went_wrong(deck)
    what_it_costs(deck)
    what_we_ask(deck)
    properties = deck.core_properties
    properties.title, properties.author = "Project Gannet", "Sefa Lindqvist"
    properties.created = properties.modified = LONG_AGO
    deck.save(str(path))


def slide_with_title(deck: Deck, title: str, notes: str = "") -> Slide:
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = title
    slide.shapes.title.width = deck.slide_width - Cm(3)
    if notes:
        slide.notes_slide.notes_text_frame.text = notes
    return slide


def add_points(slide: Slide, points: tuple[str, ...]) -> None:
    frame = slide.shapes.add_textbox(Cm(2), Cm(5), Cm(29), Cm(11)).text_frame
    frame.word_wrap = True
    for number, point in enumerate(points):
        paragraph = frame.paragraphs[0] if number == 0 else frame.add_paragraph()
        paragraph.text, paragraph.font.size, paragraph.space_after = point, Pt(24), Pt(12)


def add_table(slide: Slide, rows: tuple[tuple[str, ...], ...]) -> None:
    shape = slide.shapes.add_table(len(rows), len(rows[0]), Cm(3), Cm(5), Cm(27), Cm(1.4 * len(rows)))
    for r, row in enumerate(rows):
        for c, words in enumerate(row):
            shape.table.cell(r, c).text = words


def cover(deck: Deck) -> None:
    slide = deck.slides.add_slide(deck.slide_layouts[0])
    slide.shapes.title.text = "Project Gannet"
    slide.placeholders[
        1
    ].text = "A parcel drone for the outer islands\nTrial of autumn 2025 · Sefa Lindqvist, Port Amber"


def why(deck: Deck) -> None:
    slide = slide_with_title(deck, "Why a drone?", "Mention the pharmacist of Skerry, who will be in the room.")
    points = (
        "No boat could land on Skerry on 61 days of the year.",
        "On those days 140 parcels with medicine waited longer than a day.",
        "The helicopter comes for people, not for parcels.",
    )
    add_points(slide, points)


def the_drone(deck: Deck) -> None:
    slide = slide_with_title(deck, "The drone we rented")
    add_table(slide, DRONE)


def the_route(deck: Deck) -> None:
    slide = slide_with_title(deck, "The route of the trial")
    slide.shapes.add_picture(io.BytesIO(make_route()), Cm(4), Cm(4.4), width=Cm(26))
    caption = slide.shapes.add_textbox(Cm(4), Cm(16.6), Cm(26), Cm(1.5)).text_frame
    caption.text = "Figure: the drone's route with distances and flying times; the battery is changed at Tolle church."


def the_flights(deck: Deck) -> None:
    slide = slide_with_title(deck, "Eighty-six flights in six weeks")
    data = CategoryChartData()
    data.categories = [f"Week {number}" for number in range(40, 46)]
    data.add_series("Flights", (9, 14, 11, 18, 21, 13))
    slide.shapes.add_chart(XL_CHART_TYPE.COLUMN_CLUSTERED, Cm(3), Cm(4.4), Cm(27), Cm(11), data)
    add_line(slide, "Of one hundred planned flights nine fell to fog and five to geese.")


def add_line(slide: Slide, words: str) -> None:
    frame = slide.shapes.add_textbox(Cm(3), Cm(16), Cm(27), Cm(1.5)).text_frame
    frame.text = words


def what_went_wrong(deck: Deck) -> None:
    slide = slide_with_title(deck, "What went wrong")
    points = (
        "9 October: a great black-backed gull attacked the left wing. It flew on, so did we.",
        "22 October: a jar of honey was dropped over the churchyard of Tolle. The sexton kept it.",
        "3 November: the radio link failed for forty seconds; the drone turned back by itself, as it should.",
    )
    add_points(slide, points)


def what_it_costs(deck: Deck) -> None:
    slide = slide_with_title(deck, "What a parcel to Skerry costs", "The special boat includes the crew's night pay.")
    add_table(slide, COSTS)


def what_we_ask(deck: Deck) -> None:
    points = (
        "Rent the drone for the whole of 2026, for 88,000 crowns.",
        "Train two pilots; Mirre Dahl and Jon Sandvik have volunteered.",
        "Medicine first, then everything else under three kilograms.",
    )
    add_points(slide_with_title(deck, "What we ask the members"), points)
