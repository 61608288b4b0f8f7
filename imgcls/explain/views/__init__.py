"""What a network is: its first filters, the maps of its layers, how its units behave, what they see."""
