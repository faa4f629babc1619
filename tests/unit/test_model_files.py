from __future__ import annotations

from pathlib import Path

import pytest

from app.adapters.encoders.model_files import bundled_minilm, checked, from_hub, in_folder
from domain.errors import BadConfiguration, ModelUnavailable


def test_the_bundled_weights_are_the_expected_ones() -> None:
    assert bundled_minilm().stamp == "all-MiniLM-L6-v2@53aa5117"


def test_other_weights_refuse_to_start(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"other weights")
    with pytest.raises(BadConfiguration, match="are not the expected ones"):
        checked(tmp_path, "MiniLM", "53aa")


def test_a_folder_without_weights_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(BadConfiguration, match="no weights of MiniLM"):
        in_folder(tmp_path, "MiniLM")


def test_weights_in_parts_have_one_stamp_of_their_own(tmp_path: Path) -> None:
    for number in (1, 2):
        (tmp_path / f"model-0000{number}-of-00002.safetensors").write_bytes(b"%d" % number)
    whole = in_folder(tmp_path, "big").stamp
    (tmp_path / "model-00002-of-00002.safetensors").write_bytes(b"changed")
    assert in_folder(tmp_path, "big").stamp != whole


def test_a_hub_out_of_reach_is_one_sentence_with_a_way_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)  # read once, when the hub's client is loaded
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    with pytest.raises(
        ModelUnavailable, match=r"^The model BAAI/bge-m3 can't be fetched .*EXHIBIT_MODELS=bundled"
    ) as e:
        from_hub("BAAI/bge-m3")
    assert "\n" not in str(e.value)
