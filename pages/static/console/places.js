// Links to places on the page: #observatory/mrc1, #queue/jobs, #pipe/pipe1, #backend/images.

const openers = new Map();
const SECTIONS = new Map([
  ["queues", "queues"],
  ["pipes", "pipes"],
]);

// Says how a place of a kind is opened. `open` gets a name and returns the element to go to; undefined if there is none.
export function setOpener(kind, open) {
  openers.set(kind, open);
}

export function link(kind, name) {
  return `#${kind}/${encodeURIComponent(name)}`;
}

function go(hash) {
  const [, kind, name] = /^#(\w+)\/(.*)$/.exec(hash) ?? [];
  const target = openers.get(kind)?.(decoded(name));
  if (target) {
    target.scrollIntoView({ block: "start" });
    target.focus({ preventScroll: true });
  }
  return Boolean(target);
}

function decoded(name) {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}

export function goToAddress() {
  go(location.hash);
}

export function begin() {
  setOpener("backend", (name) => document.getElementById(SECTIONS.get(name) ?? "observatories"));
  addEventListener("hashchange", goToAddress);
  // A second click on the same link does not change the address.
  document.addEventListener("click", (event) => {
    const clicked = event.target.closest?.("a[href^='#']");
    if (clicked && clicked.hash === location.hash) {
      go(clicked.hash);
    }
  });
}
