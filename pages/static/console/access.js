// The token or key of this visit. It is kept for this tab alone, and is sent only with POST, PUT and DELETE.

import { setText } from "./elements.js";

const KEPT_AS = "key";
const isOpen = document.documentElement.dataset.access === "open";

export function headers() {
  const key = sessionStorage.getItem(KEPT_AS);
  const json = { "Content-Type": "application/json" };
  if (!key) {
    return json;
  }
  return isToken(key) ? { ...json, Authorization: `Bearer ${key}` } : { ...json, "x-site-key": key };
}

export function mayWrite() {
  return document.documentElement.dataset.mayWrite === "yes";
}

// Tokens are JSON Web Tokens: three parts, the first an object in base64. Keys have no dots.
function isToken(key) {
  return /^eyJ[\w-]*\.[\w-]+\.[\w-]+$/.test(key);
}

function show() {
  const key = sessionStorage.getItem(KEPT_AS);
  document.documentElement.dataset.mayWrite = isOpen || key ? "yes" : "no";
  document.getElementById("forget-key").hidden = !key;
  setText(document.getElementById("key-state"), key ? `A ${isToken(key) ? "token" : "key"} is entered.` : without());
}

function without() {
  return isOpen ? "This stage needs none." : "None is entered: this page only reads.";
}

export function begin() {
  const field = document.getElementById("key");
  document.getElementById("key-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const key = field.value.trim().replace(/^Bearer\s+/i, "");
    field.value = "";
    if (/^[\x21-\x7e]+$/.test(key)) {
      sessionStorage.setItem(KEPT_AS, key);
      show();
    } else {
      setText(document.getElementById("key-state"), "That is no token or key: enter one without blanks.");
    }
  });
  document.getElementById("forget-key").addEventListener("click", () => {
    sessionStorage.removeItem(KEPT_AS);
    show();
  });
  show();
}
