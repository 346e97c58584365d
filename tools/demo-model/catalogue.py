"""The classes and defects, and which of them training may see."""

import objects_angular
import objects_long
import objects_organic
import objects_round
import textures
from defects import BENDS, TRAIN
from defects_unseen import HELD_OUT, VALIDATION

OBJECTS = {
    **{
        n: getattr(objects_round, n)
        for n in (
            "washer ring gasket bearing coin screw_head pill lens knob wheel donut plate record poker_chip gear "
            "sprocket saw_blade rosette bottle_cap button"
        ).split()
    },
    **{
        n: getattr(objects_angular, n)
        for n in (
            "bolt_head hex_nut label chip circuit_board connector domino dice toy_brick keycap cracker stamp ticket "
            "sim_card chocolate tile star_badge playing_card"
        ).split()
    },
    **{
        n: getattr(objects_long, n)
        for n in (
            "bolt screw nail pencil bottle wrench comb spoon zipper key capsule battery fuse resistor brush"
        ).split()
    },
    **{
        n: getattr(objects_organic, n)
        for n in "cookie leaf bean egg almond orange_slice mushroom petal bread pretzel".split()
    },
}
TEXTURES = {
    n: getattr(textures, n)
    for n in (
        "weave wood leather brushed_metal mesh carpet granite brick paper checker_cloth denim marble concrete "
        "corrugated knit foam mosaic cork straw tread_plate perforated"
    ).split()
}
CLASSES = {**OBJECTS, **TEXTURES}

HELD_OUT_CLASSES = ("hex_nut", "cookie", "capsule", "button", "leather", "wood")
VALIDATION_CLASSES = ("bottle_cap", "key", "tile", "carpet")
TRAIN_CLASSES = tuple(n for n in CLASSES if n not in HELD_OUT_CLASSES + VALIDATION_CLASSES)

DEFECTS = {**TRAIN, **BENDS, **VALIDATION, **HELD_OUT}
TRAIN_DEFECTS = (*TRAIN, *BENDS)
VALIDATION_DEFECTS = tuple(VALIDATION)
HELD_OUT_DEFECTS = tuple(HELD_OUT)
# A texture has no parts and no outline, so it gets no defects of those except `hole` and `missing_part`.
TEXTURE_SKIPS = ("chipped_edge",)


def defects_for(name, kinds):
    return [d for d in kinds if not (name in TEXTURES and d in TEXTURE_SKIPS)]
