"""The measurements behind every speed claim: `make bench`, written into docs/reference/performance.md."""
