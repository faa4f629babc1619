"""The annual report: an illustrated PDF of eight pages with tables, charts and a diagram, all vector."""

from __future__ import annotations

from pathlib import Path

from reportlab.graphics.charts.barcharts import VerticalBarChart
from reportlab.graphics.charts.legends import Legend
from reportlab.graphics.charts.linecharts import HorizontalLineChart
from reportlab.graphics.shapes import Drawing, Line, Polygon, Rect, String
from reportlab.lib import colors
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import cm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    FrameBreak,
    NextPageTemplate,
    PageBreak,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
    TableStyle,
)

INK = colors.HexColor("#16324f")
AMBER = colors.HexColor("#d98324")
SEA = colors.HexColor("#2a7f9e")
FOAM = colors.HexColor("#e8f1f4")

BODY = ParagraphStyle("body", fontName="Times-Roman", fontSize=11, leading=15.5, spaceAfter=8)
HEADING = ParagraphStyle("heading", fontName="Helvetica-Bold", fontSize=16, leading=20, textColor=INK, spaceAfter=8)
SUBHEADING = ParagraphStyle("subheading", parent=HEADING, fontSize=12, leading=15, spaceBefore=6, spaceAfter=4)
CAPTION = ParagraphStyle("caption", fontName="Helvetica-Oblique", fontSize=9, leading=12, spaceBefore=4, spaceAfter=12)
TITLE = ParagraphStyle("title", fontName="Helvetica-Bold", fontSize=30, leading=36, textColor=INK, alignment=TA_CENTER)
SUBTITLE = ParagraphStyle("subtitle", fontName="Helvetica", fontSize=14, leading=20, alignment=TA_CENTER)
BULLET = ParagraphStyle("bullet", parent=BODY, leftIndent=14, bulletIndent=2)
BOXED = ParagraphStyle("boxed", parent=BODY, fontSize=10, leading=14, backColor=FOAM, borderPadding=8, spaceBefore=14)

RULED = TableStyle(
    [
        ("FONT", (0, 0), (-1, -1), "Helvetica", 9.5),
        ("FONT", (0, 0), (-1, 0), "Helvetica-Bold", 9.5),
        ("BACKGROUND", (0, 0), (-1, 0), FOAM),
        ("GRID", (0, 0), (-1, -1), 0.6, INK),
        ("ALIGN", (1, 0), (-1, -1), "RIGHT"),
        ("TOPPADDING", (0, 0), (-1, -1), 4),
        ("BOTTOMPADDING", (0, 0), (-1, -1), 4),
    ]
)

DELIVERED = (
    ("Island", "Letters", "Parcels", "Newspapers", "On time"),
    ("Amber", "61,200", "58,900", "22,400", "97.1 %"),
    ("Great Finch", "33,700", "41,300", "12,800", "95.4 %"),
    ("Little Finch", "9,100", "11,600", "4,500", "93.8 %"),
    ("Tolle", "14,800", "19,200", "6,300", "91.2 %"),
    ("Skerry", "5,400", "13,500", "3,700", "84.6 %"),
    ("All islands", "124,200", "144,500", "49,700", "94.7 %"),
)

MONEY = (
    ("Thousand crowns", "2024", "2025"),
    ("Stamps and letters", "1,310", "1,184"),
    ("Parcels", "1,905", "2,467"),
    ("Newspaper rounds", "402", "395"),
    ("Grant for remote islands", "650", "650"),
    ("Wages", "-2,380", "-2,515"),
    ("Boats and fuel", "-1,020", "-968"),
    ("Buildings and the sorting hall", "-611", "-734"),
    ("Result", "256", "479"),
)

QUARTERS = ("Q1", "Q2", "Q3", "Q4")
LETTERS = (33_900, 31_700, 28_200, 30_400)
PARCELS = (29_600, 32_800, 34_900, 47_200)

MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
DELAY_MIN = (22, 19, 14, 9, 6, 5, 4, 7, 11, 17, 46, 25)


