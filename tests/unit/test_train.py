"""The drawings that the image model is trained on, what is said of them, and how finding them is counted."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
import torch

pytest.importorskip("matplotlib", reason="the training's own libraries are an extra: pip install exhibit[train]")

from lab.train import cache
from lab.train.canvas import colour_name
from lab.train.damage import damaged, squared
from lab.train.draw import LONGEST, draw, tables
from lab.train.facts import KINDS, Facts, caption
from lab.train.measure import recall
from lab.train.run import hasten_on_cpu

TABLES = tables()


@pytest.mark.parametrize("number", range(len(TABLES)))
def test_every_kind_is_drawn_and_told_in_both_languages(number: int) -> None:
    rng, (_, table) = random.Random(number), TABLES[number]
    for name in table:
        picture, facts = draw(f"test {name}", [(1.0, {name: table[name]})])
        assert facts.kind in KINDS
        assert 50 < max(picture.size) <= LONGEST + 1
        assert np.asarray(picture).std() > 1, f"{name} is blank"
        assert caption(facts, rng, 0).isascii()
        assert any("\u4e00" <= letter <= "\u9fff" for letter in caption(facts, rng, 1))


def test_the_same_number_gives_the_same_drawing() -> None:
    (one, its_facts), (other, other_facts) = draw("twice", TABLES), draw("twice", TABLES)
    assert its_facts == other_facts
    assert np.array_equal(np.asarray(one), np.asarray(other))


def test_facts_survive_being_written_down() -> None:
    facts = Facts("bar", ("energy", "能源"), subject=("who used the most", "谁用得最多"))
    facts.count(4, "bars|columns", "根柱子")
    assert Facts.from_json(facts.to_json()) == facts


def test_counts_are_said_in_words_and_digits() -> None:
    facts = Facts("bar")
    facts.count(4, "bars|columns", "根柱子")
    english, chinese = facts.details[0]
    assert english.split("|") == ["four bars", "4 bars", "four columns", "4 columns"]
    assert chinese.split("|") == ["四根柱子", "4根柱子"]


def test_captions_vary_in_wording() -> None:
    _, facts = draw("twice", TABLES)
    assert len({caption(facts, random.Random(i), 0) for i in range(20)}) > 10


def test_a_caption_may_say_what_is_meant_and_nothing_else() -> None:
    facts = Facts("shapes", details=[("two circles", "两个圆")], subject=("where sets overlap", "集合的重叠"))
    said = [caption(facts, random.Random(i), 0) for i in range(60)]
    alone = {"where sets overlap", "where sets overlap."}
    assert 10 < sum(text in alone for text in said) < 40
    assert any("overlap" in text and "two circles" in text for text in said)
    assert any("overlap" not in text for text in said)


def test_what_is_hastened_computes_the_same() -> None:
    torch.manual_seed(0)
    tower = torch.nn.Sequential(
        torch.nn.Conv2d(3, 8, 3, padding=1),
        torch.nn.Conv2d(8, 8, 3, stride=2, padding=1, groups=8),
        torch.nn.Conv2d(8, 4, 1),
    )
    names, pixels = list(tower.state_dict()), torch.rand(2, 3, 8, 8)
    before = tower(pixels)
    hasten_on_cpu(tower)
    assert [type(part) is torch.nn.Conv2d for part in tower] == [True, False, True]
    assert torch.equal(tower(pixels), before)
    assert list(tower.state_dict()) == names
    with torch.autocast("cpu", dtype=torch.bfloat16):
        widened = tower[0](pixels)
        assert (widened.dtype, tower[1](widened).dtype) == (torch.bfloat16, torch.float32)


def test_drawings_of_another_version_are_not_mixed_in(tmp_path: Path) -> None:
    cache.write(tmp_path / "new", "t", [0], 1)
    cache.write(tmp_path / "new", "t", [500], 501)
    assert len(cache.shards(tmp_path / "new", "t")) == 2
    (tmp_path / "old").mkdir()
    (tmp_path / "old" / "t-0000000.jsonl").write_text("{}")
    with pytest.raises(cache.OtherDrawings, match="another version"):
        cache.write(tmp_path / "old", "t", [500], 501)


NAMED = {
    "#ff0000": "red",
    "#1f77b4": "blue",
    "#2ca02c": "green",
    "#ffd92f": "yellow",
    "#8c564b": "brown",
    "#777777": "gray",
}


@pytest.mark.parametrize(("colour", "name"), NAMED.items())
def test_colours_have_their_plain_names(colour: str, name: str) -> None:
    assert colour_name(colour) == name


def test_damage_keeps_a_picture_a_picture() -> None:
    picture, _ = draw("damaged", TABLES)
    for seed in range(30):
        assert min(damaged(picture, random.Random(seed)).size) >= 8


def test_a_wide_figure_is_padded_not_cropped() -> None:
    picture, _ = draw("damaged", TABLES)
    square = np.asarray(squared(picture.resize((200, 50)), 128))
    assert square.shape == (128, 128, 3)
    assert (square[:40] == 255).all()
    assert (square[-40:] == 255).all()


def test_shards_are_written_once_and_read_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cache, "SHARD", 3)
    cache.write(tmp_path, "test", (0, 3), 6)
    first, second = cache.shards(tmp_path, "test")
    assert len(list(cache.read(first))) == len(list(cache.read(second))) == 3
    written = first.stat().st_mtime_ns
    cache.write(tmp_path, "test", (0, 3), 6)
    assert first.stat().st_mtime_ns == written


def test_recall_counts_ties_against_the_model() -> None:
    assert recall(np.eye(10, dtype=np.float32)).at_1 == 1
    assert recall(np.ones((10, 10), dtype=np.float32)).at_5 == 0


def test_a_right_one_in_third_place_counts_at_five() -> None:
    similarity = np.zeros((4, 4), dtype=np.float32) - 1
    similarity[np.arange(4), np.arange(4)] = 0.5
    similarity[0, 1:3] = 0.9
    assert (recall(similarity).at_1, recall(similarity).at_5) == (0.75, 1.0)
