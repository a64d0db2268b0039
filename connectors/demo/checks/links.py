"""Judges who was linked with whom: nothing twice, nobody with the wrong one, nobody left behind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from connectors.demo.checks.scene import Scene, is_voided


def duplicates(scene: Scene) -> list[str]:
    """One sentence for each thing that stands in Pipedrive twice, by what it claims or by what it says."""
    return [*_claimed_twice(scene), *_same_words(scene), *_deals_of_one_group(scene), *_notes_twice(scene)]


def _claimed_twice(scene: Scene) -> Iterator[str]:
    for entity, claims in (
        ("organization", scene.customer_claims), ("deal", scene.invoice_claims), ("product", scene.item_claims),
    ):  # fmt: skip
        for key, ids in claims.items():
            if len(ids) > 1:
                yield f"{key} stands for the {entity}s {_listed(ids)}"


def _same_words(scene: Scene) -> Iterator[str]:
    """By content, so that a copy without an identity is seen as well."""
    made = Counter(one["name"].casefold() for key, one in scene.organizations.items() if key not in scene.diary.before)
    for customer in scene.customers.values():
        expected = scene.diary.expected.get(customer["ListID"])
        if expected is None:
            continue
        names = {str(customer[field]).casefold() for field in ("CompanyName", "FullName") if customer.get(field)}
        count = sum(made[name] for name in names)
        if count > (expected.outcome == "new"):
            yield f"{customer['FullName']} was made {count} times as an organization, though it is {expected.outcome}"
    products = Counter(one["name"].casefold() for one in scene.products.values())
    yield from (f"the product {name!r} stands there {count} times" for name, count in products.items() if count > 1)
    # QuickBooks gives the number of a deleted invoice again.
    over = {deal for key, ids in scene.invoice_claims.items() if key not in scene.invoices for deal in ids}
    titles = Counter((one["title"], one["org_id"]) for key, one in scene.deals.items() if key not in over)
    yield from (f"the deal {title!r} stands there {count} times" for (title, _), count in titles.items() if count > 1)


def _deals_of_one_group(scene: Scene) -> Iterator[str]:
    deals: dict[str, set[int]] = defaultdict(set)
    groups: dict[int, set[str]] = defaultdict(set)
    for key, ids in scene.invoice_claims.items():
        if key in scene.invoices and not is_voided(scene.invoices[key]):  # what comes after that is another sale
            group = scene.group(scene.invoices[key])
            deals[group].update(ids)
            for deal in ids:
                groups[deal].add(group)
    yield from (f"{group} has the deals {_listed(ids)}" for group, ids in deals.items() if len(ids) > 1)
    yield from (f"deal {deal} mixes {_listed(own)}" for deal, own in groups.items() if len(own) > 1)


def _notes_twice(scene: Scene) -> Iterator[str]:
    claimed = Counter(claim for note in scene.notes for claim in note.claims)
    yield from (f"payment {key[0]} on {key[1]} has {n} notes" for key, n in claimed.items() if n > 1)
    said = Counter((note.deal, note.add_time, note.lines) for note in scene.notes)
    yield from (f"deal {deal} has {n} equal notes of {time}" for (deal, time, _), n in said.items() if n > 1)


def wrong_links(scene: Scene) -> list[str]:
    """One sentence for each customer or deal that is not where the answer key has it."""
    return [*_wrong_customers(scene), *_strangers(scene), *_wrong_deals(scene)]


def _wrong_customers(scene: Scene) -> Iterator[str]:
    for key, expected in scene.diary.expected.items():
        if key not in scene.customers:
            continue
        name, ids = scene.customers[key]["FullName"], set(scene.customer_claims.get(key, ()))
        if expected.outcome == "linked":
            right = {scene.diary.organizations[expected.organization or ""]}
            if ids != right:
                yield f"{name} should be organization {_listed(right)} ({expected.why}), is {_listed(ids)}"
        elif expected.outcome == "parked" and ids:
            yield f"{name} should wait for a person ({expected.why}), is organization {_listed(ids)}"
        elif expected.outcome == "new" and (len(ids) != 1 or ids & scene.diary.before):
            yield f"{name} should be a new organization ({expected.why}), is {_listed(ids)}"


def _strangers(scene: Scene) -> Iterator[str]:
    """Claims that the answer key has no customer for, and organizations that nobody asked for."""
    for key, ids in scene.customer_claims.items():
        if key not in scene.diary.expected:
            yield f"{key} is no customer of the key, but organization {_listed(ids)} claims it"
    claimed = {one for ids in scene.customer_claims.values() for one in ids}
    for one in scene.organizations.keys() - scene.diary.before - claimed:
        yield f"organization {one} was made for nobody"


def _wrong_deals(scene: Scene) -> Iterator[str]:
    for key, ids in scene.invoice_claims.items():
        invoice = scene.invoices.get(key)
        if invoice is None:
            continue
        right = scene.customer_claims.get(scene.root(invoice["CustomerRef"]["ListID"]), [])
        for deal in ids:
            where = scene.deals[deal]["org_id"]
            if where not in right:
                yield f"deal {deal} of invoice {invoice.get('RefNumber')} is at organization {where}"


def _listed(values: object) -> str:
    return ", ".join(sorted(str(one) for one in values)) or "none"  # type: ignore[attr-defined]
