"""Mutations of bytes: of any file, of text by lines and columns, of JSON, of compressed files.

All draw from the generator that they are given, so that a case is its seed.
"""

from __future__ import annotations

import gzip
import json
import random
import re
import struct
import zlib
from collections.abc import Callable, Sequence

Mutation = Callable[[random.Random, bytes, Sequence[bytes]], bytes]

NUMBERS = (
    *(b"0", b"-1", b"1", b"-0", b"+1", b" 1", b"01", b"1.5", b"1_000", b"0x10", b"1e5"),
    *(b"2147483646", b"2147483647", b"2147483648", b"4294967295", b"4294967296"),
    *(b"9007199254740993", b"9223372036854775807", b"9223372036854775808", b"-9223372036854775809"),
    *(b"18446744073709551616", b"1e308", b"1e309", b"-1e309", b"1e-320", b"nan", b"-inf", b"inf"),
    *(b"9" * 30, b"9" * 400, b"9" * 5000, b"\xc2\xb2", b"\xd9\xa3", b"\xef\xbc\x91"),
)
TOKENS = (
    *(b"", b".", b"-", b"*", b"+", b"<DEL>", b"<>", b"<*>", b"#", b">", b"@", b"=", b";", b","),
    *(b":", b"|", b"/", b'"', b"'", b"\\", b"[", b"]", b"{", b"}", b"[[1]", b"&a", b"!!x", b"%s%n"),
    *(b"\x00", b"\xff\xfe", b"\xc3\xa9", b"\xef\xbb\xbf", b"\xe2\x80\xae", b"\xe2\x80\xa8"),
    *(
        b"\x0b",
        b"\x0c",
        b"\x1c",
        b"\x85",
        b"\xc2\xa0",
        b"\r",
        b"\x1b[31m",
        b"../../x",
        b"/etc/passwd",
    ),
    *(b"NA", b"NaN", b"null", b"true", b"None", b"chr1", b"1", b"chrUn", b"A", b"N" * 300, b"~"),
    *(b"A" * 70_000, b"a " * 5_000, b"1," * 5_000, b"\xf0\x9f\xa7\xac", b"\xed\xa0\x80"),
)
VALUES: tuple[object, ...] = (
    *(None, True, False, 0, -1, 1.5, 2**31, 2**53 + 1, 2**63, 10**30, 1e308, "", ".", "x" * 5000),
    *([], {}, [[]], {"a": {"b": []}}, "\x00", "\u202e", "../../x", "nan", "1", [0] * 300),
)
_SEPARATORS = (b"\t", b"\t", b" ", b",", b";", b":", b"=", b"|")
_NUMBER = re.compile(rb"[-+]?\d+(?:\.\d+)?(?:[eE][-+]?\d+)?")
_MOST_GROWTH = 200_000  # bytes that a mutation adds; long lines are one token of theirs


def _span(rng: random.Random, content: bytes) -> tuple[int, int]:
    """Return start and end of a stretch, short ones more often."""
    start = rng.randrange(len(content) + 1)
    longest = rng.choice((1, 4, 16, 64, 1024, len(content) + 1))
    return start, min(len(content), start + rng.randint(1, longest))


