"""A folder to write a data set into, and short ways to look at what was read."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest


class DataSet:
    """Writes pictures and files below a folder."""

    def __init__(self, root: Path):
        self.root = root

    def picture(self, *names: str, size: tuple[int, int] = (64, 48), grey: int = 90) -> None:
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((size[1], size[0], 3), grey, np.uint8)
            PIL.Image.fromarray(pixels).save(path)

    def write(self, name: str, content: str | bytes) -> Path:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
        return path


@pytest.fixture
def data_set(tmp_path) -> DataSet:
    (tmp_path / "set").mkdir()
    return DataSet(tmp_path / "set")


@pytest.fixture(scope="session")
def files() -> Path:
    """What the tools' own code wrote; README.md there says which."""
    return Path(__file__).parent / "files"
