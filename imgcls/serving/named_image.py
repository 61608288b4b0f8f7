"""An image with the name that its row of a table gets, wherever it comes from."""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from imgcls.data.images.encoded import read_encoded
from imgcls.data.images.transcoding import decodable
from imgcls.image_files import EMPTY, Refused, shown_name


class NamedImage(NamedTuple):
    """An image that is to be predicted.

    Attributes:
        name: What the table calls it: a path, an address, or the path of an archive and the name in it.
        image: The file, or its content; None where it could not be had.
        problem: Why it could not be had, as a part of a sentence; "" if it could.
        box: (4,), the part of the image that is predicted, in pixels of the upright image; None for all of it.
    """

    name: str
    image: Path | bytes | None
    problem: str = ""
    box: np.ndarray | None = None

    @classmethod
    def of(cls, image: str | Path | bytes, box: np.ndarray | None = None) -> "NamedImage":
        """A file under its path, or encoded bytes under no name."""
        if isinstance(image, bytes):
            return cls("", image, box=box)
        return cls(shown_name(image), Path(image), box=box)

    def read(self) -> bytes:
        """The bytes of the file as they are.

        Raises:
            Refused: It could not be had, or it is empty.
            OSError: It cannot be read.
        """
        if self.image is None:
            raise Refused(self.problem)
        data = self.image if isinstance(self.image, bytes) else read_encoded(self.image)
        if not data:
            raise Refused(EMPTY)
        return data


class EncodedImage(NamedTuple):
    """The bytes of an image that TensorFlow can decode.

    Attributes:
        data: Those of the file, or of a PNG made of it; b"" where there is a problem.
        problem: Why there are none, as a part of a sentence.
        transcoded: Whether they are those of a PNG made of it.
    """

    data: bytes
    problem: str = ""
    transcoded: bool = False


def encoded(image: NamedImage) -> EncodedImage:
    """Read an image, and transcode it if it is of a format that TensorFlow does not decode.

    Example:
        >>> encoded(NamedImage("empty.png", b""))
        EncodedImage(data=b'', problem='the file is empty (0 bytes)', transcoded=False)
    """
    try:
        data = image.read()
        readable = decodable(data)
    except Refused as error:
        return EncodedImage(b"", str(error))
    except OSError as error:
        return EncodedImage(b"", (error.strerror or str(error)).lower())
    return EncodedImage(readable, transcoded=readable is not data)
