"""The generic engine: knows mappings, records and connectors, and no system by name."""

__version__ = "0.1.0"
