"""How a batch is divided among those that compute it together."""


def shares(images: int, count: int) -> list[int]:
    """The images of each of `count` shares: as equal as can be, the first ones one larger where there is a remainder.

    Example:
        >>> shares(64, 3)
        [22, 21, 21]
    """
    least, more = divmod(images, count)
    return [least + (number < more) for number in range(count)]


def share_of(part: tuple[int, int], images: int) -> tuple[int, int]:
    """Where one of several workers begins to read a batch, and how many images it reads.

    Args:
        part: (index, count) of the worker.
        images: in the batch.

    Example:
        >>> share_of((1, 3), 64)
        (22, 21)
    """
    index, count = part
    sizes = shares(images, count)
    return sum(sizes[:index]), sizes[index]
