"""Which names were there already, in 8 to 32 bytes a name."""

import hashlib
from array import array

FILLED = 0.5  # share of the places from which on there are twice as many


class SeenNames:
    """A set of names that keeps 64 bits of each.

    Two of a million names are taken for the same with a probability of 3 in 10^8, two of a hundred million in 10^4.

    Example:
        >>> seen = SeenNames()
        >>> seen.add("a.jpg"), seen.add("a.jpg"), len(seen)
        (True, False, 1)
    """

    def __init__(self) -> None:
        self._places = array("Q", bytes(8 * 1024))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def __contains__(self, name: str) -> bool:
        value = number_of(name)
        return self._places[self._place(value)] == value

    def add(self, name: str) -> bool:
        """Add a name; returns whether it is new."""
        value = number_of(name)
        place = self._place(value)
        if self._places[place] == value:
            return False
        self._places[place] = value
        self._count += 1
        if self._count > FILLED * len(self._places):
            self._grow()
        return True

    def _place(self, value: int) -> int:
        """Where a value is, or would be."""
        last = len(self._places) - 1
        place = value & last
        while self._places[place] not in (0, value):
            place = (place + 1) & last
        return place

    def _grow(self) -> None:
        before, self._places = self._places, array("Q", bytes(16 * len(self._places)))
        for value in before:
            if value:
                self._places[self._place(value)] = value


def number_of(name: str) -> int:
    """64 bits of a name that are the same on every machine; never 0."""
    digest = hashlib.blake2b(name.encode("utf-8", "surrogatepass"), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
