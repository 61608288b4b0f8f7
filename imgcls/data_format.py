"""channels_last and channels_first: the only layout logic in the package.

Images are channels_last (B, H, W, C) outside of a model. A channels_first model transposes its input itself.
"""

CHANNELS_LAST = "channels_last"
CHANNELS_FIRST = "channels_first"
DATA_FORMATS = (CHANNELS_LAST, CHANNELS_FIRST)


def check_data_format(data_format: str) -> str:
    """The same data format.

    Raises:
        ValueError: It is neither "channels_last" nor "channels_first".

    Example:
        >>> check_data_format("channels_last")
        'channels_last'
    """
    if data_format not in DATA_FORMATS:
        raise ValueError(f"data_format is {data_format!r}; expected {CHANNELS_LAST!r} or {CHANNELS_FIRST!r}.")
    return data_format


def channel_axis(data_format: str) -> int:
    """The axis of the channels in a batch: 1 in channels_first (B, C, H, W), -1 in channels_last (B, H, W, C).

    Raises:
        ValueError: The data format is unknown.

    Example:
        >>> channel_axis("channels_first"), channel_axis("channels_last")
        (1, -1)
    """
    return 1 if check_data_format(data_format) == CHANNELS_FIRST else -1


def spatial_axes(data_format: str) -> tuple[int, int]:
    """The axes of height and width in a batch of images.

    Raises:
        ValueError: The data format is unknown.

    Example:
        >>> spatial_axes("channels_first"), spatial_axes("channels_last")
        ((2, 3), (1, 2))
    """
    return (2, 3) if check_data_format(data_format) == CHANNELS_FIRST else (1, 2)


def from_channels_last(data_format: str) -> tuple[int, int, int]:
    """The permutation that brings images from (H, W, C) into a data format, without the batch, in Keras' counting from
    1.

    Raises:
        ValueError: The data format is unknown.

    Example:
        >>> from_channels_last("channels_first")
        (3, 1, 2)
    """
    return (3, 1, 2) if check_data_format(data_format) == CHANNELS_FIRST else (1, 2, 3)
