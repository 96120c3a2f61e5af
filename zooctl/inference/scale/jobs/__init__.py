"""The commands that can be planned: cut into shards, run by the shard, and merged."""
