"""Settings of the site: `make docs` builds it, and the manual pages, from this folder."""

from __future__ import annotations

import sys
from pathlib import Path

DOCS = Path(__file__).resolve().parent
sys.path[:0] = [str(DOCS), str(DOCS.parent / "tests")]

import reference_pages  # noqa: E402

import zooctl  # noqa: E402

project = "zooctl"
version = release = zooctl.__version__
author = "the zooctl authors"
project_copyright = author

extensions = ["myst_parser", "sphinx_copybutton"]
exclude_patterns = ["*.py"]
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 3
# Options begin with two hyphens.
smartquotes = False
# Every link is followed: to a page, to a heading in it, to a file of the checkout.
nitpicky = True

# Blocks without a language are commands and their output.
highlight_language = "console"
copybutton_prompt_text = "$ "
copybutton_only_copy_prompt_lines = True

html_theme = "furo"
html_title = "zooctl"
# Without one, browsers ask for /favicon.ico and write to the console that there is none.
html_favicon = "icon.svg"
html_show_sphinx = False
html_copy_source = False
html_theme_options = {"footer_icons": [], "top_of_page_buttons": []}

man_pages = reference_pages.man_pages()
man_show_urls = False


def setup(app: object) -> None:
    """Write the pages that are made from the program before any is read."""
    reference_pages.write(DOCS / reference_pages.FOLDER)
