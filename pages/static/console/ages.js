// Ages and times. Times are Unix seconds of the API's clock; the clock of this machine may be wrong.

import { element, setText } from "./elements.js";

const LATEST_S = 8.64e12;
const DAY_S = 86_400;
let ahead = 0;

// Learns from an answer how far this machine's clock is ahead.
export function setClock(serverSeconds) {
  if (Number.isFinite(serverSeconds)) {
    ahead = Date.now() / 1000 - serverSeconds;
  }
}

export function now() {
  return Date.now() / 1000 - ahead;
}

export function isTime(at) {
  return typeof at === "number" && Math.abs(at) < LATEST_S;
}

export function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) {
    return `${Math.floor(seconds)} s`;
  }
  if (minutes < 120) {
    return `${minutes} min`;
  }
  const hours = Math.floor(minutes / 60);
  return hours < 48 ? `${hours} h` : `${Math.floor(hours / 24)} days`;
}

export function ago(at) {
  const seconds = now() - at;
  // The API's clock is known to a second.
  return seconds < -1 ? `in ${duration(-seconds)}` : `${duration(Math.max(0, seconds))} ago`;
}

// Returns an element that shows an age. The age is updated every few seconds.
export function age(at) {
  return setAge(element("time", { class: "age" }), at);
}

export function setAge(node, at, none = "never") {
  if (isTime(at)) {
    node.dataset.at = at;
    node.setAttribute("datetime", new Date(at * 1000).toISOString());
    setText(node, ago(at));
  } else {
    delete node.dataset.at;
    node.removeAttribute("datetime");
    setText(node, at === null || at === undefined ? none : "a time that is no date");
  }
  return node;
}

export function updateAges() {
  document.querySelectorAll("time[data-at]").forEach((node) => setText(node, ago(Number(node.dataset.at))));
}

// Returns a time in UTC and, if the zone is known, in the site's own time: "02:14 UTC, 19:14 there".
// Far from now it has the date: "2026-11-26 02:14 UTC, 11-25 19:14 there".
export function bothTimes(at, zone) {
  if (!isTime(at)) {
    return "";
  }
  const [date, time] = inZone(at, "UTC");
  const [dateThere, timeThere] = inZone(at, zone || "UTC");
  const isFar = Math.abs(now() - at) > DAY_S / 2;
  const utc = `${isFar ? `${date} ` : ""}${time} UTC`;
  const there = `${isFar && dateThere !== date ? `${dateThere.slice(5)} ` : ""}${timeThere} there`;
  return zone && timeThere ? `${utc}, ${there}` : utc;
}

// Returns a time in the site's own time; an empty text if the zone is unknown.
export function timeThere(at, zone) {
  const [, time] = zone && isTime(at) ? inZone(at, zone) : ["", ""];
  return time && `${time} there`;
}

const forms = new Map();

// Returns date and time in a zone; empty texts in one that this browser does not know.
function inZone(at, zone) {
  try {
    if (!forms.has(zone)) {
      // The Swedish form is that of ISO 8601.
      forms.set(zone, new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "short" }));
    }
    return forms.get(zone).format(new Date(at * 1000)).split(" ");
  } catch {
    return ["", ""];
  }
}
