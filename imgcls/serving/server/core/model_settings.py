"""What an operator says about one model: its folder, which of its versions are served, and their labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from imgcls.serving.versions import check_no_format, is_version, versions


@dataclass(frozen=True)
class ModelSettings:
    """One model that is served.

    Attributes:
        name: In the addresses.
        folder: Of its versions, or one version, which alone is served then.
        latest: How many of the newest versions are served; 0 for all.
        versions: These versions alone; empty for what `latest` says.
        labels: Numbers of versions by label, such as {"stable": 3, "canary": 4}.
    """

    name: str
    folder: Path
    latest: int = 1
    versions: Sequence[int] = ()
    labels: Mapping[str, int] = field(default_factory=dict)

    def chosen(self, found: Mapping[int, Path]) -> dict[int, Path]:
        """Choose the versions that are served.

        Args:
            found: The folders of the versions that are there, by number.

        Example:
            >>> found = {number: Path(str(number)) for number in (1, 2, 10)}
            >>> sorted(ModelSettings("flowers", Path("flowers"), latest=2).chosen(found))
            [2, 10]
        """
        if self.versions:
            return {number: found[number] for number in self.versions if number in found}
        newest = sorted(found, reverse=True)
        return {number: found[number] for number in (newest[: self.latest] if self.latest else newest)}

    def found(self) -> dict[int, Path] | None:
        """The folders of all versions that are there, by number; None if the folder of the model is gone."""
        if is_version(self.folder):
            return {int(self.folder.name): self.folder}
        return versions(self.folder) if self.folder.is_dir() else None


def settings_of_folder(folder: Path) -> ModelSettings:
    """Serve the newest version in a folder, or the one version that it is, under the folder's name."""
    return ModelSettings(folder.parent.name if is_version(folder) else folder.name, folder)


def check_settings(settings: Sequence[ModelSettings]) -> None:
    """Check that models can be served together.

    Raises:
        ValueError: If a model has no name, shares it with another, asks for versions that cannot be, or its folder is
            not there or that of one format.
    """
    if not settings:
        raise ValueError("No model is named; a server needs at least one.")
    names = [each.name for each in settings]
    for each in settings:
        if not each.name:
            raise ValueError(f"The model in {each.folder} has no name; give it one.")
        if names.count(each.name) > 1:
            raise ValueError(f"Two models are called {each.name!r}; each needs a name of its own.")
        if each.latest < 0 or any(number < 0 for number in each.versions):
            raise ValueError(f"The versions of model {each.name!r} have to be numbers from 0 on.")
        if not each.folder.is_dir():
            raise ValueError(f"Model {each.name!r} has no folder: there is nothing at {each.folder}.")
        check_no_format(each.folder)
