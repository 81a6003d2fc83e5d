// Keys, dialogs and focus. What a key does stands in the page: data-key clicks, data-row is walked with J and K.
(() => {
  "use strict";

  const all = (selector, inside = document) => [...inside.querySelectorAll(selector)];
  const shown = (element) => element && !element.disabled && element.getClientRects().length > 0;
  const writes = (element) =>
    element.closest?.("textarea, select, input:not([type=checkbox]):not([type=radio]):not([type=submit])");

  // Whoever speaks to the machine, or types by accident, can turn single keys off.
  const keysAreOff = () => localStorage.getItem("keys") === "off";

  function walk(step) {
    const rows = all("[data-row]").filter(shown);
    if (!rows.length) return false;
    const here = rows.findIndex((row) => row.contains(document.activeElement));
    const next = here < 0 ? (step > 0 ? 0 : rows.length - 1) : Math.min(Math.max(here + step, 0), rows.length - 1);
    (rows[next].querySelector("[data-row-link]") ?? rows[next]).focus();
    rows[next].scrollIntoView({ block: "nearest" });
    return true;
  }

  function tick() {
    const box = document.activeElement?.closest("[data-row]")?.querySelector("input[type=checkbox]");
    box?.click();
    return Boolean(box);
  }

  let going = 0; // when G was pressed: the next key says where to
  function press(key) {
    if (Date.now() - going < 1500) {
      going = 0;
      return click(`[data-go="${CSS.escape(key)}"]`);
    }
    if (key === "g") return Boolean((going = Date.now()));
    if (key === "j" && walk(1)) return true;
    if (key === "k" && walk(-1)) return true;
    if (key === "x" && tick()) return true;
    return click(`[data-key="${CSS.escape(key)}"]`);
  }

  function click(selector) {
    const found = all(selector).find(shown);
    if (!found) return false;
    if (found.matches("input[type=search], input[type=text], select")) found.focus();
    else found.click();
    return true;
  }

  function pressed(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.key.length !== 1) return;
    if (keysAreOff() || writes(event.target) || document.querySelector("dialog[open]")) return;
    if (press(event.key.toLowerCase())) event.preventDefault();
  }

  document.addEventListener("click", (event) => {
    const opens = event.target.closest("[data-opens]");
    if (opens) {
      const dialog = document.getElementById(opens.dataset.opens);
      dialog?.showModal();
      dialog?.querySelector("[data-first]")?.focus();
    }
    if (event.target.closest("[data-closes]")) event.target.closest("dialog")?.close();
    const every = event.target.closest("[data-every]");
    if (every) all(`input[name="${every.dataset.every}"]`).forEach((box) => (box.checked = every.checked));
    counted();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-keys-off]")) localStorage.setItem("keys", event.target.checked ? "off" : "on");
    if (event.target.matches("[data-sends]")) event.target.form.requestSubmit();
    counted();
  });

  // A form that was sent is not sent twice.
  document.addEventListener("submit", (event) => {
    if (event.target.dataset.sent) event.preventDefault();
    event.target.dataset.sent = "yes";
    setTimeout(() => delete event.target.dataset.sent, 4000);
  });

  function counted() {
    const ticked = all("[data-row] input[type=checkbox]:checked").length;
    all("[data-ticked]").forEach((place) => (place.textContent = ticked ? `${ticked} ticked` : ""));
    all("[data-needs-ticks]").forEach((button) => (button.disabled = ticked === 0));
    away();
  }

  // The queue stands still while somebody chooses in it.
  document.addEventListener("htmx:before:request", (event) => {
    const source = event.detail?.ctx?.sourceElement ?? event.target;
    if (source.id === "queue" && document.querySelector("#queue input[type=checkbox]:checked")) event.preventDefault();
  });

  document.addEventListener("htmx:after:swap", () => {
    const page = document.getElementById("page");
    if (page?.dataset.arrived !== "yes") arrive();
    counted();
  });

  // A record is dragged to somebody else: that ticks it, as its box does. Fingers drag by the grip, and scroll otherwise.
  function away() {
    const area = document.getElementById("elsewhere");
    const gone = all("#ticks input[name=record]:checked").map((box) => box.value);
    area?.classList.toggle("filled", gone.length > 0);
    const told = area?.querySelector("[data-away]");
    if (told) told.textContent = gone.length ? gone.join(", ") : "Drag records here, or tick them.";
  }

  document.addEventListener("pointerdown", (event) => {
    const from = event.target.closest?.("[data-drags]");
    const area = document.getElementById("elsewhere");
    const byHand = event.pointerType === "mouse" || event.target.closest?.(".grip");
    if (!from || !area || event.button !== 0 || !byHand) return;
    const ends = new AbortController();
    let shade = null;
    const over = (moved) => {
      const place = area.getBoundingClientRect();
      return moved.clientX >= place.left && moved.clientX <= place.right
        && moved.clientY >= place.top && moved.clientY <= place.bottom;
    };
    const drag = (moved) => {
      if (!shade && Math.hypot(moved.clientX - event.clientX, moved.clientY - event.clientY) < 6) return;
      if (!shade) {
        shade = document.createElement("div");
        shade.className = "dragged";
        shade.textContent = from.dataset.drags;
        document.body.append(shade);
        area.classList.add("near"); // within reach, however long the table is
      }
      shade.style.transform = `translate(${moved.clientX + 10}px, ${moved.clientY + 10}px)`;
      area.classList.toggle("over", over(moved));
    };
    const drop = (moved) => {
      const inside = over(moved);
      ends.abort();
      area.classList.remove("over", "near");
      if (!shade) return;
      shade.remove();
      // The click that ends a drag is none.
      const clicks = new AbortController();
      const none = (click) => (click.preventDefault(), click.stopPropagation());
      document.addEventListener("click", none, { capture: true, signal: clicks.signal });
      setTimeout(() => clicks.abort(), 0);
      const box = from.querySelector("input[name=record]");
      if (moved.type !== "pointerup" || !box) return;
      box.checked = inside || (box.checked && !from.closest("table").contains(moved.target));
      away();
    };
    document.addEventListener("pointermove", drag, { signal: ends.signal });
    document.addEventListener("pointerup", drop, { signal: ends.signal });
    document.addEventListener("pointercancel", drop, { signal: ends.signal });
  });

  // What scrolls can be reached by Tab, and only then.
  function reach() {
    all(".scroll").forEach((part) => {
      if (part.scrollWidth > part.clientWidth + 1) part.tabIndex = 0;
      else part.removeAttribute("tabindex");
    });
  }

  // Called for every page, also for one that was put in the place of another.
  function arrive() {
    const page = document.getElementById("page");
    if (!page) return;
    const first = page.dataset.arrived === undefined && document.activeElement === document.body;
    page.dataset.arrived = "yes";
    const wanted = page.querySelector("[autofocus], [data-first-here]") ?? page.querySelector("h1") ?? page;
    if (first || !document.activeElement || document.activeElement === document.body) wanted.focus();
    all("[data-keys-off]").forEach((box) => (box.checked = keysAreOff()));
    // The next task is fetched while this one is read.
    setTimeout(() => all("[data-preloads]").forEach((link) => link.dispatchEvent(new Event("preload"))), 250);
    counted();
    reach();
  }

  window.addEventListener("resize", reach);
  window.addEventListener("pageshow", (event) => event.persisted && location.reload());
  // htmx begins at the same moment, and was there before: what a key clicks is alive.
  document.addEventListener("DOMContentLoaded", () => {
    arrive();
    document.addEventListener("keydown", pressed);
  });
})();
