// Notes of the night log, and the search in the notes of the last 90 days.

import { age, bothTimes } from "./ages.js";
import { each, get, safe } from "./api.js";
import { count, element, setText, span, words } from "./elements.js";

const MOST_NOTES = 1000;
const SHOWN = 50;
const line = document.getElementById("notes-found");
const list = document.getElementById("notes-list");
let zones = new Map();

export function setSites(zonesOfSites) {
  zones = zonesOfSites;
}

export function begin() {
  document.getElementById("notes-form").addEventListener("submit", (event) => {
    event.preventDefault();
    search(document.getElementById("notes-words").value.trim(), document.getElementById("notes-site").value.trim());
  });
}

async function search(text, site) {
  const sites = site ? [site] : [...zones.keys()];
  const [found, failed] = [[], []];
  let read = 0;
  setText(line, "Searching …");
  await each(sites, async (code) => {
    try {
      found.push(...(await notesOf(code, MOST_NOTES)).filter((note) => has(note, text)));
    } catch (error) {
      failed.push(`${code}: ${error.message}`);
    }
    setText(line, `Searching … ${++read} of ${count(sites.length, "observatory").replace("ys", "ies")} read.`);
  });
  found.sort((one, other) => other.created_timestamp - one.created_timestamp);
  list.replaceChildren(...found.slice(0, SHOWN).map((note) => noteEntry(note, zones.get(note.site))));
  setText(line, [result(found.length), ...failed].join(" "));
}

function result(number) {
  const shown = number > SHOWN ? ` The newest ${SHOWN} are shown.` : "";
  return number ? `${count(number, "note")} found.${shown}` : "No note of the last 90 days has these words.";
}

function has(note, text) {
  const all = words(note.note_data).toLowerCase();
  return text.toLowerCase().split(/\s+/).every((word) => all.includes(word));
}

// Returns the last notes of a site, the newest first. The present note may be missing in the history: the earlier service
// kept none.
export async function notesOf(site, most) {
  const path = `/nightlog/${safe(site)}`;
  const [present, earlier] = await Promise.all([get(path), get(`${path}?history=${most}`)]);
  const isThere = !present || earlier.some((note) => note.created_timestamp === present.created_timestamp);
  return isThere ? earlier : [present, ...earlier];
}

// Returns an entry with a note's words, its author and its times.
export function noteEntry(note, zone) {
  const data = note.note_data;
  const by = data?.username ? `${words(data.username)}, ` : "";
  const at = note.created_timestamp;
  return element(
    "article",
    { class: "note-entry" },
    element("p", {}, words(data?.message ?? data)),
    element("p", { class: "soft" }, `${note.site}, ${by}`, age(at), " ", span(bothTimes(at, zone), ""))
  );
}

