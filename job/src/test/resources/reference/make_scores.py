"""What evaluations with Hugging Face transformers make of texts by the demo model, in float32 on a CPU: the
log-likelihood of a continuation after a prompt, as lm-evaluation-harness divides the two into tokens, that of a text
alone, and that of a long text in windows, as the page on perplexity in transformers' documentation has it.

    python make_scores.py datasets OUT

writes OUT/scores.json. Made with transformers 5.12.1 and torch 2.14.1.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

ROWS = 24
WINDOW, STRIDE = 96, 40


def every(model, tokens):
    return torch.log_softmax(model(torch.tensor([tokens])).logits[0].double(), -1)


def pair(tokenizer, context, continuation):
    """lm_eval.api.model.TemplateLM._encode_pair."""
    spaces = len(context) - len(context.rstrip())
    if spaces > 0:
        continuation = context[-spaces:] + continuation
        context = context[:-spaces]
    whole = tokenizer.encode(context + continuation)
    return whole, len(tokenizer.encode(context))


def score(model, tokens, begin):
    logs = every(model, tokens)
    found = [logs[i - 1, tokens[i]].item() for i in range(begin, len(tokens))]
    greedy = all(logs[i - 1].argmax().item() == tokens[i] for i in range(begin, len(tokens)))
    return {
        "log_likelihood": round(sum(found), 6),
        "tokens": len(found),
        "is_greedy": greedy,
        "token_log_probs": [round(x, 6) for x in found],
    }


def windows(model, tokens):
    """As huggingface.co/docs/transformers/perplexity, all tokens counted alike."""
    found, end_before = [], 0
    for begin in range(0, len(tokens), STRIDE):
        end = min(begin + WINDOW, len(tokens))
        logs = every(model, tokens[begin:end])
        for i in range(max(end_before, begin + 1), end):
            found.append(logs[i - 1 - begin, tokens[i]].item())
        end_before = end
        if end == len(tokens):
            break
    return {"log_likelihood": round(sum(found), 5), "tokens": len(found)}


def greedy(model, tokenizer, prompt):
    tokens = tokenizer.encode(prompt)
    out = model.generate(torch.tensor([tokens]), max_new_tokens=5, do_sample=False)[0]
    return tokenizer.decode(out[len(tokens) :], clean_up_tokenization_spaces=False)


@torch.no_grad()
def main(datasets, out):
    path = datasets / "demo-model"
    tokenizer = AutoTokenizer.from_pretrained(path)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32).eval()
    texts = [json.loads(line)["text"] for line in open(datasets / "sentences.json", encoding="utf-8")]
    rows = []
    for i in range(ROWS):
        prompt = f"{texts[5 * i]} Next:" + ["", " ", "\n\n"][i % 3]
        likely = i % 4 == 0
        text = greedy(model, tokenizer, prompt) if likely else " " * (i % 2) + texts[5 * i + 1]
        if not text.strip():
            text = texts[5 * i + 1]
        tokens, begin = pair(tokenizer, prompt, text)
        alone = tokenizer.encode(text)
        rows.append(
            {
                "id": f"row-{i}",
                "prompt": prompt,
                "text": text,
                "behind": score(model, tokens, begin),
                "alone": score(model, alone, 1),
            }
        )
    long = " ".join(texts[:45])
    rows.append({"id": "long", "text": long, "windows": windows(model, tokenizer.encode(long))})
    with open(out / "scores.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
