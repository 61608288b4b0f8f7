"""The versions of the packages that speed and results depend on."""

import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distributions, version

PACKAGES = ("tensorflow", "tensorflow-cpu", "keras", "keras-cv", "numpy", "openvino", "onnxruntime", "ai-edge-litert")
CUDA_LIBRARIES = r"nvidia-(cudnn|cuda-runtime|cublas|nccl|cufft|cusolver|cusparse)-cu\d+"  # that TensorFlow loads


def installed_packages() -> dict[str, str]:
    """The versions of Python and of those of `PACKAGES` that are installed, by name."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def cuda_packages() -> Mapping[str, str]:
    """The versions of CUDA's libraries as packages, which `tensorflow[and-cuda]` brings, by name."""
    every = ((each.metadata["Name"] or "", each.version) for each in distributions())
    return {name: number for name, number in every if re.fullmatch(CUDA_LIBRARIES, name)}
