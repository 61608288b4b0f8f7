"""Images of each class as bars that are a table: read by eye, by a screen reader, and without a chart library."""

from html import escape

import pandas as pd

from parts.charts import SPLITS

NAMES = {"unsplit": "no split"}  # columns of the counts that the page calls otherwise
LOOK = """<style>
.bars {border-collapse: collapse; width: 100%; font-size: .875rem}
.bars th {text-align: left; font-weight: 400; padding: 2px 10px 2px 0; max-width: 180px; overflow: hidden;
  text-overflow: ellipsis; white-space: nowrap}
.bars td {padding: 2px 0 2px 10px; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap}
.bars td.bar {width: 100%; padding: 2px 0}
.bars .row {display: flex; height: 15px}
.bars i, .bars .split i {display: block}
.bars .split {display: inline-flex; align-items: center; gap: 6px}
.bars .split i {width: 12px; height: 12px; border-radius: 2px}
</style>"""


def class_bars(counts: pd.DataFrame) -> str:
    """A table as HTML: a row a class, with a bar of its splits and their numbers.

    Args:
        counts: What `Manifest.counts` returns: a row a class, a column a split.
    """
    splits = [name for name in SPLITS if name in counts]
    most = max(1, int(counts[splits].sum(axis=1).max()))
    heads = "".join(
        f'<td scope="col"><span class="split">{_square(name)}{escape(NAMES.get(name, name))}</span></td>'
        for name in splits
    )
    rows = "".join(_row(str(name), row, splits, most) for name, row in counts.iterrows())
    head = f'<tr><th scope="col"><span hidden>class</span></th><td class="bar"></td>{heads}</tr>'
    return f'{LOOK}<table class="bars"><caption hidden>Images of each class</caption>{head}{rows}</table>'


def _row(name: str, counts: pd.Series, splits: list[str], most: int) -> str:
    bar = "".join(
        f'<i style="width:{100 * counts[split] / most:.2f}%;background:{SPLITS[split]}"></i>' for split in splits
    )
    numbers = "".join(f"<td>{int(counts[split]):,}</td>" for split in splits)
    shown = escape(name, quote=True)
    return (
        f'<tr><th scope="row" title="{shown}">{shown}</th><td class="bar"><div class="row">{bar}</div></td>'
        f"{numbers}</tr>"
    )


def _square(split: str) -> str:
    return f'<i style="background:{SPLITS[split]}"></i>'
