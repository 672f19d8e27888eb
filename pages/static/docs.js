// Shows the contract, and tries routes on the stage that this page came from.
"use strict";

const base = document.documentElement.dataset.base;

// Swagger UI goes by a class, not by what the reader's system prefers.
const dark = matchMedia("(prefers-color-scheme: dark)");

function followSystem() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

async function show() {
  const answer = await fetch(`${base}/openapi.json`);
  if (!answer.ok) {
    throw new Error(`openapi.json: ${answer.status}`);
  }
  const contract = await answer.json();
  // The page may call no other origin, so no other server is offered.
  contract.servers = [{ url: base || "/" }];
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

followSystem();
dark.addEventListener("change", followSystem);
show().catch((error) => {
  const words = document.createElement("p");
  words.className = "loading failed";
  words.setAttribute("role", "alert");
  words.textContent = `The contract could not be loaded (${error.message}). Reload the page to try again.`;
  document.getElementById("swagger-ui").replaceChildren(words);
});
