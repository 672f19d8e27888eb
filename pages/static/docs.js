// Shows the contract, and tries routes on the stage that this page came from.
"use strict";

const base = document.documentElement.dataset.base;

// Swagger UI follows a class, not the preference of the reader's system.
const dark = matchMedia("(prefers-color-scheme: dark)");

function followSystem() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

const LEGEND = {
  open:
    "**Padlocks** mark the routes that need a user's token here: open before you enter one under *Authorize*, " +
    "closed after. All other routes of this stage can be called without.",
  protected:
    "**Padlocks** mark the routes that need a user's token or a site key here: open before you enter one under " +
    "*Authorize*, closed after. All other routes of this stage can be called without.",
};

// The contract holds for stages of both kinds: where a route may be called without a key in one kind, `security`
// has an empty entry. Swagger UI draws a padlock all the same, so each stage gets the padlocks that are true there.
function withTruePadlocks(contract, access) {
  for (const item of Object.values(contract.paths)) {
    for (const operation of Object.values(item)) {
      const asked = operation.security ?? [];
      const keys = asked.filter((entry) => Object.keys(entry).length > 0);
      operation.security = access === "open" && keys.length < asked.length ? [] : keys;
    }
  }
  contract.info.description += `\n\n${LEGEND[access]}`;
}

// What assistive technology calls the parts that Swagger UI gives no name, or another one than it shows.
const NAMES = [
  [".auth-container .authorize", "Authorize"],
  [".body-param__text", "Request body"],
  [".close-modal", "Close"],
  ["#servers", "Server"],
];

// Parts of the page outside Swagger UI's own landmark.
const REGIONS = [
  [".information-container", "About"],
  [".scheme-container", "Server and authorization"],
  [".filter-container", "Filter"],
];

// Mends what Swagger UI draws and has no setting for, each time that it draws.
function mend(drawn) {
  for (const [selector, name] of [...NAMES, ...REGIONS]) {
    drawn.querySelectorAll(selector).forEach((part) => part.setAttribute("aria-label", name));
  }
  for (const [selector] of REGIONS) {
    drawn.querySelectorAll(selector).forEach((part) => part.setAttribute("role", "region"));
  }
  for (const table of drawn.querySelectorAll(".responses-table")) {
    const live = table.classList.contains("live-responses-table");
    const path = table.closest(".opblock")?.querySelector("[data-path]")?.dataset.path;
    table.setAttribute("aria-label", `${live ? "The answer" : "All answers"} of ${path}`);
  }
  for (const heading of drawn.querySelectorAll("h3, h4, h5")) {
    // The title is an h1, and the headings below it begin with h3.
    heading.setAttribute("aria-level", String(Number(heading.tagName[1]) - 1));
  }
  for (const link of drawn.querySelectorAll(".opblock-summary-control a[href]")) {
    // A link inside the button that opens the route. The button puts the same address into the address bar.
    link.removeAttribute("href");
  }
}

async function show() {
  const answer = await fetch(`${base}/openapi.json`);
  if (!answer.ok) {
    throw new Error(`openapi.json: ${answer.status}`);
  }
  const contract = await answer.json();
  withTruePadlocks(contract, document.documentElement.dataset.access);
  // The page may call no other origin, so no other server is offered.
  contract.servers = [{ url: base || "/" }];
  const drawn = document.getElementById("swagger-ui");
  new MutationObserver(() => mend(drawn)).observe(drawn, { childList: true, subtree: true });
  window.SwaggerUIBundle({
    spec: contract,
    dom_id: "#swagger-ui",
    deepLinking: true,
    docExpansion: "list",
    defaultModelsExpandDepth: 0,
    displayRequestDuration: true,
    filter: true,
    persistAuthorization: false,
    // The validator's badge would come from another origin.
    validatorUrl: null,
  });
}

// Opens a route that a link leads to. Swagger UI itself looks at the address only when the page is loaded.
function openRoute(event) {
  const [, tag, operation] = /^#\/(\w+)\/(\w+)$/.exec(event.target.closest("a")?.hash ?? "") ?? [];
  const block = operation && document.getElementById(`operations-${tag}-${operation}`);
  if (block) {
    if (!block.classList.contains("is-open")) {
      block.querySelector(".opblock-summary-control").click();
    }
    block.scrollIntoView();
    block.querySelector(".opblock-summary-control").focus({ preventScroll: true });
  }
}

document.getElementById("ways").addEventListener("click", openRoute);
for (const link of document.querySelectorAll("a[data-route]")) {
  link.href = base + link.dataset.route;
}
followSystem();
dark.addEventListener("change", followSystem);
show().catch((error) => {
  const words = document.createElement("p");
  words.className = "loading failed";
  words.setAttribute("role", "alert");
  words.textContent = `The contract could not be loaded (${error.message}). Reload the page to try again.`;
  document.getElementById("swagger-ui").replaceChildren(words);
});
