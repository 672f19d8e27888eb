// The operators' console: shows what this API's public routes return.
"use strict";

const REFRESH_EVERY_MS = 60_000;
const CONFIGS_EVERY_MS = 600_000;
const CALLS_AT_ONCE = 4;
const CALL_TIMEOUT_MS = 30_000;
const UPLOADS_SHOWN = 20;
const PIPE_SILENT_AFTER_MS = 600_000;
const ITEM_OLD_AFTER_MS = 3_600_000;
// A night's picture changes at noon. Loading it once an hour is enough.
const PLOT_EVERY_S = 3600;

const base = document.documentElement.dataset.base;
const failures = new Map();
const cards = new Map();
// Sites and queues are in Maps. In a plain object a site named "constructor" or "__proto__" would find what every
// object has under that name.
let configs = { sites: new Map(), readAt: -Infinity };
let running = null;

// ---- calls

async function get(path) {
  const answer = await fetch(base + path, { signal: AbortSignal.timeout(CALL_TIMEOUT_MS), cache: "no-store" });
  if (answer.status === 204) {
    return null;
  }
  const text = await answer.text();
  if (!answer.ok) {
    throw new Error(`${answer.status} ${text.slice(0, 200)}`);
  }
  return JSON.parse(text);
}

// Returns the members of an object from a route, as a Map.
async function getMap(path) {
  return new Map(Object.entries(await get(path)));
}

// Returns the result of `read`. If it fails, shows the failure on the page and returns undefined.
async function attempt(name, read) {
  try {
    const value = await read();
    failures.delete(name);
    return value;
  } catch (error) {
    failures.set(name, error.name === "TimeoutError" ? "no answer in time" : error.message);
    return undefined;
  }
}

// Returns `read` of each element. Only a few calls run at once, also for a network of many sites.
async function each(elements, read) {
  const results = new Array(elements.length);
  let next = 0;
  async function work() {
    while (next < elements.length) {
      const mine = next++;
      results[mine] = await read(elements[mine]);
    }
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
  return results;
}

// ---- elements

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) {
    made.setAttribute(attribute, value);
  }
  made.append(...children);
  return made;
}

function soft(words) {
  return element("p", { class: "soft" }, words);
}

// The roles repeat those of the elements. On a phone the style sheet makes them blocks, and a screen reader no longer
// sees a block without a role as part of a table.
function table(caption, headings, rows) {
  const head = headings.map(columnHeading);
  const body = rows.map((cells) =>
    element("tr", { role: "row" }, ...cells.map((cell, column) => tableCell(cell, column, headings[column])))
  );
  return element(
    "div",
    { class: "table" },
    element(
      "table",
      { role: "table" },
      element("caption", {}, caption),
      element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ...head)),
      element("tbody", { role: "rowgroup" }, ...body)
    )
  );
}

function columnHeading({ words, number }) {
  return element("th", { scope: "col", role: "columnheader", class: number ? "number" : "" }, words);
}

function tableCell(cell, column, heading) {
  if (column === 0) {
    return element("th", { scope: "row", role: "rowheader" }, cell);
  }
  return element("td", { role: "cell", "data-label": heading.words, class: heading.number ? "number" : "" }, cell);
}

function span(words, kind) {
  return element("span", { class: kind }, words);
}

function show(section, ...children) {
  const content = document.querySelector(`#${section} .content`);
  // Elements that do not change stay in place, so they keep the focus.
  if (children.length !== content.children.length || children.some((child, at) => child !== content.children[at])) {
    content.replaceChildren(...children);
  }
  document.getElementById(section).classList.remove("stale");
}

function keepOld(section) {
  document.getElementById(section).classList.add("stale");
}

// Returns the existing card of that name if it would be the same, so that its picture is not loaded again.
function card(name, parts, make) {
  const key = JSON.stringify(parts);
  if (cards.get(name)?.key !== key) {
    cards.set(name, { key, made: element("article", { class: "card" }, ...make()) });
  }
  return cards.get(name).made;
}

// Says if a picture cannot be loaded, and loads it again at the next refresh.
function picture(name, attributes, failed) {
  const made = element("img", { ...attributes, loading: "lazy" });
  made.addEventListener("error", () => {
    cards.delete(name);
    made.replaceWith(soft(failed));
  });
  return made;
}

// ---- words

