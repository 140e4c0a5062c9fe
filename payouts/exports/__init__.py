"""Files out: what each profile holds, and how each format is written. Rules: docs/reference/exports.md."""
