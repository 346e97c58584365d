"""Writes a rendered set (.npz) as folders in MVTec's layout: `unpack.py SET OUT [train]`."""

import os
import sys
from collections import Counter
import numpy as np
from PIL import Image

source, out, split = (sys.argv[1:] + ["test"])[:3]
z = np.load(source)
count = Counter()
for name, defect, image, mask in zip(z["name"], z["defect"], z["image"], z["mask"]):
    kind = defect or "good"
    stem = f"{count[name, kind]:03}"
    count[name, kind] += 1
    os.makedirs(f"{out}/{name}/{split}/{kind}", exist_ok=True)
    Image.fromarray(image).save(f"{out}/{name}/{split}/{kind}/{stem}.png")
    if defect:
        os.makedirs(f"{out}/{name}/ground_truth/{kind}", exist_ok=True)
        Image.fromarray(((mask > 127) * 255).astype(np.uint8)).save(f"{out}/{name}/ground_truth/{kind}/{stem}_mask.png")
