"""Shared by the GPU peers: arguments, required packages, and timing.

They measure what alfa-bench measures: from RGB bytes in host memory to results in host memory. If packages are missing,
they print their names and exit with 3.
"""

import argparse
import importlib.util
import json
import math
import platform
import sys
import time


def require(*packages):
    missing = [name for name in packages if importlib.util.find_spec(name) is None]
    if missing:
        print(f"{sys.argv[0]}: Python {platform.python_version()} lacks {', '.join(missing)}", file=sys.stderr)
        sys.exit(3)


def arguments(description, modes):
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda", help="cuda (default), cuda:N or cpu")
    parser.add_argument(
        "--modes", type=lambda text: text.split(","), default=modes, help=f"of {', '.join(modes)}; default all"
    )
    parser.add_argument(
        "--batch",
        type=lambda text: [int(each) for each in text.split(",")],
        default=[1, 4, 16, 64],
        help="images at once; default 1,4,16,64",
    )
    parser.add_argument("--seconds", type=float, default=5, help="of each measurement, at least; default 5")
    parser.add_argument("--json", help="a file, written anew after every measurement")
    return parser


def check(parser, chosen, modes):
    import torch

    unknown = set(chosen.modes) - set(modes)
    if unknown:
        parser.error(f"--modes: there is no {', '.join(sorted(unknown))}")
    if chosen.device.startswith("cuda") and not torch.cuda.is_available():
        raise SystemExit(f"{sys.argv[0]}: PyTorch {torch.__version__} sees no CUDA device; --device cpu runs here")


def spread(values):
    """Nearest ranks: each is a value that was measured."""
    ordered = sorted(values)
    return {f"p{share}": ordered[max(0, math.ceil(share / 100 * len(ordered)) - 1)] for share in (50, 90, 99)}


class Clock:
    """Milliseconds of a call: the host's, until the device is done; and the device's own, between two events."""

    def __init__(self, device):
        import torch

        self.cuda = torch.cuda if device.startswith("cuda") else None
        if self.cuda:
            self.cuda.set_device(device if ":" in device else "cuda:0")
            self.events = [self.cuda.Event(enable_timing=True) for _ in range(2)]

    def wait(self):
        if self.cuda:
            self.cuda.synchronize()

    def time(self, work):
        self.wait()
        start = time.perf_counter()
        if self.cuda:
            self.events[0].record()
        work()
        if self.cuda:
            self.events[1].record()
        self.wait()
        ms = 1000 * (time.perf_counter() - start)
        return ms, self.events[0].elapsed_time(self.events[1]) if self.cuda else ms


WARM, LEAST = 3, 5  # warm-up calls; the least number of times for percentiles


def measure(clock, work, batch, seconds):
    """work() starts one batch, host to host. Returns images per second without waiting between batches, and at batch 1
    also the times of single calls."""
    if clock.cuda:
        clock.cuda.empty_cache()
        clock.cuda.reset_peak_memory_stats()
    start = time.perf_counter()
    for _ in range(WARM):
        work()
        clock.wait()
    warm = time.perf_counter() - start
    found = {"batch": batch, "warmSeconds": warm}
    if batch == 1:
        host, device = [], []
        start = time.perf_counter()
        while len(host) < LEAST or time.perf_counter() - start < seconds:
            ms = clock.time(work)
            host.append(ms[0])
            device.append(ms[1])
        found |= {"count": len(host), "hostMs": spread(host), "deviceMs": spread(device)}
    once = max(min(clock.time(work)[0] for _ in range(2)) / 1000, 1e-6)
    rounds = max(2, math.ceil(seconds / once))
    clock.wait()
    start = time.perf_counter()
    for _ in range(rounds):
        work()
    clock.wait()
    found |= {"rounds": rounds, "imagesPerSecond": batch * rounds / (time.perf_counter() - start)}
    if clock.cuda:
        found["deviceBytes"] = clock.cuda.max_memory_allocated()
    return found


class Report:
    """A line for each measurement, as soon as it is there, and the JSON file with all so far."""

    def __init__(self, title, device, file):
        import torch

        self.file = file
        name = torch.cuda.get_device_name() if device.startswith("cuda") else platform.processor() or platform.machine()
        self.all = {
            "title": title,
            "device": device,
            "deviceName": name,
            "torch": torch.__version__,
            "cuda": torch.version.cuda,
            "results": [],
        }
        print(f"{title}; {name}, PyTorch {torch.__version__}, CUDA {torch.version.cuda}", flush=True)
        print(
            f"{'mode':12}{'batch':>8}{'images/s':>11}{'p50, ms':>10}{'p90':>10}{'p99':>10}"
            f"{'device p50, ms':>18}{'first calls, s':>16}",
            flush=True,
        )

    def add(self, mode, found):
        self.all["results"].append({"mode": mode, **found})
        times = (
            ([found["hostMs"][each] for each in ("p50", "p90", "p99")] + [found["deviceMs"]["p50"]])
            if "hostMs" in found
            else []
        )
        cells = "".join(f"{value:>{width}.3f}" for value, width in zip(times, (10, 10, 10, 18))) or " " * 48
        print(
            f"{mode:12}{found['batch']:>8}{found['imagesPerSecond']:>11.2f}{cells}{found['warmSeconds']:>16.1f}",
            flush=True,
        )
        self.save()

    def fail(self, mode, batch, error):
        reason = str(error).strip().split("\n")[0] or type(error).__name__
        self.all["results"].append({"mode": mode, "batch": batch, "failed": reason})
        print(f"{mode:12}{batch:>8}  failed: {reason}", flush=True)
        self.save()

    def save(self):
        if self.file:
            with open(self.file, "w") as out:
                json.dump(self.all, out, indent=2)
