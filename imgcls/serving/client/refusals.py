"""What a client raises, in sentences that say what to do."""

from imgcls.command_line import command_line
from imgcls.serving.client.target import Target

UNKNOWN_LABEL = "Unrecognized servable version label"  # which TensorFlow Serving says with 400, and not with 404


class UnavailableError(RuntimeError):
    """The server is there and takes no request at present, such as one with a full queue."""


def too_late(target: Target) -> TimeoutError:
    """The server has not answered in time."""
    return TimeoutError(
        f"The server at {target.address.server} did not answer within {target.timeout:g} seconds. Send fewer images, "
        "or give the client a longer timeout."
    )


def no_server(target: Target, why: object) -> ConnectionError:
    """Nobody answers at the address, or the connection broke."""
    return ConnectionError(
        f"No server answers at {target.address.server} ({why}). Start one: "
        f"{command_line('serve', f'saved_models/{target.name}')}"
    )


def not_found(target: Target, why: str) -> ValueError:
    """The server lacks the model, the version or the label."""
    return ValueError(f"The server at {target.address.server} has no {target.described}: {why}")


def refused(target: Target, code: str, why: str, *, for_now: bool = False) -> ValueError | RuntimeError:
    """Every other refusal, in the server's words, and that of a label.

    Args:
        target: Who refused.
        code: Such as "HTTP 413" or "RESOURCE_EXHAUSTED".
        why: The server's sentence.
        for_now: Whether it may answer the same request later.
    """
    if why.startswith(UNKNOWN_LABEL):
        return not_found(target, why)
    kind = UnavailableError if for_now else RuntimeError
    return kind(f"The server at {target.address.server} refused ({code}): {why}")
