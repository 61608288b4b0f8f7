"""Every file of a manifest is opened once before training: what is broken is found now, not in the third hour."""

import hashlib
import threading
import warnings
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import tensorflow as tf
from PIL import Image

from imgcls.data.decoding import UNKNOWN_FORMAT, decode
from imgcls.data.image_header import TRANSCODED, TURNED, ImageHeader, Refused, read_header
from imgcls.data.inspection_cache import FACTS, InspectionCache, stamp
from imgcls.data.manifest import Manifest
from imgcls.data.perceptual_hash import perceptual_hash
from imgcls.data.reading import for_each_file, image_format
from imgcls.data.transcoding import keep_transcoded, needs_transcoding

FILES_AT_ONCE = 512  # that are looked up in the cache, and written to it, together
LARGE = 16_000_000  # pixels, from which on pictures are decoded one at a time
ONE_LARGE = threading.Lock()


def inspect(
    manifest: Manifest, on_progress: Callable[[int], None] = lambda done: None, again: bool = False
) -> Manifest:
    """Decode every image of `manifest` that has not been seen yet, with the decoder that training uses.

    Fills width, height, grey, format, sha256, perceptual_hash, thumbnail, traits and problems. A file that the user's
    cache knows, by path, size and time of its last change, is not opened. Pictures that TensorFlow cannot decode are
    transcoded into the cache, where `Manifest.paths` finds them.

    on_progress: gets the number of rows done so far.
    again: look also at the images that were seen before; rows that have a problem keep it.
    """
    table = manifest.table.copy()
    unseen = table[(table["problems"] == "") & ((table["width"] == 0) | again)]
    rows_of = unseen.groupby("image", sort=False).groups
    done, found = 0, {}
    with warnings.catch_warnings(action="ignore", category=Image.DecompressionBombWarning):  # our limit is lower
        for image, facts in zip(rows_of, _facts_of([manifest.root / image for image in rows_of]), strict=True):
            done += len(rows_of[image])
            found |= dict.fromkeys(rows_of[image], facts)
            on_progress(done)
    for column in (*FACTS, "problems"):
        values = {row: facts[column] for row, facts in found.items() if column in facts}
        table.loc[list(values), column] = list(values.values())
    return Manifest(table, manifest.root)


def _facts_of(paths: list[Path]) -> Iterator[dict]:
    """The facts of each file by column, in the order of `paths`; only `problems` for one that cannot be used."""
    with InspectionCache() as cache:
        for begin in range(0, len(paths), FILES_AT_ONCE):
            part = paths[begin : begin + FILES_AT_ONCE]
            known = cache.find(part)
            stamps = {path: stamp(path) for path in part if path not in known}
            looked = []
            outcomes = for_each_file(stamps, look)
            for path in part:
                if path in known:
                    yield known[path]
                    continue
                outcome = next(outcomes)
                facts = outcome.result or {"problems": outcome.problem}
                if "problems" not in facts:
                    looked.append((path, stamps[path], facts))
                yield facts
            cache.keep(looked)


def look(data: bytes) -> dict:
    """All facts of an encoded image by column; only `problems`, a clause, if it cannot be used.

    Raises tf.errors.InvalidArgumentError if the decoder of the training does not find it whole.
    """
    digest = hashlib.sha256(data).hexdigest()
    header = None
    try:
        header = read_header(data)
        transcode = needs_transcoding(header, data)
        encoded = keep_transcoded(data, digest, header.mode) if transcode else data
    except Refused as error:
        return {"problems": str(error)}
    except Exception:  # Pillow's decoders say in many ways that a file is damaged
        known = header.format if header else image_format(data)
        return {"problems": f"a damaged or truncated {known} file ({len(data):,} bytes)" if known else UNKNOWN_FORMAT}
    with ONE_LARGE if header.width * header.height > LARGE else nullcontext():
        pixels = _pixels(encoded, header, transcode)
        height, width = pixels.shape[:2]
        hashed, thumbnail = perceptual_hash(pixels)
        return {
            "width": width,
            "height": height,
            "grey": _is_grey(pixels),
            "format": header.format,
            "sha256": digest,
            "perceptual_hash": hashed,
            "thumbnail": thumbnail,
            "traits": ", ".join(header.traits + (TRANSCODED,) * transcode),
        }


def _pixels(encoded: bytes, header: ImageHeader, transcoded: bool) -> np.ndarray:
    """The upright pixels, (H, W, 3) uint8; an upright JPEG by the same op that `decode` chooses for it."""
    if header.format == "JPEG" and TURNED not in header.traits:
        return tf.io.decode_jpeg(encoded, channels=3).numpy()
    return _decode(tf.constant(encoded)).numpy()


_decode = tf.function(decode, input_signature=[tf.TensorSpec((), tf.string)])


def _is_grey(pixels: np.ndarray) -> bool:
    """Whether all channels are equal; most pictures in colour show it in a few pixels."""
    return all(bool((part == part[..., :1]).all()) for part in (pixels[::16, ::16], pixels))
