// What makes the pages handier. Everything works without it.
"use strict";

const entries = () => [...document.querySelectorAll("[data-entry]")];
const current = () => document.querySelector("[data-entry].is-current");

function select(entry) {
  current()?.classList.remove("is-current");
  entry.classList.add("is-current");
  const link = entry.querySelector("[data-open]") ?? entry;
  if (link === entry) entry.tabIndex = -1;
  link.focus({ preventScroll: true });
  entry.scrollIntoView({ block: "nearest" });
}

function step(by) {
  const all = entries();
  if (all.length === 0) return;
  const at = all.indexOf(current());
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : at + by;
  select(all[Math.min(Math.max(next, 0), all.length - 1)]);
}

function fold() {
  const parts = [...(current()?.querySelectorAll("details") ?? [])];
  const open = !parts.some((part) => part.open);
  for (const part of parts) part.open = open;
}

const keys = {
  "/": () => document.querySelector("[data-search]")?.focus(),
  j: () => step(1),
  k: () => step(-1),
  x: fold,
  "?": () => dialog.showModal(),
};

// Whoever speaks to a computer, or hits keys by accident, can switch the single keys off.
const choice = "threadline.keys";
const dialog = document.getElementById("keys");
const single = document.getElementById("keys-on");
try {
  single.checked = localStorage.getItem(choice) !== "off";
} catch {
  // A browser that keeps nothing has them on.
}
single.addEventListener("change", () => {
  try {
    localStorage.setItem(choice, single.checked ? "on" : "off");
  } catch {
    // It is so for this page.
  }
});
for (const opener of document.querySelectorAll("[data-keys]")) {
  opener.hidden = false;
  opener.addEventListener("click", () => dialog.showModal());
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const field = event.target.closest("input, select, textarea, dialog");
  if (field) {
    if (event.key === "Escape" && field.matches("input")) field.blur();
    return;
  }
  const act = keys[event.key];
  if (!act || !single.checked) return;
  event.preventDefault();
  act();
});

// A slider that is let go shows its change at once; with keys one goes on, and presses Enter.
for (const field of document.querySelectorAll("[data-submit]")) {
  let held = false;
  field.addEventListener("pointerdown", () => (held = true));
  field.addEventListener("keydown", () => (held = false));
  field.addEventListener("change", () => held && field.form.requestSubmit());
}

for (const text of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(text.textContent);
    button.textContent = "Copied";
    setTimeout(() => (button.textContent = "Copy"), 2000);
  });
  text.after(button);
}

const units = [["year", 31557600], ["month", 2629800], ["day", 86400], ["hour", 3600], ["minute", 60]];
const relative = new Intl.RelativeTimeFormat("en", { numeric: "auto" });
for (const time of document.querySelectorAll("time")) {
  const seconds = (Date.now() - Date.parse(time.dateTime)) / 1000;
  const unit = units.find(([, size]) => Math.abs(seconds) >= size);
  const ago = unit ? relative.format(-Math.round(seconds / unit[1]), unit[0]) : "just now";
  time.title = `${time.dateTime} · ${ago}`;
  if ("relative" in time.dataset) {
    const words = document.createElement("span");
    words.className = "ago";
    words.textContent = ` (${ago})`;
    time.append(words);
  }
}
