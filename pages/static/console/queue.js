// A queue opened in place: its items, its dead letters, and what can be changed.

import { age, bothTimes, now } from "./ages.js";
import { get, getPage, safe, send } from "./api.js";
import { count, element, keep, setText, soft, words } from "./elements.js";
import { changeButton, outcome } from "./forms.js";
import { settings } from "./queue-settings.js";

const ITEMS = 25;

// Fills the opened row of a queue. `load` reads its items; `update` does so again if its numbers have changed.
export function inside(container, name) {
  const line = outcome();
  const path = `/pipe/queue/${safe(name)}`;
  const lists = [
    itemList("Leased, being worked on", "Nobody has an item.", item),
    itemList("Waiting", "No item waits.", item),
    itemList("Dead letters", "There are none.", (found) => item(found, () => redriveOne(found.id))),
  ];
  const redriveAll = changeButton("Put all dead letters back", () => line, async () => redriven(await send("POST", `${path}/redrive`)));
  container.append(settings(name, line), redriveAll, line, ...lists.map((each) => each.node));
  let seen = "";

  function redriveOne(id) {
    return changeButton("Put back", () => line, async () => redriven(await send("POST", `${path}/redrive`, { id })));
  }

  function redriven({ redriven: number }) {
    load();
    return `${count(number, "dead letter")} put back into ${name}.`;
  }

  async function load() {
    try {
      const machines = await get("/pipe/statuses").catch(() => []);
      const [alive, dead] = await Promise.all([getPage(`${path}?limit=${ITEMS}`), getPage(`${path}/dead_letters?limit=${ITEMS}`)]);
      const isLeased = (each) => each.lease_until > now() * 1000;
      const shown = alive.items.map((each) => ({ ...each, holder: holder(each, machines) }));
      lists[0].show(shown.filter(isLeased), alive.next);
      lists[1].show(shown.filter((each) => !isLeased(each)), alive.next);
      lists[2].show(dead.items, dead.next);
      redriveAll.hidden = !dead.items.length;
    } catch (error) {
      line.classList.add("bad");
      setText(line, error.message);
    }
  }

  return {
    load,
    update(found) {
      const numbers = JSON.stringify([found.waiting, found.leased, found.dead, found.stuck, found.paused]);
      if (seen && seen !== numbers) {
        load();
      }
      seen = numbers;
    },
  };
}

// The API does not say who holds a lease. A PIPE that names the item in its status is taken for its holder.
function holder({ id }, machines) {
  return machines.find((each) => words(each.details).includes(id) || words(each.status).includes(id))?.pipe_id;
}

function itemList(title, none, make) {
  const [heading, list, rest] = [element("h3", {}, title), element("ol", { class: "items" }), soft("")];
  return {
    node: element("section", { "aria-label": title }, heading, list, rest),
    show(items, more) {
      keep(list, items, (each) => each.id, make);
      setText(rest, items.length ? "" : none);
      if (more) {
        setText(rest, `Only the oldest ${ITEMS} of the queue are shown.`);
      }
    },
  };
}

function item(found, act) {
  const facts = element("p", {});
  const payload = element("pre", { tabindex: "0" }, JSON.stringify(found.payload, null, 2) ?? "");
  const node = element("li", {}, facts, element("details", {}, element("summary", {}, summary(found.payload)), payload));
  if (act) {
    node.append(act());
  }
  return { nodes: [node], update: (item) => facts.replaceChildren(...factsOf(item)) };
}

// Returns the beginning of a payload.
function summary(payload) {
  const text = JSON.stringify(payload) ?? "";
  return text.length > 90 ? `${text.slice(0, 90)} …` : text;
}

function factsOf({ id, sender, created_at: made, leased_at: since, lease_until: until, receive_count: times, dead_at: died, holder: who }) {
  const facts = [element("strong", {}, id), ` from ${words(sender)}, `, age(made / 1000), ` (${bothTimes(made / 1000)})`];
  if (times) {
    facts.push(`, handed out ${count(times, "time")}`);
  }
  if (until) {
    facts.push(who ? `, held by ${who}` : ", held by an unknown PIPE");
    facts.push(...(since ? [", since ", age(since / 1000)] : []), ", its lease ends ", age(until / 1000));
  }
  if (died) {
    facts.push(", dead since ", age(died / 1000));
  }
  return facts;
}
