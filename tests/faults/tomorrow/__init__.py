"""A release of tomorrow, as far as tests need one: a migration that widens tables which are in use today."""
