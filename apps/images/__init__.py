"""Small images as files, and the addresses that the browser fetches them from. Nothing here knows TensorFlow."""
