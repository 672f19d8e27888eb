// Builds elements. Everything from the API goes in as text, never as HTML.

export function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

export function span(words, kind) {
  return element("span", { class: kind }, words);
}

export function soft(words) {
  return element("p", { class: "soft" }, words);
}

export function button(words, pressed, attributes = {}) {
  const made = element("button", { type: "button", ...attributes }, words);
  made.addEventListener("click", pressed);
  return made;
}

// Sets a text only if it differs, so that selections stay and screen readers hear only what is new.
export function setText(node, words) {
  if (node.textContent !== words) {
    node.textContent = words;
  }
}

export function words(value) {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

export function size(bytes) {
  return typeof bytes === "number" ? `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1)} MB` : "";
}

export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

// The roles repeat those of the elements. The style sheet makes them blocks and grids, and a screen reader no longer
// sees a block without a role as part of a table.
export function table(caption, headings, body) {
  const head = headings.map((heading) => element("th", { scope: "col", role: "columnheader" }, heading));
  return element(
    "table",
    { role: "table" },
    element("caption", {}, caption),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...head)),
    body
  );
}

export function body() {
  return element("tbody", { role: "rowgroup" });
}

export function cell(label, ...children) {
  return element("td", { role: "cell", "data-label": label }, ...children);
}

export function rowHeading(...children) {
  return element("th", { scope: "row", role: "rowheader" }, ...children);
}

const lists = new WeakMap();

// Shows one part for each value. A part stays in place while its value is there, so it keeps focus and scroll position.
// `make` returns { nodes, update }: the part's elements, and a function that shows a value in them.
export function keep(parent, values, keyOf, make) {
  const before = lists.get(parent) ?? new Map();
  const after = new Map();
  for (const value of values) {
    const part = before.get(keyOf(value)) ?? make(value);
    part.update(value);
    after.set(keyOf(value), part);
  }
  lists.set(parent, after);
  place(parent, [...after.values()].flatMap((part) => part.nodes));
}

export function part(parent, key) {
  return lists.get(parent)?.get(key);
}

function place(parent, nodes) {
  const focused = document.activeElement;
  const wanted = new Set(nodes);
  for (const child of [...parent.childNodes]) {
    if (!wanted.has(child)) {
      child.remove();
    }
  }
  nodes.forEach((node, at) => {
    if (parent.childNodes[at] !== node) {
      parent.insertBefore(node, parent.childNodes[at] ?? null);
    }
  });
  // An element that moves loses the focus.
  if (focused !== document.activeElement && parent.contains(focused)) {
    focused.focus({ preventScroll: true });
  }
}
