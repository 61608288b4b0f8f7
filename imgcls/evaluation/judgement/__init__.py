"""What is fitted on validation after training: when to answer, and how sure."""
