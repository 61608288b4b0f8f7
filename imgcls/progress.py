"""What long work reports while it runs. Sentences go to the log; this is for what changes many times a second."""

from collections.abc import Callable

ProgressFunction = Callable[[int, int | None], None]  # (done, total); total is None if it is not known


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

    def step(self, status: dict) -> None:
        """Called after each training step with what status.json says: epoch, step, metrics, images_per_second."""

    def epoch(self, row: dict) -> None:
        """Called after each epoch with its line of metrics.jsonl: epoch, loss, accuracy, val_loss, val_accuracy."""

    def of(self, what: str, total: int | None = None) -> ProgressFunction:
        """A function for work that reports only numbers: it passes them on to `doing` under this name."""
        return lambda done, all_of_it=None: self.doing(what, done, total if all_of_it is None else all_of_it)
