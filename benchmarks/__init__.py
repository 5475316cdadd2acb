"""Measurements: each script starts its own server on loopback, checks the answers, measures, and stops."""
