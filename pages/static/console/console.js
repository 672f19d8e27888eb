// The operators' console. It asks `GET /now` every half minute, and for details only when they are opened.

import * as access from "./access.js";
import { bothTimes, updateAges, now, setAge } from "./ages.js";
import { getNow, url } from "./api.js";
import * as attention from "./attention.js";
import { setText } from "./elements.js";
import { setAfterChange } from "./forms.js";
import * as image from "./image.js";
import * as images from "./images.js";
import * as notes from "./notes.js";
import * as observatories from "./observatories.js";
import * as pipes from "./pipes.js";
import * as places from "./places.js";
import * as queues from "./queues.js";

const REFRESH_EVERY_MS = 30_000;
const UPDATE_EVERY_MS = 5_000;
// The API keeps its answer for 5 s, so a change may be missing in the first one after it.
const CHANGE_SEEN_AFTER_MS = 6_000;

const updated = document.getElementById("updated");
const failure = document.getElementById("failure");
const refreshButton = document.getElementById("refresh");
let running = null;
let isFirst = true;

function show(found) {
  const zones = new Map(found.observatories.map((each) => [each.site, each.time_zone]));
  const unknown = new Set(found.unknown);
  mark("observatories", unknown.has("configs"));
  mark("queues", unknown.has("queues"));
  mark("pipes", unknown.has("pipes"));
  attention.show(found.attention, zones);
  // What could not be read stays as it was.
  if (!unknown.has("configs")) {
    observatories.show(found);
    notes.setSites(zones);
    offerSites([...zones.keys()]);
  }
  if (!unknown.has("queues")) {
    queues.show(found.queues, found.at);
  }
  if (!unknown.has("pipes")) {
    pipes.show(found.pipes);
  }
}

function mark(section, isStale) {
  document.getElementById(section).classList.toggle("stale", isStale);
}

function offerSites(codes) {
  const offered = document.getElementById("sites");
  if (offered.dataset.codes !== codes.join()) {
    offered.dataset.codes = codes.join();
    offered.replaceChildren(...codes.map((code) => new Option("", code)));
  }
}

async function readAndShow() {
  refreshButton.setAttribute("aria-disabled", "true");
  try {
    show(await getNow());
    setText(failure, "");
    setAge(updated, now());
    if (isFirst) {
      isFirst = false;
      places.goToAddress();
    }
  } catch (error) {
    setText(failure, `The page is not current. ${error.message}`);
  }
  document.documentElement.classList.toggle("stale", failure.textContent !== "");
  setText(document.getElementById("clock"), bothTimes(now()));
  refreshButton.removeAttribute("aria-disabled");
}

// Only one refresh runs at a time. A second click waits for the first.
function refresh() {
  running ??= readAndShow().finally(() => {
    running = null;
  });
  return running;
}

function refreshByItself() {
  if (document.getElementById("automatic").checked && !document.hidden) {
    refresh();
  }
}

for (const part of [access, attention, image, images, notes, observatories, pipes, places, queues]) {
  part.begin();
}
setAfterChange(() => {
  refresh();
  setTimeout(refresh, CHANGE_SEEN_AFTER_MS);
});
for (const link of document.querySelectorAll("a[data-route]")) {
  link.href = url(link.dataset.route);
}
refreshButton.addEventListener("click", refresh);
document.addEventListener("visibilitychange", refreshByItself);
setInterval(refreshByItself, REFRESH_EVERY_MS);
setInterval(updateAges, UPDATE_EVERY_MS);
refresh();
