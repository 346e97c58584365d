"""Arrays in JSON: {"shape", "dtype", "data"}, data being base64 of little-endian bytes in row-major order."""

import base64
import json

import numpy as np


def pack(array, dtype):
    array = np.ascontiguousarray(np.asarray(array), dtype=np.dtype(dtype).newbyteorder("<"))
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError("a reference must be finite")
    return {"shape": list(array.shape), "dtype": dtype, "data": base64.b64encode(array.tobytes()).decode()}


def unpack(entry):
    flat = np.frombuffer(base64.b64decode(entry["data"]), dtype=np.dtype(entry["dtype"]).newbyteorder("<"))
    return flat.reshape(entry["shape"])


def write(path, value):
    """One line per top-level field: small, and a change still shows where it is."""
    lines = [f" {json.dumps(key)}: {json.dumps(each, ensure_ascii=False)}" for key, each in value.items()]
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
