"""Makes goldens: tiny checkpoints with random weights and what Hugging Face transformers computes for them in float32.

    python3 make.py DIRECTORY [NAME...]
    python3 make.py --sizes DIRECTORY [NAME...]

See README.md for what it needs. Each golden is a directory of DIRECTORY; with --sizes they are those of sizes.py, two of
each family.
"""

import json
import pathlib
import sys

import torch
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from sizes import LONG_PROMPTS, SIZES

NEW_TOKENS = 10
VOCABULARY = 128

# Those of all goldens.
PROMPTS = [
    [6],
    [46, 39, 36, 24, 107],
    [83, 127, 51, 36, 6, 55, 10, 125, 9, 95, 106],
    [98, 97, 47, 117, 92, 42, 22, 40, 75, 93, 116, 89, 100, 97, 101, 96, 41, 114, 37, 124]
    + [19, 71, 41, 117, 71, 60, 74, 66, 103, 16, 45, 7, 57, 84, 62, 93, 81, 14, 41, 118],
]

ALWAYS = dict(
    max_position_embeddings=512,
    initializer_range=0.12,
    bos_token_id=1,
    eos_token_id=2,
    pad_token_id=0,
)

COMMON = dict(
    ALWAYS,
    vocab_size=VOCABULARY,
    hidden_size=32,
    intermediate_size=64,
    num_attention_heads=4,
    num_key_value_heads=2,
    rms_norm_eps=1e-5,
)

GOLDENS = {
    # Layers that attend to keys and values of earlier ones, with a feed-forward of twice the width, behind a soft cap.
    "gemma4-shared": dict(
        COMMON,
        seed=1,
        model_type="gemma4_text",
        num_hidden_layers=4,
        layer_types=["sliding_attention", "full_attention"] * 2,
        sliding_window=8,
        head_dim=16,
        global_head_dim=32,
        num_kv_shared_layers=2,
        use_double_wide_mlp=True,
        hidden_size_per_layer_input=8,
        vocab_size_per_layer_input=VOCABULARY,
        final_logit_softcapping=2.0,
    ),
    # Values that are keys, of a single head, and no inputs of each layer.
    "gemma4-keys-as-values": dict(
        COMMON,
        seed=2,  # no two keys are as good as tied, which half types would tell apart by chance
        model_type="gemma4_text",
        num_hidden_layers=4,
        layer_types=["sliding_attention", "full_attention"] * 2,
        sliding_window=8,
        head_dim=16,
        global_head_dim=32,
        attention_k_eq_v=True,
        num_global_key_value_heads=1,
        hidden_size_per_layer_input=0,
        final_logit_softcapping=30.0,
    ),
    # Experts beside the feed-forward, with norms of their own and routers that tell tokens apart.
    "gemma4-moe": dict(
        COMMON,
        seed=1,
        router_spread=20,
        model_type="gemma4_text",
        hidden_size=24,
        intermediate_size=40,
        num_hidden_layers=3,
        layer_types=["sliding_attention", "sliding_attention", "full_attention"],
        sliding_window=8,
        head_dim=8,
        global_head_dim=16,
        attention_k_eq_v=True,
        num_global_key_value_heads=1,
        hidden_size_per_layer_input=0,
        enable_moe_block=True,
        num_experts=5,
        top_k_experts=2,
        moe_intermediate_size=12,
        final_logit_softcapping=30.0,
    ),
    "olmo3": dict(
        COMMON,
        seed=1,
        model_type="olmo3",
        num_hidden_layers=4,
        layer_types=["sliding_attention"] * 3 + ["full_attention"],
        sliding_window=8,
    ),
    # Experts of a layer in one tensor, in FP8.
    "quant-fp8-experts": dict(
        COMMON,
        seed=1,
        float8_block=[16, 8],
        model_type="qwen3_moe",
        num_hidden_layers=2,
        head_dim=8,
        num_experts=6,
        num_experts_per_tok=2,
        moe_intermediate_size=24,
        norm_topk_prob=True,
    ),
    # Delta rules over several chunks of 64 tokens, with heads and filters of other sizes.
    "qwen3-5-long": dict(
        COMMON,
        seed=1,
        prompts=LONG_PROMPTS,
        model_type="qwen3_5_text",
        num_hidden_layers=3,
        layer_types=["linear_attention", "full_attention", "linear_attention"],
        head_dim=16,
        linear_num_key_heads=1,
        linear_num_value_heads=3,
        linear_key_head_dim=16,
        linear_value_head_dim=8,
        linear_conv_kernel_dim=3,
    ),
}


