"""Every file of a manifest is opened once before training: what is broken is found now, not in the third hour."""

import hashlib
from collections.abc import Callable

import tensorflow as tf

from imgcls.data.decoding import decode
from imgcls.data.manifest import Manifest
from imgcls.data.reading import for_each_file, image_format


def inspect(manifest: Manifest, on_progress: Callable[[int], None] = lambda done: None) -> Manifest:
    """Decode every image of `manifest` that has not been seen yet, with the decoder that training uses.

    Fills width, height, grey, format, sha256 and problems. `on_progress` gets the number of files done so far.
    """

    @tf.function(input_signature=[tf.TensorSpec((), tf.string)])
    def look(image_bytes):
        image = decode(image_bytes)
        return tf.shape(image)[:2], tf.reduce_all(image == image[..., :1])

    def facts(data: bytes) -> dict:
        size, grey = look(data)
        height, width = size.numpy()
        digest = hashlib.sha256(data).hexdigest()
        return {"width": int(width), "height": int(height), "grey": bool(grey), "format": image_format(data),
                "sha256": digest}  # fmt: skip

    table = manifest.table.copy()
    unseen = table.index[(table["width"] == 0) & (table["problems"] == "")]
    found = {}
    outcomes = for_each_file(manifest.paths(table.loc[unseen]), facts)
    for done, (row, outcome) in enumerate(zip(unseen, outcomes, strict=True), start=1):
        found[row] = {**(outcome.result or {}), "problems": outcome.problem}
        on_progress(done)
    for column in ("width", "height", "grey", "format", "sha256", "problems"):
        values = {row: facts[column] for row, facts in found.items() if column in facts}
        table.loc[list(values), column] = list(values.values())
    return Manifest(table, manifest.root)
