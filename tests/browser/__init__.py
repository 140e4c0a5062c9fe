"""The pages in a real browser, as each persona of the demo company, on a whole system of its own."""
