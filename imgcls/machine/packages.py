"""The versions of the packages that speed and results depend on."""

import platform
import re
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, distributions, requires, version

from packaging.requirements import Requirement

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


def unfit_packages() -> Mapping[str, str]:
    """The versions of those packages that imgcls stands on and that are other ones than it asks for.

    Returns:
        By requirement as pip takes it, such as "keras<3.16,>=3.15", the installed version; "" where there is none.
        Empty where imgcls itself is not installed.
    """
    try:
        asked = [Requirement(line) for line in requires("imgcls") or ()]
    except PackageNotFoundError:
        return {}
    needed = [each for each in asked if each.marker is None or each.marker.evaluate({"extra": ""})]
    found = {f"{each.name}{each.specifier}": (each, _version_of(each.name)) for each in needed}
    return {
        name: has for name, (each, has) in found.items() if not (has and each.specifier.contains(has, prereleases=True))
    }


def _version_of(name: str) -> str:
    for each in (name, "tensorflow-cpu") if name == "tensorflow" else (name,):  # the same without GPUs
        try:
            return version(each)
        except PackageNotFoundError:
            continue
    return ""


def cuda_packages() -> Mapping[str, str]:
    """The versions of CUDA's libraries as packages, which `tensorflow[and-cuda]` brings, by name."""
    every = ((each.metadata["Name"] or "", each.version) for each in distributions())
    return {name: number for name, number in every if re.fullmatch(CUDA_LIBRARIES, name)}
