"""The machine that a process runs on: processor, memory, disk, cards, packages, and what is wrong with them."""
