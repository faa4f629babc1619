"""How far a document is: by its pages, the pictures on them included."""

from __future__ import annotations

from itertools import pairwise

from ingest.progress import Clocks, Work


def test_progress_grows_with_every_page_and_picture() -> None:
    work = Work(4)
    course = [work, work := work.parse(2, 0, 0), work := work.parse(2, 1, 3), work := work.index(1.0)]
    course += [work := work.read(textless=1), work := work.read(pictures=1), work.read(pictures=2)]
    progress = [one.progress for one in course[2:]]
    assert all(later > earlier for earlier, later in pairwise(progress))
    assert progress[-1] == 0.99


def test_pages_to_come_are_expected_to_be_like_those_before() -> None:
    all_scanned = Work(100).parse(10, 10, 0)
    assert all_scanned.progress < 0.02
    assert all_scanned.whole_s > 100


def test_pages_without_text_weigh_most() -> None:
    work = Work(10, 10, textless=1, indexed=1.0)
    assert 0.4 < work.progress < 0.6


def test_the_time_left_is_by_how_fast_this_run_has_been() -> None:
    now = [100.0]
    clocks, work = Clocks(lambda: now[0]), Work(10, 10)
    assert clocks.time_left_s("run", work) is None
    now[0] = 106.0
    half = work.index(0.5)
    assert clocks.time_left_s("run", half) == 6.0
    assert clocks.time_left_s("another run", half) is None
    clocks.forget("run")
    assert clocks.time_left_s("run", half) is None
