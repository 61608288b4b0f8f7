"""The images in the body of a request: a form with files, as browsers and `curl -F` send it, or one image as it is."""

import logging
from dataclasses import dataclass
from typing import Any

from python_multipart.multipart import create_form_parser

from imgcls.serving.server.request_error import RequestError

logging.getLogger("python_multipart").addHandler(logging.NullHandler())  # a bad form is no news to the operator
UNSUPPORTED = 415
NAME = "image"  # of a field of the form that is an image without being a file
FORM = "multipart/form-data"
ADVICE = "Send images with `curl -F image=@cat.jpg ADDRESS`, or one with `curl --data-binary @cat.jpg ADDRESS`."


@dataclass(frozen=True)
class SentImage:
    """One image.

    Attributes:
        file: The name that the sender gave it; "" for none.
        data: The encoded image.
    """

    file: str
    data: bytes


def read_images(content_type: str, body: bytes, most: int) -> list[SentImage]:
    """Read the images of a request.

    Args:
        content_type: The header of this name.
        body: All of it.
        most: Files in a form.

    Returns:
        The files of a form in their order; else the body as one image.

    Raises:
        RequestError: If there is no image or too many, or the form is damaged or holds anything else.

    Example:
        >>> read_images("image/png", b"...", most=1)
        [SentImage(file='', data=b'...')]
    """
    kind = content_type.partition(";")[0].strip().lower()
    if kind == FORM:
        images = _Form(most).read(content_type, body)
    elif kind == "application/json":
        raise RequestError(f"This address takes images, not JSON; :predict takes JSON. {ADVICE}", UNSUPPORTED)
    else:
        images = [SentImage("", body)] if body else []
    if not images:
        raise RequestError(f"The request holds no image. {ADVICE}")
    return images


class _Form:
    """What a form holds, as its parser comes to it."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._images: list[SentImage] = []

    def read(self, content_type: str, body: bytes) -> list[SentImage]:
        in_memory = {"MAX_MEMORY_FILE_SIZE": len(body) + 1}
        headers = {"Content-Type": content_type.encode("latin-1", "replace")}
        try:
            parser = create_form_parser(headers, self._take_field, self._take_file, config=in_memory)
            parser.write(body)
            parser.finalize()
        except ValueError as error:  # of the parser's errors, the others are ValueErrors too
            raise RequestError(f"The form cannot be read: {error}. {ADVICE}") from error
        if not body.rstrip().endswith(b"--"):
            raise RequestError(f"The form is cut off after {len(body)} bytes. {ADVICE}")
        return self._images

    def _take_file(self, file: Any) -> None:
        file.file_object.seek(0)
        self._take(file.file_name, file.file_object.read())
        file.close()

    def _take_field(self, field: Any) -> None:
        name = (field.field_name or b"").decode("utf-8", "replace")
        if name != NAME:
            raise RequestError(
                f"The form has the field {name!r}, which is no file. Write what you ask behind the address, such as "
                "?top=3."
            )
        self._take(b"", field.value or b"")

    def _take(self, name: bytes | None, data: bytes) -> None:
        if len(self._images) == self._most:
            raise RequestError(
                f"The form has more than {self._most} images. Send fewer at once, or start the server with a larger "
                "--max-instances."
            )
        self._images.append(SentImage((name or b"").decode("utf-8", "replace"), data))
