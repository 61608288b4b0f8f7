"""Whether a heat map is to be believed: its figures beside those of maps that know nothing, and the verdict."""

from dataclasses import dataclass

LEAST_MARGIN = 0.05  # of the range in which the score moves, by which a map has to be better
SMALLEST_RANGE = 1e-3  # of a probability; below, the score does not depend on any part of the image
MOST_LIKENESS = 0.7  # rank correlation: half of the variance of the ranks is there before anything is learned

BELIEVABLE = "believable"
LIKE_BLOB = "no better than a centered blob"
LIKE_CHANCE = "no better than chance"
UNTESTABLE = "cannot be checked: the score stays the same whatever is covered"
LIKE_UNTRAINED = "looks the same for a network that has learned nothing: it shows edges of the image, not the network"


@dataclass(frozen=True)
class Areas:
    """The area under one curve for three maps, in the unit of the score.

    Attributes:
        map: Of the heat map.
        blob: Of a centered Gaussian.
        random: Of a random map that is as smooth as the heat map.
    """

    map: float
    blob: float
    random: float


@dataclass(frozen=True)
class Faithfulness:
    """How far one heat map is to be believed.

    Attributes:
        deletion: Of the probability while the highest pixels are covered; low is good.
        insertion: Of the probability while the highest pixels are uncovered; high is good.
        score_range: How far the probability moves in all of these curves.
        likeness: Rank correlation with the map of the same network with random weights; None if that was not asked.
        problem: Why there is no map, of `Heatmaps.problems`; "" if there is one.
    """

    deletion: Areas
    insertion: Areas
    score_range: float
    likeness: float | None = None
    problem: str = ""

    @property
    def gains(self) -> Areas:
        """Insertion minus deletion of the three maps; high is good."""
        pairs = [(getattr(self.insertion, name), getattr(self.deletion, name)) for name in ("map", "blob", "random")]
        return Areas(*(insertion - deletion for insertion, deletion in pairs))

    @property
    def verdict(self) -> str:
        """What the covering of pixels says, by the gains: `BELIEVABLE`, `LIKE_BLOB`, `LIKE_CHANCE` or why it cannot."""
        gains, margin = self.gains, LEAST_MARGIN * self.score_range
        if self.problem:
            return self.problem
        if self.score_range < SMALLEST_RANGE:
            return UNTESTABLE
        if gains.map < gains.random + margin:
            return LIKE_CHANCE
        return LIKE_BLOB if gains.map < gains.blob + margin else BELIEVABLE

    @property
    def fails(self) -> str:
        """Why the map is not to be believed, to stand on the picture; "" if it holds."""
        if not self.problem and self.likeness is not None and self.likeness > MOST_LIKENESS:
            return LIKE_UNTRAINED
        return "" if self.verdict == BELIEVABLE else self.verdict

    @property
    def lines(self) -> tuple[str, ...]:
        """The figures alone, to stand below a picture that says where they fail."""
        if self.problem:
            return ()
        likeness = () if self.likeness is None else (f"likeness to random weights {self.likeness:.2f}",)
        return f"deletion {_figures(self.deletion)}", f"insertion {_figures(self.insertion)}", *likeness

    @property
    def caption(self) -> str:
        """The figures and the verdict in one line, to stand below the picture."""
        if self.problem:
            return self.problem
        return f"{self.fails or BELIEVABLE}: {', '.join(self.lines)}"


def _figures(areas: Areas) -> str:
    return f"{areas.map:.2f} (blob {areas.blob:.2f}, random {areas.random:.2f})"
