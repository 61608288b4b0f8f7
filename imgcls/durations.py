"""Durations as people read them."""


def clock(seconds: float) -> str:
    """A duration as minutes and seconds, with the hours before them where there are any.

    Example:
        >>> clock(75), clock(3_675)
        ('1:15', '1:01:15')
    """
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"
