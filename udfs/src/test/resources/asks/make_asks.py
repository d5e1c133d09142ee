"""What Hugging Face transformers reads from the demo model, in float32 on a CPU: log-probabilities of labels after a
prompt, of a text's own tokens, and the mean of its last hidden states.

    python make_asks.py datasets OUT

writes OUT/asks.json, a list of rows with token ids and values. A label is followed by the end token. Made with
transformers 5.17 and torch 2.11.
"""

import json
import pathlib
import sys

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

LABELS = [
    ["food", "food and drink", "travel"],
    ["question", "statement"],
    ["a", "a very long label that has many tokens, more than the others together", "b", "A"],
    ["happy", "sad", "happy or sad"],
]
ROWS = 12


def log_probabilities(model, tokens, begin):
    """Of tokens[begin:], each after all before it."""
    logits = model(torch.tensor([tokens])).logits[0].double()
    every = torch.log_softmax(logits, -1)
    return [every[i - 1, tokens[i]].item() for i in range(begin, len(tokens))]


def embedding(model, tokens):
    states = model(torch.tensor([tokens]), output_hidden_states=True).hidden_states[-1][0]
    return torch.nn.functional.normalize(states.double().mean(0), dim=0).tolist()


@torch.no_grad()
def main(datasets, out):
    model_path = datasets / "demo-model"
    tokenizer = AutoTokenizer.from_pretrained(model_path)
    model = AutoModelForCausalLM.from_pretrained(model_path, dtype=torch.float32).eval()
    sentences = [json.loads(line) for line in open(datasets / "sentences.json", encoding="utf-8")]
    rows = []
    for i in range(ROWS):
        text = sentences[7 * i]["text"]
        labels = LABELS[i % len(LABELS)]
        message = f"Which of {', '.join(labels)} describes this text?\n\n{text}"
        prompt = tokenizer.apply_chat_template(
            [{"role": "user", "content": message}], add_generation_prompt=True, tokenize=True, return_dict=False
        )
        ends = [
            tokenizer.encode(label, add_special_tokens=False) + [model.generation_config.eos_token_id]
            for label in labels
        ]
        plain = tokenizer.encode(text, add_special_tokens=False)
        rows.append(
            {
                "prompt": prompt,
                "continuations": ends,
                "log_probabilities": [
                    round(sum(log_probabilities(model, prompt + end, len(prompt))), 6) for end in ends
                ],
                "text": plain,
                "scores": [round(x, 6) for x in log_probabilities(model, plain, 1)],
                "embedding": [round(x, 7) for x in embedding(model, plain)],
            }
        )
    with open(out / "asks.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
