"""Ways in: HTTP, pages and the command line. They translate the outside to calls of the application."""

VERSION = "0.1.0"
