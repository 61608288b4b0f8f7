"""The flags of `python -m imgcls.explain`, and what can be refused before TensorFlow is imported."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, ClassVar, Self

import tyro

from imgcls.files import check_writable
from imgcls.workflow.explanation.request import OF_DATA, OF_IMAGES, ExplainRequest


@dataclass(frozen=True)
class Options:
    """The flags of the command."""

    first_flags: ClassVar = (
        "model", "show", "methods", "target", "against", "layer", "units", "data", "output",
    )  # fmt: skip
    inputs: Annotated[tuple[str, ...], tyro.conf.Positional]  # run or bundle, then image files, folders, globs, cards
    model: str = ""  # an architecture with published ImageNet weights, in place of a run or bundle
    request: Annotated[ExplainRequest, tyro.conf.arg(name="")] = field(default_factory=ExplainRequest)
    output: Path | None = None  # folder for what is written; empty: explanations/ in the run's folder

    @property
    def source(self) -> str:
        """The run, the bundle, or the architecture."""
        return self.model or self.inputs[0]

    @property
    def images(self) -> tuple[str, ...]:
        """What names images."""
        return self.inputs if self.model else self.inputs[1:]

    @property
    def folder(self) -> Path:
        """For what is written: in the run's folder; apart for a bundle, which nobody writes into."""
        from imgcls.workflow.sources import is_bundle

        if self.output:
            return self.output
        if self.model or is_bundle(Path(self.source)):
            return Path("explanations") / Path(self.source).resolve().name
        return Path(self.source) / "explanations"

    def checked(self) -> Self:
        """The same with the views settled.

        Raises:
            ValueError: If there is nothing to explain, or a view needs images that are not named.
            FileNotFoundError: If there is no such run or bundle.
        """
        from imgcls.workflow.sources import check_source

        if not self.inputs and not self.model:
            raise ValueError("Expected a run or a bundle. For example: python -m imgcls.explain runs/my-run photo.jpg")
        if not self.model:
            check_source(Path(self.source))
        views = self.request.views(bool(self.images))
        for view in views:
            self._check_images(view)
        check_writable(self.folder, folder=True)
        return replace(self, request=replace(self.request, show=views))

    def _check_images(self, view: str) -> None:
        from imgcls.workflow.sources import is_bundle

        typed = f"python -m imgcls.explain {self.source}"
        if view in OF_IMAGES and not self.images:
            raise ValueError(f"--show {view} needs images, and none is named. For example: {typed} photo.jpg")
        has_none = bool(self.model) or is_bundle(Path(self.source))
        if view in OF_DATA and has_none and not self.request.data:
            raise ValueError(
                f"--show {view} needs images to look at, and {self.source} has none. Name some: --data FOLDER."
            )
        if view == "neighbors" and has_none:
            raise ValueError(f"--show neighbors looks among training images, and {self.source} has none. Name a run.")
