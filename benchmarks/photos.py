"""The photos that scikit-image, scikit-learn and foolbox carry, and altered copies of them."""

import io
from importlib.util import find_spec
from pathlib import Path

from PIL import Image, ImageEnhance, ImageOps

FOLDERS = {"skimage": "data", "sklearn": "datasets/images", "foolbox": "data"}
DRAWINGS = {
    "chessboard_GRAY",
    "chessboard_RGB",
    "color",
    "horse",
    "logo",
    "no_time_for_that_tiny",
    "page",
    "phantom",
    "text",
}


def photos() -> dict[str, Image.Image]:
    """Each photo by its name, in colour, on white where it is transparent; drawings, pages and digits are left out."""
    found = {}
    for package, folder in FOLDERS.items():
        for path in sorted((Path(find_spec(package).origin).parent / folder).iterdir()):
            if path.suffix in (".png", ".jpg") and path.stem not in DRAWINGS and "mnist" not in path.stem.lower():
                image = Image.open(path).convert("RGBA")
                white = Image.new("RGBA", image.size, "white")
                found[f"{package}/{path.stem}"] = Image.alpha_composite(white, image).convert("RGB")
    return found


def encoded(image: Image.Image, format: str, quality: int) -> Image.Image:
    data = io.BytesIO()
    image.save(data, format, quality=quality)
    return Image.open(data).convert("RGB")


def half(image: Image.Image) -> Image.Image:
    return image.resize((image.width // 2, image.height // 2))


def cropped(image: Image.Image, left: float, top: float, right: float, bottom: float) -> Image.Image:
    """Without these shares of the width and height at the four sides."""
    width, height = image.size
    return image.crop(tuple(map(round, (left * width, top * height, (1 - right) * width, (1 - bottom) * height))))


COPIES = {
    "JPEG at 80": lambda image: encoded(image, "JPEG", 80),
    "JPEG at 50": lambda image: encoded(image, "JPEG", 50),
    "WebP at 70": lambda image: encoded(image, "WEBP", 70),
    "half size": half,
    "half size, JPEG at 80": lambda image: encoded(half(image), "JPEG", 80),
    "10 % brighter": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "10 % darker": lambda image: ImageEnhance.Brightness(image).enhance(0.9),
    "3 % cropped, around": lambda image: cropped(image, 0.015, 0.015, 0.015, 0.015),
    "3 % cropped, left and top": lambda image: cropped(image, 0.03, 0.03, 0, 0),
    "grayscale": lambda image: image.convert("L").convert("RGB"),
}
TURNED = {
    "mirrored": lambda image: image.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "mirrored, half size, JPEG at 80": lambda image: encoded(ImageOps.mirror(half(image)), "JPEG", 80),
    "rotated by 90": lambda image: image.transpose(Image.Transpose.ROTATE_90),
    "rotated by 180, JPEG at 80": lambda image: encoded(image.transpose(Image.Transpose.ROTATE_180), "JPEG", 80),
    "rotated by 270, JPEG at 50": lambda image: encoded(image.transpose(Image.Transpose.ROTATE_270), "JPEG", 50),
}
CROPPED = {
    "10 % cropped, around": lambda image: cropped(image, 0.1, 0.1, 0.1, 0.1),
    "10 % cropped, left and top": lambda image: cropped(image, 0.1, 0.1, 0, 0),
    "10 % cropped, bottom": lambda image: cropped(image, 0, 0, 0, 0.1),
    "7 % and 2 % cropped, JPEG at 80": lambda image: encoded(cropped(image, 0.07, 0.02, 0.02, 0.07), "JPEG", 80),
}
