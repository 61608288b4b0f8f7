"""What the worker can be asked: a function each, by the name of its file and its own. Only these import TensorFlow."""
