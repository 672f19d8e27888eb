// Rows of a table that open in place. What is inside is made, and loaded, when the row is first opened.

import { button, element } from "./elements.js";

let numbers = 0;

// Returns { nodes, toggle, open, inside }: a row whose first cell has a button, and the row below it with the details.
// `fill` gets the container when it is opened first, and returns what `inside` then returns.
export function openable(row, words, columns, fill) {
  const id = `inside-${++numbers}`;
  const container = element("div", { class: "inside" });
  const below = element("tr", { role: "row", class: "below", id }, element("td", { role: "cell", colspan: columns }, container));
  const toggle = button(words, () => show(below.hidden), { "aria-expanded": "false", "aria-controls": id, class: "opens" });
  below.hidden = true;
  let inside;

  function show(isOpen) {
    below.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
    row.classList.toggle("open", isOpen);
    if (isOpen) {
      inside ??= fill(container);
      inside.load();
    }
  }

  return { nodes: [row, below], toggle, open: () => below.hidden && show(true), inside: () => (below.hidden ? undefined : inside) };
}
