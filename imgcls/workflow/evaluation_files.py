"""Where the judgement of some images is written."""

from dataclasses import dataclass
from pathlib import Path

from imgcls.data.cache import source_name


@dataclass(frozen=True)
class EvaluationFiles:
    """The files of one judgement.

    Those of a run's own test split have the plain names, such as report.html; each other judgement has names of its
    own, such as report-validation.html, so that none overwrites another.

    Attributes:
        folder: Of the run, or of the evaluation of a bundle.
        part: The split, or "all".
        data: What was judged on instead of the run's own images, as the user named it; empty for its own.
    """

    folder: Path
    part: str
    data: str = ""

    @property
    def name(self) -> str:
        """What distinguishes this judgement: the split, after the source of the images if they are others.

        Example:
            >>> EvaluationFiles(Path("runs/a"), "validation").name
            'validation'
        """
        if not self.data:
            return self.part
        named = str(Path(self.data).resolve()) if Path(self.data).exists() else self.data
        return f"{source_name(named, 8)}-{self.part}"

    @property
    def report(self) -> Path:
        """The page."""
        return self._named("report", ".html")

    @property
    def figures(self) -> Path:
        """The figures, as JSON."""
        return self._named("evaluation", ".json")

    @property
    def model_card(self) -> Path:
        """The model card, as Markdown."""
        return self._named("model_card", ".md")

    @property
    def predictions(self) -> Path:
        """The table of predictions."""
        return self.folder / "predictions" / f"{self.name}.parquet"

    def all(self) -> list[Path]:
        """Every file."""
        return [self.report, self.figures, self.model_card, self.predictions]

    def _named(self, stem: str, suffix: str) -> Path:
        ending = "" if self.name == "test" else f"-{self.name}"
        return self.folder / f"{stem}{ending}{suffix}"
