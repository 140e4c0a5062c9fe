"""Simulation: drawn futures of a plan in float64, by the engine that pays; never stored as pay. Pure."""
