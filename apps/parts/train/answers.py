"""Three answers to "How shall it be trained?": quick, good and best for this data. Nothing here knows Streamlit."""

from dataclasses import dataclass
from typing import Any

from imgcls.cli.flags import Place
from imgcls.config import TrainConfig
from imgcls.counted import counted
from parts.train.facts import Facts, imbalance

PHOTO_MODEL, SMALL_MODEL = "efficientnet_lite0", "resnet20"  # as `imgcls.training.auto_settings` has them
MANY = 100  # images a class, as `imgcls.training.transfer.plan` has it
UNEVEN = 3.0  # largest class over smallest, from which on a run evens them out
EPOCHS = {  # images to look at in all, and the fewest and most epochs
    ("photos", "good"): (15_000, 4, 15),
    ("photos", "best"): (40_000, 8, 40),
    ("small", "quick"): (20_000, 5, 60),
    ("small", "good"): (60_000, 20, 150),
    ("small", "best"): (150_000, 40, 300),
}
TITLES = {"quick": "Quick", "good": "Good", "best": "Best"}


@dataclass(frozen=True)
class Answer:
    """A way of training.

    Attributes:
        name: quick, good or best.
        summary: What it is, in one sentence.
        settings: What of the config it sets.
        reasons: What will be done and why, in sentences.
    """

    name: str
    summary: str
    settings: dict[Place, Any]
    reasons: tuple[str, ...]

    @property
    def title(self) -> str:
        """What it is called on the page."""
        return TITLES[self.name]


def answers(facts: Facts) -> dict[str, Answer]:
    """The three ways of training on this data, by their names."""
    make = _of_small if facts.are_small else _of_photos
    return {name: make(facts, name) for name in TITLES}


def _of_photos(facts: Facts, name: str) -> Answer:
    settings: dict[Place, Any] = {
        ("network", "model"): PHOTO_MODEL,
        ("network", "weights"): "imagenet",
        ("network", "plan"): {"quick": "head", "good": "last_blocks", "best": "all"}[name],
    }
    if name == "quick":
        settings |= {("input", "augmentation"): "none", ("training", "feature_views"): 1}
    else:
        settings |= _length(facts, "photos", name)
    if name == "best":
        settings |= _stronger(facts)
    return Answer(name, PHOTO_SUMMARIES[name], settings, _photo_reasons(facts, name, settings))


PHOTO_SUMMARIES = {
    "quick": "A network that knows photos names yours; only its last layer is learned.",
    "good": "As quick, then the last third of the network is tuned to your images.",
    "best": "As good, then all of the network is tuned, longer and with stronger changes to the images.",
}


def _photo_reasons(facts: Facts, name: str, settings: dict[Place, Any]) -> tuple[str, ...]:
    start = (
        f"{PHOTO_MODEL} has learned from 1.3 million photos of 1,000 everyday classes; it is installed with this app. "
        f"A new last layer is fitted to your {counted(len(facts.counts), 'class')}."
    )
    if name == "quick":
        return start, "Nothing else is trained, so each image is looked at only once.", _about_few(facts), _end(facts)
    part = "the last third of its layers learns" if name == "good" else "first the last third, then all layers learn"
    tuned = (
        f"Then {part} from your {counted(facts.training, 'training image')}, slower than the last layer, so that what "
        "the network knows is kept. If no epoch does better on the validation images, the first state is kept."
    )
    return start, tuned, _about_changes(name), _about_length(settings), _about_few(facts), _end(facts)


def _of_small(facts: Facts, name: str) -> Answer:
    settings: dict[Place, Any] = {("network", "model"): SMALL_MODEL, ("network", "plan"): "scratch"}
    settings |= _length(facts, "small", name) | (_stronger(facts) if name == "best" else {})
    if name == "quick":
        settings |= {("training", "schedule"): "one_cycle"}
    start = (
        f"The images are small (their shorter side is {facts.side:.0f} pixels), and what a network of photos knows "
        f"helps little there. So {SMALL_MODEL}, a small network, learns from your images alone."
    )
    reasons = start, _about_changes(name), _about_length(settings), _about_few(facts), _end(facts)
    return Answer(name, SMALL_SUMMARIES[name], settings, reasons)


SMALL_SUMMARIES = {
    "quick": "A small network learns from your images, for a short time.",
    "good": "The same network learns three times as long, until it gets no better.",
    "best": "Longer still, with stronger changes to the images.",
}


def _length(facts: Facts, kind: str, name: str) -> dict[Place, Any]:
    looks, fewest, most = EPOCHS[kind, name]
    epochs = min(most, max(fewest, round(looks / max(1, facts.training))))
    patience = {} if name == "quick" else {("training", "early_stopping_patience"): max(3, epochs // 4)}
    return {("training", "epochs"): epochs, **patience}


def _stronger(facts: Facts) -> dict[Place, Any]:
    many = facts.training >= MANY * len(facts.counts)
    augmentation = {("input", "augmentation"): "strong" if many and not facts.several else "standard"}
    return augmentation | ({} if facts.several else {("training", "label_smoothing"): 0.1})


def _about_changes(name: str) -> str:
    if name == "best":
        return (
            "Each image is flipped, cut, turned and recolored anew each time, so that the network learns what "
            "matters; this takes more epochs and generalizes better."
        )
    return "Each image is flipped and cut a little differently each time, which makes few images go further."


def _about_length(settings: dict[Place, Any]) -> str:
    epochs, patience = (settings.get(("training", name)) for name in ("epochs", "early_stopping_patience"))
    length = f"It goes over the training images {epochs} times at most"
    if not patience:
        return f"{length}, and keeps the best epoch."
    return f"{length}, ends early after {patience} epochs that bring nothing, and keeps the best one."


def _about_few(facts: Facts) -> str:
    average = sum(facts.counts.values()) / len(facts.counts)  # an image of several classes counts for each
    few = f"few: more from {MANY} on help most" if average < MANY else "many"
    uneven = " The run evens the classes out." if facts.ratio >= UNEVEN and not facts.several else ""
    return f"A class has {average:,.0f} training images on average, which is {few}. {imbalance(facts)}{uneven}"


def _end(facts: Facts) -> str:
    about = "about " if facts.several else ""  # several classes are not divided to the image
    return f"At the end it is judged on {about}{counted(facts.test, 'image')} that training never sees."


def learns_from_scratch(config: TrainConfig) -> bool:
    """Whether nothing is known before."""
    small = config.network.model == SMALL_MODEL and config.network.weights in ("auto", "none")
    return config.network.plan == "scratch" or small
