"""Where bytes lie: places on disk and in object stores, and reading what strangers may have put there."""
