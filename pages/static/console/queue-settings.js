// What can be changed of a queue: paused or not, and after how many hand-outs an item is dead.

import { mayWrite } from "./access.js";
import { safe, send } from "./api.js";
import { count, element } from "./elements.js";
import { change, changeButton, oneField } from "./forms.js";

export function settings(name, line) {
  const most = element("input", { type: "number", min: "1", max: "1000" });
  const path = `/pipe/queue/${safe(name)}`;

  async function set(values) {
    const now = await send("PUT", path, values);
    most.placeholder = now.max_receives ?? "no limit";
    return now;
  }

  async function pause(paused) {
    await set({ paused });
    return paused ? `${name} is paused: it takes no items and hands out none.` : `${name} works again.`;
  }

  async function limit() {
    const given = most.value === "" ? null : Number(most.value);
    const { max_receives: times } = await set({ max_receives: given });
    return times === null ? `Items of ${name} never become dead.` : `Items of ${name} are dead after ${count(times, "hand-out")}.`;
  }

  const field = oneField("Hand-outs until an item is dead (empty: no limit)", most, "Set", () => change(line, limit));
  // A PUT without settings changes nothing, and returns the present settings.
  const read = () => set({}).catch(() => {});
  if (mayWrite()) {
    read();
  } else {
    most.addEventListener("focus", read, { once: true });
  }
  return element(
    "div",
    { class: "write actions" },
    changeButton("Pause", () => line, () => pause(true)),
    changeButton("Resume", () => line, () => pause(false)),
    field
  );
}
