"""Whether all workers of a run have the same program, flags, config and images, before they train together."""

import hashlib
from collections.abc import Mapping

import keras
import numpy as np
import tensorflow as tf

import imgcls
from imgcls.config import flag
from imgcls.run_folder import RunFolder
from imgcls.training.checkpoints import Checkpoint
from imgcls.training.devices.workers import Workers

BITS = 24  # of a hash: whole numbers that float32 holds
SAME_FOLDER = "Give all workers the same --runs folder, on a disk that they share."
OWN = ("runs",)  # settings that each worker may have of its own: the folder may lie elsewhere on each machine


def check_same_command(settings: Mapping[str, object], begins: bool, workers: Workers) -> None:
    """Compare the versions of the workers and the flags that they were started with, before one of them does anything.

    Args:
        settings: of this worker, by their names.
        begins: whether it begins the run, with these; who goes on with a run takes what the run's folder says.
        workers: of the run.

    Raises:
        ValueError: they differ, or some begin and some go on; the sentence says which worker in what, and every worker
            raises it.
    """
    if not workers.several:
        return
    versions = f"{imgcls.__version__}, {tf.__version__} and {keras.__version__}"
    _compare(
        {"other versions of imgcls, TensorFlow or Keras": versions.encode()},
        workers,
        f"Install the same imgcls, TensorFlow and Keras on all machines; here they are {versions}.",
    )
    _check_all_begin_or_none(begins, workers)
    if begins:
        texts = {f"another {flag(name)}": repr(value).encode() for name, value in settings.items() if name not in OWN}
        _compare(texts, workers, "Start all workers with the same flags.")


def check_agreement(run: RunFolder, workers: Workers) -> None:
    """Compare the run folder as each worker sees it.

    Args:
        run: the folder, as this worker sees it.
        workers: of the run.

    Raises:
        ValueError: they differ; the sentence says which worker in what, and every worker raises it.
    """
    if not workers.several:
        return
    files = (run.config_file, run.manifest_file)
    _compare({f"another {file.name}": file.read_bytes() for file in files}, workers, SAME_FOLDER)


def check_same_checkpoint(saved: Checkpoint | None, workers: Workers) -> None:
    """Compare the checkpoint that each worker has found to go on from; a shared disk may show one of them an older one.

    Args:
        saved: the checkpoint that this worker found.
        workers: of the run.

    Raises:
        ValueError: they differ; the sentence says which worker, and every worker raises it.
    """
    if workers.several:
        found = saved.state["sha256"] if saved else ""
        _compare({"another checkpoint": found.encode()}, workers, "Start all workers again with --resume.")


def _check_all_begin_or_none(begins: bool, workers: Workers) -> None:
    each = workers.of_each(np.array([begins], np.float32))[:, 0]
    first_of = {begun: int(np.argmax(each == begun)) for begun in set(each.tolist())}
    if len(first_of) > 1:
        raise ValueError(
            f"Worker {first_of[1.0]} begins a run and worker {first_of[0.0]} goes on with one, so they cannot train "
            "together. Start all workers with --resume, or none of them."
        )


def _compare(texts: Mapping[str, bytes], workers: Workers, what_to_do: str) -> None:
    """Raise ValueError for the first text that is not the same on all workers.

    texts: as many on each worker, each by what a worker has whose text is another one.
    """
    numbers = [_number(text) for text in texts.values()]
    rows = workers.of_each(np.array(numbers, np.float32))
    for column, name in enumerate(texts):
        others = [str(index) for index, row in enumerate(rows) if row[column] != rows[0][column]]
        if others:
            has = f"Workers {', '.join(others)} have" if len(others) > 1 else f"Worker {others[0]} has"
            raise ValueError(f"{has} {name} than worker 0, so they cannot train together. {what_to_do}")


def _number(text: bytes) -> int:
    return int.from_bytes(hashlib.sha256(text).digest()[: BITS // 8], "big")
