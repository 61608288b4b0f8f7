"""The releases of TensorFlow Serving that a bundle can be checked for, by the tables in this folder."""

from pathlib import Path

from imgcls.nearest_name import did_you_mean

NEWEST_SERVING = "2.20"  # the newest release of TensorFlow Serving that was known when this was written
_PREFIX, _SUFFIX = "tensorflow-", ".xz"


def list_targets() -> list[str]:
    """The releases that there is a table for, ascending.

    Example:
        >>> NEWEST_SERVING in list_targets()
        True
    """
    found = [path.name[len(_PREFIX) : -len(_SUFFIX)] for path in Path(__file__).parent.glob(f"{_PREFIX}*{_SUFFIX}")]
    return sorted(found, key=lambda version: [int(part) for part in version.split(".")])


def check_target(version: str) -> str:
    """Return `version` if there is a table for it.

    Raises:
        ValueError: If there is none.

    Example:
        >>> check_target("2.20")
        '2.20'
    """
    if version not in list_targets():
        hint = did_you_mean(version, list_targets())
        raise ValueError(f"--for-serving is {version!r}; expected one of {', '.join(list_targets())}.{hint}")
    return version


def table_path(version: str) -> Path:
    """The file that holds the table of a release."""
    return Path(__file__).parent / f"{_PREFIX}{check_target(version)}{_SUFFIX}"
