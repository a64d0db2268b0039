"""What each operation costs in tokens: one flat number, whatever the page size [OpenAPI x-token-cost]."""

V1 = """
GET    /notes                        20
POST   /notes                        10
GET    /notes/{id}                    2
PUT    /notes/{id}                   10
DELETE /notes/{id}                    6
GET    /users                        20
GET    /users/me                      2
GET    /users/{id}                    2
GET    /currencies                   20
GET    /activityTypes                20
GET    /filters                      20
GET    /filters/{id}                  2
GET    /leads                        20
POST   /leads                        10
GET    /leads/archived               40
GET    /leads/{id}                    2
PATCH  /leads/{id}                   10
DELETE /leads/{id}                    6
PUT    /organizations/{id}/merge     40
PUT    /persons/{id}/merge           40
PUT    /deals/{id}/merge             40
GET    /webhooks                     10
POST   /webhooks                     10
DELETE /webhooks/{id}                 6
"""

RECORDS = """
GET    /{plural}                     10
POST   /{plural}                      5
GET    /{plural}/{id}                 1
PATCH  /{plural}/{id}                 5
DELETE /{plural}/{id}                 3
GET    /{plural}/search              20
"""

WORK = """
GET    /{plural}                     10
POST   /{plural}                      5
GET    /{plural}/{id}                 1
PATCH  /{plural}/{id}                 5
DELETE /{plural}/{id}                 3
"""

SETUP = """
GET    /{plural}                      5
POST   /{plural}                      5
GET    /{plural}/{id}                 1
PATCH  /{plural}/{id}                 5
DELETE /{plural}/{id}                 3
"""

FIELDS = """
GET    /{entity}Fields                       10
POST   /{entity}Fields                        5
GET    /{entity}Fields/{field_code}           1
PATCH  /{entity}Fields/{field_code}           5
DELETE /{entity}Fields/{field_code}           3
POST   /{entity}Fields/{field_code}/options   5
PATCH  /{entity}Fields/{field_code}/options   5
DELETE /{entity}Fields/{field_code}/options   3
"""

LINES = """
GET    /deals/archived                                20
GET    /deals/products                                10
GET    /deals/{id}/products                           10
POST   /deals/{id}/products                            5
DELETE /deals/{id}/products                           15
POST   /deals/{id}/products/bulk                      25
PATCH  /deals/{id}/products/{product_attachment_id}    5
DELETE /deals/{id}/products/{product_attachment_id}    3
GET    /itemSearch                                    20
GET    /itemSearch/field                              20
"""


def _table() -> dict[tuple[str, str, str], int]:
    blocks: list[tuple[str, str, dict[str, str]]] = [("v1", V1, {}), ("v2", LINES, {})]
    blocks += [("v2", RECORDS, {"{plural}": p}) for p in ("organizations", "persons", "deals", "products")]
    blocks += [("v2", SETUP, {"{plural}": p}) for p in ("pipelines", "stages")]
    blocks += [("v2", WORK, {"{plural}": p}) for p in ("activities", "projects", "tasks")]
    blocks += [("v2", FIELDS, {"{entity}": e}) for e in ("organization", "person", "deal", "product")]
    table = {}
    for version, text, names in blocks:
        for row in text.strip().splitlines():
            method, path, tokens = row.split()
            for mark, name in names.items():
                path = path.replace(mark, name)
            table[version, method, path] = int(tokens)
    return table


COSTS = _table()
"""(version, method, path template) -> tokens."""
