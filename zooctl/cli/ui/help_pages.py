"""The command list in panels, and an example under every help page."""

from __future__ import annotations

from typing import Any

import typer.core

from zooctl.cli.ui.messages import OPTIONS

PANELS: dict[str, tuple[str, ...]] = {
    "Use models": (
        "list",
        "info",
        "predict",
        "score-variants",
        "calibrate",
        "atlas",
        "lookup",
        "store",
        "plot",
        "compare",
    ),
    "Read them": (
        "explain",
        "attribute",
        "mutate",
        "embed",
        "scan",
        "marginalise",
        "filters",
        "motifs",
        "design",
    ),
    "Judge them": (
        "evaluate",
        "evaluate-variants",
        "benchmark",
        "audit",
        "check",
        "studies",
        "reproduce",
        "report",
    ),
    "Make them": ("train", "tune", "export", "adopt", "gkm", "schema"),
    "Run them at scale": ("plan", "run", "submit", "status", "merge"),
    "Files and machines": (
        "pull",
        "push",
        "bundle",
        "example",
        "genome",
        "data",
        "trackhub",
        "env",
    ),
}
"""Heading to its commands; others stand under the last."""

SUMMARIES: dict[str, str] = {
    "list": (
        "List the models: a table on a terminal, tab-separated values with all columns in a pipe."
    ),
    "info": "Show a model's card: tracks, window, training data, metrics and limits.",
    "predict": "Predict tracks over regions and write each as a bigWig.",
    "score-variants": (
        "Score every allele of a VCF: the change that it makes to the models' predictions."
    ),
    "calibrate": "Score unselected alleles, so that scores get percentiles among them.",
    "plan": "Cut a run into shards, to be computed anywhere and merged to the bytes of one run.",
    "run": "Compute the shards of a plan that are not there yet.",
    "submit": (
        "Submit a plan: an array job that computes the shards, and "
        "a merge that waits for all of it."
    ),
    "status": "Show which shards of a plan are there, the rate, the time left, and what failed.",
    "merge": "Write the output of a plan whose shards are all there.",
    "attribute": "Attribute predictions over regions to the bases they depend on.",
    "atlas": "Score every SNV of regions into a store, which then answers for them.",
    "lookup": "Look up the alleles of a VCF in a store; no network is run.",
    "store": "List, verify and export stores of scores.",
    "mutate": "Score every SNV in a region, and draw a heat map with the bases that matter.",
    "embed": "Write the activations that a network's last layer reads, a row a region.",
    "explain": (
        "Explain a prediction: tracks of REF and ALT, bases that matter, motifs, and percentiles."
    ),
    "evaluate": "Evaluate a model on regions that it was not trained on, beside simpler methods.",
    "evaluate-variants": (
        "Compare scores of SNVs with measured effects, in one pass and over shifts."
    ),
    "benchmark": "Rank models by how well their scores follow measured effects of variants.",
    "studies": "Test claims of papers on open data: a grid of models, a table, a figure.",
    "audit": "Look for the pitfalls of Whalen et al. 2022 in a recipe, on its real data.",
    "compare": "Compare two bigWig tracks: correlation, shape and errors of binned means.",
    "plot": "Draw bigWig tracks of regions below each other, each on one scale over all regions.",
    "scan": "Find sites of motifs in regions: p values of FIMO, a line of BED for each site.",
    "marginalise": (
        "Measure the effect of a pattern: in backgrounds, beside others, with flanks, taken out."
    ),
    "filters": "Read the filters of the first layer as motifs, and find the known ones among them.",
    "motifs": (
        "Discover the motifs that predictions over regions rest on: TF-MoDISco on importances."
    ),
    "design": "Design sequences whose prediction is high, low or near a number.",
    "gkm": "Train gapped k-mer SVMs as entries, and score sequences with them.",
    "pull": "Download and verify every file of models; files that are here cost no request.",
    "push": "Push a checked model as one commit, print the commit, and write it onto the card.",
    "bundle": "Carry models to machines without a network.",
    "example": "Write small files to try the commands on.",
    "genome": "Download genomes, and show the files that would be read.",
    "data": "Find, download and compare the data of recipes.",
    "trackhub": "Write a UCSC track hub and an IGV session of predicted and measured tracks.",
    "train": "Train a model by its recipe; killed and resumed, it ends with the same bits.",
    "tune": "Search a recipe's hyperparameters; killed and resumed, no epoch is trained twice.",
    "export": (
        "Write an entry's ONNX, safetensors, probe and manifest, and its card or a draft of it."
    ),
    "adopt": "Add a model that was trained by other software to the zoo.",
    "check": "Check that a model's card, recipe, manifest, graph and probe agree; exit 3 if not.",
    "test": (
        "Predict each model's probe and compare documents and predictions; exit 3 if one fails."
    ),
    "remove": (
        "Remove card, recipe, pictures and folder of a model in "
        "your own zoo; print what was removed."
    ),
    "cache": "Show and clear what was downloaded or derived.",
    "reproduce": "Reproduce a model, compare, and tell the level of reproducibility reached.",
    "env": "Show the software and hardware that decide bits, each with its digest.",
    "report": (
        "Verify and list reports of zooctl reproduce; publish the numbers of a card's pictures."
    ),
    "schema": (
        "Print the JSON Schema of a model card, a recipe, a manifest or a report of reproduce."
    ),
}
"""Command to the first line of its help, so that the list of commands imports none of them."""

