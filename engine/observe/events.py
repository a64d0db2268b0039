"""The one vocabulary of the log: every event that a line may begin with, and what it tells.

The first eight are the way of a record: the runner's functions, the journal's steps, the metrics' labels. A test reads
every call of a logger and refuses a word that is not here, and a word here that nobody says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, get_args

Step = Literal["receive", "map", "match", "diff", "decide", "write", "link", "record"]
STEPS: tuple[str, ...] = get_args(Step)
"""The eight words of a record's way."""

_WAY: Mapping[str, str] = {
    "receive": "A record came in, or is gone at its source.",
    "map": "A mapping made its draft, or could not.",
    "match": "Its target was looked for.",
    "diff": "Its draft was compared with the target.",
    "decide": "What is to be done was decided: `outcome` says what, `reason` why.",
    "write": "A request was sent and did not succeed.",
    "link": "Its target is as decided: `outcome` is created, updated or linked.",
    "record": "It is parked: a person must look.",
}

_RUNNING: Mapping[str, str] = {
    "server.started": "The server answers at `url`.",
    "server.stopped": "The server has ended what it did, and stops.",
    "leases.left": "What was leased could not be given back at the end; it is due again in two minutes.",
    "certificate.renewed": "The certificate's files have changed and are used from now on.",
    "certificate.unusable": "The certificate's files have changed and cannot be used; the old ones are.",
    "status.failed": "The state of a connection cannot be read.",
    "page.failed": "A page of the dashboard could not be shown.",
    "visit": "A visit of a system, or a drain of its queue, is over: what it did.",
    "call": "A system called us: which operation, how long it took, how it ended.",
    "call.refused": "What called us was no call that is understood here.",
    "call.unavailable": "A call could not be answered now: the surroundings failed.",
    "call.failed": "A call failed here by a defect; the stack trace follows.",
    "setup": "Somebody changed something on the set-up page: who, and what.",
    "login": "Somebody signed in to the dashboard.",
    "login.refused": "Somebody called with a wrong user or password, or is locked out.",
    "request": "We called a system: which operation, the answer's status, how long it took.",
    "connect.done": "An account was connected.",
    "connect.refused": "Somebody came back from a consent page whom this server did not send there.",
    "limit.reached": "A system said that we ask too much.",
    "drain.unavailable": "What is due cannot be carried now: the surroundings failed.",
    "drain.failed": "Carrying what is due failed by a defect; it is tried again.",
    "clock.back": "The clock was ahead and was put back: what was deferred is due, and everything is read anew.",
    "look.unavailable": "The store cannot be asked now what became due.",
    "look.failed": "Asking the store what became due failed by a defect; it is asked again.",
    "read.failed": "Something could not be read; it is asked for again.",
    "write.failed": "A write was not carried out, or its outcome is unknown.",
    "write.respelled": "A text was spelt otherwise, since a system cannot hold a character.",
    "write.forgotten": "Nobody waits for the outcome of a write any more.",
    "answer.unreadable": "A system's answer could not be read.",
    "system.unreachable": "A system says that it cannot be worked with now.",
    "company.stranger": "Another company file was opened than the connection belongs to.",
    "field.renamed": "A custom field has another name by now; it is followed.",
    "alert": "An alert stands (`alert` says raised), has a digest, or is over (cleared).",
    "alert.unsent": "A notice could not be sent; it is tried again in a minute.",
    "alert.failed": "Watching for alerts failed by a defect; it is tried again in a minute.",
    "forgotten": "What was kept long enough was removed from the store: how many of each kind.",
    "forecast": "How long old history will take.",
    "delivery.heard": "A webhook told of a change.",
    "delivery.refused": "A webhook delivery was not authentic.",
    "delivery.senseless": "A webhook delivery was authentic and says nothing that is understood.",
    "hook.made": "A webhook was made.",
    "hook.removed": "A webhook was removed.",
    "hook.unheard": "A change was found that no webhook told.",
    "hooks.unsound": "The webhooks are not in order.",
}

EVENTS: Mapping[str, str] = {**_WAY, **_RUNNING}
"""Every event with its meaning."""
