"""Which OAuth scopes open which operation [OpenAPI: the security of each operation]; any of several is enough."""

from fnmatch import fnmatchcase

V1 = """
GET    /notes*           deals:read deals:full contacts:read contacts:full
*      /notes*           deals:full contacts:full
GET    /users/me         base
GET    /users*           users:read
GET    /currencies       base
GET    /activityTypes    activities:read activities:full admin
GET    /filters*         deals:read deals:full activities:read activities:full contacts:read contacts:full
GET    /leads*           leads:read leads:full
*      /leads*           leads:full
PUT    /deals/*          deals:full
PUT    /*/merge          contacts:full
*      /webhooks*        admin webhooks:full
"""
"""`webhooks:full` exists since 2024 [facts: 2]; the document lists `admin` alone."""

V2 = """
GET    /itemSearch*              search:read
GET    /organizations/search     contacts:read contacts:full search:read
GET    /persons/search           contacts:read contacts:full search:read
GET    /deals/search             deals:read deals:full search:read
GET    /products/search          products:read products:full search:read
GET    /deals*/products          products:read products:full deals:read deals:full
*      /deals/*/products*        products:full deals:full
GET    /organizations*           contacts:read contacts:full
*      /organizations*           contacts:full
GET    /persons*                 contacts:read contacts:full
*      /persons*                 contacts:full
GET    /deals*                   deals:read deals:full
*      /deals*                   deals:full
GET    /products*                products:read products:full
*      /products*                products:full
GET    /pipelines*               deals:read deals:full admin
*      /pipelines*               admin
GET    /stages*                  deals:read deals:full admin
*      /stages*                  admin
GET    /activities*              activities:read activities:full
*      /activities*              activities:full
GET    /projects*                projects:read projects:full
*      /projects*                projects:full
GET    /tasks*                   projects:read projects:full
*      /tasks*                   projects:full
GET    /organizationFields*      contacts:read contacts:full admin contact-fields:full
*      /organizationFields/*/options  contacts:full admin contact-fields:full
PATCH  /organizationFields/*     contacts:full admin contact-fields:full
*      /organizationFields*      admin contact-fields:full
GET    /personFields*            contacts:read contacts:full admin contact-fields:full
*      /personFields/*/options   contacts:full admin contact-fields:full
PATCH  /personFields/*           contacts:full admin contact-fields:full
*      /personFields*            admin contact-fields:full
GET    /dealFields*              deals:read deals:full admin deal-fields:full
*      /dealFields/*/options     deals:full admin deal-fields:full
PATCH  /dealFields/*             deals:full admin deal-fields:full
*      /dealFields*              admin deal-fields:full
GET    /productFields*           products:read products:full product-fields:full
*      /productFields*           products:full product-fields:full
"""

_RULES = {
    version: [tuple(line.split()) for line in text.strip().splitlines()] for version, text in (("v1", V1), ("v2", V2))
}

SCOPES = tuple(sorted({name for rules in _RULES.values() for rule in rules for name in rule[2:]}))
"""All there are."""


def scopes(version: str, method: str, template: str) -> frozenset[str]:
    """Those of which one is enough; KeyError for an operation of which nothing is known."""
    for verb, pattern, *names in _RULES[version]:
        if verb in ("*", method) and fnmatchcase(template, pattern):
            return frozenset(names)
    raise KeyError((version, method, template))
