// The PIPE machines, one row each.

import { age, bothTimes, now, setAge } from "./ages.js";
import { get, safe, send } from "./api.js";
import { body, cell, element, keep, part, rowHeading, setText, soft, span, table, words } from "./elements.js";
import { changeButton, outcome } from "./forms.js";
import { openable } from "./opened.js";
import { setOpener } from "./places.js";

const COLUMNS = ["PIPE", "Status", "Sent"];
const SILENT_AFTER_S = 900;
const rows = body();
const line = outcome();

export function begin() {
  document.getElementById("pipe-table").append(table("PIPE machines: what they said last", COLUMNS, rows), line);
  setOpener("pipe", (name) => {
    const found = part(rows, name);
    found?.open();
    return found?.toggle;
  });
}

export function show(pipes) {
  keep(rows, pipes, (each) => each.pipe_id, pipe);
  setText(document.getElementById("pipe-count"), pipes.length ? "" : "No PIPE has sent its status.");
}

function pipe({ pipe_id: name }) {
  const row = element("tr", { role: "row" });
  const opening = openable(row, name, COLUMNS.length, (container) => inside(container, name));
  const [status, sent] = [span("", ""), age(null)];
  row.append(rowHeading(opening.toggle), cell("status", status), cell("sent", sent));
  return {
    nodes: opening.nodes,
    open: opening.open,
    toggle: opening.toggle,
    update(found) {
      const at = found.last_updated === null ? null : found.last_updated / 1000;
      setText(status, found.status ?? "unknown");
      setAge(sent, at, "at an unknown time");
      sent.classList.toggle("warn", at !== null && now() - at > SILENT_AFTER_S);
      opening.update(found);
    },
  };
}

// Shows the details of the last status, and a button that removes it.
function inside(container, name) {
  const details = element("div");
  const forget = changeButton("Forget this PIPE", () => line, async () => {
    await send("DELETE", `/pipe/status/${safe(name)}`);
    return `${name} is forgotten. It is listed again when it sends a status.`;
  });
  container.append(details, forget);
  let seen;

  async function load() {
    try {
      const found = await get(`/pipe/status/${safe(name)}`);
      const sent = soft(`Sent ${bothTimes(found.last_updated / 1000)}.`);
      details.replaceChildren(sent, element("pre", { tabindex: "0" }, JSON.stringify(found.details, null, 2) ?? words(found.details)));
    } catch (error) {
      details.replaceChildren(span(error.message, "bad"));
    }
  }

  return {
    load,
    update({ last_updated: at }) {
      if (seen !== undefined && seen !== at) {
        load();
      }
      seen = at;
    },
  };
}
