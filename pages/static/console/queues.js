// The queues, one row each.

import { age, setAge } from "./ages.js";
import { body, cell, element, keep, part, rowHeading, setText, span, table } from "./elements.js";
import { openable } from "./opened.js";
import { setOpener } from "./places.js";
import { inside } from "./queue.js";

const COLUMNS = ["Queue", "Waiting", "Leased", "Dead", "Oldest job", "State"];
const rows = body();

export function begin() {
  document.getElementById("queue-table").append(table("Queues: how many items, and how old", COLUMNS, rows));
  setOpener("queue", (name) => {
    const found = part(rows, name);
    found?.open();
    return found?.toggle;
  });
}

// Shows the queues. `at` is when they were read, in Unix seconds.
export function show(queues, at) {
  keep(rows, queues.map((each) => ({ ...each, at })), (each) => each.queue_name, queue);
  setText(document.getElementById("queue-count"), queues.length ? "" : "There are no queues.");
}

function queue({ queue_name: name }) {
  const row = element("tr", { role: "row" });
  const opening = openable(row, name, COLUMNS.length, (container) => inside(container, name));
  const numbers = ["waiting", "leased", "dead"].map((kind) => [kind, span("", "count")]);
  const [oldest, state] = [age(null), span("", "")];
  row.append(
    rowHeading(opening.toggle),
    ...numbers.map(([kind, node]) => cell(kind, node)),
    cell("oldest job", oldest),
    cell("state", state)
  );
  return {
    nodes: opening.nodes,
    open: opening.open,
    toggle: opening.toggle,
    update(found) {
      for (const [kind, node] of numbers) {
        setText(node, `${found[kind]}${found.more ? " or more" : ""}`);
      }
      numbers[2][1].classList.toggle("warn", found.dead > 0);
      setAge(oldest, found.oldest_age_ms === null ? null : found.at - found.oldest_age_ms / 1000, "–");
      setText(state, stateOf(found));
      state.classList.toggle("warn", found.paused || found.stuck.length > 0);
      opening.update(found);
    },
  };
}

function stateOf({ paused, stuck }) {
  const handed = stuck.length ? `${stuck.length} handed out often` : "";
  return [paused ? "paused" : "", handed].filter(Boolean).join(", ") || "works";
}
