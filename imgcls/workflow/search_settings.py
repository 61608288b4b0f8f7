"""What a search is of: the settings that all its trials share, and the ranges that they are drawn from."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from imgcls.config import TrainConfig, flag
from imgcls.workflow.flat_options import flat

FREE = (  # settings that change where and how fast a trial is trained, and not what becomes of it but for rounding
    "name", "runs", "cache", "pixel_dtype", "feature_cache_gigabytes", "steps_per_call", "strategy", "data_service",
    "mlflow", "watch", "checkpoint_minutes",
)  # fmt: skip
PATHS = ("data", "overlay", "init_from")  # the same from wherever they are named
SEARCH = "--search"


def search_settings(config: TrainConfig, searched: Mapping[str, str]) -> dict[str, Any]:
    """What a search is of, by its flags, as JSON holds it.

    Args:
        config: Of the search, or of one of its trials.
        searched: The values that are tried of each field, as a text. Those in the config do not count.

    Example:
        >>> settings = search_settings(TrainConfig(), {"learning_rate": "0.001:0.01"})
        >>> settings["--search"], settings["--epochs"], "--learning-rate" in settings
        (['learning_rate=0.001:0.01'], 30, False)
    """
    shared = {name: value for name, value in flat(config).items() if name not in (*FREE, *searched)}
    return {
        SEARCH: sorted(f"{name}={values}" for name, values in searched.items()),
        **{flag(name): _as_json(name, value) for name, value in shared.items()},
    }


def check_same(study: str, before: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raise ValueError, with a sentence that names what differs, if a search was begun with other settings.

    Args:
        study: The name of the search.
        before: What `search_settings` said then.
        now: What it says now.
    """
    other = [name for name in now if name in before and before[name] != now[name]]
    if other:
        changed = "; ".join(f"{name} was {before[name]!r}, now {now[name]!r}" for name in other)
        raise ValueError(
            f"The search {study!r} was begun with other settings: {changed}. Choose another --study for the new ones, "
            "or repeat the first ones to go on."
        )


def _as_json(name: str, value: Any) -> Any:
    if name in PATHS and value is not None and Path(value).exists():
        return str(Path(value).resolve())
    return list(value) if isinstance(value, tuple) else value
