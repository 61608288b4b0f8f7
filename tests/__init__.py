import imgcls  # noqa: F401  TensorFlow reads the settings that it makes, so it is imported first
