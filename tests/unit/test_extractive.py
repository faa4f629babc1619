from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from answering.extractive.passages import quotables
from answering.extractive.reader import ExtractiveReader
from answering.grounding.check import Checker, Statement
from answering.question import read as questions
from domain.answers import Prompt
from domain.documents import Chunk, Document, Kind, Place
from domain.evidence import Evidence
from domain.ports import Tokens, Vector, Vectors
from prompts.answer import abstains
from prompts.markers import claims_of
from tests.growth import assert_linear

DOCUMENT = Document(
    "d", "c", "default", "report.pdf", "application/pdf", 1, "0" * 64, "ready", datetime(2026, 1, 1, tzinfo=UTC)
)
PROSE = (
    "Windrose Post was founded in 1931 by Ines Kaldor. It carries letters to nine islands.\n"
    "The night boat stayed nine days in harbour because of the storm Ansgar [12]."
)
TABLE = (
    "Table 2: Deliveries by island\n| Island | Items | On time |\n| --- | --- | --- |\n"
    "| Tolle | 6,300 | 90 % |\n| Skerry | 4,120 | 84.6 % |"
)
CHINESE = "灯塔守则。夜班船每天21:40离港，因为潮水较高。守塔人共有四名，由林海负责。"
FIGURE = "Figure 3: A parcel's way from the sorting hall to the night boat"


def evidence(n: int, text: str, kind: Kind = "text") -> Evidence:
    return Evidence(Chunk(f"d.{n}", "d", n, kind, text, text, page=n), DOCUMENT)


SHOWN = (evidence(1, PROSE), evidence(2, TABLE, "table"), evidence(3, CHINESE), evidence(4, FIGURE, "figure"))


def prompt_of(question: str, *shown: Evidence) -> Prompt:
    return Prompt(questions.read(question), (), shown)


def reading(question: str, shown: tuple[Evidence, ...] = SHOWN) -> tuple[str, float]:
    read = ExtractiveReader().read(prompt_of(question, *shown))
    return " ".join(read.quotes), read.confidence


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("How long did the night boat stay in harbour?", "nine days in harbour because of the storm Ansgar ⟦12⟧. [1]"),
        ("Who founded Windrose Post?", "Windrose Post was founded in 1931 by Ines Kaldor. [1]"),
        ("What share of the items for Skerry was on time?", "On time: 84.6 % [2]"),
        ("How many items went to Tolle?", "Island: Tolle; Items: 6,300 [2]"),
        ("夜班船几点离港？", "夜班船每天21:40离港，因为潮水较高。 [3]"),
        ("守塔人有多少名？", "守塔人共有四名，由林海负责。 [3]"),
        ("Which figure shows a parcel's way from the sorting hall?", "A parcel's way from the sorting hall"),
    ],
)
def test_the_sentence_or_cells_that_answer_are_quoted_with_their_marker(question: str, answer: str) -> None:
    assert answer in reading(question)[0]


@pytest.mark.parametrize(
    "question",
    ["Who won the football world cup in 1998?", "What does a stamp to the moon cost?", "公司的股价是多少？", "?", ""],
)
def test_a_question_without_an_answer_in_the_evidence_is_abstained_from(question: str) -> None:
    text, confidence = reading(question)
    assert abstains(text)
    assert confidence < 0.5


def test_the_abstention_is_in_the_language_of_the_question() -> None:
    assert reading("Why?", ()) == ("This is not in your documents.", 0.0)
    assert reading("为什么？", ()) == ("您的文档中没有相关内容。", 0.0)


def test_quotes_are_supported_by_what_they_cite() -> None:
    for question in (
        "Who founded Windrose Post?",
        "What share of the items for Skerry was on time?",
        "夜班船几点离港？",
    ):
        for claim in claims_of(reading(question)[0]):
            cited = tuple(SHOWN[n - 1].chunk.text for n in claim.citations)
            [checked] = Checker().check([Statement(claim.text, claim.citations, cited)])
            assert checked.support > 0.9


