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

from imgcls.cli import command
from imgcls.cli.explain_options import Options


def main(options: Options) -> int:
    """Write the views that were asked for, and print what was found."""
    asked = options.checked()
    command.import_tensorflow()
    from imgcls.cli.run_explain import explain

    return explain(asked)


if __name__ == "__main__":
    command.run(main, Options, __doc__)
