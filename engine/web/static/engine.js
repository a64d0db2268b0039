// Live refresh: an element with an id and data-refresh="SECONDS" is asked for again from the page's own address, and
// replaced only where the server says something else than before. Nothing is asked for while nobody looks.
"use strict";

(() => {
  const unreachable = document.getElementById("unreachable");
  const said = new Map(); // id -> what the server said last, as text
  const live = () => [...document.querySelectorAll("[data-refresh][id]")];
  const named = (root, selector, index, one) => (one.id ? document.getElementById(one.id) : root.querySelectorAll(selector)[index]);

  for (const one of live()) said.set(one.id, one.outerHTML);

  function busy(element) {
    const active = document.activeElement;
    const typing = active && element.contains(active) && active.matches("input:not([type=submit]), textarea, select");
    const selection = document.getSelection();
    return typing || (selection && !selection.isCollapsed && selection.containsNode(element, true));
  }

  // What a person did to the old one, done to the new one: opened details, scrolled regions, the focus.
  function carry(old, replacement) {
    const opened = [...old.querySelectorAll("details")].map((one) => [one, one.open]);
    const scrolled = [...old.querySelectorAll(".scroll")].map((one) => [one, one.scrollLeft, one.scrollTop]);
    const focusable = "a, button, input, summary, [tabindex]";
    const active = document.activeElement;
    const focus = [...old.querySelectorAll(focusable)].indexOf(active);
    old.replaceWith(replacement);
    opened.forEach(([one, open], index) => {
      const found = named(replacement, "details", index, one);
      if (found) found.open = open;
    });
    scrolled.forEach(([one, left, top], index) => {
      const found = named(replacement, ".scroll", index, one);
      if (found) found.scrollTo(left, top);
    });
    if (focus >= 0) {
      const found = named(replacement, focusable, focus, active);
      if (found) found.focus({ preventScroll: true });
    }
  }

  async function refresh() {
    const answer = await fetch(location.href, { headers: { accept: "text/html", "x-refresh": "1" }, cache: "no-store" });
    if (answer.redirected || answer.status === 401 || answer.status === 403) return location.reload(); // signed out
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const element of live()) {
      const fresh = page.getElementById(element.id);
      if (!fresh || fresh.outerHTML === said.get(element.id) || busy(element)) continue;
      said.set(element.id, fresh.outerHTML);
      carry(element, document.importNode(fresh, true));
    }
    const as_of = page.querySelector("footer time");
    if (as_of) document.querySelector("footer time").replaceWith(as_of);
  }

  async function tick() {
    if (!document.hidden && live().length) {
      try {
        await refresh();
        unreachable.hidden = true;
      } catch {
        unreachable.hidden = false;
      }
    }
    plan();
  }

  let planned;
  function plan(soon) {
    clearTimeout(planned);
    const seconds = live().map((one) => Number(one.dataset.refresh) || 5);
    if (seconds.length) planned = setTimeout(tick, soon ? 0 : 1000 * Math.min(...seconds));
  }

  document.addEventListener("visibilitychange", () => document.hidden || plan(true));
  plan();

  // A form that was sent cannot be sent twice; one with data-confirm is asked about first.
  document.addEventListener("submit", (event) => {
    const question = (event.submitter && event.submitter.dataset.confirm) || event.target.dataset.confirm;
    if (question && !confirm(question)) return event.preventDefault();
    if (event.target.dataset.sent) return event.preventDefault();
    if (event.target.method === "post") event.target.dataset.sent = "yes";
    return undefined;
  });
  addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((one) => delete one.dataset.sent));
})();
