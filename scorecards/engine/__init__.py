"""The arithmetic of `scorecards`: pure functions, with no Django, clock or input and output."""
