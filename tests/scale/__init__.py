"""More than one machine: hosts, a pooler between, another broker, partitions - and the same digest."""
