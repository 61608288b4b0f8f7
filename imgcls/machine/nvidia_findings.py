"""What keeps TensorFlow from a card of NVIDIA's, and what to install."""

import os
import shutil
from collections.abc import Iterator, Mapping
from functools import cache

from imgcls.machine.finding import Finding
from imgcls.machine.nvidia import QUERY, Card, Nvidia, find_nvidia, traces
from imgcls.machine.packages import cuda_packages, installed_packages
from imgcls.machine.tensorflow_build import TensorFlowBuild, tensorflow_build

OLDEST_DRIVERS = {"11": "450.80.02", "12": "525.60.13", "13": "580.65.06"}  # for Linux, by CUDA's version (NVIDIA)
INSTALL = "pip install 'imgcls[gpu]'"
SEE_WHY = 'python -c "import tensorflow as tf; print(tf.config.list_physical_devices())"'


def nvidia_findings(
    nvidia: Nvidia,
    build: TensorFlowBuild,
    packages: Mapping[str, str],
    libraries: Mapping[str, str],
    environment: Mapping[str, str] = os.environ,
) -> list[Finding]:
    """What is wrong with the cards, or with the installed TensorFlow for these cards.

    Args:
        nvidia: What the machine says of its cards.
        build: How TensorFlow was built, and what it sees.
        packages: Installed versions by name.
        libraries: Installed versions of CUDA's libraries by name.
        environment: The variables.
    """
    found = list(_of_each_card(nvidia, build))
    if nvidia.has_card and not build.gpus:
        found += _why_unused(nvidia, build, packages, libraries, environment, said=bool(found))
    return found


def _of_each_card(nvidia: Nvidia, build: TensorFlowBuild) -> Iterator[Finding]:
    oldest = OLDEST_DRIVERS.get(build.cuda.partition(".")[0], "")
    for driver in sorted({card.driver for card in nvidia.cards}):
        if oldest and _numbers(driver) < _numbers(oldest):
            yield Finding(
                f"The driver {driver} is too old for CUDA {build.cuda}, which TensorFlow was built with.",
                f"Install NVIDIA's driver {oldest} or newer, and restart the machine.",
            )
    seen: set[tuple[str, object]] = set()
    for card in nvidia.cards:
        if (card.name, card.compute_capability) not in seen:
            seen.add((card.name, card.compute_capability))
            yield from _of_capability(card, build)


def _of_capability(card: Card, build: TensorFlowBuild) -> Iterator[Finding]:
    """Whether TensorFlow has code for a card; it runs on cards of the same first number, or is compiled by the driver.

    Blackwell (10.x, 12.x) with the wheels of 2025 and 2026: tensorflow issues 89272 and 101746.
    """
    newest, capability = build.newest, card.compute_capability
    if newest is None or capability is None:
        return
    known = [(int(name[3:-1]), int(name[-1])) for name in build.capabilities if name.startswith("sm_")]
    if capability[0] > newest[0]:
        yield Finding(
            f"The card {card.name} (compute capability {_text(capability)}) is newer than the installed TensorFlow, "
            f"which has code for up to {_text(newest)}: the first start may compile for half an hour, or fail with "
            "CUDA_ERROR_INVALID_PTX.",
            f"Train with CUDA_VISIBLE_DEVICES=-1 on the processor, or with a TensorFlow that is built with "
            f"TF_CUDA_COMPUTE_CAPABILITIES={_text(capability)}.",
        )
    elif known and capability < min(known):
        yield Finding(
            f"The card {card.name} (compute capability {_text(capability)}) is older than the installed TensorFlow "
            f"supports, which begins with {_text(min(known))}.",
            "Train with CUDA_VISIBLE_DEVICES=-1 on the processor, or with another card.",
        )


def _why_unused(
    nvidia: Nvidia,
    build: TensorFlowBuild,
    packages: Mapping[str, str],
    libraries: Mapping[str, str],
    environment: Mapping[str, str],
    said: bool,
) -> list[Finding]:
    """Why TensorFlow uses no card: the first reason that holds."""
    what = f"The machine has {_named(nvidia)}, and TensorFlow does not use it"
    hidden = environment.get("CUDA_VISIBLE_DEVICES")
    if hidden is not None and hidden.strip() in ("", "-1"):
        return [Finding(f"{what}: CUDA_VISIBLE_DEVICES is {hidden!r}.", "Unset it to train on the card.", wrong=False)]
    if not build.cuda:
        remove = "pip uninstall tensorflow-cpu, then " if "tensorflow-cpu" in packages else ""
        return [Finding(f"{what}: the installed TensorFlow was built without CUDA.", f"Type: {remove}{INSTALL}")]
    if nvidia.complaint:
        return [Finding(f"{what}: its driver does not answer ({nvidia.complaint}).", _driver_advice(nvidia, build))]
    if not nvidia.cards:
        return [Finding(f"{what}: no driver of NVIDIA's answers.", _driver_advice(nvidia, build))]
    if said:
        return []
    if not libraries:
        return [Finding(f"{what}: CUDA's libraries are not installed as packages.", f"Type: {INSTALL}")]
    return [Finding(f"{what}.", f"TensorFlow says why: {SEE_WHY}")]


def _driver_advice(nvidia: Nvidia, build: TensorFlowBuild) -> str:
    if "mismatch" in nvidia.complaint:
        return "Restart the machine, so that the driver that was installed last is the one that runs."
    oldest = OLDEST_DRIVERS.get(build.cuda.partition(".")[0], "")
    return f"Install NVIDIA's driver {oldest} or newer, and restart the machine.".replace("  ", " ")


def _named(nvidia: Nvidia) -> str:
    if nvidia.cards:
        return f"the card {nvidia.cards[0].name}"
    return f"a card of NVIDIA's ({nvidia.traces[0]})"


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isdecimal())


def _text(capability: tuple[int, int]) -> str:
    return f"{capability[0]}.{capability[1]}"


@cache
def findings_of_this_machine() -> tuple[Finding, ...]:
    """What keeps TensorFlow from this machine's cards; a process asks once, and only where something shows a card."""
    if not traces() and shutil.which(QUERY[0]) is None:
        return ()
    return tuple(nvidia_findings(find_nvidia(), tensorflow_build(), installed_packages(), cuda_packages()))
