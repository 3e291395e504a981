#!/usr/bin/env python3
"""Makes the files beside this script: what other implementations make of blocks and texts.

Run:  python3 make.py          Needs: gguf, numpy, safetensors, tokenizers (all from PyPI).
"""
import json, os, random
import numpy as np
import gguf
from gguf import GGMLQuantizationType as Q, quants
from safetensors.numpy import save_file
from tokenizers import Tokenizer

HERE = os.path.dirname(os.path.abspath(__file__))
out = lambda name: os.path.join(HERE, name)
rng = np.random.default_rng(20261123)

# ---------------------------------------------------------------- quantised blocks
# Random bytes with plausible scales, so that every bit of every block is exercised.
SCALES = {Q.Q4_0: [0], Q.Q4_1: [0, 2], Q.Q5_0: [0], Q.Q5_1: [0, 2], Q.Q8_0: [0], Q.Q4_K: [0, 2], Q.Q5_K: [0, 2], Q.Q6_K: [208]}
writer = gguf.GGUFWriter(out("quantised.gguf"), "llama")
writer.add_float64("test.double", 0.1)
writer.add_array("test.bools", [True, False, True])
writer.add_int64("test.negative", -5)
expected = {}
def add(kind, rows, columns, raw):
    writer.add_tensor(f"t.{kind.name}", raw, raw_dtype=kind)
    expected[kind.name] = quants.dequantize(raw, kind).astype(np.float32).reshape(rows, columns)
for kind, places in SCALES.items():
    elements, size = gguf.GGML_QUANT_SIZES[kind]
    rows, columns = 3, 2 * elements
    raw = rng.integers(0, 256, (rows * 2, size), dtype=np.uint8)
    for place in places:
        raw[:, place:place + 2] = rng.normal(0, 0.05, rows * 2).astype(np.float16).view(np.uint8).reshape(-1, 2)
    add(kind, rows, columns, raw.reshape(rows, 2 * size))
halves = np.concatenate([rng.normal(0, 3, 90).astype(np.float16), np.array([0, -0.0, 6e-8, -5.9e-8, 6.1e-5, 65504], np.float16)]).reshape(3, 32)
writer.add_tensor("t.F16", halves); expected["F16"] = halves.astype(np.float32)
floats = rng.normal(0, 3, (3, 32)).astype(np.float32)
writer.add_tensor("t.F32", floats); expected["F32"] = floats
brain = quants.quantize(floats, Q.BF16)
writer.add_tensor("t.BF16", brain, raw_dtype=Q.BF16); expected["BF16"] = quants.dequantize(brain, Q.BF16)
writer.write_header_to_file(); writer.write_kv_data_to_file(); writer.write_tensors_to_file(); writer.close()
save_file(expected, out("quantised.safetensors"))

# ---------------------------------------------------------------- texts in all scripts
random.seed(20261123)
ATOMS = list("aZéßſKǅʰªñçष한漢字かЖжعא") + list("0159½²Ⅷ①٣७〇") + [" ", "  ", "   ", "\n", "\r\n", "\r", "\t", "\u00a0", "\u2003", "\u3000", "\u0085", "\u2028", "\u200b", "\u000b", "\u001c"] \
    + list(".,!?-_'\"’$€+=<>|~^`¨·…—«»") + ["'s", "'S", "'ſ", "'re", "'RE", "'Ve", "'LL", "'d", "'M", "'T", "'x", "''", "\u0301", "\u0323", "\u0307", "e\u0301", "\u212b", "\u1e9b\u0323", "\u0958", "\uac00", "\u1100\u1161", "🙂", "👩\u200d👧", "🇫🇷", "\U0001d7d8", "\U00020000", "\U000e0061", "def", " self", "return", " x", "<tool>", "<|im_end|>", "\ufeff", "\ue000", "\u0378"]
TEXTS = ["".join(random.choice(ATOMS) for _ in range(random.randint(1, 24))) for _ in range(240)]

REFERENCE = os.path.join(HERE, "..", "reference")
def variant(base, **changes):
    spec = json.load(open(os.path.join(REFERENCE, base, "tokenizer.json")))
    for key, value in changes.items():
        if key == "ignore_merges": spec["model"][key] = value
        elif key == "added": spec["added_tokens"].append(dict(id=512, content=value, single_word=False, lstrip=False, rstrip=False, normalized=False, special=False))
        else: spec[key] = value
    return spec
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
VARIANTS = {"digits": variant("tiny-llama"), "gpt2": variant("tiny-llama", pre_tokenizer=BYTE_LEVEL),
            "qwen2": variant("tiny-qwen2"), "qwen2-nfc": variant("tiny-qwen2", normalizer={"type": "NFC"}),
            "llama3": variant("tiny-qwen3"), "llama3-ignore-merges": variant("tiny-qwen3", ignore_merges=True),
            "added": variant("tiny-qwen2", added="<tool>")}
with open(out("texts.jsonl"), "w") as f:
    tokenizers = {name: Tokenizer.from_str(json.dumps(spec)) for name, spec in VARIANTS.items()}
    for text in TEXTS:
        f.write(json.dumps({"text": text, "ids": {n: t.encode(text, add_special_tokens=False).ids for n, t in tokenizers.items()}}, ensure_ascii=True) + "\n")
for name, spec in VARIANTS.items():
    if name in ("digits", "qwen2", "llama3"): continue
    json.dump(spec, open(out(f"tokenizer-{name}.json"), "w"), ensure_ascii=False, separators=(",", ":"))