def make_report(path: Path) -> None:
    frame = Frame(2.3 * cm, 2.2 * cm, A4[0] - 4.6 * cm, A4[1] - 4.6 * cm, id="body")
    half = (A4[0] - 5.4 * cm) / 2
    left = Frame(2.3 * cm, 2.2 * cm, half, A4[1] - 4.6 * cm, id="left")
    right = Frame(3.1 * cm + half, 2.2 * cm, half, A4[1] - 4.6 * cm, id="right")
    document = BaseDocTemplate(
        str(path),
        pagesize=A4,
        title="Windrose Post: Annual Report 2025",
        author="Windrose Post",
        subject="Letters, parcels and one very patient goat",
        invariant=1,  # no clock and no random id in the file
    )
    document.addPageTemplates(
        [
            PageTemplate("cover", [frame]),
            PageTemplate("inside", [frame], onPage=running_header),
            PageTemplate("columns", [left, right], onPage=running_header),
        ]
    )
    document.build(
        [
            *cover(),
            *numbers(),
            *letters_and_parcels(),
            *tide_and_timetable(),
            *way_of_a_parcel(),
            *money(),
            *people(),
            *plans(),
        ]
    )


def running_header(canvas: Canvas, document: BaseDocTemplate) -> None:
    canvas.saveState()
    canvas.setFont("Helvetica", 8.5)
    canvas.setFillColor(colors.grey)
    canvas.drawString(2.3 * cm, A4[1] - 1.5 * cm, "Windrose Post · Annual Report 2025")
    canvas.line(2.3 * cm, A4[1] - 1.65 * cm, A4[0] - 2.3 * cm, A4[1] - 1.65 * cm)
    canvas.drawCentredString(A4[0] / 2, 1.3 * cm, f"Page {document.page} of 8")
    canvas.restoreState()


def paragraphs(*texts: str) -> list[Flowable]:
    return [Paragraph(text, BODY) for text in texts]


def ruled(rows: tuple[tuple[str, ...], ...], widths: tuple[float, ...]) -> Table:
    table = Table(rows, colWidths=[width * cm for width in widths], style=RULED, repeatRows=1)
    table.setStyle(TableStyle([("FONT", (0, -1), (-1, -1), "Helvetica-Bold", 9.5)]))
    return table


# ---------------------------------------------------------------- the pages, one function each


def cover() -> list[Flowable]:
    return [
        Spacer(1, 3 * cm),
        Paragraph("Windrose Post", TITLE),
        Paragraph("Annual Report 2025", TITLE),
        Spacer(1, 0.5 * cm),
        Paragraph("Letters, parcels and one very patient goat", SUBTITLE),
        Spacer(1, 2.5 * cm),
        Paragraph("A word from the postmaster", HEADING),
        *paragraphs(
            "Windrose Post has carried the mail between the five Windrose Isles since 1887. It belongs to its "
            "customers: every household on the islands holds one share, and no one can hold two.",
            "This was the year in which parcels overtook letters, in which the storm called Ansgar took the roof off "
            "the Tolle counter, and in which nobody lost a single registered item. I thank our forty-one carriers, "
            "sorters and boat crews, who made all of it look easy.",
            "Ottilie Brandvik, postmaster since 2019",
        ),
        NextPageTemplate("inside"),
        PageBreak(),
    ]


