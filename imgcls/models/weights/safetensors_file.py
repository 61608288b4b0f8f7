"""The safetensors format: eight bytes of length, a JSON table, then the numbers, little-endian."""

import json
from pathlib import Path
from typing import Any

import numpy as np

DTYPES = {
    "F64": "<f8",
    "F32": "<f4",
    "F16": "<f2",
    "I64": "<i8",
    "I32": "<i4",
    "I16": "<i2",
    "I8": "i1",
    "U8": "u1",
    "BOOL": "?",
}
LONGEST_TABLE = 100_000_000  # bytes; the format's own limit


def read_safetensors_file(path: str | Path) -> dict[str, np.ndarray]:
    """An array for each name, in the file's order; bfloat16 becomes float32.

    Raises ValueError for a file of another kind and a damaged one; FileNotFoundError if there is none.
    """
    raw = Path(path).read_bytes()
    try:
        if len(raw) < 8:
            raise ValueError("it is empty" if not raw else "it ends too early")
        length = int.from_bytes(raw[:8], "little")
        if not 2 <= length <= min(len(raw) - 8, LONGEST_TABLE):
            raise ValueError("it ends within its table, or is of another kind")
        table = json.loads(raw[8 : 8 + length])
        numbers = memoryview(raw)[8 + length :]
        return {name: _array(numbers, entry) for name, entry in table.items() if name != "__metadata__"}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is no safetensors file that can be read ({error}). Download it again, or name another file."
        ) from error


def _array(numbers: memoryview, entry: dict[str, Any]) -> np.ndarray:
    begin, end = entry["data_offsets"]
    shape = tuple(entry["shape"])
    if not 0 <= begin <= end <= len(numbers):
        raise ValueError("it ends too early")
    part = numbers[begin:end]
    if entry["dtype"] == "BF16":
        return bfloat16_to_float32(np.frombuffer(part, "<u2")).reshape(shape)
    if entry["dtype"] not in DTYPES:
        raise ValueError(f"it holds numbers of the unknown kind {entry['dtype']!r}")
    return np.frombuffer(part, DTYPES[entry["dtype"]]).reshape(shape)


def bfloat16_to_float32(halves: np.ndarray) -> np.ndarray:
    """bfloat16 is the upper half of a float32. halves: any shape, 16-bit unsigned."""
    return (halves.astype("<u4") << 16).view("<f4")
