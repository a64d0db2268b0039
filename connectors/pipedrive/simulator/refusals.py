"""The ways an account says no, without knowing HTTP; `answers.py` gives each its status and body.

Refusal
+-- Invalid          what was asked for is malformed or breaks a rule of the record   (400)
+-- Missing          there is no such record                                          (404)
+-- Forbidden        well-formed, but plan, feature or rights do not allow it         (403)
+-- WebhookRefused   webhooks have an error shape of their own                        (400, 404, 422)
"""


class Refusal(Exception):
    """The account will not do it; nothing was changed."""


class Invalid(Refusal):
    """One or more faults in the request; `reasons` are texts such as `title: ...`."""

    def __init__(self, *reasons: str) -> None:
        super().__init__("; ".join(reasons))
        self.reasons = reasons


class Missing(Refusal):
    """No such record; the text names the kind, e.g. `Deal not found`."""


class Forbidden(Refusal):
    """Not allowed here. `code` is set for plan limits, e.g. `feature_capping_deals_limit`."""

    def __init__(self, text: str, code: str | None = None) -> None:
        super().__init__(text)
        self.text = text
        self.code = code


class WebhookRefused(Refusal):
    """A webhook was not stored or not found: `kind` is invalid, missing or full; `errors` maps field to texts."""

    def __init__(self, kind: str, errors: dict[str, list[str]]) -> None:
        super().__init__(str(errors))
        self.kind = kind
        self.errors = errors
