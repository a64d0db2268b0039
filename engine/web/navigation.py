"""The sections of the dashboard: the one place that says what they are called, and in which order they stand."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Section:
    """An entry of the navigation. It shows only where a page answers at its path."""

    name: str
    title: str
    path: str


SECTIONS = (
    Section("overview", "Overview", "/"),
    Section("records", "Records", "/records"),
    Section("parked", "Parked", "/parked"),
    Section("mappings", "Mappings", "/mappings"),
    Section("reconciliation", "Reconciliation", "/reconciliation"),
    Section("setup", "Set-up", "/setup"),
)
