"""The prompt lists of the package, read from its data files: templates for `alfa`, WinCLIP's list for `winclip`."""

import json
import os

LISTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..", "lib", "prompts")


def read(file):
    with open(os.path.join(LISTS, file), encoding="utf-8") as f:
        return json.load(f)


def template(name):
    """Normal and abnormal prompts: every domain with every state."""
    lists = read("templates.json")

    def side(states):
        return [
            " ".join(lists["template"].format(**{"domain": d, "class": name, "details": "", **s}).split())
            for d in lists["domains"]
            for s in states
        ]

    return side(lists["normal"]), side(lists["abnormal"])


def winclip(name):
    """Normal and abnormal prompts: every state in every template."""
    lists = read("winclip.json")
    return tuple(
        [t.format(s.format(name)) for s in lists[side] for t in lists["templates"]] for side in ("normal", "abnormal")
    )
