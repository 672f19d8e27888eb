// Calls of the API. An error has the API's own words.

import { setClock } from "./ages.js";
import { headers } from "./access.js";

const CALL_TIMEOUT_MS = 30_000;
const CALLS_AT_ONCE = 4;
const base = document.documentElement.dataset.base;

export function url(path) {
  return base + path;
}

// Escapes a name for use as a path segment or as a value in a query.
export const safe = encodeURIComponent;

async function answer(path, options = {}) {
  const response = await fetch(url(path), { signal: AbortSignal.timeout(CALL_TIMEOUT_MS), ...options }).catch((error) => {
    throw new Error(error.name === "TimeoutError" ? "No answer within 30 s." : "No answer: the API or the network is down.");
  });
  if (!response.ok) {
    throw new Error(await failure(response));
  }
  return response;
}

async function failure(response) {
  const text = await response.text();
  const said = message(text) || response.statusText;
  return response.status === 401 ? `${said}: enter a token or key that is valid.` : `${response.status} ${said}`;
}

function message(text) {
  try {
    const found = JSON.parse(text);
    return String(found.message ?? found.error ?? text).slice(0, 300);
  } catch {
    return text.slice(0, 300);
  }
}

// Returns the value of a route; null for an answer without one.
// The browser sends the ETag of its copy. While nothing changes it gets a 304 and uses the copy.
export async function get(path) {
  const response = await answer(path, { cache: "no-cache" });
  return response.status === 204 ? null : response.json();
}

// As `get`, and sets the clock by the answer's date.
export async function getNow() {
  const response = await answer("/now", { cache: "no-cache" });
  const found = await response.json();
  const date = Date.parse(response.headers.get("Date"));
  setClock(Number.isNaN(date) ? found.at : date / 1000);
  return found;
}

// Returns a page of a list, and the path of the next page: null after the last.
export async function getPage(path) {
  const response = await answer(path, { cache: "no-cache" });
  const next = /<(\?[^>]*)>; rel="next"/.exec(response.headers.get("Link") ?? "");
  return { items: await response.json(), next: next && path.split("?")[0] + next[1] };
}

// Sends a POST, PUT or DELETE with the visitor's token or key. Returns the answer: an object, or a text.
export async function send(method, path, value) {
  const options = { method, headers: headers(), cache: "no-store" };
  const response = await answer(path, value === undefined ? options : { ...options, body: JSON.stringify(value) });
  const text = await response.text();
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

// Reads something for each element. Only a few calls run at once, also for a network of many sites.
export async function each(elements, read) {
  const rest = [...elements];
  async function work() {
    while (rest.length) {
      await read(rest.shift());
    }
  }
  await Promise.all(Array.from({ length: CALLS_AT_ONCE }, work));
}
