// Finds images by target or by place on the sky.

import { age } from "./ages.js";
import { getPage } from "./api.js";
import { button, count, element, setText, span, words } from "./elements.js";
import { openList } from "./image.js";
import { showThumbnail, thumbnailButton } from "./pictures.js";

const AT_ONCE = 24;
const line = document.getElementById("images-found");
const grid = document.getElementById("images-list");
const more = button("More", () => load(next), { hidden: "" });
let [list, next] = [[], null];

export function begin() {
  grid.after(more);
  const form = document.getElementById("images-form");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const given = [...new FormData(form)].map(([name, value]) => [name, value.trim()]).filter(([, value]) => value);
    const isPlaced = given.some(([name]) => name === "ra");
    // A radius alone means nothing.
    const query = new URLSearchParams(given.filter(([name]) => isPlaced || name !== "radius"));
    list = [];
    if (![...query].length) {
      setText(line, "Enter a target, or a place on the sky.");
    } else {
      load(`/filtered_images?${query}&limit=${AT_ONCE}`);
    }
  });
}

async function load(path) {
  setText(line, "Searching …");
  try {
    const page = await getPage(path);
    list = [...list, ...page.items];
    next = page.next;
    grid.replaceChildren(...list.map(found));
    more.hidden = !next;
    setText(line, list.length ? `${count(list.length, "image")} found${next ? ", and there are more" : ""}.` : "No image matches.");
  } catch (error) {
    setText(line, error.message);
  }
}

function found(image, at) {
  const name = words(image.base_filename);
  const opens = thumbnailButton(`Open ${name}`, () => openList(list, at, next, ""));
  showThumbnail(opens, { jpg_thumbnail_url: image.jpg_thumbnail_url || image.jpg_url });
  return element("li", {}, opens, span(name, ""), age(image.capture_date === null ? null : image.capture_date / 1000));
}
