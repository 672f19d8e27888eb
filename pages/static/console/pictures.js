// Pictures that may fail to load. A failed one is loaded again at the next refresh.

import { button, element, setText, span } from "./elements.js";

// Returns a button for a thumbnail. Screen readers read its name.
export function thumbnailButton(name, pressed) {
  const made = button("", pressed, { class: "thumbnail" });
  made.append(span(name, "unseen"), span("", "shown"));
  return made;
}

// Shows a thumbnail inside its button. An image may lack one; without an image the button does nothing.
export function showThumbnail(holder, image) {
  const shown = holder.querySelector(".shown");
  const source = image?.jpg_thumbnail_url;
  holder.disabled = !image;
  if (!source) {
    setText(shown, image ? "no thumbnail" : "no image");
  } else if (shown.querySelector("img")?.getAttribute("src") !== source) {
    shown.replaceChildren(picture(source, "", "not loaded"));
  }
}

// Returns a picture. If it cannot be loaded, words take its place.
export function picture(source, alt, failed, attributes = {}) {
  const made = element("img", { src: source, alt, loading: "lazy", decoding: "async", ...attributes });
  made.addEventListener("error", () => made.replaceWith(span(failed, "soft")));
  return made;
}
