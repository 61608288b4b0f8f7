"""The model card: what a model is for and how well it does, in Markdown that people and tools read.

The head of the file is the metadata that the Hugging Face Hub and its tools read.

Reference:
    Mitchell et al., Model Cards for Model Reporting, 2019. The fields: https://huggingface.co/docs/hub/model-cards
"""

import platform
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import yaml

import imgcls
from imgcls.command_line import command_line
from imgcls.counted import counted
from imgcls.evaluation.metrics import Evaluation
from imgcls.evaluation.prediction_table import PredictionTable
from imgcls.evaluation.report.answers import Answers, Share
from imgcls.evaluation.report.verdict import share_in_words, verdict
from imgcls.files import replacing

MOST_CLASSES = 200  # rows of a table of classes
MOST_WEAK = 5  # classes that are named as the weakest
NAME_OF_DATA = re.compile(r"[A-Za-z0-9][\w.-]*(/[\w.-]+)?")  # that the Hub takes for one of its data sets
HUB_METRICS = {  # ours: the name that the Hub has for it
    "accuracy": "accuracy",
    "macro_f1": "f1",
    "macro_precision": "precision",
    "macro_recall": "recall",
    "cohen_kappa": "cohen_kappa",
    "matthews_coefficient": "matthews_correlation",
    "macro_roc_area": "roc_auc",
    "brier_score": "brier_score",
}
PACKAGES = ("tensorflow", "keras", "numpy", "scikit-learn")  # whose versions a result depends on


@dataclass(frozen=True)
class ModelCard:
    """What a model card says.

    Attributes:
        title: Name of the run.
        run: Its folder, as it is typed.
        facts: The model, its weights, how it was trained and on which data, by name; empty values are left out.
        evaluation: The figures.
        table: The judged images.
        splits: How many images of each class there are in each split: {"train": {"cat": 40, ...}, ...}.
        config: The run's config.toml as text.
        license: Of the model, as the Hub calls it, such as "apache-2.0"; empty where it is not known.
        limitations: Further sentences of the analyses, such as the weakest slices and what it does with strange images.
    """

    title: str
    run: str
    facts: Mapping[str, str]
    evaluation: Evaluation
    table: PredictionTable
    splits: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    config: str = ""
    license: str = ""
    limitations: Sequence[str] = ()


def write_model_card(path: Path, card: ModelCard) -> None:
    """Write the model card as Markdown with a head in YAML.

    Raises:
        OSError: The file cannot be written.
        ValueError: No image was judged.
    """
    if not len(card.table):
        raise ValueError(f"{path} cannot be written: no image was judged. Check that the split has readable images.")
    head = yaml.safe_dump(metadata(card), allow_unicode=True, sort_keys=False, width=10_000)
    parts = (_uses, _how_to_use, _data, _procedure, _figures, _limitations, _environment)
    answers = Answers(card.table, card.evaluation)
    body = "\n\n".join([f"# {_plain(card.title)}", *("\n".join(part(card, answers)) for part in parts)])
    with replacing(path) as partial:
        partial.write_text(f"---\n{head}---\n\n{body}\n", "utf-8", errors="backslashreplace")


def metadata(card: ModelCard) -> dict[str, Any]:
    """The head of the card: the fields of the Hugging Face model card that are known."""
    data = card.facts.get("data", "")
    model = card.facts.get("model", "")
    known = {"license": card.license, "datasets": [data] if NAME_OF_DATA.fullmatch(data) else []}
    return {
        **{name: value for name, value in known.items() if value},
        "library_name": "keras",
        "pipeline_tag": "image-classification",
        "tags": [tag for tag in ("image-classification", "keras", "tensorflow", "imgcls", model) if tag],
        "metrics": [HUB_METRICS[name] for name in card.evaluation.metrics if name in HUB_METRICS],
        "model-index": [{"name": card.title, "results": [_result(card)]}],
    }


def _result(card: ModelCard) -> dict[str, Any]:
    """The figures of one split, as a model index has them."""
    data, split = card.facts.get("data") or "images", str(card.table.facts.get("split", "test"))
    figures = [
        {"type": HUB_METRICS.get(metric.name, metric.name), "value": round(value, 6), "name": metric.title}
        for metric, _ in card.evaluation.shown_metrics()
        if (value := card.evaluation.metrics[metric.name]) is not None
    ]
    return {
        "task": {"type": "image-classification", "name": "Image Classification"},
        "dataset": {"type": data, "name": data, "split": split},
        "metrics": figures,
    }


def _uses(card: ModelCard, answers: Answers) -> Iterable[str]:
    yield "## Intended use\n"
    names = card.table.class_names
    classes = ", ".join(f"`{_code(name)}`" for name in names[:MOST_CLASSES])
    more = f" and {len(names) - MOST_CLASSES:,} more" if len(names) > MOST_CLASSES else ""
    says = "which of these classes are in an image" if card.table.is_multi_label else "of which class an image is"
    yield f"The model says {says} ({counted(len(names), 'class')}): {classes}{more}."
    yield "It is for images like those that it was trained on."


