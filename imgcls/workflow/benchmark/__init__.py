"""Which network is best for these images on this machine: what is measured, kept and recommended."""
