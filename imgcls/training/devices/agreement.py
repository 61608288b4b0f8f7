"""Whether all workers of a run have the same program, config and images, before they train together."""

import hashlib

import keras
import numpy as np
import tensorflow as tf

import imgcls
from imgcls.run_folder import RunFolder
from imgcls.training.devices.workers import Workers

BITS = 24  # of a hash: whole numbers that float32 holds
HELP = {
    "versions": "Install the same imgcls, TensorFlow and Keras on all machines; here they are {versions}.",
    "config": "Give all workers the same --runs folder, on a disk that they share.",
    "manifest": "Give all workers the same --runs folder, on a disk that they share.",
}
NAMES = {"versions": "other versions of imgcls, TensorFlow or Keras", "config": "another config.toml",
         "manifest": "another manifest.parquet"}  # fmt: skip


def check_agreement(run: RunFolder, workers: Workers) -> None:
    """Compare what each worker has; every worker learns of a difference.

    Args:
        run: the folder, as this worker sees it.
        workers: of the run.

    Raises:
        ValueError: they differ; the sentence says which worker in what.
    """
    if not workers.several:
        return
    versions = f"{imgcls.__version__}, {tf.__version__} and {keras.__version__}"
    texts = {
        "versions": versions.encode(),
        "config": run.config_file.read_bytes(),
        "manifest": run.manifest_file.read_bytes(),
    }
    rows = workers.of_each(np.array([_number(text) for text in texts.values()], np.float32))
    for column, name in enumerate(texts):
        others = [str(index) for index, row in enumerate(rows) if row[column] != rows[0][column]]
        if others:
            has = f"Workers {', '.join(others)} have" if len(others) > 1 else f"Worker {others[0]} has"
            help_text = HELP[name].format(versions=versions)
            raise ValueError(f"{has} {NAMES[name]} than worker 0, so they cannot train together. {help_text}")


def _number(text: bytes) -> int:
    return int.from_bytes(hashlib.sha256(text).digest()[: BITS // 8], "big")
