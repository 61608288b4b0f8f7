"""What TensorFlow raises where the memory of a machine or a card does not suffice, as a sentence."""

TAKEN = ("CUDA_ERROR_OUT_OF_MEMORY", "failed. Status: out of memory")  # where a card is full before the work begins


def sentence(error: BaseException) -> str:
    """What is wrong and what helps; empty if the error is about something else.

    TensorFlow's classes are known by their names, because it may not have been imported.
    """
    said = str(error)
    if any(words in said for words in TAKEN):
        return (
            "The card has no memory left: another process has taken it, which nvidia-smi names. End that one, or do "
            "without the card with CUDA_VISIBLE_DEVICES=-1."
        )
    if type(error).__name__ == "ResourceExhaustedError":
        first = (said.strip().splitlines() or ["no message"])[0][:200].rstrip(".")
        return (
            f"The memory does not suffice ({first}). Choose a smaller --batch-size, --image-size or network, or end "
            "what else takes memory."
        )
    return ""
