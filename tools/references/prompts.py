"""Texts for the tiny models: what the tokenizer learns its merges from, and prompt lists to draw from."""

TEMPLATES = [
    "a photo of a {} widget",
    "an industrial image of a {} widget",
    "a close-up of the {} part",
    "a {} surface",
]
NORMAL = ["normal", "flawless", "perfect", "clean", "intact", "undamaged", "smooth"]
ABNORMAL = ["damaged", "scratched", "broken", "cracked", "dirty", "abnormal", "bent"]


def pool(states):
    return [template.format(state) for template in TEMPLATES for state in states]


def corpus():
    return (
        pool(NORMAL)
        + pool(ABNORMAL)
        + [
            "an abnormal image of a widget with a crack, a hole and a missing pin",
            "a normal image of a widget without a defect; its edges are straight and its colour is even",
        ]
    )


def token_texts():
    """A dozen texts: plain, odd, empty, exactly 77 tokens, and one cut at 77."""
    return [
        "a photo of a widget",
        "A photo of a damaged metal nut.",
        "  An abnormal   image of a PCB with solder-bridge, missing pad & 2 scratches!  ",
        "it's a 0402 resistor; don't flip",
        "naïve café — façade",
        "漢字 and emoji 🙂",
        "an industrial image of a flawless widget with no crack",
        "state-of-the-art macaroni1",
        "",
        EXACTLY_77,
        "a widget with a crack, " * 12 + "and the rest is cut off",
        "a normal image of a widget without a defect",
    ]


# Each digit is one token, so the number of tokens is easy to set.
EXACTLY_77 = " ".join("0123456789"[i % 10] for i in range(75))
