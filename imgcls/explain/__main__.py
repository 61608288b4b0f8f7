"""Show what a network does, and why it answers as it does: heat maps, filters, what excites its units, where it looks.

With images: why the network answers as it does, by heat maps that are checked (deletion, insertion, and the same
network with random weights). Without images: what the network is, by the images that it was validated on.

Examples:
  python -m imgcls.explain runs/photos-1 new.jpg
  python -m imgcls.explain runs/photos-1 photos/shirt --target true --against predicted --methods grad_cam rise
  python -m imgcls.explain photo.jpg --model efficientnet_lite0 --target espresso
  python -m imgcls.explain runs/photos-1
  python -m imgcls.explain runs/photos-1 --show patches --layer stage3_block1
  python -m imgcls.explain runs/photos-1 large.jpg --show photo
  python -m imgcls.explain saved_models/photos-1 new.jpg

Views of images: why, activations (the maps of a layer), receptive_field (what a unit sees), photo (where in a large
photo), neighbors (the nearest training images).

Views of the network: layers, filters (of the first layer), units (statistics, dead units), patches (what excites
units), maximization (what it would like to see), embedding (a map of the images).

Methods of why: grad_cam, grad_cam_plus_plus, cam, integrated_gradients, smoothgrad, saliency, gradient_x_input,
guided_backpropagation, deconvnet, occlusion, rise.

Files that cannot be read stand in the table with their reason; the exit code is then 3.
"""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Annotated, ClassVar

import tyro

from imgcls.cli import command
from imgcls.command_line import command_line
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

    def checked(self) -> ExplainRequest:
        """The request with its views settled.

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
        return replace(self.request, show=views)

    def _check_images(self, view: str) -> None:
        from imgcls.workflow.sources import is_bundle

        typed = command_line("explain", self.source)
        if view in OF_IMAGES and not self.images:
            raise ValueError(f"--show {view} needs images, and none is named. For example: {typed} photo.jpg")
        has_none = bool(self.model) or is_bundle(Path(self.source))
        if view in OF_DATA and has_none and not self.request.data:
            raise ValueError(
                f"--show {view} needs images to look at, and {self.source} has none. Name some: --data FOLDER."
            )
        if view == "neighbors" and has_none:
            raise ValueError(f"--show neighbors looks among training images, and {self.source} has none. Name a run.")


def main(options: Options) -> int:
    """Write the views that were asked for, and print what was found."""
    request = options.checked()
    command.import_tensorflow()
    from imgcls.cli.run_explain import explain

    return explain(options.source, options.images, request, options.folder)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
