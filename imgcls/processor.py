"""The processor of this machine; speed and the last bits of results depend on it.

`python -m imgcls.processor` prints it in a line.
"""

import os
import platform
from pathlib import Path

VECTOR_UNITS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")  # on which oneDNN's speed and types depend
OFF = ("0", "false")  # in a variable that TensorFlow reads as a truth, in any case of the letters
BFLOAT16 = ("avx512_bf16", "amx_bf16")  # of these, those that multiply in bfloat16


def describe() -> str:
    """Name, cores, vector units, and whether TensorFlow uses oneDNN, in a line that belongs beside every figure."""
    found = vector_units()
    onednn = "on" if has_onednn() else "off"
    held = os.environ.get("ONEDNN_MAX_CPU_ISA")
    return (
        f"{processor_name()}, {os.cpu_count()} cores, "
        f"{' '.join(found) or 'no vector units that count'}; oneDNN {onednn}{f', held to {held}' if held else ''}"
    )


def processor_name() -> str:
    """What the processor calls itself."""
    return _field("model name") or platform.processor() or platform.machine()


def has_onednn() -> bool:
    """Whether TensorFlow computes with oneDNN, which `import imgcls` switches on unless the variable says otherwise."""
    return os.environ["TF_ENABLE_ONEDNN_OPTS"].lower() not in OFF


def vector_units() -> list[str]:
    """Those of `VECTOR_UNITS` that the processor has; empty where the system does not say, as outside of Linux."""
    flags = _field("flags").split()
    return [unit for unit in VECTOR_UNITS if unit in flags]


def _field(name: str) -> str:
    """A field of the first core in Linux' /proc/cpuinfo; empty if there is none."""
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return ""
    rows = (line.partition(":") for line in lines)
    return next((value.strip() for key, _, value in rows if key.strip() == name), "")


if __name__ == "__main__":
    print(describe())
