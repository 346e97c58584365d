"""Captions: what a image shows and in which state, in varied words.

A caption knows what it commits itself to: a class or none, a state or none, a kind of defect or none. It fits
every image that does not contradict it.
"""

from dataclasses import dataclass

NORMAL = (
    "flawless perfect unblemished normal intact undamaged pristine clean spotless regular good new sound "
    "defect-free faultless immaculate unbroken well-made standard proper healthy unscratched smooth uniform "
    "complete untouched fine acceptable ideal"
).split()
ABNORMAL = (
    "damaged broken defective abnormal anomalous flawed faulty imperfect blemished bad worn spoiled ruined "
    "impaired malformed irregular unusual marred substandard unacceptable corrupted degraded"
).split()
WITHOUT = (
    "flaw",
    "defect",
    "damage",
    "flaws",
    "defects",
    "any flaw",
    "any defect",
    "any damage",
    "blemishes",
    "anomalies",
    "imperfections",
    "any visible defects",
    "scratches",
    "cracks",
    "stains",
    "holes",
    "dents",
    "missing parts",
    "scratches or dents",
    "contamination",
    "discoloration",
    "any marks",
    "wear",
    "tears",
)
WITH = (
    "flaw",
    "defect",
    "damage",
    "a flaw",
    "a defect",
    "flaws",
    "defects",
    "an anomaly",
    "anomalies",
    "a blemish",
    "an imperfection",
    "visible damage",
    "surface damage",
    "irregularities",
    "a visible defect",
    "a fault",
)
WELL = (
    "in perfect condition",
    "in good condition",
    "with a smooth surface",
    "with uniform colour",
    "with clean edges",
    "with an even surface",
    "with consistent texture",
    "with all parts in place",
    "with no visible defects",
    "free of blemishes",
    "free from damage",
    "with no damage",
    "as it should be",
    "with a clean and uniform surface",
    "that passes inspection",
    "with regular shape and even color",
)
ILL = (
    "in bad condition",
    "in poor condition",
    "with an uneven surface",
    "with irregular texture",
    "with a foreign object",
    "with something wrong",
    "that fails inspection",
    "with an unexpected mark",
    "with visible damage on the surface",
    "with broken or missing parts",
    "not as it should be",
)

# Per kind of defect: adjectives, then what it is "with".
KINDS = {
    "scratch": (("scratched", "scraped"), ("a scratch", "scratches", "a scratch on the surface")),
    "crack": (("cracked", "fractured", "split"), ("a crack", "cracks", "a fracture")),
    "stain": (("stained", "soiled", "dirty"), ("a stain", "stains", "a dirty spot")),
    "ink_blot": (("blotted", "misprinted"), ("an ink blot", "a paint spot", "a splash of ink", "a color spot")),
    "hole": (("pierced", "punctured"), ("a hole", "holes", "a puncture")),
    "dent": (("dented", "dinted"), ("a dent", "dents", "a pressed spot")),
    "blister": (("blistered", "bulging"), ("a blister", "a bump", "a bulge", "bubbles")),
    "missing_part": (("incomplete", "cut off"), ("a missing part", "a part missing", "a missing piece")),
    "chipped_edge": (("chipped",), ("a chipped edge", "a chip", "a broken edge")),
    "contamination": (("contaminated", "polluted"), ("contamination", "foreign particles", "dirt", "debris")),
    "discolouration": (("discolored", "discoloured", "faded"), ("discoloration", "a wrong color", "a faded spot")),
    "smudge": (("smudged", "smeared"), ("a print smudge", "a smudge", "a smear", "a blurred print")),
    "abrasion": (("abraded", "rubbed"), ("abrasion", "scuff marks", "a rough rubbed spot")),
    "misplaced": (("misaligned", "misplaced"), ("a misplaced piece", "a misaligned part", "a wrong pattern")),
    "bent": (("bent", "deformed", "misshapen"), ("a bent edge", "a deformed part", "a deformation")),
    "twisted": (("twisted", "warped", "distorted"), ("a twist", "a distortion", "a warped part")),
}
# The text tower learns these only as abnormal; no image shows them.
RARE = (
    "a burn",
    "a cut",
    "rust",
    "corrosion",
    "a thread",
    "a tear",
    "mold",
    "glue",
    "a fold",
    "a leak",
    "oil",
    "poke marks",
    "a squeezed part",
    "a short circuit",
    "melted spots",
    "burrs",
    "pits",
    "wrinkles",
    "peeling",
)
RARE_ADJECTIVES = (
    "burnt",
    "torn",
    "rusty",
    "corroded",
    "folded",
    "wrinkled",
    "leaking",
    "melted",
    "cut",
    "squeezed",
    "crushed",
    "poked",
    "mouldy",
    "rotten",
    "loose",
    "crooked",
    "fragmented",
    "shattered",
    "eroded",
)

