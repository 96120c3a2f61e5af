"""Escape text of others for display on a terminal and in Markdown."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

# Control, format (bidirectional overrides among them), surrogate, private use, line separators.
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}

# Beginning of a heading, list, quotation or horizontal rule.
_BEGINNING = re.compile(r"^(\d*)(?=#|>|[-+](?:\s|$)|---)|^(\d+)(?=[.)](?:\s|$))")


def visible(text: str) -> str:
    """Return text with every character that could control a terminal escaped; line breaks stay.

    >>> visible("CTCF\\x1b[31m in \\u202egnp")
    'CTCF\\\\x1b[31m in \\\\u202egnp'
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        char
        if char == "\n" or unicodedata.category(char) not in _UNSAFE
        else char.encode("unicode_escape", "surrogatepass").decode()
        for char in text
    )


# Tokens of the hub, signatures in addresses, and logins in front of a host.
_SECRET = re.compile(
    r"\bhf_\w{16,}|(?<=://)[^/\s@]+(?=@)"
    r"|(?<=[?&])(?:X-Amz-[\w-]+|Signature|Policy|Key-Pair-Id)=[^&\s)]+",
    re.ASCII,
)


def without_secrets(text: str) -> str:
    """Return text with every token and signature replaced by three dots.

    >>> without_secrets("hf_AbcdefghijklmnopqrstuvwxYz at https://me:pw@hub.org/a?Signature=x1&b=2")
    '... at https://...@hub.org/a?...&b=2'
    """
    return _SECRET.sub("...", text)


def one_line(text: str) -> str:
    """Return visible text without line breaks."""
    return visible(" ".join(text.split()))


def markdown(text: str) -> str:
    """Return one line of Markdown that shows a text literally, without markup, HTML or images.

    >>> print(markdown("CTCF | <b>K562</b>, see [here](https://example.org)"))
    CTCF \\| &lt;b>K562&lt;/b>, see \\[here\\](https://example.org)
    >>> print(markdown("# snake_case and _emphasis_"), markdown("12. July"), markdown("1.5 kb"))
    \\# snake_case and \\_emphasis\\_ 12\\. July 1.5 kb
    """
    line = one_line(text)
    line = re.sub(r"[\\`*\[\]|~$]", r"\\\g<0>", line)
    # Within a word an underscore is one.
    line = re.sub(r"(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", r"\\_", line)
    line = line.replace("&", "&amp;").replace("<", "&lt;")
    return _BEGINNING.sub(r"\1\2\\", line)


def markdown_table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a Markdown table that shows its cells literally, without a final line break.

    >>> print(markdown_table(["method", "AUROC"], [["a|b", "0.9"]]))
    | method | AUROC |
    |---|---|
    | a\\|b | 0.9 |
    """
    first, *rest = [f"| {' | '.join(map(markdown, line))} |" for line in (head, *rows)]
    return "\n".join([first, "|---" * len(head) + "|", *rest])