def test_the_same_sentence_in_two_chunks_is_quoted_once() -> None:
    text, _ = reading("Who founded Windrose Post?", (evidence(1, PROSE), evidence(2, PROSE)))
    assert text.count("Ines Kaldor") == 1


def test_a_question_about_the_largest_gets_all_columns() -> None:
    table = "| | 2018 | 2019 |\n| --- | --- | --- |\n| Wages | 2,100 | 2,515 |\n| Fuel | 300 | 290 |"
    text, _ = reading("In which year were wages highest, 2018 or 2019?", (evidence(1, table, "table"),))
    assert "2018: 2,100; 2019: 2,515" in text


MARGINS = (
    "| 产品 | 营业收入（万元） | 毛利率 |\n| --- | --- | --- |\n| 液态奶 | 398,214.06 | 27.4% |\n"
    "| 奶粉 | 121,560.90 | 43.8% |\n| 奶酪 | 52,334.12 | 36.1% |\n| 合计 | 572,109.08 | 45.0% |"
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("哪个产品的毛利率最高？", "产品: 奶粉; 毛利率: 43.8% [1]"),
        ("哪个产品的毛利率最低？", "产品: 液态奶; 毛利率: 27.4% [1]"),
        ("哪个产品的营业收入最高？", "产品: 液态奶; 营业收入（万元）: 398,214.06 [1]"),
    ],
)
def test_the_row_with_the_highest_or_lowest_value_is_quoted(question: str, answer: str) -> None:
    assert reading(question, (evidence(1, MARGINS, "table"),))[0] == answer


def test_no_row_of_a_table_in_two_chunks_has_the_highest_value() -> None:
    other = "\n".join((*MARGINS.splitlines()[:2], "| 酸奶 | 9,214.06 | 57.4% |", "| 黄油 | 1,560.90 | 13.8% |"))
    pieces = quotables(
        questions.read("哪个产品的毛利率最高？").standalone,
        (evidence(1, MARGINS, "table"), evidence(2, other, "table")),
    )
    assert not any(piece.singled for piece in pieces)


def test_a_header_two_rows_high_and_groups_of_rows_are_read() -> None:
    table = (
        "| | Year | |\n| --- | --- | --- |\n| | 2018 | 2019 |\n| Post: | | |\n| Letters | 5 | 7 |\n"
        "| Freight: | | |\n| Letters | 1 | 2 |"
    )
    text, _ = reading("How many freight letters in 2019?", (evidence(1, table, "table"),))
    assert "2019: 2 [1]" in text.replace("Year 2019", "2019")


def test_a_sentence_is_found_by_the_words_of_its_heading() -> None:
    about = replace(evidence(1, "It costs nine crowns a year.").chunk, place=Place(("Membership fee",)))
    text, _ = reading("How much is the membership fee?", (Evidence(about, DOCUMENT), evidence(2, PROSE)))
    assert "nine crowns" in text


HALL = (
    "What we did\nSince May the tide tables are read by the machine in the sorting hall every night. "
    "The idea came from Mirre Dahl, who was tired of running."
)


def test_a_who_question_also_quotes_the_next_sentence_with_the_name() -> None:
    text, _ = reading("Who suggested that the machine in the sorting hall reads the tide tables?", (evidence(1, HALL),))
    assert text.startswith("Since May the tide tables")
    assert text.endswith("[1] The idea came from Mirre Dahl, who was tired of running. [1]")


def test_a_month_is_not_a_person() -> None:
    text, _ = reading("Who reads the tide tables?", (evidence(1, HALL),))
    assert "Mirre Dahl" in text


def test_the_next_sentence_is_quoted_if_it_continues_with_a_pronoun() -> None:
    dogs = "- Kelp Cottage: the dog is called Admiral. He accepts oat biscuits.\n- Upper Mill: two terriers, both deaf."
    text, _ = reading("What does the dog at Kelp Cottage accept?", (evidence(1, dogs), evidence(2, PROSE)))
    assert text == "- Kelp Cottage: the dog is called Admiral. [1] He accepts oat biscuits. [1]"


