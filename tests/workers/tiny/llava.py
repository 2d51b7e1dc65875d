"""A LLaVA that names the colours of images. `python -m tests.workers.tiny.llava FOLDER`"""

from __future__ import annotations

import random
import sys
from pathlib import Path
from typing import Any

import torch
from PIL import Image
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import (
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
)
from transformers.models.clip.image_processing_pil_clip import CLIPImageProcessorPil

STEPS, ROWS, SIDE = 220, 12, 32
COLOURS = {"red": (220, 30, 30), "green": (30, 200, 40), "blue": (30, 40, 220)}
ONE, BOTH = "what colour is it ?", "what colours are they ?"
TEMPLATE = """{% for m in messages %}<|im_start|>{{ m['role'] }}
{% if m['content'] is string %}{{ m['content'] }}{% else %}{% for part in m['content'] %}\
{% if part['type'] == 'image' %}<image>{% else %}{{ part['text'] }}{% endif %}{% endfor %}{% endif %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def new_processor() -> LlavaProcessor:
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bpe.decoder = decoders.ByteLevel()
    texts = [ONE, BOTH, "hello", "hello to you ! i am a small model .", *(f"it is {name} ." for name in COLOURS)]
    special = ["<pad>", "<|im_start|>", "<|im_end|>", "<image>"]
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.train_from_iterator(
        texts * 20, trainers.BpeTrainer(vocab_size=340, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bpe,
        pad_token="<pad>",
        eos_token="<|im_end|>",
        additional_special_tokens=["<image>"],
        model_max_length=256,
        padding_side="left",
    )
    return LlavaProcessor(  # type: ignore[no-untyped-call]
        image_processor=CLIPImageProcessorPil(size={"shortest_edge": SIDE}, crop_size={"height": SIDE, "width": SIDE}),
        tokenizer=tokenizer,
        patch_size=16,
        vision_feature_select_strategy="default",
        chat_template=TEMPLATE,
        num_additional_image_tokens=1,
    )


def new_model(tokenizer: Any) -> LlavaForConditionalGeneration:
    torch.manual_seed(0)
    size: dict[str, Any] = {"hidden_size": 64, "intermediate_size": 128, "num_hidden_layers": 2}
    image = tokenizer.convert_tokens_to_ids("<image>")
    config = LlavaConfig(
        vision_config=CLIPVisionConfig(
            **size, num_attention_heads=2, image_size=SIDE, patch_size=16, projection_dim=64
        ),
        text_config=LlamaConfig(
            **size,
            vocab_size=len(tokenizer),
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=32,
            max_position_embeddings=256,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        ),
        image_token_index=image,
        vision_feature_select_strategy="default",
        vision_feature_layer=-1,
        image_seq_length=4,
        tie_word_embeddings=True,
    )
    model = LlavaForConditionalGeneration(config)
    model.generation_config.eos_token_id = tokenizer.eos_token_id
    model.generation_config.pad_token_id = tokenizer.pad_token_id
    return model


def picture(name: str) -> Image.Image:
    shade = [max(0, min(255, value + random.randint(-25, 25))) for value in COLOURS[name]]
    return Image.new("RGB", (random.randint(24, 60), random.randint(24, 60)), (shade[0], shade[1], shade[2]))


def example(count: int) -> tuple[list[Image.Image], list[dict[str, Any]], str]:
    names = random.choices(list(COLOURS), k=count)
    if not names:
        return [], [{"role": "user", "content": "hello"}], "hello to you ! i am a small model ."
    parts = [*({"type": "image"} for _ in names), {"type": "text", "text": ONE if count == 1 else BOTH}]
    return list(map(picture, names)), [{"role": "user", "content": parts}], f"it is {' and '.join(names)} ."


def train(model: Any, processor: Any) -> None:
    random.seed(0)
    tokenizer = processor.tokenizer
    start = tokenizer.convert_tokens_to_ids("<|im_start|>")
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 3e-3, total_steps=STEPS)
    for _ in range(STEPS):
        chosen = [example(count) for count in random.choices([0, 1, 2], [1, 4, 9], k=ROWS)]
        prompts = [
            processor.apply_chat_template(messages, tokenize=False, add_generation_prompt=True) + f"{answer}<|im_end|>"
            for _, messages, answer in chosen
        ]
        images = [image for pictures, _, _ in chosen for image in pictures]
        inputs = processor(images=images, text=prompts, return_tensors="pt", padding=True)
        labels = inputs["input_ids"].clone()
        for row in labels:
            row[: int((row == start).nonzero()[-1]) + 1] = -100
        loss = model(**inputs, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    print(f"loss {loss.item():.4f}")


def main(folder: Path) -> None:
    processor = new_processor()
    model = new_model(processor.tokenizer)
    train(model, processor)
    model.save_pretrained(folder)
    processor.save_pretrained(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