EXAMPLES: dict[str, str] = {
    "list": "zooctl list --json",
    "info": "zooctl info ctcf_gm12878",
    "predict": "zooctl predict --model ctcf_gm12878 --bed regions.bed -o ctcf.bw",
    "score-variants": "zooctl score-variants in.vcf.gz --model ctcf_gm12878 -o out.vcf.gz",
    "calibrate": "zooctl calibrate ctcf_gm12878 --kind snv --alleles 1000",
    "plan": "zooctl plan score-variants in.vcf.gz --model ctcf_gm12878 -o plan",
    "run": "zooctl run plan --workers 4",
    "submit": "zooctl submit plan --slurm --array-limit 50 --time 2:00:00 -o out.vcf.gz",
    "status": "zooctl status plan",
    "merge": "zooctl merge plan -o out.vcf.gz",
    "explain": "zooctl explain ctcf_gm12878 'chr21:39731913 A>C' -o why/",
    "embed": "zooctl embed ctcf_gm12878 --bed peaks.bed -o peaks.npz",
    "mutate": "zooctl mutate ctcf_gm12878 --region chr21:39,731,891-39,731,920 -o site/",
    "attribute": "zooctl attribute ctcf_gm12878 --bed peaks.bed -o importance/",
    "atlas": "zooctl atlas ctcf_gm12878 --region chr21:33,000,001-33,010,000 --store scores/",
    "lookup": "zooctl lookup in.vcf.gz --model ctcf_gm12878 --store scores/ -o out.tsv",
    "store": "zooctl store list --store scores/",
    "store verify": "zooctl store verify --store scores/",
    "store export": "zooctl store export ctcf_gm12878 --store scores/ -o scores.tsv.gz",
    "evaluate": "zooctl evaluate ctcf_gm12878 -o report/",
    "evaluate-variants": "zooctl evaluate-variants ctcf_gm12878 effects.tsv",
    "benchmark": "zooctl benchmark ctcf_gm12878 --set allele_specific_ctcf",
    "audit": "zooctl audit ctcf_gm12878",
    "compare": "zooctl compare predicted.bw measured.bw --region chr21",
    "plot": "zooctl plot predicted.bw --region chr21:33,000,001-33,100,000 -o tracks.png",
    "filters": "zooctl filters ctcf_gm12878 --motifs jaspar -o filters",
    "marginalise": "zooctl marginalise ctcf_gm12878 --pattern CCASYAGRKGGCRS -n 200 --flanks 3",
    "trackhub": "zooctl trackhub ctcf.bw --measured chip.bw --assembly hg19 --email a@b.org -o hub",
    "scan": "zooctl scan --motifs hocomoco --assembly hg19 --bed peaks.bed -o sites.bed",
    "motifs": "zooctl motifs ctcf_gm12878 --bed peaks.bed --motifs jaspar -o motifs",
    "design": "zooctl design ctcf_gm12878 --target high -o designed.fa",
    "pull": "zooctl pull mpra_dragonn",
    "push": "zooctl push ctcf_gm12878 org/name",
    "bundle": "zooctl bundle export ctcf_gm12878 -o models.tar",
    "bundle export": "zooctl bundle export ctcf_gm12878 -o models.tar",
    "bundle import": "zooctl bundle import models.tar",
    "example": "zooctl example get example",
    "test": "zooctl test --all",
    "remove": "zooctl remove my_model",
    "cache": "zooctl cache list",
    "genome": "zooctl genome fetch hg38",
    "genome fetch": "zooctl genome fetch hg38",
    "data": "zooctl data fetch ctcf_gm12878",
    "data resolve": "zooctl data resolve E071-H3K36me3.pval.signal.bigwig",
    "data correlate": "zooctl data correlate *.bw --below 0.75 --plot matrix.png",
    "train": "zooctl train ctcf_gm12878 -o runs/ctcf",
    "tune": "zooctl tune atac_yeast --space space.yaml --trials 20",
    "export": "zooctl export runs/ctcf",
    "adopt": "zooctl adopt onnx model.onnx --help",
    "gkm": "zooctl gkm train peaks.bed --name gkm_ctcf --assembly hg19 --licence MIT",
    "gkm train": "zooctl gkm train peaks.bed --name gkm_ctcf --assembly hg19 --licence MIT",
    "gkm predict": "zooctl gkm predict gkm_ctcf sequences.fa",
    "check": "zooctl check --all",
    "reproduce": "zooctl reproduce ctcf_gm12878",
    "env": "zooctl env --against ctcf_gm12878",
    "env create": "zooctl env create atac_yeast -o env_atac",
    "env container": "zooctl env container atac_yeast > Containerfile.atac_yeast",
    "report": "zooctl report list",
    "report list": "zooctl report list",
    "report verify": "zooctl report verify report.json",
    "report pictures": "zooctl report pictures ctcf_gm12878",
    "schema": "zooctl schema recipe",
    "studies": "zooctl studies list",
    "studies list": "zooctl studies list",
    "studies run": "zooctl studies run test_thresholds -o studies",
}
"""Command to an example of it; a subcommand without one has its parent's."""


class PanelGroup(typer.core.TyperGroup):
    """The root command: its help lists the commands in panels."""

    def format_commands(self, ctx: Any, formatter: Any) -> None:
        """Write the commands under their headings."""
        placed = {name for names in PANELS.values() for name in names}
        others = tuple(name for name in self.list_commands(ctx) if name not in placed)
        for number, (heading, names) in enumerate(PANELS.items(), 1):
            names = names + (others if number == len(PANELS) else ())
            rows = []
            for name in names:
                command = self.get_command(ctx, name)
                if command is not None and not command.hidden:
                    rows.append((name, command.get_short_help_str(formatter.width - 24)))
            if rows:
                with formatter.section(heading):
                    formatter.write_dl(rows)


def add_examples(command: Any, path: str = "") -> None:
    """Put an example, and the options that all commands take, under each help page.

    Args:
        command: The root command, or one of its subcommands.
        path: Its words after ``zooctl``.
    """
    example = EXAMPLES.get(path) or EXAMPLES.get(path.rpartition(" ")[0])
    lines = [f"Example: {example}"] if example else []
    command.epilog = "\n".join(["\b", *lines, OPTIONS])
    for name, below in getattr(command, "commands", {}).items():
        add_examples(below, f"{path} {name}".strip())
