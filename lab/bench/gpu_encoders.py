"""`python -m lab.bench.gpu_encoders`: what our code adds to the bare standard models on a GPU.

SigLIP 2 base and bge-m3 are built from their configurations with random weights, which are as fast as trained ones. The
bare loop is the model alone, over tensors that lie on the GPU already; ours goes from decoded pictures and from strings
to vectors in numpy. With `--tiny`, or without a GPU, small models of the same architecture are used.
"""

from __future__ import annotations

import argparse
import io
import itertools
import json
import os
import random
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image, ImageDraw

from app.adapters.encoders import clip
from app.adapters.encoders.text import ON_CPU, ON_GPU, Batches, SentenceEncoder, sentence_encoder
from app.adapters.encoders.text_runtime import SentenceModel, Shape, quiet
from app.adapters.encoders.tokenizer import Tokens
from app.adapters.encoders.torchvision_shim import declare_operators
from lab.bench.gpu import card, part, rate, said

ROOT = Path(__file__).resolve().parents[2]
SIGLIP = "ViT-B-16-SigLIP2-256"
SIGLIP_TAKES = {"resize_mode": "squash", "interpolation": "bicubic", "mean": (0.5,) * 3, "std": (0.5,) * 3}
BGE_M3: dict[str, Any] = {
    "vocab_size": 250_002,
    "hidden_size": 1024,
    "num_hidden_layers": 24,
    "num_attention_heads": 16,
    "intermediate_size": 4096,
    "max_position_embeddings": 8194,
}
FIRST_LAYERS = {**BGE_M3, "num_hidden_layers": 2, "vocab_size": 20_000}  # what is saved and probed
SMALL: dict[str, Any] = {
    "vocab_size": 5_000,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 64,
    "max_position_embeddings": 1026,
}
PARTS = ("images", "texts", "format")
AT_ONCE = 1024  # tokens, the most of a text that is encoded


@dataclass(frozen=True, slots=True)
class Amounts:
    seconds: float  # of each measurement
    pictures: int
    chunks: int
    picture_batches: tuple[int, ...]
    token_batches: tuple[int, ...]
    picture_calls: tuple[int, ...]  # how many at a call; ingestion calls with 16
    chunk_calls: tuple[int, ...]  # ingestion calls with 128


WHOLE = Amounts(
    0.7, 2048, 1024, (64, 128, 256, 512), (4_096, 16_384, 32_768, 65_536), (16, 128, 512, 2048), (128, 512, 1024)
)
TINY = Amounts(0.0, 4, 8, (2, 4), (512, 2_048), (2, 4), (4, 8))


@dataclass(slots=True)
class Rates:
    """Of one model, a second."""

    bare: dict[int, float] = field(default_factory=dict)  # batch -> rate
    ours: dict[int, float] = field(default_factory=dict)  # the same, in our way
    calls: dict[int, float] = field(default_factory=dict)  # items at a call -> rate, at the batch that we ship
    more: dict[str, Any] = field(default_factory=dict)

    def told(self, what: str) -> None:
        if self.bare and (ours := [*self.ours.values(), *self.calls.values()]):
            best, bare = max(ours), max(self.bare.values())
            said(f"{what}: ours {best:,.0f} a second, the bare model {bare:,.0f}: {best / bare:.2f} of it")


def main(arguments: Sequence[str] | None = None) -> None:
    options = parsed_options(arguments)
    import torch

    tiny = options.tiny or not torch.cuda.is_available()
    amounts = TINY if tiny else WHOLE
    said(f"{card()}; torch {torch.__version__}, {os.cpu_count()} cores{', tiny models' if tiny else ''}")
    declare_operators()
    images, texts, chosen = Rates(), Rates(), dict[str, Any]()
    parts: dict[str, tuple[float, Callable[[], None]]] = {
        "images": (45, lambda: measure_images(tiny, amounts, images)),
        "texts": (60, lambda: measure_texts(tiny, amounts, texts)),
        "format": (40, lambda: chosen.update(number_format(SMALL if tiny else FIRST_LAYERS))),
    }
    for name in options.parts:
        limit_s, measure = parts[name]
        with part(name, None if tiny else limit_s):
            measure()
    said("")
    images.told(f"{SIGLIP}, images")
    texts.told("bge-m3, chunks")
    if options.json:
        each = {
            name: {slot: getattr(rates, slot) for slot in rates.__slots__}
            for name, rates in (("images", images), ("texts", texts))
        }
        options.json.write_text(json.dumps({"card": card(), **each, "chosen": chosen}, indent=1), "utf-8")


