"""The chart of a server under load."""

from collections.abc import Sequence
from pathlib import Path

from imgcls.files import replacing
from imgcls.serving.client.load import Level

SIZE = 320, 220  # pixels of each of the two


def save_chart(levels: Sequence[Level], path: Path) -> None:
    """Draw images a second and waiting times over the number of clients.

    Args:
        levels: What was measured.
        path: A .png or .svg file.
    """
    import altair as alt
    import pandas as pd

    width, height = SIZE
    rates = pd.DataFrame(
        {"clients": [str(each.clients) for each in levels], "images/s": [each.rate for each in levels]}
    )
    times = pd.DataFrame(
        [
            {"clients": str(each.clients), "milliseconds": getattr(each, name), "of requests": name}
            for each in levels
            for name in ("p50", "p95", "p99")
        ]
    )
    clients = alt.X("clients:N", sort=None, title="clients at once", axis=alt.Axis(labelAngle=0))
    left = alt.Chart(rates, width=width, height=height).mark_line(point=True).encode(x=clients, y="images/s:Q")
    right = alt.Chart(times, width=width, height=height).mark_line(point=True)
    right = right.encode(x=clients, y="milliseconds:Q", color="of requests:N", strokeDash="of requests:N")
    with replacing(path) as partial:
        (left | right).save(partial, format=path.suffix[1:])