def numbers() -> list[Flowable]:
    return [
        Paragraph("1  The year in numbers", HEADING),
        *paragraphs(
            "We delivered 318,400 items in 2025, four per cent more than the year before. The busiest day was "
            "11 December, when 3,912 items went through the sorting hall at Port Amber; the quietest was 2 January, "
            "with seventeen, nine of them thank-you notes.",
            "An item counts as on time when it reaches the doorstep on the working day after it was handed in. Table 1 "
            "shows how that went on each island. Skerry trails the others because its landing stage can only be used "
            "within two hours of high water.",
        ),
        Paragraph("Table 1: Items delivered in 2025, by island", CAPTION),
        ruled(DELIVERED, (4, 2.8, 2.8, 2.8, 2.8)),
        Spacer(1, 0.5 * cm),
        Paragraph("How we count", SUBHEADING),
        *paragraphs(
            "A newspaper that is delivered together with a letter is counted once, as a newspaper. Parcels that are "
            "returned to their sender are counted on the way out only. Messages that carriers pass on by word of mouth "
            "are not counted at all, although on Little Finch they are said to outnumber the letters.",
        ),
        PageBreak(),
    ]


def letters_and_parcels() -> list[Flowable]:
    return [
        Paragraph("2  Parcels overtake letters", HEADING),
        *paragraphs(
            "For the first time since our books began, we carried more parcels than letters. The lines crossed in the "
            "second quarter, as Figure 1 shows, and the gap has grown since. The Christmas quarter alone brought more "
            "parcels than the whole of 2016.",
            "The commonest thing in a parcel is still clothing, but knitting wool grew fastest: the yarn shop on Great "
            "Finch opened its web shop in March and now hands in sixty parcels a week.",
        ),
        Spacer(1, 0.3 * cm),
        quarters_chart(),
        Paragraph(
            "Figure 1: Letters and parcels delivered in each quarter of 2025. Parcels are ahead from the second "
            "quarter on.",
            CAPTION,
        ),
        *paragraphs(
            "Letters are not gone. Handwritten addresses rose for the second year running, which we put down to the "
            "pen-friend exchange between the schools of Tolle and Skerry.",
        ),
        PageBreak(),
    ]


def tide_and_timetable() -> list[Flowable]:
    return [
        Paragraph("3  The tide and the timetable", HEADING),
        *paragraphs(
            "Our boats sail by the tide, and the tide does not care about timetables. In calm months a boat leaves "
            "within minutes of the printed time. Figure 2 gives the mean delay of all departures in each month.",
            "The peak in November is the storm Ansgar. The night boat stayed in harbour for nine days, and the mail "
            "for Skerry was landed by the lifeboat crew, to whom we owe a great deal of coffee.",
        ),
        Spacer(1, 0.3 * cm),
        delay_chart(),
        Paragraph(
            "Figure 2: Mean delay of departures by month in 2025, in minutes. The best month is July.",
            CAPTION,
        ),
        Paragraph("What we changed", SUBHEADING),
        *paragraphs(
            "Since December the tide tables are read by the sorting hall's computer each night, and the printed time "
            "of the first boat moves with them. The idea came from Ines Kaldor, who sorts the Skerry bags and was "
            "tired of running.",
        ),
        PageBreak(),
    ]


def way_of_a_parcel() -> list[Flowable]:
    return [
        Paragraph("4  How a parcel travels", HEADING),
        *paragraphs(
            "Every parcel, wherever it is going, passes through one room. Figure 3 follows it there and out again.",
        ),
        Spacer(1, 0.3 * cm),
        parcel_diagram(),
        Paragraph(
            "Figure 3: The way of a parcel from the counter to the doorstep. The dashed arrow is the way back of a "
            "parcel that nobody was at home for.",
            CAPTION,
        ),
        *paragraphs(
            "Weighing happens once, at the counter. The sorting hall reads the island from the label with a camera; "
            "what the camera cannot read goes to a person, who needs eleven seconds on average. Bags are sealed with "
            "a lead seal, a habit from the days of sail that the insurers still like.",
            "A parcel for which nobody is at home waits for ten days in the island's shop, not at the counter, because "
            "the shop is open longer.",
        ),
        PageBreak(),
    ]


