"""What the colors of a heat map mean, drawn below it in the colors of the page's theme."""

from html import escape

import numpy as np

from imgcls.explain.drawing.legend import Legend

STOPS = 17  # colors between which the browser mixes


def color_bar(legend: Legend) -> str:
    """HTML of the bar over the labels of its ends."""
    colors = ",".join(f"rgb({','.join(map(str, each))})" for each in legend.colors(np.linspace(0, 1, STOPS)).tolist())
    ends = [legend.low, *(["0"] if legend.signed else []), legend.high]
    labels = "".join(f"<span>{escape(each)}</span>" for each in ends)
    note = f"<div>{escape(legend.note)}</div>" if legend.note else ""
    return (
        f'<div style="height:8px;border-radius:2px;margin-top:4px;background:linear-gradient(to right,{colors})"></div>'
        f'<div style="font-size:0.75rem;opacity:0.8"><div style="display:flex;justify-content:space-between">{labels}'
        f"</div>{note}</div>"
    )
