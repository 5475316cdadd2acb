"""Use cases. Imports the domain and the standard library only."""
