"""``python -m zooctl``: the command line."""

from zooctl.cli.main import main

if __name__ == "__main__":
    main()
