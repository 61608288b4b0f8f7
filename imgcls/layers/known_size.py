"""What a layer asks of a shape that may leave sizes open."""


def known(size: int | None, what: str) -> int:
    """The size, for a layer that cannot be built without it.

    Args:
        size: A number, or None where the shape leaves it open.
        what: Its name in the message, such as "number of channels".

    Raises:
        ValueError: If it is None.

    Example:
        >>> known(3, "number of channels")
        3
    """
    if size is None:
        raise ValueError(f"The {what} of the input is None; expected a number, so name it in `keras.Input`.")
    return size