def test_a_cell_that_answers_is_quoted_without_captions_and_headings() -> None:
    year = "The year in numbers\nWe delivered 900 items on time, more than in any year before.\nTable 2: Items on time"
    text, _ = reading(
        "What share of the items for Skerry was on time?", (evidence(1, year), evidence(2, TABLE, "table"))
    )
    assert text == "Island: Skerry; On time: 84.6 % [2]"


def test_a_heading_alone_is_not_an_answer() -> None:
    shown = (evidence(1, "What a letter to Skerry costs\nThe special boat sails at night only, and with a full crew."),)
    assert not reading("What does a letter to Skerry cost?", shown)[0].startswith("What a letter")


LOST = (
    "| number | found_at | item | claimed_by |\n| --- | --- | --- | --- |\n| K-1 | North shop | umbrella | R. Aune |\n"
    "| K-2 | Night boat | umbrella | |\n| K-3 | North shop | red hat | B. Moen |"
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("承租方是谁？", "承租方（乙方）：海岚公司 [1]"),
        ("甲方的法定代表人是谁？", "法定代表人：沈国栋 [1]"),
        ("When is the payment due?", "Payment due: 13 April 2025 [2]"),
        ("What is the total?", "Total: £5,666.40 [2]"),
    ],
)
def test_a_field_of_a_form_is_quoted_alone(question: str, answer: str) -> None:
    contract = "租赁合同\n出租方（甲方）：云栖公司\n法定代表人：沈国栋\n承租方（乙方）：海岚公司\n法定代表人：周雅琴"
    invoice = "Invoice\nNumber: MF-20871\nPayment due: 13 April 2025\nTotal: £5,666.40\nThank you for your business."
    assert reading(question, (evidence(1, contract), evidence(2, invoice)))[0] == answer


def test_a_row_is_quoted_with_the_cells_of_the_question_and_the_column_asked_for() -> None:
    text, _ = reading("Who lost the umbrella that was found in the North shop?", (evidence(1, LOST, "table"),))
    assert text == "number: K-1; found_at: North shop; item: umbrella; claimed_by: R. Aune [1]"


SOLD = "| Play | Spring | Spring | Autumn | Autumn |\n| --- | --- | --- | --- | --- |\n"
NAMES = (
    "Adults | Children | Adults | Children |\n| The Seagull | 412 | 38 | 377 | 25 |\n| Macbeth | 518 | 44 | 489 | 51 |"
)


@pytest.mark.parametrize("corner", ["Play", ""])
def test_a_second_header_row_is_joined_with_the_first(corner: str) -> None:
    shown = (evidence(1, f"{SOLD}| {corner} | {NAMES}", "table"),)
    if corner == "Play":
        assert reading("How many children saw Macbeth in autumn?", shown)[0] == "Play: Macbeth; Autumn Children: 51 [1]"
    assert reading("Which play sold the most adult tickets in spring?", shown)[0].endswith("Spring Adults: 518 [1]")


def test_a_row_with_empty_first_cells_starts_at_its_first_filled_cell() -> None:
    table = "| Item | Qty | Price | Amount |\n| --- | --- | --- | --- |\n| Oak shelf | 12 | 184.50 | 2,214.00 |\n"
    table += "| Bench | 3 | 395.00 | 1,185.00 |\n|  |  | Total due | 3,399.00 |"
    assert reading("What is the total due?", (evidence(1, table, "table"),))[0] == "Total due; Amount: 3,399.00 [1]"


def test_an_opening_bracket_is_not_part_of_the_short_answer() -> None:
    minutes = (
        "It was agreed by those members present (17 votes to 4, with 2 abstentions) to ban all bonfires in summer."
    )
    assert reading("How many votes were there to ban bonfires?", (evidence(1, minutes),))[0].startswith("17 — ")


