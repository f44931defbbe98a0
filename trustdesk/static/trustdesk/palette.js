// The command palette: the search field of the top bar, opened over the page. What it can go to is the page's own
// links (data-goto) and what the server finds; it works on the same address as the search page does without script.

const WAIT_MS = 120;

function entry(href, title, detail) {
  const item = document.createElement("li");
  item.setAttribute("role", "option");
  const link = document.createElement("a");
  link.href = href;
  link.tabIndex = -1;
  const strong = document.createElement("span");
  strong.textContent = title;
  const small = document.createElement("span");
  small.className = "small faint line-end";
  small.textContent = detail;
  link.append(strong, small);
  item.append(link);
  return item;
}

function places(query) {
  const wanted = query.toLocaleLowerCase();
  return [...document.querySelectorAll("[data-goto]")]
    .map((node) => ({ href: node.href, title: node.dataset.goto }))
    .filter((place) => place.title.toLocaleLowerCase().includes(wanted))
    .slice(0, 8);
}

export function startPalette() {
  const dialog = document.getElementById("palette");
  const field = document.querySelector(".find input[type=search]");
  if (!dialog || !field) return;
  const input = dialog.querySelector("input");
  const list = dialog.querySelector("[role=listbox]");
  const endpoint = dialog.dataset.endpoint;
  let chosen = 0;
  let timer = 0;
  let asked = 0;

  function choose(index) {
    const items = [...list.children];
    if (!items.length) return;
    chosen = (index + items.length) % items.length;
    items.forEach((item, i) => {
      item.id = `palette-${i}`;
      item.setAttribute("aria-selected", String(i === chosen));
    });
    input.setAttribute("aria-activedescendant", `palette-${chosen}`);
    items[chosen].scrollIntoView({ block: "nearest" });
  }

  async function ask(query) {
    const mine = ++asked;
    const here = places(query).map((place) => entry(place.href, place.title, dialog.dataset.placeLabel));
    list.replaceChildren(...here);
    choose(0);
    if (query.trim().length < 2) return;
    const answer = await fetch(`${endpoint}?q=${encodeURIComponent(query)}`, { headers: { Accept: "application/json" } });
    if (!answer.ok || mine !== asked) return;
    const found = (await answer.json()).found.map((hit) => entry(hit.href, hit.title, hit.detail));
    const all = entry(`${dialog.dataset.all}?q=${encodeURIComponent(query)}`, dialog.dataset.allLabel, query);
    list.replaceChildren(...found, ...here, all);
    choose(0);
  }

  function open(text = "") {
    input.value = text;
    dialog.showModal();
    ask(text);
    input.focus();
  }

  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => ask(input.value), WAIT_MS);
  });
  input.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") choose(chosen + 1);
    else if (event.key === "ArrowUp") choose(chosen - 1);
    else if (event.key === "Enter") list.children[chosen]?.querySelector("a").click();
    else return;
    event.preventDefault();
  });
  document.addEventListener("keydown", (event) => {
    if ((event.metaKey || event.ctrlKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      if (!dialog.open) open();
    }
  });
  field.addEventListener("mousedown", (event) => {
    if (document.activeElement === field) return;
    event.preventDefault();
    open(field.value);
  });
}
