"""What `python -m imgcls.predict` does once its flags are read."""

from collections.abc import Sequence
from pathlib import Path

from imgcls.cli import command
from imgcls.cli.terminal import percent, progress_line, say, table
from imgcls.counted import counted
from imgcls.files import replacing
from imgcls.image_files import shown_name
from imgcls.serving.predictor import Predictions
from imgcls.workflow.predictor import load_predictor, pretrained_predictor
from imgcls.workflow.transcoded import transcoded_sentence

MOST_SHOWN = 20  # rows in the terminal


def predict(source: Path | str, paths: Sequence[Path], top: int, output: Path | None) -> int:
    """Predict the files, print the table, and write it to `output`.

    source: path of a run or bundle, or the name of an architecture with published weights.
    """
    predictor = load_predictor(source) if isinstance(source, Path) else pretrained_predictor(source)
    with progress_line() as progress:
        predictions = predictor.predict_files(paths, progress.of("Predicting", len(paths)))
    show_predictions(predictions, top)
    if output:
        save_predictions(predictions, top, output)
        say(f"\nWritten to {output}")
    return command.OK if predictions.readable.all() else command.WITH_PROBLEMS


def show_predictions(predictions: Predictions, top: int) -> None:
    """Print the table, and below it the problems."""
    shown = predictions.table(top)
    good = shown[shown["problem"] == ""]
    rows = []
    for row in good.head(MOST_SHOWN).to_dict("records"):
        endings = ["", *(f"_{place}" for place in range(2, top + 1))]
        named = [(row[f"class{e}"], row[f"probability{e}"]) for e in endings if f"class{e}" in row]
        first, *others = named
        labels = [row["labels"] or "none"] if predictions.multi_label else []
        then = ", ".join(f"{n} {percent(p)}" for n, p in others)
        decision = [row["decision"]] if predictions.is_judged else []
        rows.append([row["image"], *labels, first[0], percent(first[1]), then, *decision])
    if rows:
        heads = ["labels", "likeliest"] if predictions.multi_label else ["class"]
        columns = ["image", *heads, "probability", "then", *(["decision"] if predictions.is_judged else [])]
        table(columns, rows, text_columns=len(columns))
    if len(good) > MOST_SHOWN:
        say(f"... and {len(good) - MOST_SHOWN:,} more; --output predictions.csv keeps them all.")
    if sentence := transcoded_sentence([shown_name(path) for path in predictions.transcoded]):
        say(f"\n{sentence}")
    bad = shown[shown["problem"] != ""]
    if len(bad):
        say(f"\n{len(bad):,} of {counted(len(shown), 'file')} could not be read:")
        table(["image", "problem"], bad[["image", "problem"]].head(MOST_SHOWN).to_numpy().tolist(), text_columns=2)


def save_predictions(predictions: Predictions, top: int, path: Path) -> None:
    """Write the table as CSV, JSON lines or Parquet, by the ending; whole or not at all."""
    shown = predictions.table(top)
    with replacing(path) as partial:
        if path.suffix == ".csv":
            shown.to_csv(partial, index=False)
        elif path.suffix == ".jsonl":
            shown.to_json(partial, orient="records", lines=True, force_ascii=False, double_precision=7)
        else:
            shown.to_parquet(partial, index=False)
