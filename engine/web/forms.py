"""Reads what a form of ours sent, and proves that it was a form of ours: the token of the visitor's own session.

Only urlencoded bodies are read, within bounds; there is no page that takes a file.
"""

from __future__ import annotations

import hmac
import secrets
from urllib.parse import parse_qsl

from starlette.datastructures import FormData
from starlette.exceptions import HTTPException
from starlette.requests import Request

from engine.web.bodies import LIMIT, TooLarge, TooSlow, read_body

FIELD = "csrf"
MOST_FIELDS = 2_000


def token(request: Request) -> str:
    """The token that forms for this visitor carry, made when it is first needed."""
    found: str | None = request.session.get(FIELD)
    if found is None:
        found = request.session[FIELD] = secrets.token_urlsafe(32)
    return found


async def read_form(request: Request) -> FormData:
    """The fields of a form that this visitor was given; raises HTTPException 400, 403, 408, 413 or 415."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise HTTPException(415, "Only forms of these pages are taken here.")
    try:
        body = await read_body(request, LIMIT)
        fields = parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    except TooLarge as error:
        raise HTTPException(413, str(error)) from None
    except TooSlow as error:
        raise HTTPException(408, str(error)) from None
    except ValueError:
        raise HTTPException(400, "The form cannot be read.") from None
    form = FormData([*fields])
    given, kept = str(form.get(FIELD, "")), str(request.session.get(FIELD, ""))
    if not kept or not hmac.compare_digest(given.encode(), kept.encode()):
        raise HTTPException(403, "This form is out of date. Open the page again and repeat what you did.")
    return form