def parsed_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.bench.gpu_encoders", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="small models and few items")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path, help="file for all the numbers")
    return parser.parse_args(arguments)


# ---------------------------------------------------------------- images


def measure_images(tiny: bool, amounts: Amounts, rates: Rates) -> None:
    import torch

    model, preprocess, context = small_siglip() if tiny else siglip()
    encoder = clip.ClipEncoder(
        SIGLIP, model, preprocess, lambda texts: torch.zeros((len(texts), context), dtype=torch.long), threshold=0.1
    )
    tower = next(model.visual.parameters())
    said(f"{millions(model.visual):.0f} M parameters see, {tower.dtype} on {tower.device}")
    for size in amounts.picture_batches:
        height, width = clip._size(model)
        batch = torch.rand((size, 3, height, width), device=tower.device).to(tower.dtype)
        batches = [batch] * (amounts.pictures // size)
        rates.bare[size] = rate(size * len(batches), amounts.seconds, looped, model.encode_image, batches)
        said(f"bare, {size} at once: {rates.bare[size]:,.0f} images/s")
    pictures = [
        picture
        for picture, _ in zip(itertools.cycle(drawn(min(64, amounts.pictures))), range(amounts.pictures), strict=False)
    ]
    shipped = encoder._batch
    for size in amounts.picture_batches:
        encoder._batch = size
        rates.ours[size] = rate(len(pictures), amounts.seconds, encoder.encode_pictures, pictures)
        said(f"ours, {size} at once: {rates.ours[size]:,.0f} images/s, {rates.ours[size] / rates.bare[size]:.2f} of it")
    encoder._batch = shipped
    for size in amounts.picture_calls:
        rates.calls[size] = rate(size, amounts.seconds, encoder.encode_pictures, pictures[:size])
        said(f"ours, {size} in a call: {rates.calls[size]:,.0f} images/s")
    some = pictures[:shipped]
    rates.more["without the model"] = rate(len(some), amounts.seconds, encoder._pixels, some, lambda picture: picture)
    files = [png(picture) for picture in some]
    rates.more["from files"] = rate(len(files), amounts.seconds, encoder.encode_images, files)
    said(", ".join(f"{name}: {each:,.0f} images/s" for name, each in rates.more.items()))


def siglip() -> tuple[Any, Any, int]:
    """As open_clip would load it from the hub, which is to say how pictures are taken too."""
    import open_clip
    import torch

    takes = {f"image_{name}": value for name, value in SIGLIP_TAKES.items()}
    with torch.device(device := "cuda" if torch.cuda.is_available() else "cpu"):
        model, _, preprocess = open_clip.create_model_and_transforms(SIGLIP, device=device, **takes)
    return model.eval().float(), preprocess, 64


def small_siglip() -> tuple[Any, Any, int]:
    """Taken the same way, of one layer: a CPU computes in formats that it may have to emulate."""
    import open_clip

    side, layer = 32, {"width": 32, "layers": 1}
    model = open_clip.CLIP(
        embed_dim=32,
        vision_cfg={**layer, "image_size": side, "patch_size": 16, "head_width": 16},
        text_cfg={**layer, "context_length": 8, "vocab_size": 100, "heads": 2},
    )
    return model.eval().float(), open_clip.image_transform(side, is_train=False, **SIGLIP_TAKES), 8


def drawn(count: int) -> list[Image.Image]:
    """Of the sizes that decoding leaves, with something to see."""
    sizes = random.Random(0)
    pictures = []
    for n in range(count):
        picture = Image.new("RGB", (sizes.randint(512, 800), sizes.randint(300, 800)), "white")
        pen = ImageDraw.Draw(picture)
        for at in range(12):
            left, top = sizes.randint(0, 500), sizes.randint(0, 280)
            pen.rectangle((left, top, left + 60, top + 20 * (at % 5 + 1)), fill=(n * 3, at * 20, 255 - at * 20))
        pictures.append(picture)
    return pictures


def png(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "PNG", compress_level=1)
    return file.getvalue()


def looped(model: Any, batches: Sequence[Any]) -> None:
    import torch

    with torch.inference_mode():
        for batch in batches:
            model(batch)


# ---------------------------------------------------------------- texts


def measure_texts(tiny: bool, amounts: Amounts, rates: Rates) -> None:
    import torch

    on_gpu = torch.cuda.is_available()
    with tempfile.TemporaryDirectory(prefix="exhibit-gpu-") as scratch:
        model = sentence_model(SMALL if tiny else BGE_M3, Path(scratch))
    tokens = Tokens(model.tokenizer, model.shape.max_tokens)
    run = model.token_run("float16-cuda" if on_gpu else "float32")
    texts = chunks(amounts.chunks)
    ids = sorted(tokens.ids(texts), key=len, reverse=True)
    counts = [len(each) for each in ids]
    rates.more["tokens"] = sum(counts) / len(counts)
    said(f"{millions(model.module):.0f} M parameters, {rates.more['tokens']:.0f} tokens a chunk, at most {counts[0]}")
    shipped = ON_GPU if on_gpu else ON_CPU

    def alone(batch: dict[str, Any]) -> None:
        model.module(dict(batch))  # it writes into what it is given

    for size in amounts.token_batches:
        most = Batches(shipped.texts if size > ON_CPU.tokens else ON_CPU.texts, size)
        batches = prepared(ids, most, tokens, model.module.device)
        rates.bare[size] = rate(len(texts), amounts.seconds, looped, alone, batches)
        encoder = SentenceEncoder("bge-m3", tokens, model.shape, run, most)
        rates.ours[size] = rate(len(texts), amounts.seconds, encoder.encode, texts)
        said(
            f"{size} tokens at once: bare {rates.bare[size]:,.0f}, ours {rates.ours[size]:,.0f} chunks/s, "
            f"{rates.ours[size] / rates.bare[size]:.2f} of it"
        )
    encoder = SentenceEncoder("bge-m3", tokens, model.shape, run, shipped)
    for size in amounts.chunk_calls:
        rates.calls[size] = rate(size, amounts.seconds, encoder.encode, texts[:size])
        said(f"ours, {size} in a call: {rates.calls[size]:,.0f} chunks/s")
    rates.more["tokenised"] = rate(len(texts), amounts.seconds, tokens.ids, texts)
    said(f"tokens alone: {rates.more['tokenised']:,.0f} chunks/s")


def prepared(ids: Sequence[list[int]], most: Batches, tokens: Tokens, device: Any) -> list[dict[str, Any]]:
    """The very batches that our encoder makes, on the device."""
    import torch

    from app.adapters.encoders.text import _batches

    made = []
    for places in _batches([len(each) for each in ids], most):
        padded, mask = tokens.padded([ids[at] for at in places])
        made.append(
            {"input_ids": torch.from_numpy(padded).to(device), "attention_mask": torch.from_numpy(mask).to(device)}
        )
    return made


def sentence_model(size: dict[str, Any], scratch: Path) -> SentenceModel:
    """With its random weights made where and as they are used: on the GPU in half precision."""
    import torch
    from transformers import XLMRobertaConfig, XLMRobertaModel

    on_gpu = torch.cuda.is_available()
    module = saved({**SMALL, "vocab_size": size["vocab_size"]}, scratch / "small")
    with torch.device("cuda" if on_gpu else "cpu"):
        whole = XLMRobertaModel._from_config(  # type: ignore[no-untyped-call]
            XLMRobertaConfig(**size, type_vocab_size=1, layer_norm_eps=1e-5),
            dtype=torch.float16 if on_gpu else torch.float32,
        )
    module[0].model = whole.eval()
    return SentenceModel(module, module.tokenizer.backend_tokenizer.to_str(), Shape(size["hidden_size"], AT_ONCE))


def saved(size: dict[str, Any], folder: Path) -> Any:
    """A checkpoint of bge-m3's make, and what sentence-transformers makes of it."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer
    from transformers import PreTrainedTokenizerFast, XLMRobertaConfig, XLMRobertaModel

    bare = folder.with_name(f"{folder.name}-bare")
    names = {"bos_token": "<s>", "eos_token": "</s>", "cls_token": "<s>", "sep_token": "</s>"}
    with quiet():
        PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
            tokenizer_object=tokenizer(), pad_token="<pad>", unk_token="<unk>", model_max_length=AT_ONCE, **names
        ).save_pretrained(bare)
        torch.manual_seed(1)
        XLMRobertaModel(XLMRobertaConfig(**size, type_vocab_size=1, layer_norm_eps=1e-5)).save_pretrained(bare)
        pooling = Pooling(size["hidden_size"], pooling_mode="cls")
        modules = [Transformer(str(bare), max_seq_length=AT_ONCE), pooling, Normalize()]
        module = SentenceTransformer(modules=modules, device="cpu").eval()
        module.save(str(folder))
    return module


def tokenizer() -> Any:
    """Of XLM-RoBERTa's kind, learned from the project's own words: the hub's can't be had offline."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors, trainers

    made = Tokenizer(models.Unigram())
    made.normalizer = normalizers.NFKC()
    made.pre_tokenizer = pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()])
    special = ["<s>", "<pad>", "</s>", "<unk>"]
    trainer = trainers.UnigramTrainer(
        vocab_size=4_000, special_tokens=special, unk_token="<unk>", show_progress=False, n_sub_iterations=1
    )
    made.train_from_iterator([" ".join(words()[:20_000])], trainer)
    made.post_processor = processors.TemplateProcessing("<s> $A </s>", special_tokens=[("<s>", 0), ("</s>", 2)])
    return made