def test_the_number_of_a_heading_is_not_an_amount() -> None:
    manual = "空气净化器使用说明书\n1 安全注意事项\n请勿在潮湿环境中使用空气净化器，以免发生触电。"
    assert abstains(reading("空气净化器的价格是多少？", (evidence(1, manual),))[0])


def test_a_field_belongs_to_the_record_that_the_first_field_names() -> None:
    record = "restaurant: Casa Brava\ncity: Girona\nopened: 2011\nhead chef: Núria Ferrer"
    assert reading("Who is the head chef of Casa Brava?", (evidence(1, record),))[0] == "head chef: Núria Ferrer [1]"


RENTS = "| 年度 | 月租金（元） |\n| --- | --- |\n| 第一年 | 41,708 |\n| 第二年 | 44,191 |"


def test_a_value_of_another_year_is_not_an_answer() -> None:
    takings = "| 项目 | 2023年 | 2022年 |\n| --- | --- | --- |\n| 营业收入 | 586,320 | 541,208 |"
    shown = (evidence(1, takings, "table"), evidence(2, RENTS, "table"))
    assert reading("2022年的营业收入是多少？", shown)[0] == "项目: 营业收入; 2022年: 541,208 [1]"
    assert abstains(reading("2021年的营业收入是多少？", shown)[0])
    assert "44,191" in reading("第二年的月租金是多少？", shown)[0]
    assert abstains(reading("第五年的月租金是多少？", shown)[0])


def test_a_that_is_why_sentence_is_quoted_with_the_reason_before_it() -> None:
    wool = "Wool felts when heat and friction come together. That is why wool should never be washed above 30 °C."
    assert reading("Why should wool never be washed above 30 °C?", (evidence(1, wool),))[0].startswith(
        "Wool felts when"
    )


def test_each_row_that_is_quoted_has_its_own_marker() -> None:
    tickets = (
        "| id | title | priority |\n| --- | --- | --- |\n| T-1 | VPN drops | high |\n| T-2 | Payroll fails | high |"
    )
    said, _ = reading("Which tickets have high priority?", (evidence(1, tickets, "table"),))
    assert said.count("[1]") == 2


def test_a_date_or_the_number_of_a_row_is_not_an_amount() -> None:
    table = "| number | date | item |\n| --- | --- | --- |\n| L-13 | 2025-11-16 | lifebelt of the ferry Aurelia |"
    assert abstains(reading("How many passengers did the ferry Aurelia carry?", (evidence(1, table, "table"),))[0])


WAY = (
    "Figure 3: The way of a parcel from the counter to the door.\nCounter  Sorting hall\nweighed  camera\n"
    "Landing  Night boat\nbicycle waits  leaves at 21:40"
)


def test_a_label_of_a_figure_is_quoted_with_the_next_and_without_the_caption() -> None:
    text, _ = reading("At what time does the night boat leave on the way of a parcel?", (evidence(1, WAY, "figure"),))
    assert text == "Landing Night boat; bicycle waits leaves at 21:40 [1]"


def test_a_label_of_a_map_answers_a_where_question() -> None:
    route = "Figure: the drone's route with flying times.\nSkerry school\n8 km, 7 min\nemergency landing: Bell Rock"
    text, _ = reading("Where is the emergency landing on the drone's route?", (evidence(1, route, "figure"),))
    assert "emergency landing: Bell Rock [1]" in text
    assert "Figure" not in text


STORES = (
    "表一：储备物资一览\n| 物品 | 存放处 | 最低数量 |\n| --- | --- | --- |\n| 柴油 | 油库 | 八百升 |\n"
    "| 信号弹 | 铁箱 | 二十枚 |"
)