function duration(ms) {
  const minutes = Math.floor(ms / 60_000);
  if (minutes < 1) {
    return `${Math.max(0, Math.floor(ms / 1000))} s`;
  }
  if (minutes < 120) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

function ago(ms) {
  return `${duration(Date.now() - ms)} ago`;
}

function moment(ms) {
  return element("time", { datetime: new Date(ms).toISOString() }, new Date(ms).toLocaleString());
}

function size(bytes) {
  return typeof bytes === "number" ? `${(bytes / 1e6).toFixed(bytes < 1e6 ? 2 : 1)} MB` : "";
}

function words(value) {
  return typeof value === "string" ? value : JSON.stringify(value) ?? "";
}

// ---- sites

// An enclosure (WEMA) has no camera: its config says so, or observatories name it as their enclosure.
function isEnclosure(code, sites) {
  const housesOther = ([other, config]) => other !== code && config?.wema_name === code;
  return sites.get(code)?.instance_type === "wema" || [...sites].some(housesOther);
}

async function readConfigs() {
  if (Date.now() - configs.readAt > CONFIGS_EVERY_MS) {
    const sites = await attempt("configs", () => getMap("/all/config"));
    if (sites !== undefined) {
      configs = { sites, readAt: Date.now() };
      offerSites([...sites.keys()].sort());
    }
  }
  return configs.sites;
}

function offerSites(codes) {
  const choice = document.getElementById("upload-site");
  const chosen = choice.value;
  const options = ["all", ...codes].map((code) => element("option", { value: code }, code === "all" ? "all sites" : code));
  choice.replaceChildren(...options);
  choice.value = codes.includes(chosen) ? chosen : "all";
}

async function refreshSites() {
  const sites = await readConfigs();
  const newest = await attempt("newest images", () => getMap("/latest_image_all_sites"));
  const codes = [...sites.keys()].sort();
  if (newest === undefined || (failures.has("configs") && !codes.length)) {
    return keepOld("sites");
  }
  if (!codes.length) {
    return show("sites", element("p", { class: "empty" }, "No site has sent its configuration."));
  }
  const observatories = codes.filter((code) => !isEnclosure(code, sites) || newest.has(code));
  show("sites", ...observatories.map((code) => observatoryCard(code, sites, newest.get(code))));
}

async function refreshTonight() {
  const sites = await readConfigs();
  const codes = [...sites.keys()].sort();
  const places = codes.filter((code) => place(code, sites) === code);
  const empty = element("p", { class: "empty" }, "No site has sent its configuration.");
  show("tonight", ...(places.length ? places.map((code) => nightCard(code, sites.get(code))) : [empty]));
}

// An observatory has the night of its enclosure.
function place(code, sites) {
  const enclosure = sites.get(code)?.wema_name;
  return sites.has(enclosure) ? enclosure : code;
}

function siteName(code, config) {
  const name = words(config?.name ?? config?.site_desc ?? "");
  return name && name !== code ? `${code}: ${name}` : code;
}

function observatoryCard(code, sites, url) {
  const name = `site ${code}`;
  const file = url && fileName(url);
  const heading = siteName(code, sites.get(code));
  const where = place(code, sites);
  return card(name, [heading, file, where], () => [
    element("h3", {}, heading),
    url
      ? picture(name, { class: "sky", src: url, alt: `Newest image of ${code}` }, "The newest image could not be loaded.")
      : soft("No image yet."),
    element("p", {}, url ? span(`${file}, `, "soft") : "", element("a", { href: `#night-${where}` }, `tonight at ${where}`)),
  ]);
}

function fileName(url) {
  return decodeURIComponent(url.split("?")[0].split("/").pop());
}

function nightCard(code, config) {
  const hour = Math.floor(Date.now() / 1000 / PLOT_EVERY_S) * PLOT_EVERY_S;
  const source = `${base}/events/plot?site=${encodeURIComponent(code)}&when=${hour}`;
  const alt = `Altitudes of Sun and Moon tonight at ${code}, and the schedule`;
  const name = `night ${code}`;
  const heading = siteName(code, config);
  return card(name, [heading, source], () => [
    element("h3", { id: `night-${code}`, tabindex: "-1" }, heading),
    picture(name, { class: "night", src: source, alt }, "No picture: the call failed, or the config lacks what a night needs."),
  ]);
}

// ---- queues

async function refreshQueues() {
  const counts = await attempt("queues", () => getMap("/pipe/queues"));
  if (counts === undefined) {
    return keepOld("queues");
  }
  const names = [...counts.keys()].sort();
  if (!names.length) {
    return show("queues", element("p", { class: "empty" }, "There are no queues."));
  }
  const stats = await each(names, (name) => attempt(`queue ${name}`, () => queueStats(name)));
  const headings = [
    { words: "Queue" },
    { words: "Items", number: true },
    { words: "Waiting", number: true },
    { words: "In work", number: true },
    { words: "Dead letters", number: true },
    { words: "Oldest", number: true },
  ];
  show("queues", table("Queues: how many items, and how old", headings, names.map((name, at) => queueRow(name, counts.get(name), stats[at]))));
}

function queueStats(name) {
  return get(`/pipe/queue/${encodeURIComponent(name)}/stats`);
}

function queueRow(name, count, stats) {
  if (stats === undefined) {
    return [name, String(count), "?", "?", "?", "?"];
  }
  const age = stats.oldest_age_ms;
  return [
    name,
    String(count),
    String(stats.waiting),
    String(stats.leased),
    span(String(stats.dead), stats.dead ? "bad" : ""),
    age === null ? "–" : span(duration(age), age > ITEM_OLD_AFTER_MS ? "warn" : ""),
  ];
}

// ---- PIPE machines

async function refreshPipes() {
  const statuses = await attempt("PIPE machines", () => get("/pipe/statuses"));
  if (statuses === undefined) {
    return keepOld("pipes");
  }
  if (!statuses.length) {
    return show("pipes", element("p", { class: "empty" }, "No PIPE machine has said anything."));
  }
  const headings = [{ words: "Machine" }, { words: "Status" }, { words: "Spoke", number: true }, { words: "Details" }];
  show("pipes", table("PIPE machines: what they said last", headings, statuses.map(pipeRow)));
}

function pipeRow(status) {
  const spoke = status.last_updated;
  const silent = typeof spoke !== "number" || Date.now() - spoke > PIPE_SILENT_AFTER_MS;
  const details = Object.entries(status.details ?? {}).map(([name, value]) => `${name}: ${words(value)}`);
  return [
    status.pipe_id,
    words(status.status),
    typeof spoke === "number" ? span(ago(spoke) + (silent ? ", silent" : ""), silent ? "warn" : "good") : "?",
    details.join(", "),
  ];
}

// ---- uploads

async function refreshUploads() {
  const site = document.getElementById("upload-site").value;
  const uploads = await attempt("uploads", () => get(`/recentuploads?site=${encodeURIComponent(site)}`));
  if (uploads === undefined) {
    return keepOld("uploads");
  }
  if (!uploads.length) {
    return show("uploads", element("p", { class: "empty" }, "Nothing was uploaded lately."));
  }
  const newest = uploads.slice(-UPLOADS_SHOWN).reverse();
  const headings = [{ words: "File" }, { words: "Site" }, { words: "When" }, { words: "Size", number: true }];
  const rows = newest.map((upload) => [
    words(upload.filename),
    upload.site,
    moment(upload.upload_timestamp_s * 1000),
    size(upload.size_bytes),
  ]);
  show("uploads", table("The newest uploads", headings, rows), soft(`${newest.length} of ${uploads.length} shown.`));
}

// ---- night log

async function refreshNotes() {
  const sites = await readConfigs();
  const codes = [...sites.keys()].sort();
  const notes = await each(codes, (code) => attempt(`night log of ${code}`, () => get(`/nightlog/${encodeURIComponent(code)}`)));
  if (codes.length && notes.every((note) => note === undefined)) {
    return keepOld("notes");
  }
  const cards = codes.flatMap((code, at) => (notes[at] ? [noteCard(code, notes[at])] : []));
  show("notes", ...(cards.length ? cards : [element("p", { class: "empty" }, "No site has a note.")]));
}

function noteCard(code, note) {
  const data = note.note_data;
  const message = data?.message ?? data;
  const by = data?.username ? `${words(data.username)}, ` : "";
  return element(
    "article",
    { class: "card" },
    element("h3", {}, code),
    element("p", {}, words(message)),
    element("p", { class: "soft" }, by, moment(note.created_timestamp * 1000))
  );
}

// ---- the whole

function showFailures() {
  const list = [...failures].map(([name, message]) => element("li", {}, `${name}: ${message}`));
  const shown = document.getElementById("failures");
  const text = list.map((entry) => entry.textContent).join("\n");
  if (shown.dataset.text !== text) {
    // A screen reader reads only new failures.
    shown.dataset.text = text;
    shown.replaceChildren(...(list.length ? [element("ul", {}, ...list)] : []));
  }
}

// A section that fails is named in the list of failures. The other sections still load.
const SECTIONS = {
  sites: refreshSites,
  queues: refreshQueues,
  pipes: refreshPipes,
  uploads: refreshUploads,
  notes: refreshNotes,
  tonight: refreshTonight,
};

async function refreshAll() {
  const button = document.getElementById("refresh");
  button.setAttribute("aria-disabled", "true");
  failures.clear();
  await readConfigs();
  await Promise.all(Object.entries(SECTIONS).map(([name, read]) => attempt(`the section ${name}`, read)));
  showFailures();
  const failed = failures.size ? `, ${failures.size} ${failures.size === 1 ? "call" : "calls"} failed` : "";
  document.getElementById("updated").textContent = `Updated ${new Date().toLocaleTimeString()}${failed}`;
  button.removeAttribute("aria-disabled");
}

// Only one refresh runs at a time. A second click waits for the first.
function refresh() {
  running ??= refreshAll().finally(() => {
    running = null;
  });
  return running;
}

function refreshByItself() {
  if (document.getElementById("automatic").checked && !document.hidden) {
    refresh();
  }
}

document.getElementById("docs-link").href = `${base}/docs`;
document.getElementById("refresh").addEventListener("click", refresh);
document.getElementById("upload-site").addEventListener("change", async () => {
  failures.delete("uploads");
  await attempt("the section uploads", refreshUploads);
  showFailures();
});
document.addEventListener("visibilitychange", refreshByItself);
setInterval(refreshByItself, REFRESH_EVERY_MS);
refresh();
