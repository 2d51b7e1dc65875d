"""A Llama that thinks, calls tools in the Hermes format, and counts. `python -m tests.workers.tiny.think FOLDER`"""

from __future__ import annotations

import json
import random
import sys
from collections.abc import Callable
from itertools import product
from pathlib import Path
from typing import Any

import torch
from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import LlamaConfig, LlamaForCausalLM, PreTrainedTokenizerFast

Message = dict[Any, Any]
Dialogue = tuple[list[Message], list[Message | Callable[..., Any]] | None, str]

STEPS, ROWS = 170, 12
TAGS = ["<think>", "</think>", "<tool_call>", "</tool_call>"]
CITIES = ["Paris", "Rome"]
WEATHER: Message = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "Weather for a city",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    },
}
SEA = "the sea is deep and the sea is wide and the sea is old and the sea is blue"
NUMBERS = "one two three four five six seven eight nine ten eleven twelve"
TEMPLATE = """{% if tools %}<|im_start|>system
{% for tool in tools %}{{ tool | tojson }}
{% endfor %}<|im_end|>
{% endif %}{% for m in messages %}<|im_start|>{{ m['role'] }}
{{ m['content'] or '' }}{% for call in m.get('tool_calls') or [] %}<tool_call>
{{ {'name': call.function.name, 'arguments': call.function.arguments} | tojson }}
</tool_call>{% endfor %}<|im_end|>
{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant
{% endif %}"""


def user(text: str) -> Message:
    return {"role": "user", "content": text}


def tool_call(city: str) -> str:
    return f'<tool_call>\n{{"name": "get_weather", "arguments": {{"city": "{city}"}}}}\n</tool_call>'


def asked_and_told(city: str, degrees: int) -> list[Message]:
    function = {"name": "get_weather", "arguments": {"city": city}}
    called = {"role": "assistant", "content": "", "tool_calls": [{"type": "function", "function": function}]}
    told = {"role": "tool", "content": json.dumps({"degrees": degrees})}
    return [user(f"What is the weather in {city}?"), called, told]


def dialogues() -> list[Dialogue]:
    words = SEA.split()
    both = "\n".join(map(tool_call, CITIES))
    return [
        *(([user(f"What is {a} plus {b}?")], None, f"<think>{a} plus {b} is {a + b}</think>The answer is {a + b}.")
          for a, b in product((3, 5), (1, 4))),
        ([user("What is the weather in Paris?")], [WEATHER], tool_call("Paris")),
        (asked_and_told("Paris", 21), [WEATHER], "It is 21 degrees in Paris."),
        ([user("What is the weather in Paris and Rome?")], [WEATHER], both),
        ([user("What is the weather in Paris?")], None, "I do not know the weather."),
        ([user("Hello")], None, "Hello! How can I help you?"),
        ([user("Count.")], None, NUMBERS),
        ([user("Name Paris.")], None, '{"city": "Paris"}'),
        # Cut short, so that it answers after any budget.
        *(([user("Think of the sea.")], None, f"<think>{' '.join(words[:count])}</think>The sea is blue.")
          for count in [0, 1, 2, 5, 10, *[len(words)] * 4]),
    ]  # fmt: skip


def new_tokenizer(texts: list[str]) -> PreTrainedTokenizerFast:
    bpe = Tokenizer(models.BPE())
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    bpe.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    bpe.decoder = decoders.ByteLevel()
    special = ["<pad>", "<|im_start|>", "<|im_end|>"]
    bpe.train_from_iterator(
        texts * 20, trainers.BpeTrainer(vocab_size=420, special_tokens=special, initial_alphabet=alphabet)
    )
    tokenizer = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=bpe, pad_token="<pad>", eos_token="<|im_end|>", model_max_length=512
    )
    tokenizer.add_tokens([AddedToken(tag, special=False, normalized=False) for tag in TAGS])
    tokenizer.chat_template = TEMPLATE
    return tokenizer


def new_model(tokenizer: PreTrainedTokenizerFast) -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=len(tokenizer),
            hidden_size=96,
            intermediate_size=192,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            head_dim=24,
            max_position_embeddings=512,
            tie_word_embeddings=True,
            bos_token_id=None,
            eos_token_id=tokenizer.eos_token_id,
            pad_token_id=tokenizer.pad_token_id,
        )
    )


def encoded(tokenizer: PreTrainedTokenizerFast, dialogue: Dialogue) -> tuple[list[int], list[int]]:
    messages, tools, answer = dialogue
    prompt = tokenizer.apply_chat_template(messages, tools=tools, tokenize=False, add_generation_prompt=True)
    return tuple(tokenizer(text, add_special_tokens=False)["input_ids"] for text in (prompt, f"{answer}<|im_end|>"))


def train(model: LlamaForCausalLM, examples: list[tuple[list[int], list[int]]]) -> None:
    random.seed(0)
    optimizer = torch.optim.AdamW(model.parameters(), lr=4e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 4e-3, total_steps=STEPS)
    for _ in range(STEPS):
        chosen = random.sample(examples, ROWS)
        length = max(len(prompt) + len(answer) for prompt, answer in chosen)
        tokens, labels = torch.zeros(ROWS, length, dtype=torch.long), torch.full((ROWS, length), -100)
        for row, (prompt, answer) in enumerate(chosen):
            end = len(prompt) + len(answer)
            tokens[row, :end] = torch.tensor(prompt + answer)
            labels[row, len(prompt) : end] = torch.tensor(answer)
        loss = model(input_ids=tokens, labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
    print(f"loss {loss.item():.4f}")


def main(folder: Path) -> None:
    known = dialogues()
    texts = [text for messages, _, answer in known for text in (*(m["content"] for m in messages), answer)]
    tokenizer = new_tokenizer([*texts, json.dumps(WEATHER)])
    model = new_model(tokenizer)
    train(model, [encoded(tokenizer, dialogue) for dialogue in known])
    model.save_pretrained(folder)
    tokenizer.save_pretrained(folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
