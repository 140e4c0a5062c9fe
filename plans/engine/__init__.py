"""The arithmetic of `plans`: pure functions, with no Django, clock or input and output."""
