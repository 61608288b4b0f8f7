"""The models that can be asked: runs and bundles of a project, published ImageNet weights, and models on servers."""

from dataclasses import dataclass
from pathlib import Path

from imgcls.serving.versions import MODEL, versions

PACKAGED = "efficientnet_lite0"  # whose ImageNet weights are installed with us
RUN, BUNDLE, IMAGENET, SERVER = "run", "bundle", "imagenet", "server"  # kinds of models


@dataclass(frozen=True)
class Model:
    """A model.

    Attributes:
        kind: run, bundle, imagenet or server.
        source: The folder of a run or bundle, the name of an architecture, or the address of a server.
        run: The run that it comes from, whose threshold holds; empty if it is not known.
    """

    kind: str
    source: str
    run: str = ""

    @property
    def name(self) -> str:
        """What it is called in an address."""
        return f"{self.kind}:{self.source if self.kind in (IMAGENET, SERVER) else Path(self.source).name}"

    @property
    def title(self) -> str:
        """What its users call it."""
        if self.kind == IMAGENET:
            return "1,000 everyday things (ImageNet)"
        if self.kind == SERVER:
            return f"Server {self.source}"
        return f"{'Run' if self.kind == RUN else 'Exported model'} {Path(self.source).name}"

    @property
    def state(self) -> str:
        """Another text once another model lies there, whose answers are others; empty for a server, which hides it."""
        if self.kind == IMAGENET:
            return self.source
        if self.kind == SERVER:
            return ""
        file = _file_of(self)
        return f"{file}@{file.stat().st_mtime_ns}" if file else ""


def _file_of(model: Model) -> Path | None:
    folder = Path(model.source)
    if model.kind == RUN:
        return folder / "model.keras" if (folder / "model.keras").is_file() else None
    newest = list(versions(folder).values())[-1:] if folder.is_dir() else []
    return newest[0] / MODEL if newest and (newest[0] / MODEL).is_file() else None
