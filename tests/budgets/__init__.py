"""What list pages cost: counted at ten rows and at a thousand."""
