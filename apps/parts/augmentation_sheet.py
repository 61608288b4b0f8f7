"""What the augmentation that is chosen makes of a few of the images."""

import streamlit as st

from imgcls.config import TrainConfig

IMAGES, DRAWS = 4, 3


def show(config: TrainConfig) -> None:
    """Draw the sheet: the originals, then what training may see of them. Raises ValueError for data without images."""
    from imgcls.augment import choose
    from imgcls.data.augmentation import settings, sheet
    from imgcls.data.sources import load_manifest

    encoded, preprocessing = choose(load_manifest(config.input.data), IMAGES, config.input.image_size)
    chosen = settings(config.input.augmentation, config.augmentation)
    rows = [sheet.originals(encoded, preprocessing)]
    rows += [
        sheet.Row(f"draw {seed + 1}", sheet.changed(encoded, preprocessing, chosen, seed)) for seed in range(DRAWS)
    ]
    for row in rows:
        st.caption(row.name)
        for column, picture in zip(st.columns(len(encoded)), row.pictures, strict=True):
            column.image(picture, width="stretch")
