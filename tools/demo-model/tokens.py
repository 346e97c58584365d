"""A small byte-pair vocabulary like CLIP's, written in the format of Hugging Face tokenizers."""

import json
import re
from collections import Counter
import numpy as np
from tokenizers import Tokenizer
from captions import KINDS, caption
from catalogue import TRAIN_CLASSES

SPLIT = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
START, END = "<|startoftext|>", "<|endoftext|>"


def byte_letters():
    """The printable character for each byte, as in every byte-level BPE."""
    plain = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in plain]
    return {**{b: chr(b) for b in plain}, **{b: chr(256 + i) for i, b in enumerate(rest)}}


def merges_of(words, count):
    """Byte-pair merges, most frequent pair first, ties by spelling so that every run gives the same list."""
    parts = {w: (*w[:-1], w[-1] + "</w>") for w in words}
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for w, p in parts.items():
            for pair in zip(p, p[1:]):
                pairs[pair] += words[w]
        if not pairs:
            break
        best = min(pairs, key=lambda q: (-pairs[q], q))
        merges.append(best)
        for w, p in parts.items():
            if best[0] in p:
                out, i = [], 0
                while i < len(p):
                    joined = i + 1 < len(p) and (p[i], p[i + 1]) == best
                    out.append(p[i] + p[i + 1] if joined else p[i])
                    i += 2 if joined else 1
                parts[w] = tuple(out)
    return merges


def build(path, size, seed=0):
    rng = np.random.default_rng(seed)
    words = Counter()
    for _ in range(30000):
        state = int(rng.integers(-1, 2))
        kind = list(KINDS)[rng.integers(len(KINDS))] if state == 1 and rng.random() < 0.4 else ""
        name = TRAIN_CLASSES[rng.integers(len(TRAIN_CLASSES))] if rng.random() < 0.6 else ""
        words.update(re.findall(r"[a-z]+", caption(rng, name, state, kind).text.lower()))
    words = {w: n for w, n in words.items() if n >= 5}  # otherwise made-up words would fill the vocabulary
    letters = list(byte_letters().values())
    vocabulary = letters + [c + "</w>" for c in letters]
    merges = merges_of(words, size - len(vocabulary) - 2)
    vocabulary += [a + b for a, b in merges]
    # If there are too few pairs, unused ids keep the end-of-text token at the highest id.
    vocabulary += [f"<|unused{i}|>" for i in range(size - 2 - len(vocabulary))] + [START, END]
    special = dict(single_word=False, lstrip=False, rstrip=False, normalized=False, special=True)
    json.dump(
        {
            "version": "1.0",
            "truncation": None,
            "padding": None,
            "added_tokens": [
                {"id": size - 2, "content": START, **special},
                {"id": size - 1, "content": END, **special},
            ],
            "normalizer": {
                "type": "Sequence",
                "normalizers": [
                    {"type": "NFC"},
                    {"type": "Replace", "pattern": {"Regex": "\\s+"}, "content": " "},
                    {"type": "Lowercase"},
                ],
            },
            "pre_tokenizer": {
                "type": "Sequence",
                "pretokenizers": [
                    {"type": "Split", "pattern": {"Regex": SPLIT}, "behavior": "Removed", "invert": True},
                    {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True},
                ],
            },
            "post_processor": {
                "type": "RobertaProcessing",
                "sep": [END, size - 1],
                "cls": [START, size - 2],
                "trim_offsets": False,
                "add_prefix_space": False,
            },
            "decoder": {"type": "ByteLevel", "add_prefix_space": True, "trim_offsets": True, "use_regex": True},
            "model": {
                "type": "BPE",
                "dropout": None,
                "unk_token": END,
                "continuing_subword_prefix": "",
                "end_of_word_suffix": "</w>",
                "fuse_unk": False,
                "byte_fallback": False,
                "vocab": {t: i for i, t in enumerate(vocabulary)},
                "merges": [f"{a} {b}" for a, b in merges],
            },
        },
        open(path, "w", encoding="utf-8"),
        ensure_ascii=False,
        indent=0,
    )


def encoder(path, context):
    """texts -> ids [B, longest], padded with 0; a longer text is cut and still ends with the end-of-text token."""
    tokenizer = Tokenizer.from_file(path)

    def encode(texts):
        ids = [
            e.ids if len(e.ids) <= context else e.ids[: context - 1] + e.ids[-1:]
            for e in tokenizer.encode_batch(list(texts))
        ]
        out = np.zeros((len(ids), max(map(len, ids))), np.int64)
        for row, i in zip(out, ids):
            row[: len(i)] = i
        return out

    return encode
