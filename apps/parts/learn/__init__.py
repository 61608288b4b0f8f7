"""What the page Learn is made of: the networks, one of them layer by layer, and the convolution bench."""
