"""A tokenizer.json of CLIP's kind, of 640 entries: 256 bytes, the same at the end of a word, 126 merges, 2 marks."""

from collections import Counter

import regex

VOCABULARY = 640
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


def byte_letters():
    """GPT-2's printable stand-in for each byte, in the order in which CLIP numbers them."""
    plain = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    letters = {b: chr(b) for b in plain}
    for b in range(256):
        if b not in letters:
            letters[b] = chr(256 + len(letters) - len(plain))
    return letters


def join(word, pair):
    out, i = [], 0
    while i < len(word):
        if word[i : i + 2] == pair:
            out.append(pair[0] + pair[1])
            i += 2
        else:
            out.append(word[i])
            i += 1
    return tuple(out)


def learn(texts, count):
    """The most frequent pair first, ties by the pair itself."""
    letters = byte_letters()
    words = Counter()
    for text in texts:
        for found in regex.findall(WORDS, text.lower()):
            spelt = [letters[b] for b in found.encode()]
            words[(*spelt[:-1], spelt[-1] + "</w>")] += 1
    merges = []
    while len(merges) < count:
        pairs = Counter()
        for word, times in words.items():
            for pair in zip(word, word[1:]):
                pairs[pair] += times
        best = min(pairs, key=lambda pair: (-pairs[pair], pair))
        merges.append(best)
        words = Counter({join(word, best): times for word, times in words.items()})
    return merges


def tokenizer_json(texts):
    letters = list(byte_letters().values())
    merges = learn(texts, VOCABULARY - 2 * 256 - 2)
    entries = letters + [each + "</w>" for each in letters] + ["".join(pair) for pair in merges]
    start, end = VOCABULARY - 2, VOCABULARY - 1
    entries += ["<|startoftext|>", "<|endoftext|>"]
    assert len(set(entries)) == VOCABULARY
    mark = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": True, "special": True}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [
            {"id": start, "content": "<|startoftext|>", **mark},
            {"id": end, "content": "<|endoftext|>", **mark},
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
                {"type": "Split", "pattern": {"Regex": WORDS}, "behavior": "Removed", "invert": True},
                byte_level,
            ],
        },
        "post_processor": {
            "type": "RobertaProcessing",
            "sep": ["<|endoftext|>", end],
            "cls": ["<|startoftext|>", start],
            "trim_offsets": False,
            "add_prefix_space": False,
        },
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            "type": "BPE",
            "dropout": None,
            "unk_token": "<|endoftext|>",
            "continuing_subword_prefix": "",
            "end_of_word_suffix": "</w>",
            "fuse_unk": False,
            "byte_fallback": False,
            "vocab": {entry: i for i, entry in enumerate(entries)},
            "merges": [" ".join(pair) for pair in merges],
        },
    }


def encode(tokenizer, text, context=77):
    """CLIP's truncation: the first 77, the last of which is then the end mark."""
    ids = tokenizer.encode(text).ids
    return ids if len(ids) <= context else ids[: context - 1] + ids[-1:]
