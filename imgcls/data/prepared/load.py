"""A folder of shards, as `imgcls.data.prepared.shards.prepare` writes it, and whether it is whole."""

from pathlib import Path

from imgcls.checksums import sha256_of
from imgcls.data.manifest.table import Manifest
from imgcls.files import read_json

VERSION = 1
PLAN, INDEX, MANIFEST = "plan.json", "index.json", "manifest.parquet"
FACTS = ("name", "records", "bytes", "sha256")  # of each shard


def is_prepared(folder: Path) -> bool:
    """Whether a folder is one that `prepare` wrote or began to write."""
    return (folder / PLAN).is_file()


def load_prepared(folder: Path, thorough: bool = False) -> Manifest:
    """The manifest of a folder that `prepare` wrote, which may have been moved since.

    thorough: read every shard and compare its checksum; else its size is compared.

    Raises ValueError, naming the shard, if one is missing, truncated or changed, or if the preparation has not ended.
    """
    again = f"Run `python -m imgcls.prepare` with --output {folder} again; it goes on and mends what is damaged."
    if not (folder / INDEX).is_file():
        raise ValueError(f"The preparation of {folder} was interrupted. {again}")
    shards = read_json(folder / INDEX).get("shards")
    if not isinstance(shards, list) or not all(
        isinstance(shard, dict) and shard.keys() >= set(FACTS) for shard in shards
    ):
        raise ValueError(f"{folder / INDEX} is damaged. {again}")
    for shard in shards:
        problem = problem_of(folder / shard["name"], shard, thorough)
        if problem:
            raise ValueError(f"{folder / shard['name']} {problem}. {again}")
    return Manifest(Manifest.load(folder / MANIFEST).table, folder.resolve())


def problem_of(path: Path, facts: dict, thorough: bool) -> str:
    """Why a shard is not what `facts` say of it; empty if it is. thorough: compare the checksum too."""
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != facts["bytes"]:
        return f"is truncated: {size:,} of {facts['bytes']:,} bytes" if size < facts["bytes"] else "has grown"
    if thorough and sha256_of(path) != facts["sha256"]:
        return "has another checksum than when it was written"
    return ""
