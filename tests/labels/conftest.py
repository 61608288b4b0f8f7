"""A folder to write a data set into, and short ways to look at what was read."""

from pathlib import Path

import numpy as np
import PIL.Image
import pytest

from imgcls.labels import Records
from imgcls.labels.records import BOX


class DataSet:
    """Writes images and files below a folder."""

    def __init__(self, root: Path):
        self.root = root

    def image(self, *names: str, size: tuple[int, int] = (64, 48), gray: int = 90) -> None:
        for name in names:
            path = self.root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            pixels = np.full((size[1], size[0], 3), gray, np.uint8)
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


class Look:
    """Short ways to look at records."""

    @staticmethod
    def labels(records: Records) -> list[tuple[str, str]]:
        """Image and label of each row, sorted."""
        return sorted(zip(records.boxes_or_images["image"], records.boxes_or_images["label"], strict=True))

    @staticmethod
    def boxes(records: Records, **where: str) -> dict[str, list[float]]:
        """Box by label, rounded to a hundredth of a pixel; None without a box."""
        rows = records.boxes_or_images
        for column, value in where.items():
            rows = rows[rows[column] == value]
        return {
            row["label"]: None if row[BOX].isna().all() else [round(float(value), 2) for value in row[BOX]]
            for _, row in rows.iterrows()
        }

    @staticmethod
    def flags(records: Records, name: str) -> dict[str, bool]:
        rows = records.boxes_or_images
        return {label: bool(value) for label, value in zip(rows["label"], rows[name], strict=True)}

    @staticmethod
    def only(records: Records) -> dict:
        """The only row."""
        assert len(records.boxes_or_images) == 1
        return records.boxes_or_images.iloc[0].to_dict()

    @staticmethod
    def reported(records: Records, effect: str) -> list[tuple[str, str, str]]:
        """File, line and reason of the problems with this effect."""
        rows = records.problems[records.problems["effect"] == effect]
        return list(rows[["file", "line", "reason"]].itertuples(index=False, name=None))


@pytest.fixture(scope="session")
def look() -> type[Look]:
    return Look
