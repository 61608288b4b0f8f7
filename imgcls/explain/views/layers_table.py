"""The layers of a network that can be looked into, as a table."""

import pandas as pd

from imgcls.explain.network import Network
from imgcls.models.feature_maps import FeatureMap


def layers_table(network: Network) -> pd.DataFrame:
    """The feature maps of a network, a row each, in the order in which they are computed.

    Args:
        network: The classifier.

    Returns:
        Columns: `layer`, its name; `kind`, its class; `height`, `width` and `units`; `field`, the side of the square
        of pixels that a position sees, as "43", or "43 x 41" for height x width where they differ, or "all" of the
        image, or "unknown" behind a layer that nothing is known of; `stride`, the pixels between neighbors, NA where
        the field has none.

    Example:
        >>> from imgcls.models import build_model
        >>> table = layers_table(Network(build_model("lenet5", class_names=["cat", "dog"])))
        >>> table[["layer", "units", "field"]].head(2)
             layer  units field
        0  c1_conv      6     5
        1       c1      6     5
    """
    rows = [(each.name, each.kind, *each.shape, field_of(each), _stride(each)) for each in network.maps]
    table = pd.DataFrame(rows, columns=["layer", "kind", "height", "width", "units", "field", "stride"])
    return table.astype({"stride": "Int64"})


def field_of(each: FeatureMap) -> str:
    """The receptive field of a layer in words, as in the table."""
    if not isinstance(each.fields, tuple):
        return "all" if each.fields is None else each.fields
    height, width = (field.size for field in each.fields)
    return f"{height}" if height == width else f"{height} x {width}"


def _stride(each: FeatureMap) -> int | None:
    return each.fields[0].stride if isinstance(each.fields, tuple) else None
