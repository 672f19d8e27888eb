// Which observatories are shown, and in which order.

const LAST = Infinity;

// Each gives what to sort by: small comes first.
const ORDERS = {
  code: () => 0,
  need: (each, inNeed) => (inNeed.has(each.site) ? 0 : 1),
  dark: (each) => each.sun_altitude ?? LAST,
  event: (each) => each.next_event?.at ?? LAST,
  image: (each) => -(each.newest_image?.captured_at ?? -LAST),
  silent: (each) => Math.max(each.newest_image?.captured_at ?? 0, each.last_upload?.at ?? 0),
};

export function compare(order, inNeed) {
  const key = ORDERS[order] ?? ORDERS.code;
  return (one, other) => {
    const [first, second] = [key(one, inNeed), key(other, inNeed)];
    return first === second ? one.site.localeCompare(other.site) : first - second;
  };
}

export function matches(each, { words, sky, inNeed }) {
  const text = `${each.site} ${each.name} ${each.night_log ?? ""}`.toLowerCase();
  return words.toLowerCase().split(/\s+/).every((word) => text.includes(word)) && hasSky(each, sky, inNeed);
}

function hasSky(each, sky, inNeed) {
  switch (sky) {
    case "dark":
      return each.sky === "night" || each.sky === "astronomical";
    case "twilight":
      return each.sky === "civil" || each.sky === "nautical";
    case "day":
      return each.sky === "day";
    case "need":
      return inNeed.has(each.site);
    default:
      return true;
  }
}
