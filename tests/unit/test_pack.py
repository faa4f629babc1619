from __future__ import annotations

import io
import random
import struct
from datetime import UTC, datetime

import pytest
from PIL import Image

from answering.context.pack import SIDES, packings, picture_size, recent, spread, tokens_of
from app.adapters.encoders.decoding import fitted_picture
from domain.answers import Message, TextPart
from domain.documents import Chunk, Document, Kind
from domain.evidence import Evidence
from language.terms import terms
from tests.growth import assert_linear

DOCUMENT = Document(
    "d", "c", "default", "report.pdf", "application/pdf", 1, "0" * 64, "ready", datetime(2026, 1, 1, tzinfo=UTC)
)


def evidence(n: int, text: str, page: int = 1, kind: Kind = "text") -> Evidence:
    return Evidence(Chunk(f"d.{n}", "d", n, kind, text, text, page=page), DOCUMENT)


def words(n: int) -> str:
    return " ".join(chr(97 + n) * 3 + chr(97 + i) * 3 for i in range(20))


def test_what_says_the_same_makes_room_for_something_else() -> None:
    pool = [evidence(1, words(1)), evidence(2, words(1)), evidence(3, words(1)), evidence(4, words(2), page=9)]
    assert [one.id for one in spread(pool, 2)] == ["d.1", "d.4"]


def test_the_first_stays_and_the_order_is_kept() -> None:
    pool = [evidence(n, words(n), page=n) for n in range(12)]
    assert [one.id for one in spread(pool, 4)] == ["d.0", "d.1", "d.2", "d.3"]
    assert spread(pool[:2], 8) == tuple(pool[:2])
    assert spread([], 8) == ()


def test_a_figure_with_known_words_is_still_shown_for_its_pixels() -> None:
    pool = [evidence(1, words(1)), evidence(2, words(1), kind="figure"), evidence(3, words(1))]
    assert [one.id for one in spread(pool, 2)] == ["d.1", "d.2"]


def chosen_plainly(pool: list[Evidence], most: int) -> list[str]:
    """As `spread` is meant: in each round the piece that is worth most beside those chosen before."""
    chosen: list[int] = []
    said = [frozenset(terms(one.chunk.text)) for one in pool]

    def worth(at: int) -> float:
        shared = [(len(said[at] & said[other]), min(len(said[at]), len(said[other]))) for other in chosen]
        alike = max((both / fewer for both, fewer in shared if fewer >= 5), default=0.0)
        beside = sum(pool[other].chunk.page == pool[at].chunk.page for other in chosen)
        repeated = 1.0 if alike >= 0.85 and pool[at].chunk.kind == "text" else 0.3 * alike
        return 1 - at / (2 * len(pool)) - repeated - 0.05 * min(beside, 4)

    while len(chosen) < min(most, len(pool)):
        chosen.append(max((at for at in range(len(pool)) if at not in chosen), key=worth))
    return [pool[at].id for at in sorted(chosen)]


def test_random_pieces_are_chosen_as_round_by_round() -> None:
    chance = random.Random(7)
    kinds: list[Kind] = ["text", "text", "figure"]
    for _ in range(150):
        said = [" ".join(f"word{chance.randrange(24)}" for _ in range(chance.choice((0, 3, 6, 20)))) for _ in range(14)]
        pool = [evidence(n, chance.choice(said), chance.randrange(3), chance.choice(kinds)) for n in range(14)]
        most = chance.randrange(16)
        assert [one.id for one in spread(pool, most)] == chosen_plainly(pool, most)


def test_choosing_takes_time_in_step_with_the_pieces() -> None:
    chance = random.Random(7)
    said = [" ".join(f"word{chance.randrange(2_000)}" for _ in range(40)) for _ in range(400)]
    pool = [evidence(n, text, page=n) for n, text in enumerate(said)]
    assert_linear(lambda length: spread(pool[: len(length)], len(length) // 2), "x" * 400)


def steps(count: int, side: int, most: int) -> list[tuple[int, int, int]]:
    shown = [evidence(n, words(n)) for n in range(4)]
    sizes = {f"d.{n}": (side, side // 2) for n in range(count)}
    return [(len(one.evidence), len(one.images), one.side) for one in packings(shown, sizes, most)]


def test_too_much_degrades_in_steps_smaller_then_fewer_then_words_then_fewer_passages() -> None:
    assert steps(2, 2000, 4) == [(4, 2, 1024), (4, 2, 512), (4, 2, 256), (4, 1, 256), (4, 0, 256), (2, 0, 1024),
                                 (1, 0, 1024)]  # fmt: skip


def test_small_pictures_are_not_made_smaller() -> None:
    assert steps(1, 200, 4) == [(4, 1, 1024), (4, 0, 1024), (2, 0, 1024), (1, 0, 1024)]


def test_a_model_without_eyes_gets_words_at_once() -> None:
    assert steps(2, 2000, 0)[0] == (4, 0, 1024)


def test_each_step_says_what_it_leaves_out() -> None:
    shown = [evidence(n, words(n)) for n in range(4)]
    found = list(packings(shown, {"d.0": (900, 900), "d.1": (900, 900)}, 2))
    assert found[0].noticed == ()
    assert [one.code for one in found[1].noticed] == ["images_reduced"]
    assert [one.code for one in found[-1].noticed][-1] == "evidence_left_out"


@pytest.mark.parametrize("media", ["PNG", "JPEG"])
def test_the_size_of_a_picture_is_read_from_its_header(media: str) -> None:
    file = io.BytesIO()
    Image.new("RGB", (300, 170), (9, 9, 9)).save(file, media)
    assert picture_size(file.getvalue()) == (300, 170)
    assert max(picture_size(fitted_picture(file.getvalue(), 128)) or ()) == 128


@pytest.mark.parametrize(
    "data",
    [b"", b"\x89PNG\r\n\x1a\n", b"\xff\xd8", b"\xff\xd8\xff\xe0\x00\x00" * 9, b"GIF89a", b"\xff\xd8" + b"\xff" * 99],
)
def test_what_is_no_picture_has_no_size(data: bytes) -> None:
    assert picture_size(data) in (None, struct.unpack(">HH", b"\xff\xff\xff\xff"))


def test_tokens_are_counted_by_script() -> None:
    assert tokens_of([Message("user", (TextPart("word " * 720),))]) == pytest.approx(1000)
    assert tokens_of([Message("user", (TextPart("字" * 100),))]) == pytest.approx(80)


def test_a_long_conversation_is_shown_from_its_newest_end() -> None:
    wish = Message("system", (TextPart("Be brief."),))
    turns = [Message("user", (TextPart(f"{n} " + "x" * 300),)) for n in range(500)]
    shown, noticed = recent([wish, *turns])
    assert shown[0] == wish
    assert shown[-1] == turns[-1]
    assert sum(len(message.text) for message in shown) < 17_000
    assert [one.code for one in noticed] == ["history_left_out"]
    assert recent(turns[:3]) == (tuple(turns[:3]), ())


def test_sides_shrink() -> None:
    assert list(SIDES) == sorted(SIDES, reverse=True)
