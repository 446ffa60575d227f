// The frame around the views: which one is shown, and whether the study goes on.

import { ask, choose, count, h, span } from "./dom.js";
import * as overview from "./overview.js";
import * as pictures from "./pictures.js";
import * as run from "./run.js";
import * as runs from "./runs.js";
import * as tree from "./tree.js";

const views = { overview, runs, pictures, tree, run };
const main = document.getElementById("main");

/** What the views know of the file, and how they lead to each other. */
const app = { state: null, overview: null, view: null, shown: null, go };
/** How often a trajectory was chosen: answers about the one before come too late. */
let turn = 0;
let timer = null;

/** Leads to a view; an address like `#/runs?where=rate > 10`. */
function go(path, parameters = {}) {
  const query = new URLSearchParams(Object.entries(parameters).filter(([, value]) => value));
  location.hash = `#/${path}${query.toString() ? `?${query}` : ""}`;
}

/** The view, its argument and its parameters, from the address. */
function place() {
  const [path, query] = location.hash.replace(/^#\/?/, "").split(/\?(.*)/s);
  const [name, argument] = path.split("/");
  return { name: views[name] ? name : "overview", argument, parameters: new URLSearchParams(query ?? "") };
}

function show(isFirst = false) {
  const { name, argument, parameters } = place();
  for (const link of document.querySelectorAll("nav a")) {
    const isHere = link.dataset.view === name || (name === "run" && link.dataset.view === "runs");
    if (isHere) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  if (app.shown === name && app.view.update) {
    app.view.update(parameters);
    return;
  }
  app.view?.close?.();
  app.shown = name;
  main.className = name;
  main.replaceChildren();
  window.scrollTo(0, 0);
  app.view = views[name].show(main, parameters, app, argument);
  if (!isFirst) main.focus({ preventScroll: true });
}

/** Tells how far the study has come, in the header. */
function tell(state) {
  const done = state.n_runs ? state.runs.done / state.n_runs : 1;
  const parts = [state.state];
  if (state.state === "running") {
    parts.push(`${count(state.runs.done)} of ${count(state.n_runs)} runs`);
    if (state.remaining_seconds !== null) parts.push(`${span(state.remaining_seconds)} left`);
  }
  const bad = state.runs.failed + state.runs.timed_out;
  if (bad) parts.push(`${count(bad)} failed`);
  const text = parts.join(" · ");
  const element = document.getElementById("state");
  if (element.textContent !== text) element.replaceChildren(text);
  element.className = state.state === "running" ? "running" : bad || done < 1 ? "open" : "done";
}

function complain(message) {
  const trouble = document.getElementById("trouble");
  trouble.hidden = !message;
  if (message && trouble.textContent !== message) trouble.textContent = message;
}

/** Learns what the trajectory is; once, and whenever its file has changed. */
async function learn(answer = ask("overview")) {
  const asked = turn;
  const known = await answer;
  if (asked !== turn) return;
  app.overview = known;
  document.title = `${known.trajectory} — pypet`;
  const name = document.getElementById("name");
  name.textContent = known.trajectory;
  name.title = known.experiment;
  const select = document.getElementById("trajectory");
  document.getElementById("others").hidden = known.trajectories.length < 2;
  if (select.options.length !== known.trajectories.length) {
    select.replaceChildren(...known.trajectories.map((other) => h("option", { value: other }, other)));
  }
  select.value = known.trajectory;
}

/** Asks about every second how far the study has come; what is shown follows it. */
async function follow() {
  const asked = turn;
  let wait = 1000;
  try {
    // The first time both questions are under way at once.
    const isFirst = app.shown === null;
    const overview = isFirst ? ask("overview") : undefined;
    overview?.catch(() => {});
    const state = await ask("state");
    if (asked !== turn) return;
    const isNew = isFirst || app.state.version !== state.version || app.state.state !== state.state;
    app.state = state;
    tell(state);
    if (isNew) {
      await learn(overview);
      if (asked !== turn) return;
      if (isFirst) show(true);
      else await app.view?.refresh?.();
    }
    complain("");
  } catch (trouble) {
    if (asked !== turn) return;
    complain(trouble.message);
    if (app.shown === null) main.replaceChildren();
    wait = 2000;
  }
  // Nobody looks at a page in the background.
  if (document.hidden) {
    document.addEventListener("visibilitychange", follow, { once: true });
  } else {
    timer = setTimeout(follow, wait);
  }
}

document.getElementById("trajectory").addEventListener("change", (event) => {
  choose(event.target.value);
  turn += 1;
  app.shown = null;
  if (place().name === "run") location.hash = "#/runs";
  clearTimeout(timer);
  follow();
});
window.addEventListener("hashchange", () => {
  // What is shown first, or after a choice, is shown as soon as all is known about it.
  if (app.shown) show();
});
follow();
