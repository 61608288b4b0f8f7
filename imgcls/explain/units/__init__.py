"""What the units of a network look for: the patches that excite them most, and the images they would like to see."""
