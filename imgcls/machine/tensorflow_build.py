"""How the installed TensorFlow was built, and which devices it sees. Importing this module imports TensorFlow."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

import tensorflow as tf


@dataclass(frozen=True)
class TensorFlowBuild:
    """How the installed TensorFlow was built, and what it sees.

    Attributes:
        cuda: The version of CUDA that it was built with, such as "12.5.1"; empty: without CUDA.
        cudnn: That of cuDNN.
        capabilities: The compute capabilities that it has code for, such as "sm_80", which runs as it is, and
            "compute_90", which the driver compiles for newer cards.
        gpus: The names of the cards that it can use.
    """

    cuda: str = ""
    cudnn: str = ""
    capabilities: tuple[str, ...] = ()
    gpus: tuple[str, ...] = ()

    @property
    def newest(self) -> tuple[int, int] | None:
        """The largest compute capability that it has code for; None if it has none."""
        return max((_pair(name) for name in self.capabilities), default=None)


def tensorflow_build() -> TensorFlowBuild:
    """Ask TensorFlow."""
    info = tf.sysconfig.get_build_info()
    gpus = tf.config.list_physical_devices("GPU")
    if not info.get("is_cuda_build"):
        return TensorFlowBuild(gpus=_names(gpus))
    capabilities: Sequence[str] = info.get("cuda_compute_capabilities", ())
    return TensorFlowBuild(info["cuda_version"], info["cudnn_version"], tuple(capabilities), _names(gpus))


def _names(gpus: Sequence[tf.config.PhysicalDevice]) -> tuple[str, ...]:
    details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
    return tuple(each.get("device_name", gpu.name) for each, gpu in zip(details, gpus, strict=True))


def _pair(name: str) -> tuple[int, int]:
    """The compute capability of "sm_120" or "compute_90a"."""
    digits = re.sub(r"\D", "", name)
    return int(digits[:-1]), int(digits[-1])
