"""What leaves the room of plans as a file."""
