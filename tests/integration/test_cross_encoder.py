"""The hub's reranker is an XLM-RoBERTa with one output: a tiny one of that make goes through the same code."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.adapters.encoders.cross_encoder import CrossEncoder
from app.adapters.encoders.model_files import from_hub
from app.adapters.encoders.torchvision_shim import declare_operators
from domain.errors import BadConfiguration


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    declare_operators()
    import torch
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaForSequenceClassification

    folder = tmp_path_factory.mktemp("tiny-reranker") / "tiny-reranker"
    letters = [(letter, -2.0) for letter in "▁abcdefghijklmnopqrstuvwxyz0123456789第三季度收入增长"]
    tokenizer = Tokenizer(models.Unigram([("<s>", 0), ("<pad>", 0), ("</s>", 0), ("<unk>", 0), *letters], unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        "<s> $A </s>", "<s> $A </s> </s> $B </s>", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=tokenizer, pad_token="<pad>", unk_token="<unk>", model_max_length=600, **names
    ).save_pretrained(folder)
    torch.manual_seed(1)
    size: dict[str, Any] = {
        "hidden_size": 32,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "intermediate_size": 64,
    }
    labels: dict[str, Any] = {"num_labels": 1}
    config = XLMRobertaConfig(
        vocab_size=len(letters) + 4, max_position_embeddings=620, pad_token_id=1, **size, **labels
    )
    XLMRobertaForSequenceClassification(config).save_pretrained(folder)
    return folder


def test_a_checkpoint_of_the_hubs_make_ranks_as_sentence_transformers_does(checkpoint: Path) -> None:
    from sentence_transformers import CrossEncoder as Plain

    texts = ["the ferry leaves at six", "第三季度收入增长", "", "word " * 2_000]
    found = CrossEncoder(from_hub(str(checkpoint)))
    scores = found.scores("when does the ferry leave", texts)
    plain = Plain(str(checkpoint), max_length=512, device="cpu")
    expected = plain.predict([("when does the ferry leave", text) for text in texts], show_progress_bar=False)
    assert np.allclose(scores, expected, atol=1e-5)
    assert all(0 <= score <= 1 for score in scores)
    assert len(set(scores)) > 1
    assert found.scores("anything", []) == []
    assert found.name.startswith("tiny-reranker@")


def test_a_folder_that_holds_no_such_model_is_told(tmp_path: Path) -> None:
    (tmp_path / "model.safetensors").write_bytes(b"not weights")
    with pytest.raises(BadConfiguration, match="reranker"):
        CrossEncoder(from_hub(str(tmp_path)))