def _how_to_use(card: ModelCard, answers: Answers) -> Iterable[str]:
    name = re.sub(r"[^\w.-]+", "-", card.title)
    yield "## How to use\n"
    yield f"```sh\npip install imgcls\n{command_line('predict', card.run, 'photo.jpg')}"
    yield f"{command_line('export', card.run, '--name', name)}\n{command_line('serve', f'saved_models/{name}')}\n```\n"
    yield "The server takes encoded images, as TensorFlow Serving does:\n"
    yield "```sh"
    yield f"curl -X POST http://127.0.0.1:8501/v1/models/{name}:predict \\"
    yield """  -d '{"instances": [{"b64": "'"$(base64 -w0 photo.jpg)"'"}]}'"""
    yield "```"


def _data(card: ModelCard, answers: Answers) -> Iterable[str]:
    yield "## Training data\n"
    if card.facts.get("data"):
        yield f"Data: `{_code(card.facts['data'])}`.\n"
    if not card.splits:
        yield "How many images each class had is not known."
        return
    yield from _table(["class", *card.splits], _counts(card))


def _counts(card: ModelCard) -> Iterable[list[str]]:
    """Images of each class in each split, and of all."""
    for name in card.table.class_names[:MOST_CLASSES]:
        yield [name, *(f"{counts.get(name, 0):,}" for counts in card.splits.values())]
    yield ["all classes", *(f"{sum(counts.values()):,}" for counts in card.splits.values())]


def _procedure(card: ModelCard, answers: Answers) -> Iterable[str]:
    yield "## Training procedure\n"
    for name, value in card.facts.items():
        if value and name != "data":
            yield f"- {_plain(name)}: {_plain(value)}"
    if card.config:
        fence = "`" * max(3, 1 + max((len(ticks) for ticks in re.findall("`+", card.config)), default=0))
        yield f"\nThe config, with which `python -m imgcls.train --config config.toml` repeats the run:\n\n{fence}toml"
        yield f"{card.config.rstrip()}\n{fence}"


def _figures(card: ModelCard, answers: Answers) -> Iterable[str]:
    evaluation, split = card.evaluation, card.table.facts.get("split", "")
    of_split = f" of the {split} split" if split else ""
    yield "## Evaluation\n"
    yield f"Judged on {counted(evaluation.images, 'image')}{of_split}. {' '.join(map(_plain, verdict(answers)))}\n"
    intervals = {"accuracy": answers.accuracy.interval, **evaluation.intervals}
    rows = []
    for metric, value in evaluation.shown_metrics():
        ends = intervals.get(metric.name)
        rows.append([metric.title, value, f"{metric.shown(ends[0])} to {metric.shown(ends[1])}" if ends else ""])
    yield from _table(["metric", "value", "95 % interval"], rows)
    yield ""
    shown = [[name, *_row(answers, place)] for place, name in enumerate(card.table.class_names[:MOST_CLASSES])]
    yield from _table(["class", "images", "recall", "95 % interval", "precision", "95 % interval"], shown)


def _row(answers: Answers, place: int) -> list[str]:
    recall, precision = answers.recall(place), answers.precision(place)
    return [f"{recall.whole:,}", *_share(recall), *_share(precision)]


def _share(share: Share) -> tuple[str, str]:
    if not share.whole:
        return "no images", ""
    low, high = share.interval
    return f"{100 * share.value:.1f} %", f"{100 * low:.1f} to {100 * high:.1f} %"


def _limitations(card: ModelCard, answers: Answers) -> Iterable[str]:
    yield "## Limitations\n"
    names = card.table.class_names
    judged = [place for place in range(len(names)) if answers.support[place]]
    weakest = sorted(judged, key=lambda place: answers.recall(place).value)[:MOST_WEAK]
    weak = [place for place in weakest if answers.recall(place).value < answers.accuracy.value]
    for place in weak:
        yield f"- `{_code(names[place])}` is found in {share_in_words(answers.recall(place), 'images')}."
    absent = [f"`{_code(name)}`" for name, support in zip(names, answers.support, strict=True) if not support]
    if absent:
        others = " and others" if len(absent) > MOST_WEAK else ""
        yield f"- No image was judged of {', '.join(absent[:MOST_WEAK])}{others}."
    for sentence in card.limitations:
        yield f"- {_plain(sentence)}"
    yield "- It was judged on images like those that it was trained on. How it does on others is not known."


def _environment(card: ModelCard, answers: Answers) -> Iterable[str]:
    yield "## Environment\n"
    yield f"- imgcls {imgcls.__version__}"
    yield f"- Python {platform.python_version()}"
    for package in PACKAGES:
        try:
            yield f"- {package} {version(package)}"
        except PackageNotFoundError:
            continue


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> Iterable[str]:
    """A table of Markdown."""
    yield f"| {' | '.join(columns)} |"
    yield f"|{'|'.join([' --- '] + [' ---: '] * (len(columns) - 1))}|"
    for row in rows:
        yield f"| {' | '.join(map(_plain, row))} |"


def _plain(text: str) -> str:
    """Text that Markdown shows as it is, in one line."""
    return re.sub(r"([\\`*{}\[\]<>|#~]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9]))", r"\\\1", " ".join(str(text).split()))


def _code(text: str) -> str:
    """Text between backticks, in one line."""
    return " ".join(str(text).replace("`", "'").split()).replace("|", "\\|")
