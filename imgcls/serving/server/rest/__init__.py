"""HTTP: the REST API of TensorFlow Serving, images as curl sends them, and who may ask."""
