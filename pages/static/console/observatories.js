// One compact row for each observatory.

import { bothTimes, isTime, now, setAge } from "./ages.js";
import { body, cell, element, keep, part, rowHeading, setText, span, table } from "./elements.js";
import { inside } from "./observatory.js";
import { openLatest } from "./image.js";
import { openable } from "./opened.js";
import { setOpener } from "./places.js";
import { showThumbnail, thumbnailButton } from "./pictures.js";
import { compare, matches } from "./sorting.js";

const COLUMNS = ["Observatory", "Newest image", "Sky now", "Next event", "Last upload", "Note"];
const SKIES = { day: "day", civil: "civil twilight", nautical: "nautical twilight", astronomical: "astronomical twilight", night: "night" };
const rows = body();
const filter = document.getElementById("filter");
const filters = document.getElementById("filters");
let latest = { observatories: [], unknown: [], attention: [] };

export function begin() {
  document.getElementById("observatory-table").append(table("Observatories", COLUMNS, rows));
  filters.addEventListener("input", () => show(latest));
  filters.addEventListener("submit", (event) => event.preventDefault());
  setOpener("observatory", (site) => {
    if (!part(rows, site)) {
      filters.reset();
      show(latest);
    }
    return open(site);
  });
}

function open(site) {
  const found = part(rows, site);
  found?.open();
  return found?.toggle;
}

// Shows the rows that match the filter. A part that could not be read says so in each row.
export function show(found) {
  latest = found;
  const inNeed = new Set(found.attention.filter((each) => each.about.kind === "observatory").map((each) => each.about.name));
  const wanted = { words: filter.value, sky: document.getElementById("sky").value, inNeed };
  const shown = found.observatories.filter((each) => matches(each, wanted)).sort(compare(document.getElementById("sort").value, inNeed));
  const unknown = new Set(found.unknown);
  keep(rows, shown.map((each) => ({ ...each, unknown, isInNeed: inNeed.has(each.site) })), (each) => each.site, observatory);
  setText(document.getElementById("observatory-count"), counted(shown.length, found.observatories.length));
}

function counted(shown, all) {
  if (!all) {
    return "No site has sent its configuration.";
  }
  return shown === all ? `${all} in all.` : `${shown} of ${all}.`;
}

function observatory({ site }) {
  const row = element("tr", { role: "row", class: "observatory" });
  const opening = openable(row, site, COLUMNS.length, (container) => inside(container, site));
  const name = span("", "soft name");
  const picture = thumbnailButton(`Newest image of ${site}`, () => openLatest(site, row.dataset.zone));
  const parts = { image: aged(), sky: said(), event: aged(), upload: aged(), note: element("span", { class: "note" }) };
  row.append(
    rowHeading(opening.toggle, name),
    cell("Newest image", picture, parts.image.node),
    cell("Sky now", parts.sky.node),
    cell("Next event", parts.event.node),
    cell("Last upload", parts.upload.node),
    cell("Note", parts.note)
  );
  return {
    nodes: opening.nodes,
    open: opening.open,
    toggle: opening.toggle,
    update(found) {
      row.dataset.sky = found.sky ?? "unknown";
      row.dataset.zone = found.time_zone ?? "";
      row.classList.toggle("in-need", found.isInNeed);
      setText(name, found.name === site ? "" : found.name);
      showThumbnail(picture, found.newest_image);
      showParts(parts, found);
      opening.update(found);
    },
  };
}

function showParts(parts, found) {
  const { newest_image: image, last_upload: upload, next_event: event, time_zone: zone, unknown } = found;
  parts.image.show(image?.captured_at, zone, unknown.has("images") ? "unknown" : image ? "no date" : "none");
  parts.upload.show(upload?.at, zone, unknown.has("uploads") ? "unknown" : "none");
  parts.event.show(event?.at, zone, "none", event?.name);
  parts.sky.show(SKIES[found.sky] ?? "unknown", sunAndMoon(found));
  setText(parts.note, unknown.has("night_log") ? "unknown" : found.night_log ?? "");
  parts.note.classList.toggle("soft", !found.night_log);
}

function sunAndMoon({ sun_altitude: sun, moon_altitude: moon, sky_note: note }) {
  return typeof sun === "number" ? `Sun ${Math.round(sun)}°, Moon ${Math.round(moon)}°` : note ?? "";
}

// A name, an age and, smaller, the times in UTC and the site's own.
function aged() {
  const [title, age, times] = [span("", "title"), element("time", { class: "age" }), span("", "soft times")];
  return {
    node: element("div", { class: "aged" }, title, " ", age, " ", times),
    show(at, zone, none, words = "") {
      setText(title, words);
      setAge(age, at ?? null, none);
      setText(times, bothTimes(at, zone));
      age.classList.toggle("soon", isTime(at) && Math.abs(at - now()) < 600);
    },
  };
}

function said() {
  const [title, more] = [span("", "title"), span("", "soft times")];
  return {
    node: element("div", { class: "aged" }, title, " ", more),
    show(words, rest) {
      setText(title, words);
      setText(more, rest);
    },
  };
}
