"""Whether a run gives the same weights to the bit whenever it is repeated, and which operations stand against it."""

from collections.abc import Iterator

import tensorflow as tf

from imgcls.training.stage_batches import StageBatches
from imgcls.training.trainer import Trainer

REFUSED = {  # operation: what uses it. TensorFlow 2.21 on a GPU raises UnimplementedError for these under determinism
    "AdjustContrastv2": "tf.image.adjust_contrast",
    "Bincount": "tf.math.bincount",
    "CropAndResizeGradBoxes": "the gradient of tf.image.crop_and_resize",
    "CropAndResizeGradImage": "the gradient of tf.image.crop_and_resize",
    "DenseBincount": "tf.math.bincount",
    "Dilation2DBackpropFilter": "the gradient of tf.nn.dilation2d",
    "Dilation2DBackpropInput": "the gradient of tf.nn.dilation2d",
    "FakeQuantWithMinMaxVarsGradient": "the gradient of tf.quantization.fake_quant_with_min_max_vars",
    "FakeQuantWithMinMaxVarsPerChannelGradient": "the gradient of fake_quant_with_min_max_vars_per_channel",
    "MaxPoolGradWithArgmax": "the gradient of tf.nn.max_pool_with_argmax",
    "ResizeNearestNeighborGrad": "the gradient of a resize to the nearest neighbour, as of UpSampling2D",
    "SparseTensorDenseMatMul": "tf.sparse.sparse_dense_matmul",
}
IN_INFERENCE = ("FusedBatchNormGrad", "FusedBatchNormGradV2", "FusedBatchNormGradV3")  # refused with is_training=False


def choose_determinism(asked: bool | None) -> tuple[bool, str]:
    """Settle whether a run is deterministic.

    Args:
        asked: by the user; None leaves it to the device: yes on processors, where it costs little, no on GPUs.

    Returns:
        Whether it is, and why: a part of a sentence, empty where it was asked for.
    """
    if asked is not None:
        return asked, ""
    if tf.config.list_physical_devices("GPU"):
        return False, (
            "on a GPU it may cost half the speed; a run that goes on then repeats to rounding. --deterministic repeats "
            "it to the bit"
        )
    return True, "on a processor a run, also one that goes on, gives the same weights to the bit"


def check_step(trainer: Trainer, batches: StageBatches, deterministic: bool) -> None:
    """Raise ValueError, before a step is made, if it is to repeat to the bit on a GPU and TensorFlow cannot do that.

    Args:
        trainer: whose step it is.
        batches: of the stage that begins.
        deterministic: whether it is to repeat.
    """
    if deterministic and tf.config.list_physical_devices("GPU"):
        _, *batch = next(iter(trainer.distributed(batches.training(trainer.progress.position, 1))))
        check_repeatable(trainer.step.in_graph.get_concrete_function(*batch).graph)


def check_repeatable(graph: tf.Graph) -> None:
    """Raise ValueError for a step that TensorFlow cannot repeat to the bit on a GPU, before it is made.

    Args:
        graph: of the step.
    """
    found = refused_operations(graph)
    if found:
        names = "; ".join(f"{operation} ({REFUSED.get(operation, 'of frozen layers')})" for operation in found)
        raise ValueError(
            f"On GPUs TensorFlow cannot repeat these operations of the step to the bit: {names}. Train with "
            "--no-deterministic, or with another network."
        )


def refused_operations(graph: tf.Graph) -> list[str]:
    """The operations of a graph and its functions that TensorFlow refuses on a GPU under determinism, by name."""
    return sorted({node.op for node in _nodes(graph.as_graph_def()) if _is_refused(node)})


def _nodes(graph: tf.compat.v1.GraphDef) -> Iterator[tf.compat.v1.NodeDef]:
    yield from graph.node
    for function in graph.library.function:  # those of loops and branches too, at any depth
        yield from function.node_def


def _is_refused(node: tf.compat.v1.NodeDef) -> bool:
    return node.op in REFUSED or (node.op in IN_INFERENCE and not node.attr["is_training"].b)
