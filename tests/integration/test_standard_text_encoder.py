"""The hub's encoder is an XLM-RoBERTa with CLS pooling: a tiny one of that make goes through the same code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.adapters.encoders.model_files import from_hub
from app.adapters.encoders.precision import kept_choice
from app.adapters.encoders.text import sentence_encoder
from app.adapters.encoders.torchvision_shim import declare_operators
from tests.waiting import HANG_S

TEXTS = ["the ferry leaves at six", "第三季度收入增长", "", "a " * 100]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    declare_operators()
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    bare, whole = tmp_path_factory.mktemp("bare"), tmp_path_factory.mktemp("tiny-bge") / "tiny-bge"
    letters = [(letter, -2.0) for letter in "▁abcdefghijklmnopqrstuvwxyz0123456789第三季度收入增长"]
    tokenizer = Tokenizer(models.Unigram([("<s>", 0), ("<pad>", 0), ("</s>", 0), ("<unk>", 0), *letters], unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", model_max_length=64, **names
    ).save_pretrained(bare)
    torch.manual_seed(1)
    size: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
    }
    config = XLMRobertaConfig(vocab_size=len(letters) + 4, max_position_embeddings=80, **size)
    XLMRobertaModel(config).save_pretrained(bare)
    modules = [Transformer(str(bare), max_seq_length=64), Pooling(32, pooling_mode="cls"), Normalize()]
    SentenceTransformer(modules=modules, device="cpu").save(str(whole))
    return whole


def test_a_checkpoint_of_the_hubs_make_encodes_as_sentence_transformers_does(checkpoint: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    kept_choice(from_hub(str(checkpoint)), tmp_path, None, time_limit_s=HANG_S)
    encoder = sentence_encoder(from_hub(str(checkpoint)), tmp_path)
    expected = SentenceTransformer(str(checkpoint), device="cpu").encode(TEXTS)
    assert np.sum(encoder.encode(TEXTS) * expected, axis=1).min() > 0.98
    assert encoder.name.startswith("tiny-bge@")
    assert (encoder.dimensions, encoder.max_tokens) == (32, 64)
    assert encoder.sees("第三季度收入增长")
    assert not encoder.sees("ЖЖЖ ЩЩЩ")

    (kept,) = tmp_path.glob("*/choice.json")
    found = json.loads(kept.read_text())
    assert "float32" in {each["number_format"] for each in found["measured"]}
    stamp = kept.stat().st_mtime_ns
    sentence_encoder(from_hub(str(checkpoint)), tmp_path)
    assert kept.stat().st_mtime_ns == stamp  # a second start finds out nothing anew


def test_a_probe_out_of_time_is_float32_and_gets_one_more_chance(checkpoint: Path, tmp_path: Path) -> None:
    model = from_hub(str(checkpoint))
    tries = [kept_choice(model, tmp_path, None, time_limit_s=0.05)[0] for _ in range(3)]
    assert [each.number_format for each in tries] == ["float32"] * 3
    assert [each.unfinished for each in tries] == [1, 2, 2]
