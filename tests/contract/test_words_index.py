"""What every words index does; then what Tantivy must do besides: survive kills, and be read by other processes."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.adapters.lexical.tantivy import TantivyWords
from domain.documents import Kind
from domain.errors import Unavailable
from domain.ports import WordsIndex, WordsRow
from tests.contract.stores import WORDS, applying, opened_words
from tests.growth import assert_linear

STORES = applying(WORDS)


@pytest.fixture(params=STORES)
def words(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[WordsIndex]:
    index = opened_words(STORES[request.param], tmp_path)
    yield index
    index.close()


def row(chunk_id: str, text: str, kind: Kind = "text") -> WordsRow:
    return WordsRow(chunk_id, chunk_id.split(".")[0], kind, text)


def found(words: WordsIndex, text: str, k: int = 10) -> list[str]:
    return [chunk_id for chunk_id, _ in words.search("c", text, k)]


ROWS = [
    row("d1.a", "The turbine was inspected in Rotterdam in 2019."),
    row("d1.b", "Revenue grew to 1,452.4 million; the turbine business shrank.", "table"),
    row("d2.a", "黑豹队的防守只丢了308分，在联赛中排名第六。"),
    row("d2.b", "A figure of a heat pump", "figure"),
]


def test_what_was_added_is_found_by_the_next_search(words: WordsIndex) -> None:
    words.add("c", ROWS)
    assert found(words, "turbines") == ["d1.a", "d1.b"]
    assert found(words, "what was inspected in rotterdam?")[0] == "d1.a"
    assert found(words, "revenue of 1452.4")[0] == "d1.b"
    assert found(words, "黑豹隊的防守丟了多少分？")[0] == "d2.a"
    assert found(words, "volcano") == []


def test_scores_are_positive_and_best_first(words: WordsIndex) -> None:
    words.add("c", ROWS)
    scores = [score for _, score in words.search("c", "turbine inspected revenue", 10)]
    assert len(scores) == 2
    assert scores == sorted(scores, reverse=True)
    assert min(scores) > 0


def test_rare_words_count_more_and_short_texts_win(words: WordsIndex) -> None:
    words.add("c", [row(f"d.{i}", "common words everywhere") for i in range(20)])
    words.add("c", [row("d.rare", "common zebra"), row("d.long", "zebra " + "common words everywhere " * 20)])
    assert found(words, "common zebra")[:2] == ["d.rare", "d.long"]


def on_page(chunk_id: str, page: int, text: str, ordinal: int = 0) -> WordsRow:
    return WordsRow(chunk_id, chunk_id.split(".")[0], "text", f"Title\n{text}", page, ordinal)


def test_of_two_like_chunks_the_one_whose_page_says_more_comes_first(words: WordsIndex) -> None:
    rows = [on_page("d.a", 1, "sales were 12", 0), on_page("d.b", 2, "sales were 14", 1)]
    words.add("c", [*rows, on_page("d.head", 2, "fiscal year 2019", 2), *ROWS])
    order = found(words, "sales in fiscal year 2019")
    assert order.index("d.b") < order.index("d.a")
    assert "d.b" not in found(words, "fiscal year"), "what stands around helps only what has a word itself"


def test_what_comes_later_to_a_page_is_around_what_was_there(words: WordsIndex) -> None:
    words.add("c", [on_page("d.a", 1, "sales were 12"), on_page("d.b", 2, "sales were 14")])
    words.add("c", [on_page("d.late", 2, "fiscal year 2019", 5)])
    order = found(words, "sales in fiscal year 2019")
    assert order.index("d.b") < order.index("d.a")
    assert words.ids("c") == {"d.a", "d.b", "d.late"}


def test_a_score_is_the_share_of_the_most_that_can_be_scored(words: WordsIndex) -> None:
    words.add("c", ROWS)
    [(_, score), *_] = words.search("c", "turbine Rotterdam 2019 inspected", 5)
    assert 0.4 < score <= 1.8
    [(_, with_unknown), *_] = words.search("c", "turbine Rotterdam 2019 inspected xylophone", 5)
    assert with_unknown == pytest.approx(score, rel=1e-3)


def test_hints_count_less_than_the_question_and_find_by_themselves(words: WordsIndex) -> None:
    words.add("c", [row("d.a", "net income and equity"), row("d.b", "return policy"), row("d.c", "something else")])
    assert [each for each, _ in words.search("c", "return", 5, hints="equity")] == ["d.b", "d.a"]
    assert next(each for each, _ in words.search("c", "return on equity", 5, hints="income equity")) == "d.a"


def test_nothing_added_is_nothing_found(words: WordsIndex) -> None:
    assert words.search("nowhere", "turbine", 5) == ()
    assert words.ids("nowhere") == frozenset()
    words.remove_documents("nowhere", ["d1"])
    words.drop("nowhere")
    words.add("c", [])
    assert words.ids("c") == frozenset()


def test_a_chunk_added_again_has_its_new_words_and_is_not_doubled(words: WordsIndex) -> None:
    words.add("c", ROWS)
    words.add("c", [row("d1.a", "entirely different"), row("d1.a", "a volcano erupted")])
    assert found(words, "volcano") == ["d1.a"]
    assert found(words, "rotterdam") == []
    assert found(words, "different") == []
    assert words.ids("c") == {"d1.a", "d1.b", "d2.a", "d2.b"}


def test_kinds_and_documents_narrow_the_search_and_not_the_scores(words: WordsIndex) -> None:
    words.add("c", ROWS)
    everything = dict(words.search("c", "turbine pump", 10))
    assert dict(words.search("c", "turbine pump", 10, frozenset({"table", "figure"}))) == {
        chunk_id: pytest.approx(everything[chunk_id], rel=1e-4) for chunk_id in ("d2.b", "d1.b")
    }
    assert dict(words.search("c", "turbine pump", 10, documents=frozenset({"d2", "d9"}))) == {
        "d2.b": pytest.approx(everything["d2.b"], rel=1e-4)
    }
    assert words.search("c", "turbine", 10, frozenset({"figure"}), frozenset({"d1"})) == ()
    assert words.search("c", "turbine", 10, documents=frozenset()) == ()


def test_what_was_found_before_a_change_is_found_after_it_as_it_stands_then(words: WordsIndex) -> None:
    words.add("c", [row(f"a.{n}", f"harbour {n}") for n in range(9)])
    before = words.search("c", "harbour", 20)
    assert words.search("c", "harbour", 20) == before
    words.remove("c", ["a.0", "a.4"])
    words.add("c", [row("b.1", "harbour 1")])
    after = {chunk_id for chunk_id, _ in words.search("c", "harbour", 20)}
    assert after == {"b.1", *(f"a.{n}" for n in (1, 2, 3, 5, 6, 7, 8))}


def test_a_removed_document_is_gone_from_searches_and_ids(words: WordsIndex) -> None:
    words.add("c", ROWS)
    words.remove_documents("c", ["d1"])
    assert found(words, "turbine 黑豹") == ["d2.a"]
    assert words.ids("c") == {"d2.a", "d2.b"}


def test_collections_are_apart_and_dropped_alone(words: WordsIndex) -> None:
    words.add("c", ROWS)
    words.add("other/…", [row("e.a", "turbine")])
    words.drop("c")
    assert found(words, "turbine") == []
    assert [chunk_id for chunk_id, _ in words.search("other/…", "turbine", 5)] == ["e.a"]
    words.add("c", ROWS[:1])
    assert words.ids("c") == {"d1.a"}


@pytest.mark.parametrize(
    "text",
    ["", "   ", "?!…()[]{}\"'", "\0\x01\x1f", "text:turbine AND (", "a" * 100_000, "\ud800", "的", "- + *", "🦓"],
)
def test_any_text_is_a_question(words: WordsIndex, text: str) -> None:
    words.add("c", [*ROWS, row("d3.a", text)])
    words.search("c", text, 10)


def test_emoji_and_odd_names_are_found(words: WordsIndex) -> None:
    words.add("c", [row("d.a", "written in C++ with node.js"), row("d.b", "🦓 crossing"), row("d.c", "C and node")])
    assert found(words, "c++")[0] == "d.a"
    assert found(words, "Node.js")[0] == "d.a"
    assert found(words, "🦓") == ["d.b"]


@pytest.mark.parametrize("text", [" ".join(f"word{i}" for i in range(12_000)) + " rotterdam", "分" * 100_000])
def test_a_question_of_100_kB_takes_time_in_step_with_its_length(words: WordsIndex, text: str) -> None:
    words.add("c", ROWS)
    assert_linear(lambda question: words.search("c", question, 10), text)


def test_threads_may_write_and_read_at_once(words: WordsIndex) -> None:
    def work(n: int) -> None:
        words.add("c", [row(f"d{n}.{i}", f"turbine number {i}") for i in range(20)])
        assert found(words, "turbine")

    threads = [threading.Thread(target=work, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(words.ids("c")) == 80


# ---------------------------------------------------------------- Tantivy's own


ADDING = """
import sys
from pathlib import Path
from app.adapters.lexical.tantivy import TantivyWords
from domain.ports import WordsRow
words = TantivyWords(Path(sys.argv[1]))
for n in range(26):
    words.add("c", [WordsRow(f"d{n}.{i}", f"d{n}", "text", "turbine " + chr(97 + n) * 5) for i in range(20)])
    print(n, flush=True)
