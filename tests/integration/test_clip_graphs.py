"""The bundled CLIP as kept graphs: the vectors are torch's, what is damaged is made again, what fails is torch."""

from __future__ import annotations

import io
import json
import logging
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from app.adapters.encoders import clip
from app.adapters.encoders import image as image_encoders
from app.adapters.encoders.clip import ClipEncoder
from app.adapters.encoders.clip_graphs import PICTURES, TEXTS, GraphEncoder, Tower
from app.adapters.encoders.image import KEPT, bundled
from domain.ports import ImageEncoder, Vectors
from system.build_cache import sha256_of
from tests.waiting import HANG_S

SAMPLES = Path(__file__).parents[2] / "samples"
PHOTO = SAMPLES / "documents" / "harbour-morning.jpg"
QUERIES = ("", "bar chart", "a line chart of revenue, 2019\u20132025", "折线图，上升趋势", "\U0001f4ca", "long " * 900)


@pytest.fixture(scope="module")
def cache(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what is kept between test runs, made if it never was."""
    kept = request.config.cache.mkdir("encoders")
    assert isinstance(bundled(kept, time_limit_s=HANG_S), GraphEncoder)
    copy = tmp_path_factory.mktemp("cache")
    for folder in kept.glob(f"*/{KEPT}"):
        shutil.copytree(folder.parent, copy / folder.parent.name)
    return copy


@pytest.fixture(scope="module")
def torchs() -> ClipEncoder:
    return clip.bundled()


@pytest.fixture
def copied(cache: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(cache, tmp_path / "cache"))


def graphs_in(cache: Path) -> Path:
    """The newest: the folder that is kept between runs may hold those of other versions."""
    return max(cache.glob(f"*/{KEPT}"), key=lambda kept: kept.stat().st_mtime_ns).parent


def pictures() -> list[bytes]:
    rng = np.random.default_rng(3)
    noise = [rng.integers(0, 255, (height, width, 3), np.uint8) for height, width in ((90, 300), (400, 30), (2, 2))]
    return [PHOTO.read_bytes(), *(png(Image.fromarray(each)) for each in noise), png(Image.new("L", (50, 60), 200))]


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG")
    return file.getvalue()


def least_cosine(one: Vectors, other: Vectors) -> float:
    return float(np.sum(one * other, axis=1).min())


def test_who_encodes_pictures_only_can_still_be_asked_for_a_text(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    class Counted(Tower):
        def __init__(self, graph: Path, *given: Any, **more: Any) -> None:
            made.append(graph.name)
            super().__init__(graph, *given, **more)

    monkeypatch.setattr("app.adapters.encoders.clip_graphs.Tower", Counted)
    encoder = bundled(cache, pictures_only=True)
    encoder.encode_images([PHOTO.read_bytes()])
    assert made == [PICTURES]
    assert encoder.encode_texts(["bar chart"]).shape == encoder.encode_texts(["line"]).shape
    assert made == [PICTURES, TEXTS]


def test_the_vectors_are_those_of_torch(cache: Path, torchs: ClipEncoder) -> None:
    graphs = bundled(cache)
    assert least_cosine(graphs.encode_images(pictures()), torchs.encode_images(pictures())) >= 0.999
    assert least_cosine(graphs.encode_texts(QUERIES), torchs.encode_texts(QUERIES)) >= 0.999


def test_it_has_torchs_name_so_that_kept_vectors_stay_good(cache: Path, torchs: ClipEncoder) -> None:
    graphs: ImageEncoder = bundled(cache)
    assert isinstance(graphs, GraphEncoder)
    assert (graphs.name, graphs.dimensions, graphs.threshold) == (torchs.name, torchs.dimensions, torchs.threshold)


def test_company_changes_no_vector(cache: Path) -> None:
    graphs = bundled(cache)
    together = graphs.encode_texts(QUERIES)
    assert least_cosine(together, np.concatenate([graphs.encode_texts([text]) for text in QUERIES])) > 0.9999


def test_threads_get_their_own_vectors(cache: Path) -> None:
    graphs = bundled(cache)
    texts = [f"chart number {number}" for number in range(40)]
    alone = [graphs.encode_texts([text]) for text in texts]
    with ThreadPoolExecutor(8) as pool:
        for _ in range(5):
            beside = list(pool.map(lambda text: graphs.encode_texts([text]), texts))
            assert least_cosine(np.concatenate(alone), np.concatenate(beside)) > 0.9999


def test_a_second_load_makes_nothing_and_loads_no_torch(cache: Path) -> None:
    stamp = (graphs_in(cache) / KEPT).stat().st_mtime_ns
    script = """
import sys
from pathlib import Path
from app.adapters.encoders.image import load_image_encoder
encoder = load_image_encoder("bundled", Path(sys.argv[1]))
encoder.encode_texts(["a chart"])
encoder.encode_images([Path(sys.argv[2]).read_bytes()])
print({"torch", "torchvision", "open_clip", "transformers"} & set(sys.modules))
"""
    command = [sys.executable, "-c", script, str(cache), str(PHOTO)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"
    assert (graphs_in(cache) / KEPT).stat().st_mtime_ns == stamp


def cut(folder: Path) -> None:
    weights = (folder / TEXTS).with_suffix(".bin")
    weights.write_bytes(weights.read_bytes()[:1000])


def garbled(folder: Path) -> None:
    weights = (folder / PICTURES).with_suffix(".bin")
    weights.write_bytes(bytes(weights.stat().st_size))


DAMAGE: dict[str, Callable[[Path], object]] = {
    "cut": cut,
    "garbled": garbled,
    "gone": lambda folder: (folder / PICTURES).unlink(),
    "an empty list": lambda folder: (folder / KEPT).write_text(""),
    "a list of another make": lambda folder: (folder / KEPT).write_text('{"precision": "f32", "sha256": []}'),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_damage_is_noticed(copied: Path, damage: Callable[[Path], object]) -> None:
    folder = graphs_in(copied)
    assert image_encoders.read(folder) is not None
    damage(folder)
    assert image_encoders.read(folder) is None


def test_two_that_meet_damaged_graphs_at_once_make_them_again_once(copied: Path, torchs: ClipEncoder) -> None:
    garbled(graphs_in(copied))
    script = "import sys; from pathlib import Path; from app.adapters.encoders.image import bundled as load"
    command = [sys.executable, "-c", f"{script}; print(type(load(Path(sys.argv[1]))).__name__)", str(copied)]
    both = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    assert [process.communicate()[0] for process in both] == ["GraphEncoder\n"] * 2
    assert not list(copied.glob("*.making"))
    assert least_cosine(bundled(copied).encode_images(pictures()), torchs.encode_images(pictures())) >= 0.999


def test_without_openvino_it_runs_in_torch(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(image_encoders, "find_spec", lambda name: None)
    with caplog.at_level(logging.WARNING):
        assert isinstance(bundled(tmp_path), ClipEncoder)
    assert "torch instead" in caplog.text


def test_a_conversion_that_is_not_done_in_time_is_torch_and_gets_one_more_chance(tmp_path: Path) -> None:
    for failures in (1, 2, 2):
        assert isinstance(bundled(tmp_path, time_limit_s=0.05), ClipEncoder)
        assert json.loads((graphs_in(tmp_path) / KEPT).read_text())["failures"] == failures


def test_a_graph_that_cannot_be_read_is_torch(copied: Path) -> None:
    folder = graphs_in(copied)
    (folder / PICTURES).write_text("no graph")
    kept = json.loads((folder / KEPT).read_text())
    kept["sha256"][PICTURES] = sha256_of(folder / PICTURES)
    (folder / KEPT).write_text(json.dumps(kept))
    assert isinstance(bundled(copied), ClipEncoder)


def test_a_cache_that_cannot_be_written_is_torch(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert isinstance(bundled(tmp_path / "file"), ClipEncoder)


def test_a_model_that_takes_pictures_in_another_way_is_torch(tmp_path: Path) -> None:
    model = Path(shutil.copytree(clip.BUNDLED, tmp_path / "model"))
    config = json.loads((model / "open_clip_config.json").read_text())
    config["preprocess_cfg"]["resize_mode"] = "shortest"
    (model / "open_clip_config.json").write_text(json.dumps(config))
    assert isinstance(bundled(tmp_path / "cache", model), ClipEncoder)


def test_both_encoders_may_be_used_for_the_first_time_at_the_same_moment(cache: Path, tmp_path: Path) -> None:
    """OpenVINO's binding, set up by two threads at once, stood still with the interpreter's lock in its hand."""
    script = tmp_path / "both.py"
    script.write_text(BOTH_AT_ONCE)
    for _ in range(3):
        subprocess.run([sys.executable, script, str(cache)], cwd=SAMPLES.parent, check=True, timeout=HANG_S)


BOTH_AT_ONCE = """
import sys, threading
from pathlib import Path

sys.path.insert(0, ".")
from app.adapters.encoders.image import load_image_encoder
from app.adapters.encoders.text import load_text_encoder

cache, start, loaded = Path(sys.argv[1]), threading.Barrier(2), {}

def text():
    loaded["text"] = load_text_encoder("bundled", cache)
    start.wait()
    loaded["text"].encode(["the boats of Skerry"])

def image():
    loaded["image"] = load_image_encoder("bundled", cache)
    start.wait()
    loaded["image"].encode_texts(["a line chart"])

threads = [threading.Thread(target=each) for each in (text, image)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
assert len(loaded) == 2
"""
