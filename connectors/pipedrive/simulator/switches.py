"""What differs between real accounts, or is not documented well enough to choose one behaviour for all."""

from dataclasses import dataclass


@dataclass
class Switches:
    """Defaults are the strict or the most usual reading; a test flips what it is about."""

    query_token: bool = False
    """Accept `?api_token=`, as older clients send it [facts: 2; in no current document]."""
    token_headers: bool = True
    """Send x-daily-ratelimit-token-limit and -remaining [facts: 1; seen, undocumented, may be missing]."""
    negative_prices: bool = True
    """Accept a line with a negative item_price [assumed]."""
    exact_prices: bool = False
    """Keep more decimals in prices than the currency has; otherwise they are rounded half up [assumed]."""
    value_overrides_lines: bool = False
    """A value sent for a deal with lines stands until the next line change; otherwise it is ignored
    [facts: 11; precedence not documented]."""
    bulk_is_atomic: bool = True
    """A faulty line in a bulk request stops all of them, not only those after it [facts: 11; unknown]."""
    contact_sync: bool = False
    """Person fields notes, im, birthday, job_title, postal_address exist [facts: 5; otherwise 403]."""
    company_details: bool = False
    """Organization fields website, linkedin, industry, annual_revenue, employee_count exist [facts: 5]."""
    creations_answer_201: bool = False
    """Creations of v2 answer 201 throughout; otherwise 200 where OpenAPI v2 says so [facts: 5; v1 had 201]."""
    activity_person_id: bool = False
    """Accept person_id in an activity's body, as OpenAPI v2 has it; otherwise it is read-only [facts: 5]."""
    nested_lead_pages: bool = False
    """Lists of leads tell their page under `pagination`, like v1's other lists, not as OpenAPI v1 has it [assumed]."""
    search_delay: float = 0
    """Seconds until a written record can be found by search [facts: 5; inferred, no official figure]."""
    default_tax_method: str = "exclusive"
    """The user's setting for lines that do not say [OpenAPI v2 addDealProduct]."""
    open_deals_limit: int | None = None
    """Open deals of the plan [facts: 3; 403 with feature_capping_deals_limit]."""
    custom_fields_limit: int | None = None
    """Custom fields of the plan, all entities together [facts: 3; code inferred]."""
    lines_limit: int | None = None
    """Lines on one deal [facts: 3; code inferred]."""
    daily_writes_limit: int | None = None
    """POST and PUT per UTC day with a token, once 10,000 [facts: 3; header documented, enforcement unknown]."""
    oauth_rotates: bool = False
    """Each renewal brings another refresh token and ends the old one; otherwise the same comes back [facts: 2; so the
    guide, but the page of status codes knows one that "was already exchanged"]."""
    webhook_urls_are_checked: bool = False
    """A webhook's URL must answer at creation [facts: 5]; off, so that tests need no listener."""