def money() -> list[Flowable]:
    return [
        Paragraph("5  Where the money comes from, and where it goes", HEADING),
        *paragraphs(
            "The year closed with a surplus of 479,000 crowns, the largest since the cooperative was founded. By its "
            "statutes a third of any surplus goes into the storm fund, a third into wages, and a third is paid out to "
            "the households in stamps.",
        ),
        Paragraph("Table 2: Income and spending, in thousand crowns", CAPTION),
        ruled(MONEY, (7, 3, 3)),
        Spacer(1, 0.5 * cm),
        *paragraphs(
            "Spending on boats and fuel fell although we sailed more, because the engine of the night boat was "
            "replaced by an electric one in May. Buildings cost more: the new roof of the Tolle counter was not "
            "insured against wind from the north-east, and now it is.",
        ),
        NextPageTemplate("columns"),
        PageBreak(),
    ]


def people() -> list[Flowable]:
    return [
        Paragraph("6  People, and the goat", HEADING),
        *paragraphs(
            "Forty-one people worked for Windrose Post at the end of the year, three more than at its beginning. The "
            "longest-serving is Halvard Oyen, who has carried the hill round on Great Finch for thirty-eight years and "
            "has worn out, by his own count, fifty-two pairs of boots.",
            "Two apprentices finished their training: Runa Tveit in the sorting hall and Pell Aster on the boats. Both "
            "stayed.",
        ),
        Paragraph(
            "<b>In the box: Biscuit.</b> The path to the upper farms of Little Finch is too steep for a cargo bicycle. "
            "Since 2021 the goat Biscuit has carried the bags there, up to fourteen kilograms a trip. Her wage is a "
            "bucket of barley and the right to eat misaddressed advertising.",
            BOXED,
        ),
        FrameBreak(),
        Paragraph("Safety", SUBHEADING),
        *paragraphs(
            "There were four accidents with more than one day of absence: three slips on wet landing stages and one "
            "disagreement with a swan. All landing stages now have rope mats.",
        ),
        Paragraph("Training", SUBHEADING),
        *paragraphs(
            "Each carrier spent two days on first aid, and each boat crew a week on cold-water rescue in the harbour "
            "pool of Port Amber. The course will be repeated every second year.",
        ),
        NextPageTemplate("inside"),
        PageBreak(),
    ]


def plans() -> list[Flowable]:
    points = (
        "A second camera for the sorting hall, so that both belts run at the same speed.",
        "A landing stage that floats for Skerry, usable at any tide; building starts in April 2026.",
        "Trial flights with a parcel drone, described in the slides of Project Gannet.",
        "A stamp for the hundred and fortieth birthday of the cooperative in 2027, chosen by the schools.",
    )
    return [
        Paragraph("7  What comes next", HEADING),
        *paragraphs("The members' meeting on 14 March 2026 will decide on these plans:"),
        *[Paragraph(point, BULLET, bulletText="•") for point in points],
        Spacer(1, 0.4 * cm),
        *paragraphs(
            "The board asks the members to keep the price of a letter between the islands where it has been since "
            "2022. It does not ask them to agree about the swan.",
        ),
        Paragraph("Imprint", SUBHEADING),
        *paragraphs(
            "Windrose Post is a registered cooperative with its seat at Quay 3, Port Amber. Drawings and figures by "
            "its own staff. Windrose Post, its islands and its goat are invented.",
        ),
    ]


# ---------------------------------------------------------------- the figures


def quarters_chart() -> Drawing:
    drawing = Drawing(460, 230)
    chart = VerticalBarChart()
    chart.x, chart.y, chart.width, chart.height = 50, 25, 380, 170
    chart.data = [LETTERS, PARCELS]
    chart.categoryAxis.categoryNames = QUARTERS
    chart.valueAxis.valueMin, chart.valueAxis.valueMax, chart.valueAxis.valueStep = 0, 50_000, 10_000
    chart.valueAxis.labelTextFormat = lambda value: f"{value:,.0f}"
    chart.bars[0].fillColor, chart.bars[1].fillColor = SEA, AMBER
    chart.barLabelFormat = lambda value: f"{value / 1000:.1f}k"
    chart.barLabels.nudge = 8
    chart.barLabels.fontSize = 8
    drawing.add(chart)
    drawing.add(legend(120, 222, (("Letters", SEA), ("Parcels", AMBER))))
    return drawing


