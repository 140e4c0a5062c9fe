"""The REST interface of `payouts`: the same selectors and services as the pages, as JSON."""
