"""What people are paid for, written in the plan language."""
