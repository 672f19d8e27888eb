// An observatory opened in place: its night, its last uploads, and its night log.

import { age, bothTimes, now } from "./ages.js";
import { get, safe, send, url } from "./api.js";
import { element, setText, size, soft, span, words } from "./elements.js";
import { change, outcome } from "./forms.js";
import { noteEntry, notesOf } from "./notes.js";
import { picture } from "./pictures.js";

const UPLOADS = 8;
const NOTES = 5;
// The night's picture has a line that says what time it is.
const PLOT_EVERY_S = 300;

// Fills the opened row of a site. `load` loads everything, `update` gets each new row of `/now`.
export function inside(container, site) {
  const parts = ["night", "facts", "uploads", "notes"].map((kind) => element("div", { class: kind }));
  const [night, facts, uploads, notes] = parts;
  const log = element("section", { "aria-label": `Night log of ${site}` }, element("h3", {}, "Night log"), notes, noteForm(site, loadNotes));
  container.append(element("div", {}, night, facts), element("section", { "aria-label": `Uploads of ${site}` }, element("h3", {}, "Last uploads"), uploads), log);
  let zone = "";
  let seen = "";

  async function loadNotes() {
    await fill(notes, async () => {
      const found = await notesOf(site, NOTES);
      return found.length ? found.map((note) => noteEntry(note, zone)) : [soft("No note in the last 90 days.")];
    });
  }

  async function loadUploads() {
    await fill(uploads, async () => {
      const found = await get(`/recentuploads?site=${safe(site)}&limit=${UPLOADS}`);
      return found.length ? [element("ul", {}, ...found.map((each) => upload(each, zone)))] : [soft("Nothing was uploaded lately.")];
    });
  }

  return {
    load() {
      showNight(night, site);
      loadUploads();
      loadNotes();
    },
    update(found) {
      zone = found.time_zone ?? "";
      setText(facts, factsOf(found));
      showNight(night, site);
      const facts_seen = JSON.stringify([found.last_upload?.at, found.night_log]);
      if (seen && seen !== facts_seen) {
        loadUploads();
        loadNotes();
      }
      seen = facts_seen;
    },
  };
}

function showNight(night, site) {
  const when = Math.floor(now() / PLOT_EVERY_S) * PLOT_EVERY_S;
  const source = url(`/events/plot?site=${safe(site)}&when=${when}`);
  if (night.dataset.source !== source) {
    night.dataset.source = source;
    const alt = `Altitudes of Sun and Moon tonight at ${site}, and the schedule`;
    night.replaceChildren(picture(source, alt, "The night cannot be drawn: the config lacks its place, or the call failed.", { loading: "eager" }));
  }
}

function factsOf(found) {
  if (typeof found.sun_altitude !== "number") {
    return found.sky_note ?? "The sky is unknown.";
  }
  const moon = `The Moon's is ${found.moon_altitude.toFixed(1)}°; ${Math.round(found.moon_illumination * 100)} % of it is lit.`;
  return `The Sun's altitude is ${found.sun_altitude.toFixed(1)}°. ${moon} ${found.sky_note ?? ""} The observatory's time zone is ${found.time_zone ?? "unknown"}.`;
}

function upload(found, zone) {
  const at = found.upload_timestamp_s;
  return element("li", {}, words(found.filename), " ", span(size(found.size_bytes), "soft"), " ", age(at), " ", span(bothTimes(at, zone), "soft"));
}

async function fill(node, make) {
  try {
    node.replaceChildren(...(await make()));
  } catch (error) {
    node.replaceChildren(span(error.message, "bad"));
  }
}

function noteForm(site, written) {
  const [message, name, hours] = [
    element("textarea", { rows: "2", required: "" }),
    element("input", { autocomplete: "name", maxlength: "100" }),
    element("input", { type: "number", min: "1", max: "87600", value: "48", required: "" }),
  ];
  const line = outcome();
  const form = element(
    "form",
    { class: "write note-form" },
    element("label", { class: "wide" }, "New note, in place of the present one ", message),
    element("label", {}, "Your name ", name),
    element("label", {}, "Hours that it stays ", hours),
    element("button", { type: "submit" }, "Write the note")
  );
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    change(line, async () => {
      const note = { site, username: name.value, message: message.value, ttl_hours: hours.value };
      await send("POST", `/nightlog/${safe(site)}`, { note_data: note });
      message.value = "";
      await written();
      return `The note of ${site} is written. It stays for ${hours.value} hours.`;
    });
  });
  return element("div", {}, form, line);
}
