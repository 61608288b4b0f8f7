"""Augmented examples of a few images: with the chosen settings, or with every step and preset."""

import streamlit as st

from imgcls.config import TrainConfig

IMAGES, DRAWS = 4, 3
SIDE = 160  # pixels; smaller images are enlarged in whole steps, so that their pixels stay visible


def show(config: TrainConfig, everything: bool) -> None:
    """Draw the sheet: the originals, and what training may see of them.

    Args:
        config: Of the run.
        everything: Whether each step and each preset has a row, in place of three draws of the chosen settings.

    Raises:
        ValueError: The data has no images.
    """
    from imgcls.data.augmentation import from_preset, sheet
    from imgcls.data.augmentation.samples import sample_images
    from imgcls.data.sources.load import load_manifest

    with st.spinner("Drawing the images"):
        encoded, preprocessing = sample_images(load_manifest(config.input.data), IMAGES, config.input.image_size)
        rows = [sheet.originals(encoded, preprocessing)]
        if everything:
            rows += sheet.steps(encoded, preprocessing) + sheet.presets(encoded, preprocessing)
        else:
            chosen = from_preset(config.input.augmentation, config.augmentation)
            draws = range(DRAWS)
            rows += [sheet.Row(f"draw {n + 1}", sheet.changed(encoded, preprocessing, chosen, n)) for n in draws]
    factor = max(1, SIDE // preprocessing.height)
    for row in rows:
        st.caption(row.name)
        for column, image in zip(st.columns(len(encoded)), row.images, strict=True):
            column.image(image.repeat(factor, axis=0).repeat(factor, axis=1), width="stretch")
