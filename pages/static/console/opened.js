// Rows of a table that open in place. What is inside is made, and loaded, when the row is first opened.

import { button, element } from "./elements.js";

let numbers = 0;

// Returns { nodes, toggle, open, update }: a row, the row below it with the details, and the button that opens it.
// `fill` gets the container when it is opened first. It returns { load, update }: `load` reads what is inside, and
// `update` gets each new value of the row while it is open.
export function openable(row, words, columns, fill) {
  const id = `inside-${++numbers}`;
  const container = element("div", { class: "inside" });
  const below = element("tr", { role: "row", class: "below", id }, element("td", { role: "cell", colspan: columns }, container));
  const toggle = button(words, () => show(below.hidden), { "aria-expanded": "false", "aria-controls": id, class: "opens" });
  below.hidden = true;
  let inside;
  let latest;

  function show(isOpen) {
    below.hidden = !isOpen;
    toggle.setAttribute("aria-expanded", String(isOpen));
    row.classList.toggle("open", isOpen);
    if (isOpen) {
      inside ??= fill(container);
      inside.update(latest);
      inside.load();
    }
  }

  function update(value) {
    latest = value;
    if (!below.hidden) {
      inside.update(value);
    }
  }

  return { nodes: [row, below], toggle, open: () => below.hidden && show(true), update };
}
