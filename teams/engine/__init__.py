"""The arithmetic of `teams`: pure functions, with no Django, clock or input and output."""
