"""`python -m lab.bench.gpu_answers`: how soon and how fast a large vision model on a GPU answers our prompts.

The models have the published shapes and random weights, which are as fast as trained ones. They run in transformers,
without a server. The prompts have as much text and the pictures that `packed_prompts.json` tells of: what Exhibit sends
of its samples. The time to the first token is that of the vision tower, the whole prompt and one token; making patches
of the pictures is timed separately. With `--tiny`, or without a GPU, small models of the same architecture are used.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from app.adapters.encoders.torchvision_shim import declare_operators
from lab.bench.gpu import card, done, part, said

PROMPTS = Path(__file__).with_name("packed_prompts.json")
SPARE_GIB = 5.0  # beside the weights: of the cache a fourth of a MiB a token, the work on a long prompt, the context
GIB = 2**30
FP8_MOST = 448.0  # the largest number of float8_e4m3fn

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Amounts:
    rounds: int
    tokens: int  # of the answer, after the first


WHOLE = Amounts(3, 64)
TINY_AMOUNTS = Amounts(1, 2)


@dataclass(frozen=True, slots=True)
class Shape:
    """A published model's, as its config.json has it."""

    name: str
    family: str  # qwen3_vl or qwen2_5_vl
    text: Json
    vision: Json
    fp8: bool = False  # the language model's matrices, as servers keep them where 16 bits don't fit

    @property
    def patch(self) -> int:
        return 16 if self.family == "qwen3_vl" else 14


_QWEN3: Json = {
    "vocab_size": 151_936,
    "head_dim": 128,
    "num_key_value_heads": 8,
    "max_position_embeddings": 262_144,
    "rope_parameters": {
        "rope_type": "default",
        "rope_theta": 5e6,
        "mrope_section": [24, 20, 20],
        "mrope_interleaved": True,
    },
}
_QWEN25: Json = {"rope_parameters": {"rope_type": "default", "rope_theta": 1e6, "mrope_section": [16, 24, 24]}}

QWEN3_VL_32B = Shape(
    "Qwen3-VL-32B, bfloat16",
    "qwen3_vl",
    {
        **_QWEN3,
        "hidden_size": 5120,
        "intermediate_size": 25_600,
        "num_hidden_layers": 64,
        "num_attention_heads": 64,
    },
    {"out_hidden_size": 5120, "deepstack_visual_indexes": [8, 16, 24]},
)
QWEN3_VL_8B = Shape(
    "Qwen3-VL-8B, bfloat16",
    "qwen3_vl",
    {
        **_QWEN3,
        "hidden_size": 4096,
        "intermediate_size": 12_288,
        "num_hidden_layers": 36,
        "num_attention_heads": 32,
    },
    {"out_hidden_size": 4096, "deepstack_visual_indexes": [8, 16, 24]},
)
_72B: tuple[str, Json, Json] = (
    "qwen2_5_vl",
    {
        **_QWEN25,
        "vocab_size": 152_064,
        "hidden_size": 8192,
        "intermediate_size": 29_568,
        "num_hidden_layers": 80,
        "num_attention_heads": 64,
        "num_key_value_heads": 8,
        "max_position_embeddings": 128_000,
    },
    {"hidden_size": 1280, "intermediate_size": 3456, "out_hidden_size": 8192},
)
QWEN25_VL_72B = Shape("Qwen2.5-VL-72B, bfloat16", *_72B)
QWEN25_VL_72B_FP8 = Shape("Qwen2.5-VL-72B, float8", *_72B, fp8=True)

_SMALL: Json = {
    "vocab_size": 1000,
    "hidden_size": 64,
    "intermediate_size": 128,
    "num_hidden_layers": 1,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
}
TINY = (
    Shape(
        "tiny Qwen3-VL",
        "qwen3_vl",
        {**_QWEN3, **_SMALL, "head_dim": 128},
        {
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 64,
            "deepstack_visual_indexes": [0],
        },
    ),
    Shape(
        "tiny Qwen2.5-VL, float8",
        "qwen2_5_vl",
        {**_QWEN25, **_SMALL, "hidden_size": 512},
        {
            "depth": 2,
            "hidden_size": 32,
            "intermediate_size": 64,
            "num_heads": 2,
            "out_hidden_size": 512,
            "fullatt_block_indexes": [1],
        },
        fp8=True,
    ),
)


def main(arguments: Sequence[str] | None = None) -> None:
    options = parsed_options(arguments)
    import torch

    declare_operators()
    import transformers

    tiny = options.tiny or not torch.cuda.is_available()
    prompts = json.loads(PROMPTS.read_text("utf-8"))
    if tiny:
        prompts = [smaller(one) for one in prompts]
    said(f"{card()}; torch {torch.__version__}, transformers {transformers.__version__}{', tiny' if tiny else ''}")
    rows: list[Json] = []
    for shape in TINY if tiny else chosen(free_gib()):
        with part(shape.name, None if tiny else options.limit_s):
            measure(shape, prompts, TINY_AMOUNTS if tiny else WHOLE, rows)
    said("\n" + table(rows))
    if options.json:
        options.json.write_text(json.dumps({"card": card(), "prompts": prompts, "rows": rows}, indent=1), "utf-8")


