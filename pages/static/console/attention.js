// What needs attention, the worst first, each with a link to its place.

import { age, setAge, timeThere } from "./ages.js";
import { button, count, element, keep, setText, span } from "./elements.js";
import { link } from "./places.js";

const SHOWN = 12;
const LEVELS = ["alarm", "warning", "notice"];
const TITLE = document.title;
const list = document.getElementById("attention-list");
const more = button("", () => {
  isWhole = !isWhole;
  show(problems, zones);
});
let isWhole = false;
let problems = [];
let zones = new Map();

export function show(found, zonesOfSites) {
  problems = found;
  zones = zonesOfSites;
  keep(list, isWhole ? found : found.slice(0, SHOWN), keyOf, problem);
  setText(document.getElementById("attention-summary"), summary());
  const alarms = numberOf("alarm");
  document.title = alarms ? `(${alarms}) ${TITLE}` : TITLE;
  more.hidden = found.length <= SHOWN;
  setText(more, isWhole ? "Show the worst only" : `Show all ${found.length}`);
}

function numberOf(level) {
  return problems.filter((each) => each.level === level).length;
}

function summary() {
  const numbers = LEVELS.map((level) => [numberOf(level), level]).filter(([number]) => number);
  return numbers.length ? `${numbers.map((each) => count(...each)).join(", ")}.` : "Nothing needs attention.";
}

// A problem is the same while its reason begins with the same 12 characters. Counts and times come later.
function keyOf({ about, reason }) {
  return JSON.stringify([about.kind, about.name, reason.slice(0, 12)]);
}

function problem() {
  const level = span("", "level");
  const place = element("a", {});
  const reason = span("", "reason");
  const since = age(null);
  const times = span("", "soft");
  const item = element("li", {}, level, " ", place, " ", reason, " ", element("span", { class: "since" }, since, " ", times));
  return {
    nodes: [item],
    update(found) {
      item.className = found.level;
      setText(level, found.level);
      setText(place, found.about.kind === "observatory" ? found.about.name : `${found.about.kind} ${found.about.name}`);
      place.href = link(found.about.kind, found.about.name);
      setText(reason, found.reason);
      setAge(since, found.since, "");
      // The reason names the time in UTC.
      setText(times, timeThere(found.since, zones.get(found.about.name)));
    },
  };
}

export function begin() {
  list.after(more);
  more.hidden = true;
}
