"""Pictures of what classes and units would like to see."""

from collections.abc import Sequence

from imgcls.explain.drawing.heat import banded, shown_image
from imgcls.explain.drawing.legend import number
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.network import Network
from imgcls.explain.units.maximization import MaximizationOptions, Maximized


def maximized_pictures(
    network: Network, found: Maximized, options: MaximizationOptions, lines: Sequence[str] = ()
) -> list[Picture]:
    """One picture a wish; a score that did not rise is said on it.

    Args:
        network: The classifier.
        found: What `maximize` gave.
        options: With which it did.
        lines: Further lines, such as the run.
    """
    made = f"made from noise (seed {options.seed}) in {options.steps} steps of gradient ascent; {options.regularizers}"
    said = (f"network {network.name}", made)
    pictures = []
    for row, (wish, problem) in enumerate(zip(found.wishes, found.problems, strict=True)):
        image = shown_image(found.pixels[row])
        kind = "logit" if wish.class_name else "response"
        rise = f"{kind} {number(float(found.before[row]))} before, {number(float(found.after[row]))} after"
        shown = banded(image, problem) if problem else image
        pictures.append(Picture(shown, f"What {wish} would like to see", (*lines, *said, rise)))
    return pictures
