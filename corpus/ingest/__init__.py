"""The parallel build: parts are scanned, their terms merged, the shards written."""