"""


@pytest.fixture
def adding(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    child = subprocess.Popen([sys.executable, "-c", ADDING, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    yield child
    child.kill()
    child.wait()
    assert child.stdout is not None
    child.stdout.close()


def test_killed_while_adding_nothing_that_was_returned_from_is_lost(
    adding: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert adding.stdout is not None
    for _ in range(12):
        last = int(adding.stdout.readline())
    adding.kill()
    rest = [int(line) for line in adding.stdout if line.strip().isdigit()]
    adding.wait()
    words = TantivyWords(tmp_path)
    survived = words.ids("c")
    assert {f"d{n}.{i}" for n in range(max([last, *rest]) + 1) for i in range(20)} <= survived
    assert len(survived) % 20 == 0
    words.add("c", [row("new.a", "volcano")])  # the lock of the killed process is free
    assert found(words, "volcano") == ["new.a"]


def test_another_process_is_read_while_it_writes_and_waited_for_to_write(
    adding: subprocess.Popen[str], tmp_path: Path
) -> None:
    assert adding.stdout is not None
    words = TantivyWords(tmp_path)
    for _ in range(8):
        n = int(adding.stdout.readline())
        assert len(found(words, chr(97 + n) * 5, 100)) == 20
    words.add("c", [row("mine.a", "volcano")])
    assert found(words, "volcano") == ["mine.a"]


def test_what_was_added_is_there_after_opening_again(tmp_path: Path) -> None:
    TantivyWords(tmp_path).add("c", ROWS)
    again = TantivyWords(tmp_path)
    assert found(again, "rotterdam") == ["d1.a"]
    again.remove("c", ["d1.a"])
    assert again.ids("c") == {"d1.b", "d2.a", "d2.b"}


def test_many_small_additions_do_not_pile_up_segments(tmp_path: Path) -> None:
    words = TantivyWords(tmp_path)
    for n in range(40):
        words.add("c", [row(f"d{n}.a", "turbine")])
    assert len(list(tmp_path.glob("*/*.term"))) < 20
    assert len(found(words, "turbine", 100)) == 40


def test_a_damaged_index_is_a_sentence(tmp_path: Path) -> None:
    TantivyWords(tmp_path).add("c", ROWS)
    for meta in tmp_path.glob("*/meta.json"):
        meta.write_text("{")
    with pytest.raises(Unavailable, match="collection c"):
        found(TantivyWords(tmp_path), "turbine")


def test_a_rebuilt_index_holds_what_it_is_given_of_what_it_held(words: WordsIndex) -> None:
    kept = [WordsRow(f"d.{n}", "d", "text", f"ferry number {n}") for n in range(20)]
    words.add("c", kept)
    words.remove("c", ["d.3"])
    asked: list[frozenset[str]] = []

    def rows(held: frozenset[str]) -> list[list[WordsRow]]:
        asked.append(held)
        return [[row for row in kept if row.chunk_id in held]]

    words.rebuild("c", rows)
    assert asked == [frozenset(f"d.{n}" for n in range(20) if n != 3)]
    assert words.ids("c") == asked[0]
    assert words.search("c", "number 7", 1)[0][0] == "d.7"
    assert words.collections() == {"c"}
    words.add("c", kept[3:4])
    assert len(words.ids("c")) == 20


def test_rebuilding_gives_the_room_of_what_was_removed_back(tmp_path: Path) -> None:
    words = TantivyWords(tmp_path)
    kept = [WordsRow(f"d.{n}", "d", "text", " ".join(f"w{n}x{m}" for m in range(200))) for n in range(200)]
    words.add("c", kept)
    words.remove("c", [row.chunk_id for row in kept[2:]])
    size = sum(file.stat().st_size for file in tmp_path.rglob("*"))
    words.rebuild("c", lambda held: [kept[:2]])
    assert sum(file.stat().st_size for file in tmp_path.rglob("*")) < size / 2
    words.remove("c", ["d.0", "d.1"])
    words.rebuild("c", lambda held: [])
    assert words.collections() == frozenset()
    (tmp_path / "c.v0").mkdir()
    words.sweep()
    assert list(tmp_path.iterdir()) == []
