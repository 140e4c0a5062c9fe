"""
The measurements behind every speed claim, one module and one command each.

`make bench` runs them all on services of their own and writes docs/reference/performance.md;
`make bench ARGS="engine"` runs one, `ARGS="--people 2000 --dry"` tries them out.
"""
