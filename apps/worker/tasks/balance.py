"""What balancing does to the classes of a project."""

from typing import Any


def effect(counts: list[int], settings: dict[str, Any], several: bool = False) -> tuple[str, list[float]]:
    """How much of an epoch each class gets.

    Args:
        counts: Training images of each class.
        settings: Of `imgcls.config.BalanceConfig`, by their names.
        several: Whether an image may have several classes.

    Returns:
        The way of balancing, settled where it was open, and for each class how many images it counts as.
    """
    import numpy as np

    from imgcls.config import BalanceConfig
    from imgcls.data.batches.balance import Balance, resolve_balance, resolve_multi_label_balance

    config = BalanceConfig(**settings)
    config = resolve_multi_label_balance(config) if several else resolve_balance(config, counts)
    if several:
        return config.balance, [float(count) for count in counts]
    balance = Balance.from_config(config, np.array(counts))
    return config.balance, (balance.image_weights * balance.counts).tolist()
