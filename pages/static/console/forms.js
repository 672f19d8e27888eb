// Changes: each shows its result in words.

import { button, element, setText } from "./elements.js";

let changed = () => {};

// Sets what is called after each change.
export function setAfterChange(after) {
  changed = after;
}

// Returns the line that shows the result of a change.
export function outcome() {
  return element("p", { class: "outcome", role: "status" });
}

// Runs a change. Shows the words that it returns, or why it failed.
export async function change(line, run) {
  line.classList.remove("bad");
  setText(line, "Sending …");
  try {
    setText(line, await run());
    changed();
  } catch (error) {
    line.classList.add("bad");
    setText(line, error.message);
  }
}

// Returns a button that changes something. It is there only for visitors who may change things.
export function changeButton(words, line, run) {
  return button(words, () => change(line(), run), { class: "write" });
}

// Returns a form with one field and a button.
export function oneField(label, field, words, submitted) {
  const form = element(
    "form",
    { class: "write one-field" },
    element("label", {}, `${label} `, field),
    element("button", { type: "submit" }, words)
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    submitted();
  });
  return form;
}
