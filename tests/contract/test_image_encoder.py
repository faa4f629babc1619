"""What every image encoder does, asked of a small checkpoint made here and of the model that is shipped."""

from __future__ import annotations

import io
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from app.adapters.encoders import clip
from app.adapters.encoders import image as image_encoders
from app.adapters.encoders.clip_graphs import GraphEncoder
from app.adapters.encoders.torchvision_shim import declare_operators
from domain.errors import Unreadable
from domain.ports import ImageEncoder

declare_operators()


def a_checkpoint(folder: Path) -> Path:
    """The smallest CLIP that open_clip loads from a folder, its weights random: for the protocol, not for sense."""
    import open_clip
    from safetensors.torch import save_file
    from tokenizers import Tokenizer, models, pre_tokenizers, processors, trainers
    from transformers import PreTrainedTokenizerFast

    text = {"context_length": 16, "vocab_size": 300, "width": 32, "heads": 2, "layers": 1, "hf_tokenizer_name": "own"}
    config = {
        "model_cfg": {
            "embed_dim": 24,
            "custom_text": True,
            "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
            "text_cfg": {**text, "pool_type": "eos", "eos_id": 2},
        },
        "preprocess_cfg": {"resize_mode": "longest", "fill_color": 255},
    }
    (folder / "open_clip_config.json").write_text(json.dumps(config), "utf-8")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<p>", "<s>", "<e>"], initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(["a bar chart"], trainer)
    ends = [("<s>", 1), ("<e>", 2)]
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A <e>", special_tokens=ends)
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, pad_token="<p>", eos_token="<e>").save_pretrained(folder)  # type: ignore[no-untyped-call]
    model = open_clip.create_model(f"local-dir:{folder}", load_weights=False)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    return folder


@pytest.fixture(scope="module", params=["made here", "shipped", "shipped, as graphs"])
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> ImageEncoder:
    if request.param == "shipped":
        return clip.bundled()
    if request.param == "shipped, as graphs":
        graphs = image_encoders.bundled(request.config.cache.mkdir("encoders"))  # kept between test runs
        assert isinstance(graphs, GraphEncoder)
        return graphs
    return clip.from_hub(f"local-dir:{a_checkpoint(tmp_path_factory.mktemp('small-clip'))}")


def a_picture(colour: str, size: tuple[int, int] = (60, 40)) -> bytes:
    raw = io.BytesIO()
    Image.new("RGB", size, colour).save(raw, "PNG")
    return raw.getvalue()


def test_each_picture_gets_one_row_of_unit_length(encoder: ImageEncoder) -> None:
    vectors = encoder.encode_images([a_picture("red"), a_picture("blue"), a_picture("white", (1, 1))])
    assert vectors.shape == (3, encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_a_text_gets_a_vector_of_the_same_space(encoder: ImageEncoder) -> None:
    vector = encoder.encode_texts(["a blue bar chart"])[0]
    assert vector.shape == (encoder.dimensions,)
    assert np.linalg.norm(vector) == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize("text", ["", "折线图，上升趋势", "long " * 5000, "\x00\ud83d\udcca?", "\U0001f4ca 🏳️‍🌈"])
def test_any_text_is_encoded(encoder: ImageEncoder, text: str) -> None:
    assert np.isfinite(encoder.encode_texts([text])).all()


def test_the_order_of_pictures_is_kept_over_batches(encoder: ImageEncoder) -> None:
    colours = ["red", "lime", "blue", "black"] * 12
    together = encoder.encode_images([a_picture(colour) for colour in colours])
    alone = encoder.encode_images([a_picture("blue")])[0]
    assert np.allclose(together[2::4], alone, atol=0.02)


def test_no_pictures_give_no_rows(encoder: ImageEncoder) -> None:
    assert encoder.encode_images([]).shape == (0, encoder.dimensions)


def test_no_texts_give_no_rows(encoder: ImageEncoder) -> None:
    assert encoder.encode_texts([]).shape == (0, encoder.dimensions)


def test_a_broken_picture_is_unreadable_with_a_sentence(encoder: ImageEncoder) -> None:
    with pytest.raises(Unreadable, match="picture"):
        encoder.encode_images([a_picture("red"), b"not a picture"])


def test_the_threshold_is_a_similarity(encoder: ImageEncoder) -> None:
    assert 0 < encoder.threshold < 1


def test_the_name_is_stable_and_says_which_weights(encoder: ImageEncoder) -> None:
    assert encoder.name
    assert "/" not in encoder.name
