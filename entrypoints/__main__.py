"""`python -m entrypoints` is the command `heliograph`."""

from entrypoints.cli import main

if __name__ == "__main__":
    main()
