"""The model's shape and its tokenizer, written as a folder that open_clip loads."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save_file
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

VOCABULARY = 6_000
CONTEXT = 32  # tokens
PAD, START, END = 0, 1, 2
SPECIAL = {"pad_token": "<pad>", "bos_token": "<start>", "eos_token": "<end>"}
WEIGHTS = "open_clip_model.safetensors"


def config(side: int, trunk: str) -> dict[str, Any]:
    return {
        "model_cfg": {
            "embed_dim": 192,
            "custom_text": True,
            "vision_cfg": {
                "image_size": side,
                "timm_model_name": trunk,
                "timm_model_pretrained": False,
                "timm_pool": "avg",
                "timm_proj": "linear",
            },
            "text_cfg": {
                "context_length": CONTEXT,
                "vocab_size": VOCABULARY,
                "width": 192,
                "heads": 3,
                "layers": 2,
                "hf_tokenizer_name": "exhibit-clip",
                "pool_type": "eos",
                "eos_id": END,
                "pad_id": PAD,
            },
        },
        "preprocess_cfg": {
            "mean": [0.5, 0.5, 0.5],
            "std": [0.5, 0.5, 0.5],
            "interpolation": "bicubic",
            "resize_mode": "longest",
            "fill_color": 255,
        },
    }


def write_tokenizer(folder: Path, captions: Iterable[str]) -> None:
    """A byte-level BPE: no text in any script is unknown to it; Chinese and English phrases of captions are short."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase()])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=VOCABULARY, special_tokens=list(SPECIAL.values()), max_token_length=24,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(), show_progress=False,
    )  # fmt: skip
    tokenizer.train_from_iterator(captions, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(
        single="<start> $A <end>", special_tokens=[("<start>", START), ("<end>", END)]
    )
    from transformers import PreTrainedTokenizerFast

    PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=CONTEXT, **SPECIAL).save_pretrained(folder)  # type: ignore[no-untyped-call]


def write_config(folder: Path, side: int, trunk: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "open_clip_config.json").write_text(json.dumps(config(side, trunk), indent=2) + "\n", "utf-8")


def write_side(folder: Path, side: int) -> None:
    """Another side for the model in the folder: its towers' weights fit any."""
    file = folder / "open_clip_config.json"
    stated = json.loads(file.read_text("utf-8"))
    stated["model_cfg"]["vision_cfg"]["image_size"] = side
    file.write_text(json.dumps(stated, indent=2) + "\n", "utf-8")


def write_weights(folder: Path, state: dict[str, torch.Tensor], name: str, threshold: float) -> None:
    """In half precision, with the card that the service checks them by."""
    half = {key: value.half().contiguous() if value.is_floating_point() else value for key, value in state.items()}
    save_file(half, folder / WEIGHTS)
    (folder / WEIGHTS).chmod(0o644)
    digest = hashlib.sha256((folder / WEIGHTS).read_bytes()).hexdigest()
    card = {"name": name, "weights": WEIGHTS, "sha256": digest, "threshold": round(threshold, 3)}
    (folder / "card.json").write_text(json.dumps(card, indent=2) + "\n", "utf-8")
