"""`python -m cockpit` is the same as the `cockpit` command."""

from cockpit.cli import main

if __name__ == "__main__":
    main()
