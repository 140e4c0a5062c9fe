"""The house: settings, roles, embedded services and the commands that start them."""
