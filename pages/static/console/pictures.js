// Pictures that may fail to load. A failed one is loaded again at the next refresh.

import { element, setText, span } from "./elements.js";

// Shows a thumbnail inside a button. An image may lack one; without an image the button does nothing.
export function showThumbnail(holder, image) {
  const shown = holder.querySelector("img");
  const source = image?.jpg_thumbnail_url;
  holder.disabled = !image;
  if (!source) {
    setText(holder, image ? "no thumbnail" : "no image");
  } else if (shown?.getAttribute("src") !== source) {
    holder.replaceChildren(picture(source, "", "not loaded"));
  }
}

// Returns a picture, in whose place stand words if it cannot be loaded.
export function picture(source, alt, failed, attributes = {}) {
  const made = element("img", { src: source, alt, loading: "lazy", decoding: "async", ...attributes });
  made.addEventListener("error", () => made.replaceWith(span(failed, "soft")));
  return made;
}
