"""Square patches of images with boxes, each with the class of the object that it shows, or background."""
