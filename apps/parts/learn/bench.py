"""The convolution bench: an image, a kernel to edit, its feature map, and the arithmetic of one of its pixels."""

from pathlib import Path

import numpy as np
import streamlit as st

from imgcls.counted import counted
from parts.addressed import addressed, keep_field
from parts.learn.bench_pictures import gray_pixels, numbers, picture, scale
from parts.learn.convolution import (
    PRESETS,
    SIDES,
    Kernel,
    arithmetic,
    feature_map,
    number_of,
    parsed,
    size_formula,
    window,
    written,
)
from parts.opened import keep

SAMPLE = Path(__file__).parents[3] / "datasets" / "fashion_mini" / "test"
OWN = "My own image"


def show_bench() -> None:
    """The whole bench."""
    st.write(
        "A convolution slides a small table of weights, the kernel, over an image. At each position it multiplies the "
        "weights with the pixels below them and adds up: that is one pixel of the feature map."
    )
    left, right = st.columns([1, 2], gap="medium")
    with left:
        image = ask_for_image()
        kernel = ask_for_kernel()  # also without an image: fields that are not drawn are forgotten
    with right:
        if image is None:
            st.info("Choose an image.")
        else:
            show_result(gray_pixels(image), kernel)


def ask_for_image() -> str | bytes | None:
    """The path of one of the sample, or what is in the user's own file; None while none is chosen."""
    names = [folder.name for folder in sorted(SAMPLE.glob("*")) if folder.is_dir()]
    options = [*names, OWN]
    chosen = st.selectbox(
        "Image", options, key=addressed("sample", options, options[0]), format_func=lambda name: name.replace("_", " ")
    )
    keep_field("sample", chosen)
    if chosen != OWN:
        return str(sorted((SAMPLE / chosen).iterdir())[0])
    file = st.file_uploader("Your image", help="It is reduced to 96 pixels, and to gray.")
    return None if file is None else file.getvalue()


def ask_for_kernel() -> Kernel:
    """A preset that can be edited, and how it moves. What is chosen stands in the address."""
    names = list(PRESETS)
    preset = st.selectbox("Kernel", names, key=addressed("kernel", names, names[3]))
    side = st.segmented_control(
        "Size", SIDES, key=addressed("size", SIDES, 3), format_func=lambda n: f"{n} x {n}", required=True
    )
    own, divided = ask_for_weights(preset, side)
    numbers_asked = [("Stride", 1, 4, 1), ("Padding", 0, 8, 1), ("Dilation", 1, 4, 1)]
    moves = [
        int(column.number_input(name, least, most, key=addressed(name.lower(), range(least, most + 1), first)))
        for column, (name, least, most, first) in zip(st.columns(3), numbers_asked, strict=True)
    ]
    moved = {name.lower(): move for (name, *_), move in zip(numbers_asked, moves, strict=True)}
    for name, value in {"kernel": preset, "size": side, **moved}.items():
        keep_field(name, str(value))
    return Kernel(parsed(own, divided), *moves)


def ask_for_weights(preset: str, side: int) -> tuple[str, float]:
    """The weights as they are written, and what they are divided by; those of the preset are not in the address."""
    weights, divisor = PRESETS[preset][side]
    text, address = written(weights), st.query_params.to_dict()
    if (preset, str(side)) != (address.get("kernel", ""), address.get("size", "3")):
        address = {}  # it is of another kernel
    own = st.text_area(
        "Weights", address.get("weights", "").replace(" / ", "\n") or text, key=f"weights {preset} {side}",
        height=28 * side + 40, help="A row on each line. Change them and see what happens.",
    )  # fmt: skip
    first = number_of(address.get("divisor", ""), float(divisor))
    divided = st.number_input("Divided by", value=first, key=f"divisor {preset} {side}", format="%g")
    keep(weights=" / ".join(own.splitlines()) if own != text else None)
    keep(divisor=str(divided) if divided != divisor else None)
    return own, divided


def show_result(pixels: np.ndarray, kernel: Kernel) -> None:
    """Image and feature map with the chosen position, the formula of the size, and the arithmetic."""
    found = feature_map(pixels, kernel)
    place = st.container()
    height, width = found.shape
    rows, columns = st.columns(2)
    with rows:
        row = ask_for_place("row", height)
    with columns:
        column = ask_for_place("column", width)
    top, left = row * kernel.stride - kernel.padding, column * kernel.stride - kernel.padding
    low, high = scale(found)
    with place:
        before, after = st.columns(2)
        with before:
            st.html(picture(pixels, 0, 255, (top, left, kernel.reach), f"The image, with the window at row {row}"))
            st.caption(f"The image, {pixels.shape[0]} x {pixels.shape[1]} pixels; framed: what the kernel covers.")
        with after:
            st.html(picture(found, low, high, (row, column, 1), f"The feature map, with the pixel {row}, {column}"))
            st.caption(f"The feature map, {height} x {width}; black is {low:.4g}, white is {high:.4g}.")
    seen = window(pixels, kernel, row, column)
    show_arithmetic(seen, kernel, float(found[row, column]))
    st.subheader("Its size", anchor=False)
    st.write("⌊(image + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1")
    st.code(f"height  {size_formula(pixels.shape[0], kernel)}\nwidth   {size_formula(pixels.shape[1], kernel)}", None)
    with st.expander("As a table"):
        st.dataframe(np.round(found, 3))


def ask_for_place(name: str, count: int) -> int:
    """The row or column of the output pixel, which stands in the address; the middle if it names none that there is."""
    key = addressed(name, range(count), count // 2)
    place = int(st.number_input(f"{name.capitalize()} of the output pixel", 0, count - 1, key=key))
    keep_field(name, str(place))
    return place


def show_arithmetic(seen: np.ndarray, kernel: Kernel, value: float) -> None:
    """Pixels, weights and products of one position, and their sum in full."""
    st.subheader("The arithmetic of that pixel", anchor=False)
    with st.container(horizontal=True):
        st.html(numbers(seen, "pixels"), width="content")
        st.html(numbers(kernel.weights, "times weights"), width="content")
        st.html(numbers(seen * kernel.weights, "products"), width="content")
    st.code(arithmetic(seen, kernel), None, wrap_lines=True)
    st.caption(f"{counted(kernel.weights.size, 'multiplication')}, one sum: {value:.4g}.")
