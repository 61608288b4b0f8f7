"""Numbers of things, as sentences name them."""


def counted(number: int, thing: str) -> str:
    """A number and its noun.

    Args:
        number: How many.
        thing: The noun in the singular; of several words the last one gets the plural.

    Example:
        >>> counted(1, "class"), counted(2, "class"), counted(12_345, "image"), counted(8, "epoch")
        ('1 class', '2 classes', '12,345 images', '8 epochs')
    """
    return f"{number:,} {thing if number == 1 else _plural(thing)}"


def _plural(thing: str) -> str:
    if thing.endswith("y") and thing[-2] not in "aeiou":
        return f"{thing[:-1]}ies"
    soft = thing.endswith(("s", "x", "ch", "sh")) and not thing.endswith("och")  # the ch of an epoch is hard
    return f"{thing}es" if soft else f"{thing}s"
