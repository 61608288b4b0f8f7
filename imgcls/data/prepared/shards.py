"""Writing a prepared data set: resized images in a few large files (shards), with checksums.

manifest.parquet         the manifest; an image's path leads into its shard
index.json               how the shards were made, and each shard with its size and SHA-256; written last
shard-00000.tfrecord     TFRecord (or ArrayRecord) whose records are encoded images
shard-00000.json         the same of one shard, from which an interrupted preparation continues
"""

import hashlib
import logging
import math
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import pandas as pd
import tensorflow as tf

from imgcls.checksums import sha256_of
from imgcls.counted import counted
from imgcls.data.images.encoded import ARRAY_RECORD, TFRECORD, ppm_header
from imgcls.data.images.reading import for_each_file
from imgcls.data.manifest.table import Manifest
from imgcls.data.prepared.load import FACTS, INDEX, MANIFEST, PLAN, VERSION, is_prepared, problem_of
from imgcls.data.prepared.preparation import Preparation, encoder
from imgcls.files import read_json, replacing, write_json
from imgcls.labels.records import BOX
from imgcls.progress import ProgressFunction, no_progress

CONTAINERS = {"tfrecord": TFRECORD, "array_record": ARRAY_RECORD}
TFRECORD_HEAD = 12  # bytes before a record: its length and the length's checksum; 4 follow it
log = logging.getLogger(__name__)


def prepare(
    manifest: Manifest,
    folder: str | Path,
    preparation: Preparation,
    on_progress: ProgressFunction = no_progress,
) -> Manifest:
    """Write the usable images of a manifest as shards.

    Shards that are there and whole are kept, so an interrupted preparation continues. The log names a shard that is
    damaged, and it is written again. An image that cannot be read keeps its row, with its problem.

    Args:
        manifest: An inspected manifest.
        folder: The folder of the shards.
        preparation: How images are stored.
        on_progress: Gets the number of images written so far.

    Returns:
        The manifest that reads the shards.

    Raises:
        ValueError: No image can be used, or the folder holds other files, the shards of other images, or those of
            another preparation.
    """
    folder = Path(folder)
    rows = manifest.usable.reset_index(drop=True)
    if rows.empty:
        raise ValueError(f"Of {counted(len(manifest.table), 'image')} none can be read; expected at least one.")
    plan = {"version": VERSION, **asdict(preparation), "images": len(rows), "sha256": _digest_of(manifest, rows)}
    folder.mkdir(parents=True, exist_ok=True)
    _check_plan(folder, plan)
    write_json(folder / PLAN, plan)
    encode = encoder(preparation)
    parts, shards = [], []
    for number, start in enumerate(range(0, len(rows), preparation.images_per_shard)):
        part = rows.iloc[start : start + preparation.images_per_shard]
        path = folder / f"shard-{number:05d}{CONTAINERS[preparation.container]}"
        facts = _whole(path) or _write_shard(path, manifest, part, encode)
        shards.append({name: facts[name] for name in FACTS})
        parts.append(_moved(part, facts, cut_out=preparation.kind != "as_they_are"))
        on_progress(start + len(part))
    prepared = Manifest(pd.concat(parts, ignore_index=True), folder.resolve())
    prepared.save(folder / MANIFEST)
    write_json(folder / INDEX, {**plan, "shards": shards})
    return prepared


def _check_plan(folder: Path, plan: dict[str, Any]) -> None:
    if is_prepared(folder):
        earlier = read_json(folder / PLAN)
        if not earlier:
            raise ValueError(f"{folder / PLAN} is damaged. Choose another --output, or remove the folder.")
        differing = [n for n, value in earlier.items() if plan.get(n) != value]
        if differing:
            raise ValueError(
                f"{folder} was prepared from other images or in another way ({', '.join(differing)} differ). "
                "Choose another --output, or remove the folder."
            )
    elif any(folder.iterdir()):
        raise ValueError(f"{folder} has other files in it. Choose another --output.")


def _digest_of(manifest: Manifest, rows: pd.DataFrame) -> str:
    """Of what makes the shards: the files' contents as the inspection saw them, and the boxes."""
    facts = rows[["image", "sha256", "label", "split", *BOX]].to_csv(index=False)
    return hashlib.sha256(facts.encode()).hexdigest()


def _whole(path: Path) -> dict[str, Any] | None:
    """The facts of a shard that is there, if it is whole."""
    sidecar = path.with_suffix(".json")
    if not sidecar.is_file():
        return None
    facts = read_json(sidecar)
    problem = problem_of(path, facts, thorough=True) if facts.keys() >= set(FACTS) else "is not described any more"
    if problem:
        log.warning("%s %s; it is written again.", path, problem)
    return None if problem else facts


def _write_shard(path: Path, manifest: Manifest, rows: pd.DataFrame, encode: Callable[..., Any]) -> dict[str, Any]:
    outcomes = for_each_file(manifest.paths(rows), encode, rows[BOX].to_numpy(np.float32))
    addresses, sizes, problems, place = [], [], [], 0
    with replacing(path) as partial:
        writer = _writer(partial)
        for outcome in outcomes:
            problems.append(outcome.problem)
            data, size = outcome.result or (b"", (0, 0))
            sizes.append(size)
            if outcome.problem:
                addresses.append("")
                continue
            writer.write(data)
            if path.suffix == ARRAY_RECORD:
                addresses.append(str(place))
                place += 1
            else:
                addresses.append(_address(place + TFRECORD_HEAD, data, size))
                place += TFRECORD_HEAD + len(data) + 4
        writer.close()
    facts = {
        "name": path.name,
        "records": sum(map(bool, addresses)),
        "bytes": path.stat().st_size,
        "sha256": sha256_of(path),
        "addresses": addresses,
        "sizes": sizes,
        "problems": problems,
    }
    write_json(path.with_suffix(".json"), facts)
    return facts


def _address(begin: int, data: bytes, size: tuple[int, int]) -> str:
    """Where a record is, as `imgcls.data.images.encoded` reads it."""
    for shape in ((*size, 1), (*size, 3)):
        head = ppm_header(shape)
        if data.startswith(head) and len(data) == len(head) + math.prod(shape):
            return f"{begin + len(head)}+{'x'.join(map(str, shape))}"
    return f"{begin}+{len(data)}"


class _Writer(Protocol):
    def write(self, record: bytes) -> None: ...

    def close(self) -> None: ...


def _writer(path: Path) -> _Writer:
    if path.suffix == TFRECORD:
        tfrecord: _Writer = tf.io.TFRecordWriter(str(path))
        return tfrecord
    try:
        from array_record.python.array_record_module import ArrayRecordWriter
    except ImportError as error:
        raise ValueError("--container array_record needs a package: pip install array_record") from error
    array_record: _Writer = ArrayRecordWriter(str(path), "group_size:1")
    return array_record


def _moved(rows: pd.DataFrame, facts: dict[str, Any], cut_out: bool) -> pd.DataFrame:
    """The rows with the images where they lie now. Where one came from stays in the column source.

    cut_out: whether a box is all that was kept of its image.
    """
    heights, widths = np.array(facts["sizes"], int).reshape(-1, 2).T
    addresses = [f"{facts['name']}/{address}" if address else "" for address in facts["addresses"]]
    moved = rows.assign(source=rows["image"], problems=facts["problems"], width=widths, height=heights)
    moved["image"] = np.where(np.array(facts["problems"]) == "", addresses, rows["image"])
    if cut_out:
        moved[BOX] = np.nan
    return moved
