"""The pitfalls of Whalen et al. 2022 (doi:10.1038/s41576-021-00434-9), looked for in a recipe."""