def words() -> list[str]:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("**/*.md"))]
    return [word for page in pages if page.is_file() for word in page.read_text("utf-8").split()]


def chunks(count: int) -> list[str]:
    """Of the project's own text, 70 to 170 words each."""
    said_here, lengths = words(), random.Random(0)
    made = []
    for _ in range(count):
        start = lengths.randrange(max(1, len(said_here) - 200))
        made.append(" ".join(said_here[start : start + lengths.randint(70, 170)]))
    return made


def number_format(size: dict[str, Any]) -> dict[str, Any]:
    """What a start of the service chooses here for a model of bge-m3's make: fewer of its layers, in a folder."""
    from app.adapters.encoders.model_files import in_folder

    with tempfile.TemporaryDirectory(prefix="exhibit-gpu-") as scratch:
        folder, cache = Path(scratch) / "layers", Path(scratch) / "cache"
        saved(size, folder)
        encoder = sentence_encoder(in_folder(folder, "layers"), cache)
        (choice,) = (json.loads(path.read_text()) for path in cache.glob("*/choice.json"))
        lengths = np.linalg.norm(encoder.encode(chunks(4)), axis=1)
    assert np.allclose(lengths, 1, atol=1e-3)
    said(f"{choice['number_format']} of {choice['measured']}; refused: {choice['refused']}; {choice['took_s']}")
    return {name: choice[name] for name in ("number_format", "measured", "refused")}


def millions(model: Any) -> float:
    return float(sum(each.numel() for each in model.parameters()) / 1e6)


if __name__ == "__main__":
    main()