def flip_bits(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Flip one bit, or a few."""
    changed = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 8)) if content else 0):
        changed[rng.randrange(len(changed))] ^= 1 << rng.randrange(8)
    return bytes(changed)


def set_bytes(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Set one byte to a value at an edge."""
    changed = bytearray(content)
    if content:
        values = (0, 1, 9, 10, 13, 32, 0x7F, 0x80, 0xFF, rng.randrange(256))
        changed[rng.randrange(len(changed))] = rng.choice(values)
    return bytes(changed)


def set_integer(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Set 2, 4 or 8 bytes to an integer or float at an edge."""
    size = rng.choice((2, 4, 4, 8, 8))
    bits = size * 8
    edges = (0, 1, 2**bits - 1, 2 ** (bits - 1), 2 ** (bits - 1) - 1, 2**16 - 1, len(content))
    value = (rng.choice(edges) + rng.choice((0, 0, 1, -1))) % 2**bits
    packed = value.to_bytes(size, rng.choice(("little", "little", "big")))
    if size > 2 and rng.random() < 0.2:
        packed = struct.pack("<f" if size == 4 else "<d", rng.choice((float("nan"), float("inf"))))
    at = rng.randrange(max(1, min(len(content), rng.choice((64, 512, len(content))))))
    return content[:at] + packed + content[at + size :]


def delete(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Take a stretch out."""
    start, end = _span(rng, content)
    return content[:start] + content[end:]


def duplicate(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Write a stretch again, once or many times."""
    start, end = _span(rng, content)
    times = min(rng.choice((1, 1, 2, 50, 5000)), 1 + _MOST_GROWTH // max(1, end - start))
    return content[:end] + content[start:end] * times + content[end:]


def swap(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Let two stretches change places."""
    a, b, c, d = sorted(rng.randrange(len(content) + 1) for _ in range(4))
    return content[:a] + content[c:d] + content[b:c] + content[a:b] + content[d:]


def insert(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Put random bytes or a token somewhere."""
    at = rng.randrange(len(content) + 1)
    random_bytes = rng.randbytes(rng.choice((1, 4, 64, 1024)))
    return content[:at] + rng.choice((random_bytes, rng.choice(TOKENS))) + content[at:]


def splice(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Go on with the end of another file."""
    other = rng.choice(others) if others else content
    return content[: rng.randrange(len(content) + 1)] + other[rng.randrange(len(other) + 1) :]


def truncate(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """End before the end; often just before it."""
    left = rng.choice((rng.randrange(len(content) + 1), len(content) - rng.randint(1, 40)))
    return content[: max(0, left)]


def change_number(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Put an extreme in the place of a number."""
    found = list(_NUMBER.finditer(content))
    if not found:
        return set_bytes(rng, content, others)
    one = rng.choice(found)
    near = str(int(one[0][:300]) + rng.choice((-1, 1))).encode() if one[0].isdigit() else b"7"
    new = rng.choice((rng.choice(NUMBERS), rng.choice(NUMBERS), near, rng.choice(found)[0]))
    return content[: one.start()] + new + content[one.end() :]


def _with_line(
    rng: random.Random, content: bytes, change: Callable[[bytes], bytes | None]
) -> bytes:
    """Change one line; None takes it out."""
    lines = content.split(b"\n")
    at = rng.randrange(len(lines))
    new = change(lines[at])
    lines[at : at + 1] = [] if new is None else [new]
    return b"\n".join(lines)


def change_column(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Put a token in the place of a column, or of a part of one."""

    def change(line: bytes) -> bytes:
        separator = rng.choice([one for one in _SEPARATORS if one in line] or [b"\t"])
        columns = line.split(separator)
        at = rng.randrange(len(columns))
        new = rng.choice((rng.choice(TOKENS), rng.choice(TOKENS), rng.choice(NUMBERS)))
        columns[at] = rng.choice((new, new, columns[at] + new, new + columns[at]))
        return separator.join(columns)

    return _with_line(rng, content, change)


def move_columns(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Drop, repeat, swap or multiply columns of a line, or separate them otherwise."""

    def change(line: bytes) -> bytes:
        separator = rng.choice([one for one in _SEPARATORS if one in line] or [b"\t"])
        columns = line.split(separator)
        at, to = rng.randrange(len(columns)), rng.randrange(len(columns))
        kind = rng.randrange(5)
        if kind == 0:
            del columns[at]
        elif kind == 1:
            columns.insert(at, columns[to])
        elif kind == 2:
            columns[at], columns[to] = columns[to], columns[at]
        elif kind == 3:
            columns[at:at] = columns[at : at + 1] * min(
                3_000, _MOST_GROWTH // (len(columns[at]) + 1)
            )
        else:
            separator = rng.choice((b" ", b"\t", b"\t\t", b"  ", b","))
        return separator.join(columns)

    return _with_line(rng, content, change)


def move_lines(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Drop, repeat, swap, join or empty lines, or end them otherwise."""
    lines = content.split(b"\n")
    at, to = rng.randrange(len(lines)), rng.randrange(len(lines))
    kind = rng.randrange(8)
    if kind == 0:
        del lines[at]
    elif kind == 1:
        times = min(rng.choice((1, 2, 1_000)), 1 + _MOST_GROWTH // (len(lines[at]) + 1))
        lines[at:at] = [lines[at]] * times
    elif kind == 2:
        lines[at], lines[to] = lines[to], lines[at]
    elif kind == 3:
        lines[at : at + 2] = [b"".join(lines[at : at + 2])]
    elif kind == 4:
        lines.insert(at, rng.choice((b"", b" ", b"\t", b"#", b"##x=y", b"track name=x", b"\x00")))
    elif kind == 5:
        lines = [line + b"\r" for line in lines]
    elif kind == 6:
        lines[at] += b"\r"
    else:
        lines = lines[:-1] if lines[-1] == b"" else [*lines, b""]
    return b"\n".join(lines)


def change_case(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Write a line, or all of it, in the other case, or put a byte order mark before it."""
    kind = rng.randrange(3)
    if kind == 0:
        return b"\xef\xbb\xbf" + content
    return content.swapcase() if kind == 1 else _with_line(rng, content, bytes.swapcase)


def change_json(rng: random.Random, content: bytes, others: Sequence[bytes]) -> bytes:
    """Put another value in the place of one of a JSON document, or take it out."""
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        return change_column(rng, content, others)
    places: list[tuple[dict[str, object] | list[object], str | int]] = []
    left: list[object] = [document]
    while left:
        value = left.pop()
        if isinstance(value, dict):
            places += [(value, key) for key in value]
            left += value.values()
        elif isinstance(value, list):
            places += [(value, index) for index in range(len(value))]
            left += value
    if not places:
        return b"[]"
    holder, key = rng.choice(places)
    if rng.random() < 0.2:
        del holder[key]  # type: ignore[arg-type]
    elif isinstance(holder, dict) and rng.random() < 0.1:
        holder[rng.choice(("", "x", "__class__", "\u202e"))] = holder[str(key)]
    else:
        holder[key] = rng.choice(VALUES)  # type: ignore[index]
    return json.dumps(document).encode()


ANY: tuple[Mutation, ...] = (
    flip_bits,
    set_bytes,
    delete,
    duplicate,
    swap,
    insert,
    splice,
    truncate,
)
BINARY: tuple[Mutation, ...] = (*ANY, set_integer, set_integer, set_integer, flip_bits)
TEXT: tuple[Mutation, ...] = (
    *ANY,
    *(change_number, change_number, change_number, change_column, change_column, change_column),
    *(move_columns, move_columns, move_lines, move_lines, change_case),
)
JSON: tuple[Mutation, ...] = (*TEXT, *[change_json] * 12)
CONTAINER: tuple[Mutation, ...] = (
    *(flip_bits, set_bytes, set_integer, delete, duplicate, insert, splice, truncate),
)


def mutate(
    rng: random.Random, content: bytes, others: Sequence[bytes], mutations: Sequence[Mutation]
) -> tuple[bytes, str]:
    """Return a content changed one to three times, and how."""
    names = []
    for _ in range(rng.choice((1, 1, 1, 2, 3))):
        mutation = rng.choice(mutations)
        content = mutation(rng, content, others)
        names.append(mutation.__name__)
    return content, " ".join(names)


def bgzip(content: bytes, block: int = 0xFF00) -> bytes:
    """Compress as ``bgzip`` does, written from the SAM specification, section 4.1.

    >>> gzip.decompress(bgzip(b"a" * 100, block=30)) == b"a" * 100
    True
    """
    parts = []
    for start in [*range(0, len(content), block), None]:
        text = b"" if start is None else content[start : start + block]
        packer = zlib.compressobj(6, zlib.DEFLATED, -15)
        packed = packer.compress(text) + packer.flush()
        head = struct.pack("<4BI2BH2BHH", 31, 139, 8, 4, 0, 0, 255, 6, 66, 67, 2, len(packed) + 25)
        parts += [head, packed, struct.pack("<2I", zlib.crc32(text), len(text))]
    return b"".join(parts)


def gzipped(content: bytes) -> bytes:
    """Compress as ``gzip`` does, without a time."""
    return gzip.compress(content, 6, mtime=0)
