"""A store of scores of alleles: folders of Parquet parts that never change, read by DuckDB."""
