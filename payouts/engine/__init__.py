"""The arithmetic of `payouts`: pure functions, with no Django, clock or input and output."""