def model(fields):
    fields = dict(fields)
    torch.manual_seed(fields.pop("seed"))
    fields.pop("prompts", None)
    fields.pop("float8_block", None)
    router_spread = fields.pop("router_spread", 1)
    config = CONFIG_MAPPING[fields.pop("model_type")](**fields)
    made = AutoModelForCausalLM.from_config(config, attn_implementation="eager", experts_implementation="eager")
    made = made.float().eval()
    with torch.no_grad():
        # Norms and factors that are all one or zero would hide whether they are there.
        for parameter in list(made.parameters()) + list(made.buffers()):
            alike = parameter.dim() == 1 and bool(torch.all(parameter == parameter[0]))
            if alike and parameter.is_floating_point() and parameter[0] in (0, 1):
                parameter.add_(0.15 * torch.randn_like(parameter))
        for name, parameter in made.named_parameters():
            if name.endswith("router.proj.weight"):
                parameter.mul_(router_spread)
    return made


@torch.no_grad()
def case(made, prompt):
    tokens = list(prompt)
    margins = []
    logits = made(torch.tensor([tokens])).logits[0].double()
    logprobs = torch.log_softmax(logits, -1)
    last = logits[-1]
    found = dict(
        prompt=prompt,
        last_logits=[round(float(x), 5) for x in last],
        token_logprobs=[round(float(logprobs[i, tokens[i + 1]]), 5) for i in range(len(tokens) - 1)],
    )
    for _ in range(NEW_TOKENS):
        best = torch.topk(last, 2)
        margins.append(round(float(best.values[0] - best.values[1]), 5))
        tokens.append(int(best.indices[0]))
        last = made(torch.tensor([tokens])).logits[0, -1].double()
    return dict(found, greedy=tokens[len(prompt) :], greedy_margin=margins)


def float8(matrices, block):
    """[..., rows, columns] as FP8 codes, scales [..., rows of blocks, columns of blocks], and what they mean."""
    *leading, rows, columns = matrices.shape
    padded = torch.nn.functional.pad(matrices, (0, -columns % block[1], 0, -rows % block[0]))
    blocks = padded.reshape(*leading, padded.shape[-2] // block[0], block[0], padded.shape[-1] // block[1], block[1])
    scales = blocks.abs().amax((-3, -1)) / torch.finfo(torch.float8_e4m3fn).max
    codes = (blocks / scales[..., :, None, :, None]).to(torch.float8_e4m3fn)
    meant = codes.float() * scales[..., :, None, :, None]
    return *(x.reshape(padded.shape)[..., :rows, :columns].contiguous() for x in (codes.float(), meant)), scales


@torch.no_grad()
def quantised(made, block):
    """The tensors, matrices of layers in FP8 with a scale for each block, and the model made to compute with their meaning.

    Blocks go on from gates to ups; but in the second layer they begin anew, as where both were stored apart and joined.
    """
    tensors = {}
    for name, parameter in made.state_dict().items():
        tensors[name] = parameter.clone()
        if not name.endswith(("_proj", "_proj.weight")):
            continue
        parts = 2 if "layers.1." in name and name.endswith("gate_up_proj") else 1
        codes, meant, scales = (torch.cat(x, -2) for x in zip(*(float8(p, block) for p in parameter.chunk(parts, -2))))
        tensors[name] = codes.to(torch.float8_e4m3fn)
        tensors[name + "_scale_inv"] = scales
        parameter.copy_(meant)
    return tensors


def save(made, target, block):
    if block is None:
        made.save_pretrained(target, safe_serialization=True)
        return
    tensors = quantised(made, block)
    made.config.quantization_config = dict(
        quant_method="fp8", fmt="e4m3", activation_scheme="dynamic", weight_block_size=block
    )
    made.config.save_pretrained(target)
    made.generation_config.save_pretrained(target)
    save_file(tensors, target / "model.safetensors", metadata=dict(format="pt"))


def make(directory, name, fields):
    made = model(fields)
    target = directory / name
    save(made, target, fields.get("float8_block"))
    expected = dict(
        family=name,
        model_type=fields["model_type"],
        stored="float32",
        compute="float32",
        cases=[case(made, prompt) for prompt in fields.get("prompts", PROMPTS)],
    )
    (target / "expected.json").write_text(json.dumps(expected))


if __name__ == "__main__":
    arguments = sys.argv[1:]
    goldens = GOLDENS
    if arguments[0] == "--sizes":
        arguments = arguments[1:]
        goldens = {name: dict(ALWAYS, **fields) for name, fields in SIZES.items()}
    for each in arguments[1:] or goldens:
        make(pathlib.Path(arguments[0]), each, goldens[each])
