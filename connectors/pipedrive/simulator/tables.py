"""Records by entity and number, with the one index that is needed often: a deal's lines."""

from typing import Any

Record = dict[str, Any]
Key = int | str
"""A number; of a lead a UUID [OpenAPI v1]."""

ENTITIES = (
    "organization", "person", "deal", "deal_product", "product", "note", "pipeline", "stage", "user",
    "currency", "webhook", "activity", "project", "task", "lead", "filter",
)  # fmt: skip


class Tables:
    """Insertion-ordered tables; numbers are never given twice."""

    def __init__(self) -> None:
        self.rows: dict[str, dict[Any, Record]] = {entity: {} for entity in ENTITIES}
        self.last: dict[str, int] = dict.fromkeys(ENTITIES, 0)
        self._lines: dict[int, list[Record]] = {}

    def __getitem__(self, entity: str) -> dict[Any, Record]:
        return self.rows[entity]

    def next_id(self, entity: str) -> int:
        self.last[entity] += 1
        return self.last[entity]

    def add(self, entity: str, record: Record) -> Record:
        """Stores a record under its `id`."""
        self.rows[entity][record["id"]] = record
        if entity == "deal_product":
            self._lines.setdefault(record["deal_id"], []).append(record)
        return record

    def remove(self, entity: str, key: Key) -> Record:
        record = self.rows[entity].pop(key)
        if entity == "deal_product":
            self._lines[record["deal_id"]].remove(record)
        return record

    def lines(self, deal_id: int) -> list[Record]:
        """The lines of a deal, oldest first."""
        return list(self._lines.get(deal_id, ()))

    def dump(self) -> dict[str, Any]:
        return {"rows": {entity: list(rows.values()) for entity, rows in self.rows.items()}, "last": self.last}

    @classmethod
    def load(cls, data: dict[str, Any]) -> "Tables":
        tables = cls()
        tables.last.update(data["last"])
        for entity, rows in data["rows"].items():
            for record in rows:
                tables.add(entity, record)
        return tables
