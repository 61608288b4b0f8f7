"""What TensorFlow says of a request that it cannot compute, without what only its graph knows."""

import re

import tensorflow as tf

STACK = "<stack traces unavailable>\n"  # before it stands where in the graph
NAMES = re.compile(r"\{\{[^}]*\}\}|\[\[[^\]]*\]\]|\[Op:[^\]]*\](?: name:)?")  # of functions, nodes and operations
MOST_SHOWN = 500  # characters


def reason(error: Exception) -> str:
    """The reason in one line, without names of nodes and functions.

    Args:
        error: What a signature raised, or what reads records: of TensorFlow, or of Python.

    Example:
        >>> message = "{{function_node __call_7}} Shapes differ: [2] vs. [3]\\n\\t [[{{node add}}]] [Op:__call_7]"
        >>> reason(tf.errors.InvalidArgumentError(None, None, message))
        'Shapes differ: [2] vs. [3]'
    """
    message = error.message if isinstance(error, tf.errors.OpError) else str(error)
    lines = NAMES.sub(" ", message.split(STACK)[-1]).splitlines()
    said = [" ".join(line.split()) for line in lines if line.strip()]
    return said[0][:MOST_SHOWN] if said else type(error).__name__
