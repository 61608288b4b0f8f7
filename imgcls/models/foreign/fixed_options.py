"""Which options of a network a Keras model cannot have, because it is used as it is."""

import logging
from dataclasses import replace

from imgcls.data_format import CHANNELS_LAST
from imgcls.models.network_options import NetworkOptions
from imgcls.models.registry import Architecture

REPLACING = ("activation", "normalization", "initializer", "regularizer", "drop_path")  # what its layers are made with
log = logging.getLogger(__name__)


def usable_options(architecture: Architecture, options: NetworkOptions) -> NetworkOptions:
    """The options as they hold for an architecture.

    Args:
        architecture: A network of ours, which has them all, or a Keras model.
        options: What the user chose.

    Raises:
        ValueError: For an option that would change the layers of a Keras model.
    """
    if not architecture.is_foreign:
        return options
    for name in REPLACING:
        if getattr(options, name) is not None:
            flag = f"--{name.replace('_', '-')}"
            raise ValueError(
                f"{flag} changes the layers of imgcls's own networks; {architecture.name} is a Keras model and is used "
                f"as it is. Leave {flag} out."
            )
    if options.data_format != CHANNELS_LAST:
        log.info("--data-format channels_last: %s is a Keras model and is used as it is.", architecture.name)
    return replace(options, data_format=CHANNELS_LAST)
