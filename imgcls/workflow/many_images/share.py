"""A share of the images, so that several machines predict them together without asking each other."""

import re
from dataclasses import dataclass

from imgcls.workflow.many_images.seen_names import number_of


@dataclass(frozen=True)
class Share:
    """Share number `number` of `count`, counted from 1.

    An image belongs to the same share wherever and whenever it is asked, by its name alone: images that come later
    change nothing for the others.

    Example:
        >>> shares = [Share(number, 3) for number in (1, 2, 3)]
        >>> sum(share.holds("a.jpg") for share in shares)
        1
    """

    number: int = 1
    count: int = 1

    @classmethod
    def parse(cls, text: str) -> "Share":
        """The share that a text such as "2/4" names.

        Raises:
            ValueError: It names none.
        """
        found = re.fullmatch(r"(\d+)/(\d+)", text)
        share = cls(int(found[1]), int(found[2])) if found else cls(0, 0)
        if not 1 <= share.number <= share.count:
            raise ValueError(
                f"--shards is {text!r}; expected a number and how many there are, such as 1/4, 2/4, 3/4, 4/4."
            )
        return share

    def holds(self, name: str) -> bool:
        """Whether the image of this name belongs to it."""
        return self.count == 1 or (number_of(name) >> 32) % self.count == self.number - 1

    def __str__(self) -> str:
        return f"{self.number}of{self.count}"
