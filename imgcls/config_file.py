"""The config of a run as a TOML file, and what was called otherwise in files of before."""

import dataclasses
import re
import tomllib
from pathlib import Path
from typing import Any

import dacite
import tomli_w

from imgcls import __version__
from imgcls.config import TrainConfig
from imgcls.files import replacing
from imgcls.nearest_name import did_you_mean

RENAMED = {  # fields of before version 0.2; each with what it is called now
    "pictures": "images",
    "box_smallest": "min_box_side",
    "mirror": "horizontal_flip",
    "mirror_vertically": "vertical_flip",
    "crop": "crop_scale, the smallest share of the area: the square of the old value",
    "crop_aspect": "crop_ratio",
    "warp_share": "affine_probability",
    "noise_share": "noise_probability",
    "blur_share": "blur_probability",
    "jpeg_share": "jpeg_probability",
    "erasing": "random_erasing",
    "erasing_area": "random_erasing_area",
    "gridmask_kept": "gridmask_ratio",
    "stochastic_depth": "drop_path",
    "accumulate": "gradient_accumulation_steps",
    "fine_tune_rate": "backbone_learning_rate_factor",
    "depth_decay": "layer_decay",
    "clip_norm": "global_clipnorm",
    "average_weights": "ema_momentum",
    "patience": "early_stopping_patience",
    "checkpoint_gradients": "gradient_checkpointing",
    "synchronize_normalization": "sync_batch_normalization",
}
WRITTEN_BY = "# imgcls"  # begins the first line of a config that `save_toml` wrote; the version follows


def save_toml(config: TrainConfig, path: str | Path) -> None:
    """Write a config so that `load_toml` gives it back. What is None is left out: TOML has no word for it.

    The first line is a comment with the version of imgcls.
    """
    values = dataclasses.asdict(config, dict_factory=lambda pairs: {k: v for k, v in pairs if v is not None})
    with replacing(path, durable=True) as partial:
        partial.write_text(f"{WRITTEN_BY} {__version__}\n{tomli_w.dumps(values)}", "utf-8")


def written_by(path: str | Path) -> tuple[int, int]:
    """The version of imgcls that wrote a config, such as (0, 2); (0, 0) if the file does not say.

    Args:
        path: of the TOML file.
    """
    with Path(path).open(encoding="utf-8", errors="replace") as file:
        found = re.match(rf"{WRITTEN_BY} (\d+)\.(\d+)", file.readline())
    return (int(found[1]), int(found[2])) if found else (0, 0)


def load_toml(path: str | Path) -> TrainConfig:
    """Read a config. Fields that the file does not name keep their defaults.

    Args:
        path: of the TOML file.

    Raises:
        FileNotFoundError: there is no file.
        ValueError: a field is unknown (the sentence has the nearest name) or has another name now, or a value is of the
            wrong type or out of range.
    """
    path = Path(path)
    if not path.is_file():
        raise FileNotFoundError(f"No config file at {path}. Every run writes one: runs/<name>/config.toml.")
    try:
        values = tomllib.loads(path.read_text("utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} is no TOML file: {error}.") from error
    _check_renamed(values, path)
    _check_names(values, TrainConfig, str(path))
    try:
        return dacite.from_dict(TrainConfig, values, dacite.Config(strict=True, type_hooks=TOML_VALUES))
    except dacite.DaciteError as error:
        raise ValueError(f"{path}: {error}.") from error


def _number(value: Any) -> Any:
    """TOML writes 1.0 as 1 at times; a whole number is a float where a float is expected."""
    return float(value) if type(value) is int else value


def _texts(value: Any) -> Any:
    """TOML has lists and no tuples."""
    return tuple(value) if isinstance(value, list) else value


TOML_VALUES: dict[Any, Any] = {float: _number, tuple[str, ...]: _texts}  # by the type that a field expects


def _check_renamed(values: dict[str, Any], path: Path) -> None:
    """Raise ValueError, with all new names at once, for a config with fields of before version 0.2."""
    known: dict[str, Any] = {each.name: each.type for each in dataclasses.fields(TrainConfig)}
    sections = {name: value for name, value in values.items() if isinstance(value, dict) and name in known}
    found = [
        f"{name} is now {RENAMED[name]}"
        for section, fields in sections.items()
        for name in fields
        if name in RENAMED and name not in {each.name for each in dataclasses.fields(known[section])}
    ]
    if values.get("input", {}).get("color") == "grey":
        found.append('color "grey" is now "grayscale"')
    if found:
        raise ValueError(
            f"{path} has options of imgcls before version 0.2, which are to be renamed: {'; '.join(found)}."
        )


def _check_names(values: dict[str, Any], config_class: type, place: str) -> None:
    fields: dict[str, Any] = {f.name: f.type for f in dataclasses.fields(config_class)}
    for name, value in values.items():
        if name not in fields:
            hint = did_you_mean(name, fields) or f" There are: {', '.join(fields)}."
            raise ValueError(f"{place} has an unknown field {name!r}.{hint}")
        if dataclasses.is_dataclass(fields[name]):
            if not isinstance(value, dict):
                raise ValueError(f"{place}: {name} is {value!r}; expected a section [{name}].")
            _check_names(value, fields[name], f"{place}, section [{name}],")