def parsed_options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m lab.bench.gpu_answers", description=__doc__)
    parser.add_argument("--tiny", action="store_true", help="small models")
    parser.add_argument("--limit-s", type=float, default=45, help="of each large model")
    parser.add_argument("--json", type=Path, help="file for all the numbers")
    return parser.parse_args(arguments)


def smaller(prompt: Json) -> Json:
    sizes = [[width // 8, height // 8] for width, height in prompt["pictures"]]
    return {"text_tokens": prompt["text_tokens"] // 64, "pictures": sizes}


# ---------------------------------------------------------------- which models


def chosen(free: float) -> list[Shape]:
    """The largest one that fits in 16 bits, the one we propose, and the largest that fits at all."""
    in_16_bits = [shape for shape in (QWEN25_VL_72B, QWEN3_VL_32B) if weights_gib(shape) + SPARE_GIB <= free]
    at_all = [QWEN25_VL_72B_FP8] if weights_gib(QWEN25_VL_72B_FP8) + SPARE_GIB <= free else []
    more = [] if QWEN25_VL_72B in in_16_bits else at_all
    return [*in_16_bits[:1], QWEN3_VL_8B, *more]


def free_gib() -> float:
    import torch

    free: int = torch.cuda.mem_get_info()[0]
    return free / GIB


def weights_gib(shape: Shape) -> float:
    """Counted on a model without weights."""
    import torch

    with torch.device("meta"):
        model = made(shape)
    return float(sum(each.numel() * each.element_size() for each in (*model.parameters(), *model.buffers())) / GIB)


def built(shape: Shape) -> Any:
    """With random weights, made where they are used."""
    import torch

    torch.manual_seed(0)
    with torch.device("cuda" if torch.cuda.is_available() else "cpu"):
        return made(shape).eval()


def made(shape: Shape) -> Any:
    import torch
    import transformers

    prefix = {"qwen3_vl": "Qwen3VL", "qwen2_5_vl": "Qwen2_5_VL"}[shape.family]
    config = getattr(transformers, f"{prefix}Config")(
        text_config={**shape.text, "bos_token_id": None, "eos_token_id": None, "pad_token_id": 0},
        vision_config=shape.vision,
        tie_word_embeddings=False,
        **markers(shape),
    )
    with linear_in_fp8(shape.fp8):
        return getattr(transformers, f"{prefix}ForConditionalGeneration")._from_config(
            config, dtype=torch.bfloat16, attn_implementation="sdpa"
        )


def markers(shape: Shape) -> dict[str, int]:
    """The vocabulary's last ones, as the real ones nearly are."""
    last = shape.text["vocab_size"]
    names = ("vision_start_token_id", "vision_end_token_id", "image_token_id", "video_token_id")
    return {name: last - 4 + at for at, name in enumerate(names)}


# ---------------------------------------------------------------- float8


@contextmanager
def linear_in_fp8(wanted: bool) -> Iterator[None]:
    """While a model is made: its large matrices, but for the last, in 8 bits, with activations scaled as they come."""
    import torch

    plain = torch.nn.Linear
    if wanted:
        torch.nn.Linear = _linear(plain)  # type: ignore[misc]
    try:
        yield
    finally:
        torch.nn.Linear = plain  # type: ignore[misc]


def _linear(plain: Any) -> Any:
    import torch

    class Linear(torch.nn.Module):
        weight: torch.Tensor
        scale: torch.Tensor

        def __new__(cls, in_features: int, out_features: int, bias: bool = True) -> Any:
            small, large = sorted((in_features, out_features))
            if small < 512 or large > 100_000 or small % 16 or large % 16:
                return plain(in_features, out_features, bias)
            return super().__new__(cls)

        def __init__(self, in_features: int, out_features: int, bias: bool = True) -> None:
            super().__init__()
            weight = torch.empty(out_features, in_features, dtype=torch.bfloat16).normal_(std=FP8_MOST / 8)
            self.register_buffer("weight", weight.clamp_(-FP8_MOST, FP8_MOST).to(torch.float8_e4m3fn))
            self.register_buffer("scale", torch.tensor(0.16 / FP8_MOST, dtype=torch.float32))  # a deviation of .02
            self.bias = torch.nn.Parameter(torch.zeros(out_features, dtype=torch.bfloat16)) if bias else None
            self._is_hf_initialized = True  # transformers would do it again, and can't in 8 bits

        def forward(self, x: Any) -> Any:
            rows = x.reshape(-1, x.shape[-1])
            scale = (rows.abs().amax().float() / FP8_MOST).clamp_(min=1e-12)
            small = (rows / scale.to(rows.dtype)).clamp_(-FP8_MOST, FP8_MOST).to(torch.float8_e4m3fn)
            out = torch._scaled_mm(small, self.weight.t(), scale, self.scale, self.bias, out_dtype=x.dtype)
            return out.view(*x.shape[:-1], -1)

    return Linear


# ---------------------------------------------------------------- one model


def measure(shape: Shape, prompts: list[Json], amounts: Amounts, rows: list[Json]) -> None:
    import torch

    if torch.cuda.is_available():
        torch.cuda.reset_peak_memory_stats()
    started = time.perf_counter()
    model = built(shape)
    done()
    parameters = sum(each.numel() for each in model.parameters())
    parameters += sum(each.numel() for each in model.buffers() if each.dtype == torch.float8_e4m3fn)
    said(f"{parameters / 1e9:.1f} G parameters, made in {time.perf_counter() - started:.1f} s; {card()}")
    for prompt in prompts:
        inputs, patches_s = taken(shape, prompt, model.device)
        first, answer = timed(model, inputs, 2)  # warms up
        firsts = [timed(model, inputs, 1)[0] for _ in range(amounts.rounds - 1)]
        first, answer = timed(model, inputs, amounts.tokens + 1)
        pictures = int((inputs["input_ids"] == markers(shape)["image_token_id"]).sum())
        rows.append(
            {
                "model": shape.name,
                "parameters": parameters,
                "pictures": len(prompt["pictures"]),
                "prompt_tokens": int(inputs["input_ids"].shape[1]),
                "picture_tokens": pictures,
                "patches_ms": patches_s * 1000,
                "first_ms": median([*firsts, first]) * 1000,
                "tokens_per_s": amounts.tokens / answer,
                "peak_gib": torch.cuda.max_memory_allocated() / GIB if torch.cuda.is_available() else 0.0,
            }
        )
        said(table(rows[-1:]).splitlines()[-1])


def taken(shape: Shape, prompt: Json, device: Any) -> tuple[Json, float]:
    """The model's inputs: the pictures' patches, and in front of the text as many tokens as they become. And the
    seconds that the patches took."""
    import torch

    first = torch.randint(10, shape.text["vocab_size"] - 10, (prompt["text_tokens"],)).tolist()
    if not prompt["pictures"]:
        return {"input_ids": torch.tensor([first], device=device)}, 0.0
    started = time.perf_counter()
    pixels, grid = patches(shape, [picture(*size) for size in prompt["pictures"]])
    pixels = pixels.to(device, torch.bfloat16)
    done()
    took = time.perf_counter() - started
    mark = markers(shape)
    ids: list[int] = []
    for _, height, width in grid.tolist():
        inside = [mark["image_token_id"]] * (height * width // 4)
        ids += [mark["vision_start_token_id"], *inside, mark["vision_end_token_id"]]
    all_ids = torch.tensor([[*ids, *first]], device=device)
    return {
        "input_ids": all_ids,
        "pixel_values": pixels,
        "image_grid_thw": grid.to(device),
        "mm_token_type_ids": (all_ids == mark["image_token_id"]).int(),
    }, took


def picture(width: int, height: int) -> Image.Image:
    return Image.fromarray(np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8))


def patches(shape: Shape, pictures: list[Image.Image]) -> tuple[Any, Any]:
    """(all patches, their numbers) and (pictures, time × height × width in patches), as the model's own code has it."""
    from transformers import Qwen2VLImageProcessor

    limits = {"shortest_edge": 4 * shape.patch**2, "longest_edge": 16_384 * shape.patch**2 * 4}
    processor = Qwen2VLImageProcessor(patch_size=shape.patch, merge_size=2, size=limits)
    made = processor(images=pictures, return_tensors="pt")
    return made["pixel_values"], made["image_grid_thw"]


def timed(model: Any, inputs: Json, tokens: int) -> tuple[float, float]:
    """Seconds to the first token, and from there to the last."""
    import torch

    clock = Clock()
    done()
    started = time.perf_counter()
    with torch.inference_mode():
        model.generate(
            **inputs,
            attention_mask=torch.ones_like(inputs["input_ids"]),
            max_new_tokens=tokens,
            min_new_tokens=tokens,
            do_sample=False,
            use_cache=True,
            streamer=clock,
        )
    _, *each = clock.times  # what is put first is the prompt
    assert len(each) == tokens, f"{len(each)} tokens instead of {tokens}"
    return each[0] - started, each[-1] - each[0]


class Clock:
    """A streamer that records when each token came."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def put(self, value: Any) -> None:
        value.cpu()
        self.times.append(time.perf_counter())

    def end(self) -> None:
        """The answer has ended."""


# ---------------------------------------------------------------- telling


def table(rows: list[Json]) -> str:
    names = "model, parameters, pictures, prompt tokens, of pictures, patches in ms, first token in ms, tokens/s, GiB"
    columns = names.split(", ")
    lines = ["| " + " | ".join(columns) + " |", "|---" + "|--:" * (len(columns) - 1) + "|"]
    for row in rows:
        told = (
            row["model"],
            f"{row['parameters'] / 1e9:.1f} G",
            row["pictures"],
            row["prompt_tokens"],
            row["picture_tokens"],
            f"{row['patches_ms']:.0f}",
            f"{row['first_ms']:.0f}",
            f"{row['tokens_per_s']:.1f}",
            f"{row['peak_gib']:.1f}",
        )
        lines.append("| " + " | ".join(str(each) for each in told) + " |")
    return "\n".join(lines)


if __name__ == "__main__":
    main()
