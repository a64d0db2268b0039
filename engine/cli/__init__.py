"""The commands: each parses, calls and prints, and decides nothing."""
