"""What is wrong with a machine for training, apart from its cards; nothing is measured."""

from collections.abc import Iterator

from imgcls.machine.facts import MachineFacts
from imgcls.machine.finding import Finding

GIGABYTE = 1e9
LEAST_MEMORY, SMALL_MEMORY = 2 * GIGABYTE, 6 * GIGABYTE  # below the first, TensorFlow and the data do not fit
LEAST_DISK, SMALL_DISK = 0.5 * GIGABYTE, 5 * GIGABYTE  # for runs, checkpoints, caches and exports


def machine_findings(facts: MachineFacts) -> list[Finding]:
    """What is wrong, and what could be better."""
    return [*_of_processor(facts), *_of_memory(facts), *_of_disk(facts), *_of_packages(facts)]


def _of_processor(facts: MachineFacts) -> Iterator[Finding]:
    if not facts.onednn:
        yield Finding(
            "oneDNN is switched off by TF_ENABLE_ONEDNN_OPTS: training takes about twice as long.",
            "Type: unset TF_ENABLE_ONEDNN_OPTS",
            wrong=False,
        )
    if facts.cores_of_container is not None and facts.cores_of_container < facts.cores_of_process:
        threads = max(1, int(facts.cores_of_container))
        yield Finding(
            f"The container allows {facts.cores_of_container:g} of {facts.cores} cores, and TensorFlow starts a thread "
            "for each core.",
            f"Give it more (docker run --cpus), or set TF_NUM_INTRAOP_THREADS={threads}.",
            wrong=False,
        )


def _of_memory(facts: MachineFacts) -> Iterator[Finding]:
    usable = facts.usable_memory
    if usable < SMALL_MEMORY:
        whose = "The container allows" if usable < facts.memory else "The machine has"
        yield Finding(
            f"{whose} {usable / GIGABYTE:.1f} GB of memory.",
            "Choose a smaller --batch-size, and --cache none.",
            wrong=usable < LEAST_MEMORY,
        )


def _of_disk(facts: MachineFacts) -> Iterator[Finding]:
    if facts.disk_free < SMALL_DISK:
        yield Finding(
            f"{facts.disk_free / GIGABYTE:.1f} GB of the disk of {facts.folder} are free.",
            "Remove old runs, or name a folder on another disk with --runs.",
            wrong=facts.disk_free < LEAST_DISK,
        )


def _of_packages(facts: MachineFacts) -> Iterator[Finding]:
    if {"tensorflow", "tensorflow-cpu"} <= facts.packages.keys():
        yield Finding(
            "The packages tensorflow and tensorflow-cpu are both installed, and overwrite each other's files.",
            "Type: pip uninstall tensorflow tensorflow-cpu, then pip install tensorflow",
        )
    if facts.unfit_packages:
        found = (f"{has or 'nothing'} where it asks for {asked}" for asked, has in facts.unfit_packages.items())
        yield Finding(
            f"imgcls stands on other packages than it was tested with: {', '.join(found)}.",
            "Type: pip install " + " ".join(f'"{asked}"' for asked in facts.unfit_packages),
        )
