"""Greedy completions of the shipped data sets on the demo model by Hugging Face transformers, in float32 on a CPU.

    python make_reference.py datasets OUT

writes OUT/summaries.jsonl and OUT/translations.jsonl: for each row its id, the completion, the generated tokens' count,
the finish reason and the least margin between the best and the second logit on the way. Made with transformers 5.17 and
torch 2.11.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

TASKS = {
    "summaries": ("package-descriptions.json", "Summarize the following text in one line.", 40),
    "translations": ("sentences.json", "Translate the following text to French.", 60),
}


@torch.no_grad()
def complete(model, tokenizer, prompt, max_new_tokens):
    text = tokenizer.apply_chat_template([{"role": "user", "content": prompt}], tokenize=False, add_generation_prompt=True)
    tokens = tokenizer(text, add_special_tokens=False).input_ids
    stop = model.generation_config.eos_token_id
    new, least, past, step = [], float("inf"), None, tokens
    while len(new) < max_new_tokens:
        out = model(torch.tensor([step]), past_key_values=past, use_cache=True)
        past = out.past_key_values
        best = out.logits[0, -1].topk(2)
        least = min(least, float(best.values[0] - best.values[1]))
        new.append(int(best.indices[0]))
        step = new[-1:]
        if new[-1] == stop:
            break
    stopped = new[-1] == stop
    return {
        "completion": tokenizer.decode(new, skip_special_tokens=True, clean_up_tokenization_spaces=False),
        "finish_reason": "stop" if stopped else "length",
        "prompt_tokens": len(tokens),
        "completion_tokens": len(new),
        "least_margin": round(least, 5),
    }


def main(datasets, out):
    model = AutoModelForCausalLM.from_pretrained(datasets / "demo-model", dtype=torch.float32).eval()
    tokenizer = AutoTokenizer.from_pretrained(datasets / "demo-model")
    for name, (source, instruction, max_new_tokens) in TASKS.items():
        with open(out / f"{name}.jsonl", "w", encoding="utf-8") as target:
            for line in open(datasets / source, encoding="utf-8"):
                row = json.loads(line)
                expected = complete(model, tokenizer, f"{instruction}\n\n{row['text']}", max_new_tokens)
                target.write(json.dumps({"id": row["id"], **expected}, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
