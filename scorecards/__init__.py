"""What was measured, against which targets, and what it scored."""
