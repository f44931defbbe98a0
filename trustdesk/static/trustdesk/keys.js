// Keys are declared where they act: data-key="n" on a link, button or field, with its label in data-key-label (or
// its text). "g q" is a sequence. One listener finds the element and does what a click or a focus would do, so that a
// key can never do more than the page offers. Single keys can be switched off (WCAG 2.1.4).

const SEQUENCE_MS = 900;
const STORE = "trustdesk.keys";
let pending = "";
let pendingTimer = 0;

const typing = (node) =>
  node.isContentEditable ||
  node.matches?.("textarea, select, input:not([type=checkbox], [type=radio], [type=submit], [type=button])");

const usable = (node) => !node.disabled && (node.offsetParent !== null || node.matches("[data-key-hidden]"));

function act(node) {
  if (node.matches("input:not([type=radio], [type=checkbox], [type=submit]), textarea, select")) {
    node.focus();
    node.select?.();
  } else if (node.matches("[data-key-focus]")) {
    const inner = node.querySelector("input:checked, input, textarea, select, button") ?? node;
    inner.focus();
    node.scrollIntoView({ block: "nearest" });
  } else {
    node.click();
  }
}

function find(name) {
  return [...document.querySelectorAll("[data-key]")].find((n) => n.dataset.key === name && usable(n));
}

function startsSequence(name) {
  return [...document.querySelectorAll("[data-key]")].some((n) => n.dataset.key.startsWith(name + " "));
}

// --- lists: j and k move, Enter opens, x selects -------------------------------------------------------------------
function rows() {
  return [...document.querySelectorAll("[data-rows] [data-row]")];
}

function here(list) {
  return list.findIndex((row) => row.classList.contains("is-here"));
}

function move(step) {
  const list = rows();
  if (!list.length) return false;
  const old = here(list);
  const next = Math.min(Math.max(old + step, 0), list.length - 1);
  list[old]?.classList.remove("is-here");
  list[next].classList.add("is-here");
  const link = list[next].querySelector("a[href]");
  link?.focus({ preventScroll: true });
  list[next].scrollIntoView({ block: "nearest" });
  return true;
}

function onRow(name) {
  if (name === "j") return move(1);
  if (name === "k") return move(-1);
  const row = rows()[here(rows())];
  if (!row) return false;
  if (name === "x") {
    const box = row.querySelector("input[type=checkbox]");
    box?.click();
    return Boolean(box);
  }
  if (name === "Enter" && (document.activeElement === document.body || row.contains(document.activeElement))) {
    row.querySelector("a[href]")?.click();
    return true;
  }
  return false;
}

// --- the list of keys, made from the page itself -------------------------------------------------------------------
function showKeys() {
  const dialog = document.getElementById("keys");
  const table = dialog?.querySelector("[data-keys-here]");
  if (!dialog || !table) return;
  table.replaceChildren();
  const seen = new Set();
  for (const node of document.querySelectorAll("[data-key]")) {
    const name = node.dataset.key;
    if (seen.has(name) || !usable(node)) continue;
    seen.add(name);
    const what = document.createElement("span");
    what.textContent = node.dataset.keyLabel ?? node.textContent.trim().replace(/\s+/g, " ");
    const keys = document.createElement("span");
    for (const part of name.split(" ")) {
      const cap = document.createElement("kbd");
      cap.textContent = part;
      keys.append(cap, " ");
    }
    table.append(what, keys);
  }
  dialog.showModal();
}

function name(event) {
  const mod = event.metaKey || event.ctrlKey ? "mod+" : "";
  return mod + (event.key.length === 1 ? event.key.toLowerCase() : event.key);
}

function onKey(event) {
  if (event.defaultPrevented || event.altKey || event.isComposing) return;
  const pressed = name(event);
  if (pressed === "mod+Enter") {
    const form = event.target.closest?.("form");
    const button = (form ?? document).querySelector("[data-key='mod+Enter']");
    if (button) {
      event.preventDefault();
      button.click();
    }
    return;
  }
  if (pressed.startsWith("mod+")) {
    const node = find(pressed);
    if (node) {
      event.preventDefault();
      act(node);
    }
    return;
  }
  if (pressed === "Escape" && typing(event.target)) {
    event.target.blur();
    return;
  }
  if (document.documentElement.dataset.keys === "off" || typing(event.target) || document.querySelector("dialog[open]"))
    return;
  if (pressed === "?") {
    event.preventDefault();
    showKeys();
    return;
  }
  const sequence = pending ? `${pending} ${pressed}` : pressed;
  clearTimeout(pendingTimer);
  pending = "";
  const node = find(sequence);
  if (node) {
    event.preventDefault();
    act(node);
  } else if (startsSequence(sequence)) {
    pending = sequence;
    pendingTimer = setTimeout(() => (pending = ""), SEQUENCE_MS);
  } else if (onRow(pressed)) {
    event.preventDefault();
  }
}

export function startKeys() {
  const root = document.documentElement;
  root.dataset.keys = localStorage.getItem(STORE) ?? "on";
  const toggle = document.querySelector("[data-keys-toggle]");
  if (toggle) {
    toggle.checked = root.dataset.keys === "on";
    toggle.addEventListener("change", () => {
      root.dataset.keys = toggle.checked ? "on" : "off";
      localStorage.setItem(STORE, root.dataset.keys);
    });
  }
  document.addEventListener("keydown", onKey);
  for (const button of document.querySelectorAll("[data-show-keys]")) button.addEventListener("click", showKeys);
  for (const button of document.querySelectorAll("[data-close]"))
    button.addEventListener("click", () => button.closest("dialog").close());
}
