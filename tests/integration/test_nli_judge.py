"""The hub's judge is a DeBERTa with three labels: tiny ones of that make go through the same code."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from app.adapters.encoders.torchvision_shim import declare_operators
from app.adapters.llm.judges import NliJudge

LETTERS = "▁abcdefghijklmnopqrstuvwxyz0123456789.。塔高六十四米灯烧鲸油"
HUBS = ("contradiction", "entailment", "neutral")  # of cross-encoder/nli-deberta-v3-small
CLAIM, TEXT = "the tower is 64 metres high", "the tower rises 64 metres over the sea. it is red."

Make = Callable[..., Path]


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Make:
    def make(*labels: str) -> Path:
        """Whatever it reads, it leans to its first label."""
        declare_operators()
        import torch
        from transformers import DebertaV2Config, DebertaV2ForSequenceClassification

        folder = tmp_path_factory.mktemp("tiny-nli") / "tiny-nli"
        _tokenizer().save_pretrained(folder)
        torch.manual_seed(1)
        size: dict[str, Any] = {"hidden_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
        relative: dict[str, Any] = {
            "relative_attention": True,
            "position_buckets": 16,
            "pos_att_type": ["p2c", "c2p"],
            "position_biased_input": False,
            "share_att_key": True,
            "norm_rel_ebd": "layer_norm",
            "type_vocab_size": 0,
        }
        names: dict[str, Any] = {"id2label": dict(enumerate(labels)), "label2id": {b: a for a, b in enumerate(labels)}}
        config = DebertaV2Config(
            vocab_size=200,
            intermediate_size=64,
            pad_token_id=0,
            max_position_embeddings=4096,
            **size,
            **relative,
            **names,
        )
        model = DebertaV2ForSequenceClassification(config)
        with torch.no_grad():
            model.classifier.weight.mul_(20.0)
            model.classifier.bias.copy_(torch.tensor([2.0] + [0.0] * (len(labels) - 1)))
        model.save_pretrained(folder)
        return folder

    return make


def _tokenizer() -> Any:
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    special = ["[PAD]", "[CLS]", "[SEP]", "[UNK]"]
    vocabulary = [(token, 0.0) for token in special] + [(letter, -2.0) for letter in dict.fromkeys(LETTERS)]
    tokenizer = Tokenizer(models.Unigram(vocabulary, unk_id=3))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.post_processor = processors.TemplateProcessing(
        "[CLS] $A [SEP]", "[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 1), ("[SEP]", 2)]
    )
    names: dict[str, Any] = {
        "pad_token": "[PAD]", "cls_token": "[CLS]", "sep_token": "[SEP]", "unk_token": "[UNK]", "bos_token": "[CLS]",
        "eos_token": "[SEP]",
    }  # fmt: skip
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, **names)  # type: ignore[no-untyped-call]


def probabilities(folder: Path, *pairs: tuple[str, str]) -> Any:
    """What sentence-transformers itself says of (premise, claim)."""
    from sentence_transformers import CrossEncoder

    plain = CrossEncoder(str(folder), max_length=512, device="cpu")
    return plain.predict(list(pairs), apply_softmax=True, show_progress_bar=False)


@pytest.mark.parametrize("labels", [HUBS, ("entailment", "neutral", "contradiction"), ("NEUTRAL", "X", "ENTAILMENT")])
def test_the_place_of_entailment_is_read_from_the_config(checkpoint: Make, labels: tuple[str, ...]) -> None:
    folder = checkpoint(*labels)
    at = [label.lower() for label in labels].index("entailment")
    [told] = NliJudge(str(folder)).judge([(CLAIM, "it is red.")])
    assert told == pytest.approx(float(probabilities(folder, ("it is red.", CLAIM))[0][at]), abs=1e-5)
    assert told is not None
    assert (told > 0.5) is (at == 0)


def test_a_model_with_other_labels_leaves_every_claim_open(checkpoint: Make) -> None:
    judge = NliJudge(str(checkpoint("LABEL_0", "LABEL_1", "LABEL_2")))
    assert judge.judge([(CLAIM, TEXT)]) == [None]
    assert judge.judge([(CLAIM, TEXT)]) == [None]  # nor is it believed when it is asked again


def test_of_a_long_text_the_best_window_counts(checkpoint: Make) -> None:
    folder = checkpoint(*HUBS)
    pieces = ["it is red.", "the sea is deep.", "the tower rises 64 metres.", "a boat goes by.", "it rains."]
    windows = [" ".join(pieces[:3]), " ".join(pieces[2:])]
    [told] = NliJudge(str(folder)).judge([(CLAIM, " ".join(pieces))])
    expected = max(row[1] for row in probabilities(folder, *((window, CLAIM) for window in windows)))
    assert told == pytest.approx(float(expected), abs=1e-5)


@pytest.mark.parametrize(
    "text", ["tower " * 20_000, "塔高六十四米" * 5_000, "a" * 100_000], ids=["words", "chinese", "letters"]
)
def test_a_text_without_an_end_is_cut_and_the_claim_is_not(checkpoint: Make, text: str) -> None:
    folder = checkpoint(*HUBS)
    told = NliJudge(str(folder)).judge([(CLAIM, text), ("a boat goes by", text)])
    expected = probabilities(folder, (text, CLAIM), (text, "a boat goes by"))[:, 1]
    assert told == pytest.approx([float(one) for one in expected], abs=1e-5)
    assert told[0] != told[1]


def test_chinese_is_read_in_its_own_sentences(checkpoint: Make) -> None:
    folder = checkpoint(*HUBS)
    claim, text = "塔高六十四米", "灯烧鲸油。塔高六十四米。"
    [told] = NliJudge(str(folder)).judge([(claim, text)])
    [expected] = probabilities(folder, ("灯烧鲸油。 塔高六十四米。", claim))
    assert told == pytest.approx(float(expected[1]), abs=1e-5)
    assert told != NliJudge(str(folder)).judge([(claim, "灯烧鲸油。")])[0]


def test_a_claim_without_a_text_is_left_open_and_the_others_are_not(checkpoint: Make) -> None:
    told = NliJudge(str(checkpoint(*HUBS))).judge([(CLAIM, ""), (CLAIM, TEXT)])
    assert told[0] is None
    assert isinstance(told[1], float)
    assert np.isfinite(told[1])


def test_more_claims_than_it_reads_are_left_open(checkpoint: Make) -> None:
    told = NliJudge(str(checkpoint(*HUBS))).judge([(CLAIM, TEXT)] * 45)
    assert told[40:] == [None] * 5
    assert all(told[:40])
