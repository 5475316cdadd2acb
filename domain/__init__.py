"""Rules of Heliograph. Standard library only; no I/O, no clock, no randomness: time and ids are arguments."""