def delay_chart() -> Drawing:
    drawing = Drawing(460, 210)
    chart = HorizontalLineChart()
    chart.x, chart.y, chart.width, chart.height = 45, 25, 390, 150
    chart.data = [DELAY_MIN]
    chart.categoryAxis.categoryNames = MONTHS
    chart.valueAxis.valueMin, chart.valueAxis.valueMax, chart.valueAxis.valueStep = 0, 50, 10
    chart.lines[0].strokeColor, chart.lines[0].strokeWidth = SEA, 2
    chart.lineLabelFormat = "%d"
    chart.lineLabels.fontSize = 8
    chart.lineLabels.dy = 6
    drawing.add(chart)
    drawing.add(String(12, 190, "Mean delay (minutes)", fontName="Helvetica", fontSize=9, fillColor=INK))
    return drawing


def legend(x: float, y: float, entries: tuple[tuple[str, colors.Color], ...]) -> Legend:
    made = Legend()
    made.x, made.y = x, y
    made.alignment = "right"
    made.columnMaximum = 1
    made.deltax = 70
    made.fontName, made.fontSize = "Helvetica", 9
    made.colorNamePairs = [(color, name) for name, color in entries]
    return made


def parcel_diagram() -> Drawing:
    drawing = Drawing(460, 250)
    boxes = (
        (10, 170, "Counter", "weighed, labelled"),
        (170, 170, "Sorting hall", "camera reads island"),
        (330, 170, "Sealed bag", "lead seal"),
        (330, 40, "Night boat", "leaves at 21:40"),
        (170, 40, "Island landing", "cargo bicycle waits"),
        (10, 40, "Doorstep", "before noon"),
    )
    for x, y, name, detail in boxes:
        drawing.add(Rect(x, y, 115, 50, rx=6, ry=6, fillColor=FOAM, strokeColor=INK, strokeWidth=1.2))
        drawing.add(label(x + 57, y + 29, name, bold=True))
        drawing.add(label(x + 57, y + 13, detail))
    for start, end in (
        ((125, 195), (170, 195)),
        ((285, 195), (330, 195)),
        ((387, 170), (387, 90)),
        ((330, 65), (285, 65)),
        ((170, 65), (125, 65)),
    ):
        add_arrow(drawing, start, end)
    drawing.add(Line(67, 40, 67, 14, strokeColor=AMBER, strokeWidth=1.4, strokeDashArray=[4, 3]))
    drawing.add(Line(67, 14, 227, 14, strokeColor=AMBER, strokeWidth=1.4, strokeDashArray=[4, 3]))
    add_arrow(drawing, (227, 14), (227, 40), color=AMBER)
    drawing.add(label(147, 20, "nobody at home: to the island's shop"))
    return drawing


def label(x: float, y: float, text: str, bold: bool = False) -> String:
    font = "Helvetica-Bold" if bold else "Helvetica"
    return String(x, y, text, fontName=font, fontSize=10 if bold else 8.5, textAnchor="middle", fillColor=INK)


def add_arrow(
    drawing: Drawing, start: tuple[float, float], end: tuple[float, float], color: colors.Color = INK
) -> None:
    (x0, y0), (x1, y1) = start, end
    drawing.add(Line(x0, y0, x1, y1, strokeColor=color, strokeWidth=1.4))
    length = abs(x1 - x0) + abs(y1 - y0)  # arrows here run along an axis
    dx, dy = (x1 - x0) / length, (y1 - y0) / length
    tip = [x1, y1, x1 - 8 * dx + 4 * dy, y1 - 8 * dy + 4 * dx, x1 - 8 * dx - 4 * dy, y1 - 8 * dy - 4 * dx]
    drawing.add(Polygon(tip, fillColor=color, strokeColor=color))
