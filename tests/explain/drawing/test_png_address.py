"""Pictures inside a page."""

import base64
import io

from PIL import Image

from imgcls.explain.drawing.png_address import png_address


def test_the_address_holds_the_image():
    image = Image.effect_noise((20, 10), 50)
    kind, _, content = png_address(image).partition(",")
    assert kind == "data:image/png;base64"
    assert Image.open(io.BytesIO(base64.b64decode(content))).tobytes() == image.tobytes()
