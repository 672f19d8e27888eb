// An image, large: with its header, its FITS files, and its neighbours by arrow keys.

import { age, bothTimes } from "./ages.js";
import { get, getPage, safe, send } from "./api.js";
import { button, element, setText, span, words } from "./elements.js";
import { picture } from "./pictures.js";

const AT_ONCE = 30;
const HEADER_AFTER_MS = 300;
const LEVELS = [["fits_01_exists", "00", "large"], ["fits_10_exists", "10", "small"]];
// Right ascensions of earlier images are in hours.
const DEGREES_FROM_MS = Date.parse("2023-03-08T09:20:00Z");
const dialog = document.getElementById("image");
const [title, frame, facts, files, header] = ["image-title", "image-frame", "image-facts", "image-files", "image-header"].map((id) =>
  document.getElementById(id)
);
let images = { list: [], at: 0, next: null, zone: "" };
let waiting;

// Opens the newest image of a site. Its neighbours are the site's earlier images.
export async function openLatest(site, zone) {
  dialog.showModal();
  setText(title, `Images of ${site}`);
  await attempt(async () => {
    const { items, next } = await getPage(`/${safe(site)}/latest_images/10000?limit=${AT_ONCE}`);
    openList(items, 0, next, zone);
  });
}

// Opens one image of a list, the newest first. `next` is the path of the rest of the list, or null.
export function openList(list, at, next, zone) {
  images = { list, at, next, zone };
  if (!dialog.open) {
    dialog.showModal();
  }
  show();
}

async function attempt(run) {
  try {
    await run();
  } catch (error) {
    frame.replaceChildren(span(error.message, "bad"));
  }
}

async function step(by) {
  const at = images.at + by;
  if (at === images.list.length && images.next) {
    const { items, next } = await getPage(images.next);
    images = { ...images, list: [...images.list, ...items], next };
  }
  if (at >= 0 && at < images.list.length) {
    images.at = at;
    show();
  }
}

function show() {
  const found = images.list[images.at];
  enable("newer", images.at > 0);
  enable("older", images.at < images.list.length - 1 || images.next);
  if (!found) {
    frame.replaceChildren(span("There is no image.", "soft"));
    return;
  }
  setText(title, words(found.base_filename));
  frame.replaceChildren(picture(found.jpg_url, `Image ${found.base_filename}`, "The image could not be loaded.", { loading: "eager" }));
  facts.replaceChildren(...factsOf(found));
  files.replaceChildren(...LEVELS.filter(([exists]) => found[exists]).map(([, level, name]) => fitsButton(found, level, name)));
  header.replaceChildren(span("Loading the header …", "soft"));
  clearTimeout(waiting);
  // A user who steps quickly through many images does not load the header of each.
  waiting = setTimeout(() => showHeader(found.base_filename), HEADER_AFTER_MS);
}

// A disabled button would lose the focus, and with it the arrow keys.
function enable(id, isPossible) {
  document.getElementById(id).setAttribute("aria-disabled", String(!isPossible));
}

function factsOf(found) {
  const at = found.capture_date === null ? null : found.capture_date / 1000;
  const unit = found.capture_date < DEGREES_FROM_MS ? "h" : "°";
  const place = found.right_ascension === null ? "" : `RA ${found.right_ascension} ${unit}, Dec ${found.declination}°`;
  const told = [`${found.exposure_time ?? "?"} s`, words(found.filter_used ?? ""), place, found.username ?? ""].filter(Boolean);
  return [`${found.site}, `, age(at), ` (${bothTimes(at, images.zone)}). `, told.join(", ")];
}

// The file is prepared when it is asked for: a link to it does not last.
function fitsButton(found, level, name) {
  const file = `${found.base_filename}-${found.data_type}${level}.fits.fz`;
  const made = button(`FITS, ${name}`, async () => {
    setText(made, "Preparing …");
    try {
      const address = await send("POST", "/download", { object_name: file, s3_directory: "data", image_type: "fits" });
      const link = element("a", { href: address, rel: "noreferrer" }, `Download the ${name} FITS`);
      made.replaceWith(link);
      link.focus();
    } catch (error) {
      made.replaceWith(span(`FITS, ${name}: ${error.message}`, "bad"));
    }
  });
  return made;
}

async function showHeader(name) {
  try {
    const cards = Object.entries(await get(`/fitsheader/${safe(name)}`));
    const rows = cards.map(([card, value]) => [element("dt", {}, card), element("dd", {}, words(value))]);
    const shown = rows.length ? element("dl", {}, ...rows.flat()) : span("The image has no header.", "soft");
    if (words(images.list[images.at]?.base_filename) === name) {
      header.replaceChildren(shown);
    }
  } catch (error) {
    header.replaceChildren(span(error.message, "bad"));
  }
}

export function begin() {
  document.getElementById("newer").addEventListener("click", () => attempt(() => step(-1)));
  document.getElementById("older").addEventListener("click", () => attempt(() => step(1)));
  document.getElementById("close-image").addEventListener("click", () => dialog.close());
  dialog.addEventListener("close", () => [frame, facts, files, header].forEach((each) => each.replaceChildren()));
  dialog.addEventListener("keydown", (event) => {
    const by = { ArrowLeft: 1, ArrowRight: -1 }[event.key];
    if (by) {
      event.preventDefault();
      attempt(() => step(by));
    }
  });
}
