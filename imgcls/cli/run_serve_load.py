"""What `python -m imgcls.serve load` does once its flags are read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.load_chart import save_chart
from imgcls.cli.terminal import progress_line, say, table
from imgcls.counted import counted
from imgcls.files import replacing
from imgcls.serving.client import Client
from imgcls.serving.client.batching import find_values
from imgcls.serving.client.check import served_versions
from imgcls.serving.client.load import Level, measure
from imgcls.serving.given_images import content
from imgcls.serving.versions import find_version
from imgcls.serving.warmup import DEFAULT_SIGNATURE, read_warmup
from imgcls.workflow.sources import list_images

MOST_IMAGES = 32  # in a request
INPUT = "image_bytes"


@dataclass(frozen=True)
class Outputs:
    """The files that are written, if any."""

    batching: Path | None = None
    chart: Path | None = None


def load(client: Client, images: Sequence[bytes], seconds: float, most_clients: int, outputs: Outputs) -> int:
    """Measure with more and more clients, then with more and more images in a request."""
    served_versions(client)  # a server that is not there says so at once
    by_clients, by_images = _levels(client, images, seconds, (most_clients, MOST_IMAGES))
    say(f"One image in a request, {counted(len(images), 'image')} in turn:")
    table(["clients", "images/s", "p50 ms", "p95 ms", "p99 ms", "failed"], [_row(each) for each in by_clients])
    say("\nOne client:")
    table(["images", "images/s", "p50 ms", "p95 ms", "p99 ms", "failed"], [_row(each, "images") for each in by_images])
    if outputs.chart:
        save_chart(by_clients, outputs.chart)
        say(f"\nWritten to {outputs.chart}")
    if any(each.failed for each in (*by_clients, *by_images)):
        why = next(each.why for each in (*by_clients, *by_images) if each.failed)
        say(f"\nRequests failed, so no batching is proposed. The last reason: {why}")
        return command.WITH_PROBLEMS
    found = find_values(by_images, by_clients)
    say(f"\nBatching that fits TensorFlow Serving:\n\n{found.text()}\nand imgcls.serve: {found.flags()}")
    if outputs.batching:
        with replacing(outputs.batching) as partial:
            partial.write_text(found.text(), "utf-8")
        say(f"Written to {outputs.batching}")
    return command.OK


def warmup_images(bundle: Path) -> list[bytes]:
    """The warm-up images of a bundle.

    Raises:
        ValueError: If it has none.
    """
    version = find_version(bundle)
    found: dict[bytes, None] = {}
    for signature, inputs in read_warmup(version):
        if signature == DEFAULT_SIGNATURE and INPUT in inputs:
            found |= dict.fromkeys(inputs[INPUT].tolist())  # type: ignore[attr-defined]  # an array
    if not found:
        raise ValueError(f"{version} has no warm-up images. Name some with --images.")
    return list(found)


def read_images(names: Sequence[str]) -> list[bytes]:
    """The images of --images, without those that cannot be read.

    Raises:
        ValueError: If none can be.
    """
    found = [content(path) for path in list_images(names)]
    readable = [data for data, problem in found if not problem]
    if not readable:
        raise ValueError(f"None of the {counted(len(found), 'image')} can be read: {found[0][1]}.")
    return readable


def _levels(
    client: Client, contents: Sequence[bytes], seconds: float, most: tuple[int, int]
) -> tuple[list[Level], list[Level]]:
    """With 1, 2, 4, ... clients, and with 1, 2, 4, ... images in a request."""
    clients, images = list(_doubled(most[0])), list(_doubled(most[1]))
    with progress_line() as progress:
        report = progress.of("Measuring", len(clients) + len(images))
        by_clients = []
        for count in clients:
            by_clients.append(measure(client, contents, clients=count, images=1, seconds=seconds))
            report(len(by_clients))
        by_images = []
        for count in images:
            by_images.append(measure(client, contents, clients=1, images=count, seconds=seconds))
            report(len(by_clients) + len(by_images))
    return by_clients, by_images


def _doubled(most: int) -> Iterator[int]:
    number = 1
    while number < most:
        yield number
        number *= 2
    yield most


def _row(level: Level, first: str = "clients") -> list[str]:
    times = [f"{value:.1f}" for value in (level.p50, level.p95, level.p99)]
    return [str(getattr(level, first)), f"{level.rate:.1f}", *times, str(level.failed)]
