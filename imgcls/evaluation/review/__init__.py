"""Labels that look wrong, and images that are worth labelling."""
