"""Loading a prepared data set, and checking its shards."""

from pathlib import Path
from shlex import quote
from typing import Any

from imgcls.checksums import sha256_of
from imgcls.data.manifest.table import Manifest
from imgcls.files import read_json

VERSION = 1
PLAN, INDEX, MANIFEST = "plan.json", "index.json", "manifest.parquet"
FACTS = ("name", "records", "bytes", "sha256")  # of each shard


def is_prepared(folder: Path) -> bool:
    """Whether a folder was written by `prepare`, completely or not."""
    return (folder / PLAN).is_file()


def load_prepared(folder: Path, thorough: bool = False) -> Manifest:
    """Load the manifest of a prepared data set, whose folder may have been moved.

    Args:
        folder: What `prepare` wrote.
        thorough: Whether to compare the checksum of every shard; else only its size is compared.

    Raises:
        ValueError: A shard is missing, truncated or changed, or the preparation was interrupted.
    """
    flag = f"--output {quote(str(folder))}"
    again = f"Run `python -m imgcls.prepare` with {flag} again; it goes on and mends what is damaged."
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


def problem_of(path: Path, facts: dict[str, Any], thorough: bool) -> str:
    """The reason why a shard is not as it was written; empty if it is.

    Args:
        path: The shard.
        facts: What was written down about it.
        thorough: Whether to compare the checksum too.
    """
    if not path.is_file():
        return "is missing"
    size = path.stat().st_size
    if size != facts["bytes"]:
        return f"is truncated: {size:,} of {facts['bytes']:,} bytes" if size < facts["bytes"] else "has grown"
    if thorough and sha256_of(path) != facts["sha256"]:
        return "has another checksum than when it was written"
    return ""
