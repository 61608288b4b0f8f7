"""The network of `--model auto` for photos, where the folder IMGCLS_WEIGHTS has others beside the default one.

A linear classifier on the features of each decides, within a time limit. Which figures others published plays no part
but to say which ones are tried.
"""

import logging
import os
import time
from dataclasses import dataclass, replace

from imgcls.config import TrainConfig
from imgcls.data.manifest.table import Manifest
from imgcls.durations import clock
from imgcls.models.cost import describe
from imgcls.models.registry import find_architecture
from imgcls.models.weights.here import weights_in_folder
from imgcls.models.weights.named import FOLDER, weights_folder
from imgcls.progress import Progress
from imgcls.training.auto_settings import PHOTO_MODEL, SMALL_IMAGE, resolve
from imgcls.training.transfer.probe import Probe
from imgcls.workflow.plan_choice import choose_plan

MOST_TRIED = 2  # networks beside the default one
MOST_MACS = 12  # times those of the default one; a larger network is for those who ask for it

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Candidate:
    """A network that may be taken.

    Attributes:
        model: Its name.
        weights: That it starts from.
    """

    model: str
    weights: str

    @property
    def macs(self) -> int:
        """MACs for one image of its own size."""
        return describe(self.model).macs

    def of(self, config: TrainConfig) -> TrainConfig:
        """The config with this network."""
        return replace(config, network=replace(config.network, model=self.model, weights=self.weights))


DEFAULT = Candidate(PHOTO_MODEL, "imagenet")


def with_default_network(config: TrainConfig, manifest: Manifest, progress: Progress) -> TrainConfig:
    """Settle the network where "auto" has a choice; else the config as it is.

    Args:
        config: As the user gave it.
        manifest: The images, each with a split.
        progress: Receives how many images have their features.
    """
    if not _has_choice(config, manifest):
        return config
    rivals = candidates_here()
    if not rivals:
        log.info(
            "--model auto: %s, %s, has no weights of timm or torchvision for another network of the table that is not "
            "much larger than %s.",
            FOLDER, weights_folder(), DEFAULT.model,
        )  # fmt: skip
        return config
    named = " and ".join(list(dict.fromkeys(each.model for each in rivals))[:MOST_TRIED])
    log.info("--model auto: %s has %s beside %s; their features decide.", FOLDER, named, DEFAULT.model)
    found = _probed([DEFAULT, *rivals], config, manifest, progress)
    best = decide(found)
    scores = ", ".join(f"{each.model} {100 * probe.score:.1f} %" for each, probe in found.items())
    log.info("--model %s --weights %s: a linear classifier has %s.", best.model, best.weights, scores)
    return best.of(config)


def candidates_here() -> list[Candidate]:
    """The networks whose weights are in the folder: not much larger than the default one, the best published first.

    A network of which there are several files is there several times.
    """
    most = MOST_MACS * DEFAULT.macs
    found = [Candidate(model, name) for model, names in weights_in_folder().items() for name in names]
    found = [each for each in found if each.model != DEFAULT.model and each.macs <= most]
    return sorted(found, key=lambda each: (-(find_architecture(each.model).top1 or 0.0), each.model))


def decide(found: dict[Candidate, Probe]) -> Candidate:
    """The best one; of those that are as good within its standard error, the one with the fewest MACs."""
    best = max(found.values(), key=lambda probe: probe.score)
    alike = [each for each, probe in found.items() if probe.score >= best.score - best.error]
    return min(alike, key=lambda each: each.macs)


def _has_choice(config: TrainConfig, manifest: Manifest) -> bool:
    network = config.network
    is_open = network.model == network.weights == "auto" and network.plan != "scratch" and not network.init_from
    if not is_open or not os.environ.get(FOLDER):
        return False
    sizes = manifest.sizes(manifest.usable)
    return bool(sizes.min(axis=1).median() > SMALL_IMAGE)


def _probed(
    candidates: list[Candidate], config: TrainConfig, manifest: Manifest, progress: Progress
) -> dict[Candidate, Probe]:
    """A probe of the first networks, as long as there is time; in place of one whose file is no good comes the next."""
    began, found = time.monotonic(), {}
    done: set[str] = set()  # networks that were tried, or that there is no time for
    a_mac = 0.0  # seconds of the slowest so far, for each MAC of an image
    for candidate in candidates:
        if len(done) > MOST_TRIED:
            break
        if candidate.model in done:
            continue
        start = time.monotonic()
        if start - began + a_mac * candidate.macs > 60 * config.network.minutes:
            log.info("%s is not tried: --minutes %g would not do.", candidate.model, config.network.minutes)
            done.add(candidate.model)
            continue
        try:
            settled = resolve(candidate.of(config), manifest)
            choice = choose_plan(settled, manifest, progress)
        except (ValueError, OSError) as error:
            if candidate is DEFAULT:
                raise
            log.warning("%s is not tried: %s", candidate.model, error)
            continue
        done.add(candidate.model)
        took = time.monotonic() - start
        a_mac = max(a_mac, took / candidate.macs)
        found[candidate] = next(probe for probe in choice.probes if probe.name == "embedding")
        log.info("  %s: %.1f %% in %s", candidate.model, 100 * found[candidate].score, clock(took))
    return found
