"""The file of all measurements: one Parquet table, to which each benchmark adds its rows."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pandas as pd
import pyarrow
import pyarrow.parquet

from imgcls.file_lock import one_at_a_time
from imgcls.files import replacing
from imgcls.workflow.benchmark.measurement import Measurement

NAME = "measurements.parquet"


class MeasurementsFile:
    """The measurements of all benchmarks in a folder. A row of an earlier benchmark is never changed.

    Args:
        folder: Of the file; it is made where it is not there.

    Raises:
        ValueError: If the file holds something else.
    """

    def __init__(self, folder: Path) -> None:
        self.path = folder / NAME
        self.read()

    def read(self) -> list[Measurement]:
        """All rows, the oldest first.

        Raises:
            ValueError: If the file holds something else.
        """
        if not self.path.is_file():
            return []
        try:
            table = pyarrow.parquet.read_table(self.path).to_pandas()
        except (OSError, pyarrow.ArrowException) as error:
            raise ValueError(
                f"{self.path} cannot be read ({error}). Move it away, or choose another --output."
            ) from error
        missing = {"run", "model", "engine", "latency_ms"} - set(table.columns)
        if missing:
            raise ValueError(
                f"{self.path} has no column {', '.join(sorted(missing))}, so it holds no measurements. Choose another "
                "--output."
            )
        return [Measurement(**row) for row in _typed(table).to_dict("records")]

    def add(self, run: str, rows: Sequence[Measurement]) -> None:
        """Put the rows of a benchmark into the file, in place of what the same benchmark put there before.

        Args:
            run: The name of the benchmark; rows of others stay as they are.
            rows: All of its rows.

        Raises:
            OSError: If it cannot be written.
        """
        with self._alone():
            others = [row for row in self.read() if row.run != run]
            table = pd.DataFrame([row.to_dict() for row in (*others, *rows)])
            with replacing(self.path, durable=True) as partial:
                pyarrow.parquet.write_table(pyarrow.Table.from_pandas(_typed(table), preserve_index=False), partial)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Within, no other benchmark writes into this folder."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with one_at_a_time(self.path.parent / ".measurements.lock"):
            yield


def _typed(table: pd.DataFrame) -> pd.DataFrame:
    """The columns of `Measurement` in their order and of their types; what an earlier version lacks is filled in."""
    found = {}
    for name, default in _DEFAULTS.to_dict().items():
        values = table[name] if name in table else pd.Series([None] * len(table), dtype=object)
        found[name] = values.astype(object).where(values.notna(), default).map(type(default))
    return pd.DataFrame(found)


_DEFAULTS = Measurement("", "", "", "", "", "", "", "", "", "", 0, 0, "")
