"""What long work reports while it runs. Sentences go to the log; this is for what changes many times a second."""

from typing import Any, Protocol


class ProgressFunction(Protocol):
    """What long work calls with how much is done, and with how much there is where it knows that."""

    def __call__(self, done: int, total: int | None = None, /) -> None:
        """Take the numbers; total is None if it is not known."""


def no_progress(done: int, total: int | None = None, /) -> None:
    """A `ProgressFunction` that shows nothing."""


class Progress:
    """Receives the progress of a run. Every method does nothing; override those that are to show something.

    Example:
        >>> class Printed(Progress):
        ...     def epoch(self, row):
        ...         print(row["epoch"], row["val_accuracy"])
        >>> Printed().epoch({"epoch": 1, "val_accuracy": 0.5})
        1 0.5
    """

    def doing(self, what: str, done: int, total: int | None = None) -> None:
        """Called while something is worked through, such as the images of a manifest.

        Args:
            what: The work in a few words, such as "Reading every image".
            done: How much of it is done.
            total: How much there is; None if it is not known.
        """

    def step(self, status: dict[str, Any]) -> None:
        """Called after each training step with what status.json says: epoch, step, metrics, images_per_second."""

    def epoch(self, row: dict[str, Any]) -> None:
        """Called after each epoch with its line of metrics.jsonl: epoch, loss, accuracy, val_loss, val_accuracy."""

    def of(self, what: str, total: int | None = None) -> ProgressFunction:
        """A function for work that reports only numbers: it passes them on to `doing` under this name."""

        def report(done: int, all_of_it: int | None = None, /) -> None:
            self.doing(what, done, total if all_of_it is None else all_of_it)

        return report
