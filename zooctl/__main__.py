"""``zooctl`` and ``python -m zooctl``: the command line, quiet from the first moment."""

import os
import signal


def main() -> None:
    """Run the command line; an interrupt while it loads ends it without a traceback."""
    # A shell ignores interrupts in what it runs in its background, and means it.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # Nothing is open yet, so that nothing is to be cleaned up.
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(128 + signal.SIGINT))
    from zooctl.cli.main import main as run

    run()


if __name__ == "__main__":
    main()
