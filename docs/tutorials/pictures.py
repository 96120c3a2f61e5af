"""Draw the numbers that tutorials print, out of their pages, a picture beside each page."""

import re
from pathlib import Path

from matplotlib.figure import Figure

from zooctl.interpret.pictures.drawing import with_defaults
from zooctl.interpret.pictures.plots import COLOURS, DPI, save_figure, tidy

FOLDER = Path(__file__).parent
# Page to a row of its output (a name, then numbers), and the names of the numbers.
ROWS = {
    "balanced_validation": (
        r"(balanced|as it is): F1 (\S+) on validation; .* F1 (\S+)",
        ["F1 on validation", "F1 on test"],
    ),
    "bigwig": (r"(\d+) of 976 windows (reach \d+)", ["windows of 976"]),
    "confounding": (
        r"(trained on .+?) +GC alone (\S+)  k-mers (\S+)",
        ["auROC of GC alone", "auROC of k-mers"],
    ),
    "dependent_examples": (r"((?:wrong|right): .+?) +auROC (\S+)  auPRC (\S+)", ["auROC", "auPRC"]),
    "distribution_shift": (r"(\S.+?)  +[\d,]+ bins.*auROC (\S+)  auPRC (\S+)", ["auROC", "auPRC"]),
    "heads": (
        r"(counts|mean) +[\d,]+ +\S+ +(\S+) +(\S+) +(\S+) ",
        ["Pearson's r", "auROC", "auPRC"],
    ),
    "leaky_preprocessing": (r"((?:wrong|right): .+?) +auROC (\S+)", ["auROC"]),
    "metrics": (
        r"(\S+ positive): auROC (\S+), auPRC (\S+), recall at 50% FDR (\S+)",
        ["auROC", "auPRC", "recall at 50 % FDR"],
    ),
    "novel_cell_types": (r"(\S+) .*others: auROC (\S+), auPRC (\S+)", ["auROC", "auPRC"]),
    "reproducibility": (r"(seed \d+): kept .* validation loss (\S+)", ["validation loss"]),
    "search": (r"(learning rate \S+): kept .* validation loss (\S+)", ["validation loss"]),
    "unbalanced_classes": (
        r"(balanced|as it is): .*auROC (\S+), auPRC (\S+), accuracy (\S+), precision (\S+);",
        ["auROC", "auPRC", "accuracy", "precision"],
    ),
}


def read(page: str) -> tuple[list[str], list[list[float]]]:
    """Return the names of a page's rows and their numbers."""
    pattern, numbers = ROWS[page]
    names, values = [], []
    for line in (FOLDER / f"{page}.md").read_text().splitlines():
        if found := re.match(f"    {pattern}", re.sub(r"^ +", "    ", line)):
            groups = list(found.groups())
            if len(numbers) == 1 and groups[0].isdigit():
                groups.reverse()
            names.append(" ".join(groups[0].split()))
            values.append([float(one) for one in groups[1:]])
    return names, values


@with_defaults
def draw(page: str) -> None:
    """Draw the rows from top to bottom, a bar a number."""
    names, values = read(page)
    labels = ROWS[page][1]
    figure = Figure(
        figsize=(6.4, 0.9 + 0.18 * len(names) * (len(labels) + 1)), dpi=DPI, layout="constrained"
    )
    axes = figure.subplots()
    height = 0.8 / len(labels)
    for place, label in enumerate(labels):
        rows = [row + height * (place - (len(labels) - 1) / 2) for row in range(len(names))]
        widths = [one[place] for one in values]
        axes.barh(rows, widths, height, color=COLOURS[place], label=label)
    axes.set_yticks(range(len(names)), names, fontsize=9)
    axes.invert_yaxis()
    if len(labels) > 1:
        axes.legend(fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1, 1))
    else:
        axes.set_xlabel(labels[0], fontsize=9)
    tidy(axes)
    save_figure(figure, FOLDER / f"{page}.png", force=True)


if __name__ == "__main__":
    for name in ROWS:
        draw(name)
