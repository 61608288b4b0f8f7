"""Pictures inside a page."""

import base64
import io

from PIL import Image


def png_address(image: Image.Image) -> str:
    """The data address of an image as PNG, for `src` of a page that needs no other file.

    Args:
        image: In any mode that PNG holds.

    Example:
        >>> png_address(Image.new("RGB", (1, 1)))[:26]
        'data:image/png;base64,iVBO'
    """
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return f"data:image/png;base64,{base64.b64encode(file.getvalue()).decode()}"