@pytest.mark.parametrize(
    ("question", "answer"),
    [("柴油的最低储备数量是多少？", "最低数量: 八百升"), ("信号弹放在什么地方？", "存放处: 铁箱")],
)
def test_chinese_cells_are_found_when_the_question_orders_their_words_differently(question: str, answer: str) -> None:
    assert answer in reading(question, (evidence(1, STORES, "table"), evidence(2, CHINESE)))[0]


def test_an_amount_of_something_else_is_not_an_answer() -> None:
    assert abstains(reading("信号弹的价格是多少？", (evidence(1, STORES, "table"),))[0])


BUILT = "灯塔守则\n一、来历\n北岛灯塔建成于一八七四年，石料前后运了三百一十七船。"


def test_a_how_high_question_is_answered_by_a_height_only() -> None:
    assert abstains(reading("北岛灯塔有多高？", (evidence(1, BUILT),))[0])
    assert "二十八米" in reading("北岛灯塔有多高？", (evidence(1, BUILT + "北岛灯塔高二十八米。"),))[0]
    assert abstains(reading("How tall is the lighthouse?", (evidence(1, "The lighthouse was built in 1874."),))[0])
    assert "28 m" in reading("How tall is the lighthouse?", (evidence(1, "The lighthouse is 28 m tall."),))[0]


def test_a_what_time_question_is_answered_by_a_clock_time_only() -> None:
    assert abstains(
        reading("At what time does the night boat leave?", (evidence(1, "The night boat has 9 berths."),))[0]
    )


def test_two_quotes_of_one_chunk_share_a_marker_in_reading_order() -> None:
    rules = (
        "- Lamps: which rules apply to lamps, in the tower\n- Ropes: which rules apply to ropes, in the harbour\n"
        "- Boats: which rules apply to boats, in the sound"
    )
    text, _ = reading("Which rules apply to lamps, ropes and boats?", (evidence(1, rules),))
    assert text.count("[1]") == 1
    assert text.index("Lamps") < text.index("Ropes")


class Alike:
    """An encoder that gives all texts with the letter x the same vector, and can't read Chinese."""

    name, dimensions, max_tokens = "alike", 2, 99

    def __init__(self) -> None:
        self.encoded = 0

    def encode(self, texts: list[str]) -> Vectors:
        self.encoded += len(texts)
        return np.array([[1.0, 0.0] if "x" in text else [0.0, 1.0] for text in texts], np.float32)

    def encode_query(self, text: str) -> Vector:
        return np.array([1.0, 0.0], np.float32)

    def encode_tokens(self, texts: list[str]) -> tuple[Vectors, list[Tokens]]:
        vectors = self.encode(texts)
        return vectors, [Tokens(np.arange(3), np.tile(vector, (3, 1))) for vector in vectors]

    def count_tokens(self, texts: list[str]) -> list[int]:
        return [len(text) for text in texts]

    def sees(self, text: str) -> bool:
        return text.isascii()


def test_a_shortlist_of_sentences_gets_a_likeness() -> None:
    encoder = Alike()
    text = "Flibber went home. " * 40 + "The vixen slept."
    read = ExtractiveReader(encoder).ranked(prompt_of("Which animal was resting?", evidence(1, text)))  # type: ignore[arg-type]
    assert encoder.encoded <= 10
    assert all(one.likeness is not None for one in read)


def test_a_question_that_the_encoder_cannot_read_is_answered_by_words_alone() -> None:
    encoder = Alike()
    reader = ExtractiveReader(encoder)  # type: ignore[arg-type]
    assert "21:40" in "".join(reader.read(prompt_of("夜班船几点离港？", *SHOWN)).quotes)
    assert encoder.encoded == 0


def test_hostile_text_takes_no_longer_than_other_text() -> None:
    nasty = [
        "|" * 20_000,
        "| a " * 5_000 + "\n| b |",
        "." * 20_000,
        "A. " * 8_000,
        "字" * 20_000,
        "[1" * 9_000,
        "a" * 30_000,
    ]
    for text in nasty:
        assert_linear(lambda given: reading("How many a are in A?", (evidence(1, given),)), text)
