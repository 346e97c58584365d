"""Checks metrics.json a second way: counts in exact fractions, regions by flood fill, every threshold by itself."""

import json
from fractions import Fraction

from arrays import unpack
from metrics import FIXTURES


def regions(mask):
    """mask: a dict of the anomalous (image, y, x) -> list of sets"""
    left, found = set(mask), []
    while left:
        waiting = [left.pop()]
        region = set(waiting)
        while waiting:
            image, y, x = waiting.pop()
            for near in [(image, y + dy, x + dx) for dy in (-1, 0, 1) for dx in (-1, 0, 1)]:
                if near in left:
                    left.remove(near)
                    region.add(near)
                    waiting.append(near)
        found.append(region)
    return found


def measure(score, anomalous, parts):
    """score: {sample: float}; anomalous: set of samples; parts: regions -> (threshold, TP, FP, overlap) from the top"""
    by_score = {}
    for sample, value in score.items():
        by_score.setdefault(value, []).append(sample)
    part_of = {sample: k for k, part in enumerate(parts) for sample in part}
    points, tp, fp, overlap = [(None, 0, 0, Fraction(0))], 0, 0, Fraction(0)
    for value in sorted(by_score, reverse=True):
        for sample in by_score[value]:
            if sample in anomalous:
                tp += 1
                overlap += Fraction(1, len(parts[part_of[sample]]) * len(parts)) if parts else 0
            else:
                fp += 1
        points.append((value, tp, fp, overlap))
    return points


def ranking(points):
    _, positives, negatives, _ = points[-1]
    auroc = ap = aupr = Fraction(0)
    best, threshold, precision = Fraction(0), None, Fraction(1)
    for (_, tp, fp, _), (value, tp2, fp2, _) in zip(points, points[1:]):
        auroc += Fraction((fp2 - fp) * (tp + tp2), 2 * positives * negatives)
        now = Fraction(tp2, tp2 + fp2)
        ap += Fraction(tp2 - tp, positives) * now
        aupr += Fraction(tp2 - tp, positives) * (now + precision) / 2
        f1 = Fraction(2 * tp2, tp2 + fp2 + positives)
        if f1 > best:
            best, threshold = f1, value
        precision = now
    return {"auroc": auroc, "averagePrecision": ap, "aupr": aupr, "f1": best, "threshold": threshold}


def pro(points, limit):
    negatives, area = points[-1][2], Fraction(0)
    limit = Fraction(str(limit))
    for (_, _, fp, low), (_, _, fp2, high) in zip(points, points[1:]):
        x, x2 = Fraction(fp, negatives), Fraction(fp2, negatives)
        if x < limit and x2 > x:
            to = min(x2, limit)
            area += (to - x) * (2 * low + (high - low) * (to - x) / (x2 - x)) / 2
    return area / limit


def stepped(points, limit):
    negatives, low, high = points[-1][2], points[-1][0], points[1][0]
    kept = []
    for i in range(200):
        threshold = low + i * ((high - low) / 200)
        _, _, fp, overlap = [point for point in points if point[0] is None or point[0] > threshold][-1]
        if Fraction(fp, negatives) < Fraction(str(limit)):
            kept.append((fp, overlap))
    area = sum((a[0] - b[0]) * (a[1] + b[1]) for a, b in zip(kept, kept[1:]))
    return Fraction(area) / 2 / (kept[0][0] - kept[-1][0])


def main():
    stored = json.loads((FIXTURES / "metrics.json").read_text(encoding="utf-8"))
    far = 0.0

    def compare(found, wanted):
        nonlocal far
        far = max(far, abs(float(found) - wanted))

    samples = [(i, y, x) for i in range(4) for y in range(stored["height"]) for x in range(stored["width"])]
    for case in stored["pixel"]:
        score = dict(zip(samples, unpack(stored["maps"][case["maps"]]).ravel().tolist()))
        mask = unpack(stored["masks"][case["masks"]]).ravel().tolist()
        anomalous = {sample for sample, value in zip(samples, mask) if value}
        points = measure(score, anomalous, regions(anomalous))
        for name, value in ranking(points).items():
            compare(value, case[name])
        for limit, value in case["pro"].items():
            compare(pro(points, limit), value)
        if "pro200" in case:
            compare(stepped(points, 0.3), case["pro200"])
    for case in stored["image"]:
        score = dict(enumerate(unpack(case["scores"]).tolist()))
        anomalous = {i for i, value in enumerate(unpack(case["labels"]).tolist()) if value}
        for name, value in ranking(measure(score, anomalous, [])).items():
            compare(value, case[name])
    print(f"second way: farthest {far:.1e}")
    assert far < 1e-13


if __name__ == "__main__":
    main()
