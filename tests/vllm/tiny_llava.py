"""Makes a LLaVA of a few million random parameters: `python tiny_llava.py FOLDER` in vLLM's own environment.

It answers nonsense in seconds, through the whole of a real engine: image processor, vision tower, prompt with
placeholders, sampling, streaming.
"""

import re
import sys
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)

IMAGE, PATCH = 56, 14  # pixels: an image is 16 tokens
SPOKEN = ("prompts", "answering/output")  # folders with words that models and readers are given
SPECIAL = ["<unk>", "<s>", "</s>", "<pad>", "<image>"]
TEMPLATE = (
    "{% for message in messages %}{{ message['role'] }}: "
    "{% if message['content'] is string %}{{ message['content'] }}"
    "{% else %}{% for part in message['content'] %}"
    "{% if part['type'] == 'image' %}<image>\n{% elif part['type'] == 'text' %}{{ part['text'] }}{% endif %}"
    "{% endfor %}{% endif %}\n{% endfor %}{% if add_generation_prompt %}assistant: {% endif %}"
)


def make(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = _tokenizer()
    processor = LlavaProcessor(  # type: ignore[no-untyped-call]
        image_processor=CLIPImageProcessorPil(
            size={"shortest_edge": IMAGE}, crop_size={"height": IMAGE, "width": IMAGE}, do_convert_rgb=True
        ),
        tokenizer=tokenizer,
        patch_size=PATCH,
        vision_feature_select_strategy="default",
        chat_template=TEMPLATE,
        num_additional_image_tokens=1,
    )
    torch.manual_seed(0)
    model = LlavaForConditionalGeneration(_config(tokenizer))
    # Under greedy decoding some other token is always likelier than one of logit 0. So it never ends by itself, and
    # never falls into repeating a special token or half a letter, which an engine streams as nothing.
    silent = [number for token, number in tokenizer.get_vocab().items() if not (token.isascii() and token.isalpha())]
    with torch.no_grad():
        model.get_output_embeddings().weight[silent] = 0.0  # type: ignore[operator]
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    _rename_as_the_engine_expects(folder / "model.safetensors")


def _tokenizer() -> PreTrainedTokenizerFast:
    """Trained on the project's own prompts and notices, so that they take few tokens."""
    root = Path(__file__).parents[2]
    words = [path.read_text(encoding="utf-8") for folder in SPOKEN for path in sorted((root / folder).glob("*.md"))]
    bpe = Tokenizer(models.BPE(unk_token="<unk>"))
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        words, trainers.BpeTrainer(vocab_size=1024, special_tokens=SPECIAL, initial_alphabet=alphabet)
    )
    return PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bpe,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        additional_special_tokens=["<image>"],
        chat_template=TEMPLATE,
    )


def _config(tokenizer: PreTrainedTokenizerFast) -> LlavaConfig:
    return LlavaConfig(
        vision_config=CLIPVisionConfig(
            hidden_size=64,
            intermediate_size=128,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=IMAGE,
            patch_size=PATCH,
            projection_dim=64,
        ),
        text_config=LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=128,
            intermediate_size=256,
            num_hidden_layers=24,  # 10 s for 3,000 tokens: an answer can be left, or lost, before it ends
            num_attention_heads=2,
            num_key_value_heads=2,
            max_position_embeddings=4096,
            bos_token_id=tokenizer.bos_token_id,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        ),
        image_token_index=tokenizer.get_vocab()["<image>"],
        image_seq_length=(IMAGE // PATCH) ** 2,
        vision_feature_layer=-2,
        vision_feature_select_strategy="default",
    )


def _rename_as_the_engine_expects(path: Path) -> None:
    weights = load_file(path)
    renamed = {
        re.sub(r"vision_tower\.(?!vision_model\.)", "vision_tower.vision_model.", name): tensor
        for name, tensor in weights.items()
    }
    save_file(renamed, path, metadata={"format": "pt"})


if __name__ == "__main__":
    make(Path(sys.argv[1]))
