"""The tests of kamcomp."""
