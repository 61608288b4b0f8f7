"""How numbers become pictures that say what they show."""

from imgcls.explain.drawing.boxes import Box, boxed
from imgcls.explain.drawing.colors import diverging, sequential
from imgcls.explain.drawing.contact_sheet import contact_sheet
from imgcls.explain.drawing.heat import banded, enlarged, heat_picture, shown_image
from imgcls.explain.drawing.legend import Legend, number
from imgcls.explain.drawing.picture import Picture
from imgcls.explain.drawing.png_address import png_address
from imgcls.explain.drawing.tiles import tiles

__all__ = [
    "Box",
    "Legend",
    "Picture",
    "banded",
    "boxed",
    "contact_sheet",
    "diverging",
    "enlarged",
    "heat_picture",
    "number",
    "png_address",
    "sequential",
    "shown_image",
    "tiles",
]
