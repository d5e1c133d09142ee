"""What Hugging Face transformers reads from goldens of several families, in float32 on a CPU: log-probabilities of a
text's own tokens, whether each is the likeliest, and vectors of its last hidden states.

    python make_families.py goldens OUT

writes OUT/families.json. Made with transformers 5.12.1 and torch 2.14.1.
"""

import json
import pathlib
import random
import sys

import torch
from transformers import AutoModelForCausalLM

FAMILIES = ["llama", "gemma2", "qwen3-moe", "phi3", "gpt-oss"]
LENGTHS = [2, 9, 40, 77]


@torch.no_grad()
def main(goldens, out):
    rows = []
    for family in FAMILIES:
        model = AutoModelForCausalLM.from_pretrained(
            goldens / family, dtype=torch.float32, attn_implementation="eager"
        ).eval()
        dice = random.Random(family)
        for length in LENGTHS:
            tokens = [dice.randrange(3, model.config.get_text_config().vocab_size) for _ in range(length)]
            made = model(torch.tensor([tokens]), output_hidden_states=True)
            logs = torch.log_softmax(made.logits[0].double(), -1)
            states = made.hidden_states[-1][0].double()
            best = int(logs[-1].argmax())
            # The text again with the likeliest token behind it, which alone is scored.
            rows.append(
                {
                    "family": family,
                    "text": tokens,
                    "scores": [round(logs[i - 1, tokens[i]].item(), 6) for i in range(1, length)],
                    "next": best,
                    "nextScore": round(logs[-1, best].item(), 6),
                    "margin": round((logs[-1].topk(2).values[0] - logs[-1].topk(2).values[1]).item(), 6),
                    "mean": [round(x, 6) for x in states.mean(0).tolist()],
                    "last": [round(x, 6) for x in states[-1].tolist()],
                }
            )
    with open(out / "families.json", "w", encoding="utf-8") as file:
        file.write("[\n" + ",\n".join(json.dumps(row) for row in rows) + "\n]\n")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]))