FRAMES = (
    "a photo of {}",
    "a cropped photo of {}",
    "a close-up photo of {}",
    "a bright photo of {}",
    "a dark photo of {}",
    "a blurry photo of {}",
    "a good photo of {}",
    "a bad photo of {}",
    "a jpeg corrupted photo of {}",
    "a low resolution photo of {}",
    "a black and white photo of {}",
    "a photo of {} for visual inspection",
    "a photo of {} for anomaly detection",
    "an image of {}",
    "a picture of {}",
    "a cropped image of {}",
    "a close-up of {}",
    "a close-up image of {}",
    "{}",
    "there is {} in the scene",
    "this is {} in the scene",
    "this is {}",
    "a {domain} image of {}",
    "a {domain} image of {}",
    "a {domain} image of {}",
    "a {domain} photo of {}",
    "a photo of one {}",
)
DOMAINS = (
    "industrial manufacturing product inspection factory laboratory macro textile food electronics medical "
    "hardware studio quality-control surface natural detailed high-resolution realistic typical"
).split()
GENERIC = (
    "object product part item component thing sample specimen piece texture surface material article unit "
    "workpiece fabric device good"
).split()
MATERIALS = ("metal", "plastic", "wooden", "small", "large", "round", "printed", "rubber", "glass", "green", "red")
SYLLABLES = (
    "ba ke ri to mu la ne so vi da po ru ti ga lo ze fa hu mi ca no pe shi tra blo kra sto ple gri ster "
    "ton ler nut let ring board cap pin ment er al on ix"
).split()
# Names of objects that are never drawn. They are used for any image, so that a name alone never gives the state.
OTHER = (
    "hazelnut transistor cable grid toothbrush pcb macaroni candle cashew gum fryum pipe engine piston valve spring "
    "shaft pulley bracket hinge handle lever pump motor fan rotor blade casting forging weld seam joint tube hose "
    "wire coil sensor display screen panel lid can jar box carton bag pouch syringe vial ampoule tablet bandage "
    "mask glove camera phone charger plug socket relay capacitor diode crystal wafer solder pad antenna "
    "brake disk tire rim bumper door window mirror seat belt strap buckle shoe sole lace shirt sleeve collar towel "
    "curtain rope yarn felt velvet silk cotton wool linen film foil sheet strip plank veneer laminate parquet "
    "ceramic porcelain enamel cup mug bowl vase tray pan pot lid knife fork scissors hammer saw drill file clamp "
    "toy doll puzzle ball balloon bell whistle apple banana cherry grape lemon peach pear plum tomato potato onion "
    "carrot pepper corn rice pasta noodle cake candy waffle sausage cheese fish shrimp nut seed grain flower grass "
    "bark stone pebble shell bone feather road pavement rail bridge wall roof floor ceiling pillar painting poster "
    "book page envelope banknote barcode logo sticker badge medal jewel watch bracelet necklace"
).split()
# Descriptions as a language model writes them.
SAYS_NORMAL = ("a normal image of {} shows {}", "a normal {} has {}", "{} with {}")
GOOD_SIGNS = (
    "a smooth surface",
    "even color",
    "clean edges",
    "a uniform texture",
    "a regular pattern",
    "no scratches",
    "no cracks",
    "no stains or holes",
    "a consistent shape",
    "all parts intact",
    "no missing parts",
    "no signs of damage",
    "straight lines and sharp edges",
    "no foreign objects",
    "a complete outline",
)
SAYS_ABNORMAL = ("an abnormal image of {} shows {}", "an abnormal {} has {}", "{} with {}")


@dataclass
class Caption:
    text: str
    name: str = ""  # class, "" for none
    state: int = -1  # 0 normal, 1 abnormal, -1 none
    kind: str = ""


def pick(rng, options):
    return options[rng.integers(len(options))]


def made_up(rng):
    return ("".join(pick(rng, SYLLABLES) for _ in range(rng.integers(1, 5))),)


def noun(rng, name):
    """Words for a class, or generic or made-up words for no class, so that an unknown name has no meaning."""
    if name:
        return name.replace("_", " ")
    word = pick(rng, (GENERIC, OTHER, made_up(rng))[rng.integers(3)])
    return pick(rng, MATERIALS) + " " + word if rng.random() < 0.2 else word


def article(rng, words):
    if rng.random() < 0.15:
        return words
    if rng.random() < 0.3:
        return "the " + words
    return ("an " if words[0] in "aeiou" and rng.random() < 0.8 else "a ") + words


def signs(rng, options):
    chosen = [pick(rng, options) for _ in range(rng.integers(1, 4))]
    return chosen[0] if len(chosen) == 1 else ", ".join(chosen[:-1]) + pick(rng, (" or ", " and ")) + chosen[-1]


def caption(rng, name="", state=-1, kind=""):
    what = noun(rng, name)
    if state >= 0 and not kind and rng.random() < 0.2:
        flaws = RARE + WITH + tuple(w for _, ws in KINDS.values() for w in ws)
        says, options = ((SAYS_NORMAL, GOOD_SIGNS), (SAYS_ABNORMAL, flaws))[state]
        text = pick(rng, says).format(article(rng, what) if rng.random() < 0.7 else what, signs(rng, options))
        return Caption(text, name, state, kind)
    tail = ""
    if kind:
        adjectives, flaws = KINDS[kind]
        way = rng.integers(3)
        if way == 0:
            what = f"{pick(rng, adjectives)} {what}"
        else:
            what = f"{pick(rng, ABNORMAL)} {what}" if way == 1 else what
            tail = " with " + pick(rng, flaws)
    elif state == 0:
        way = rng.integers(4)
        if way != 1:
            what = f"{pick(rng, NORMAL)} {what}"
        if way == 1 or way == 2:
            tail = " without " + pick(rng, WITHOUT) if rng.random() < 0.65 else " " + pick(rng, WELL)
    elif state == 1:
        way = rng.integers(4)
        if way != 1:
            what = f"{pick(rng, ABNORMAL if rng.random() < 0.8 else RARE_ADJECTIVES)} {what}"
        if way == 1 or way == 2:
            draw = rng.random()
            tail = (
                " with " + pick(rng, WITH)
                if draw < 0.6
                else " with " + pick(rng, RARE)
                if draw < 0.8
                else " " + pick(rng, ILL)
            )
    text = pick(rng, FRAMES).replace("{domain}", pick(rng, DOMAINS)).format(article(rng, what) + tail)
    return Caption(text + ("." if rng.random() < 0.3 else ""), name, state, kind)
