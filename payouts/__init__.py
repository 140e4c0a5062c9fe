"""What each person is paid in a period, and why."""
