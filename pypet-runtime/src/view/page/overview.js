// What the trajectory is, how far it has come, and how it came about.

import { count, facts, h, long, moment, picture, size, span } from "./dom.js";

/** Pictures of more runs wait until they are asked for. */
const QUICK = 100_000;
const STATES = ["done", "failed", "timed_out", "cancelled", "pending"];
/** What people look for first. */
const FIRST = ["environment.command", "build.commit", "build.dirty", "machine.host", "environment.seed",
  "environment.engine", "environment.started", "environment.ended"];

export function show(main, parameters, app) {
  const progress = h("section", { class: "card", "aria-labelledby": "progress" });
  const about = h("section", { class: "card" });
  const explored = h("section", { class: "card" });
  const results = h("section", { class: "card" });
  const provenance = h("section", { class: "card wide" });
  const preview = h("section", { class: "card wide" });
  main.append(progress, about, explored, results, preview, provenance);
  const drawn = app.overview.results.some((result) => result.is_drawable) && app.overview.n_runs <= QUICK
    ? picture({}, "The first results over the explored parameters") : null;
  if (drawn) preview.append(h("h2", {}, "At a glance"), drawn.figure);
  else preview.remove();

  let known = null;
  const fill = () => {
    const { state, overview } = app;
    progress.replaceChildren(h("h2", { id: "progress" }, "Runs"), bar(state), legend(state), pace(state));
    if (known === overview) return;
    known = overview;
    about.replaceChildren(h("h2", {}, "Trajectory"), ...summary(overview, state));
    explored.replaceChildren(...table("Explored", overview.explored, overview));
    results.replaceChildren(...table("Results", overview.results, overview));
    provenance.replaceChildren(...history(overview.config));
  };
  fill();
  const draw = async () => {
    if (drawn && app.state.runs.done > 0) await drawn.load();
  };
  draw();
  return {
    refresh: () => {
      fill();
      return draw();
    },
    close: () => drawn?.cancel(),
  };
}

function bar(state) {
  const text = STATES.filter((name) => state.runs[name]).map((name) => `${count(state.runs[name])} ${words(name)}`);
  const element = h("div", { class: "bar", role: "img", "aria-label": `${text.join(", ")} of ${count(state.n_runs)} runs` });
  for (const name of STATES) {
    const part = h("span", { class: name });
    part.style.flexGrow = state.runs[name];
    if (state.runs[name]) element.append(part);
  }
  return element;
}

function legend(state) {
  const entry = (name) => h("li", {}, h("a", {
    class: name,
    href: `#/runs?${new URLSearchParams({ where: `status == "${words(name)}"` })}`,
  }, h("strong", {}, count(state.runs[name])), ` ${words(name)}`));
  const shown = STATES.filter((name) => state.runs[name] || name === "done");
  return h("ul", { class: "legend" }, shown.map(entry));
}

function pace(state) {
  const pairs = [["state", state.state === "interrupted" ? "interrupted — carry on with `resume FILE`" : state.state]];
  if (state.runs_per_second !== null) {
    const speed = state.runs_per_second;
    pairs.push(["speed", speed >= 1 ? `${count(Math.round(speed * 10) / 10)} runs per second` : `${(speed * 3600).toFixed(1)} runs per hour`]);
  }
  if (state.remaining_seconds !== null) pairs.push(["remaining", span(state.remaining_seconds)]);
  if (state.first_run) pairs.push(["first run", moment(state.first_run)]);
  if (state.last_run) pairs.push(["last run", moment(state.last_run)]);
  if (state.writer) pairs.push(["written by", state.writer]);
  return facts(pairs);
}

function summary(overview, state) {
  const pairs = [
    ["experiment", overview.experiment],
    ["created", moment(overview.created)],
    ["file", `${state.file} (${size(state.bytes)})`],
  ];
  for (const note of overview.annotations) pairs.push([note.name, note.text]);
  return [overview.comment ? h("p", { class: "comment" }, long(overview.comment, 600)) : null, facts(pairs)].filter(Boolean);
}

function table(title, columns, overview) {
  if (columns.length === 0) return [h("h2", {}, title), h("p", { class: "soft" }, "nothing yet")];
  const most = 50;
  const name = (column) => {
    const label = long(column.label, 60);
    const target = new URLSearchParams(title === "Results" ? { result: column.name } : { x: column.name });
    const isShown = title === "Results" ? column.is_drawable : column.is_parameter && overview.results.some((result) => result.is_drawable);
    return isShown && label.childElementCount === 0 ? h("a", { href: `#/pictures?${target}`, title: "Draw it" }, label) : label;
  };
  const row = (column) => h("tr", {}, h("th", { scope: "row" }, name(column)),
    h("td", { class: "soft word" }, column.type), h("td", { class: "soft word" }, long(column.unit, 30)), h("td", {}, long(column.comment, 160)));
  return [
    h("h2", {}, title),
    h("div", { class: "sideways" }, h("table", { class: "plain" },
      h("thead", { class: "unseen" }, h("tr", {}, ["name", "type", "unit", "comment"].map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, columns.slice(0, most).map(row)))),
    columns.length > most ? h("p", { class: "soft" }, `… ${count(columns.length - most)} more in the tree`) : null,
  ].filter(Boolean);
}

function history(config) {
  const short = (entry) => [entry.name.split(".").at(-1), spelled(entry), entry.comment];
  const first = FIRST.map((name) => config.find((entry) => entry.name === name)).filter(Boolean);
  const groups = grouped(config);
  const whole = [...groups].map(([name, entries]) => h("details", {}, h("summary", {}, `${name} (${entries.length})`),
    facts(entries.map((entry) => [entry.name.slice(name.length + 1) || name, spelled(entry), entry.comment]))));
  return [h("h2", {}, "How it came about"), facts(first.map(short)), ...whole];
}

function grouped(config) {
  const groups = new Map();
  for (const entry of config) {
    const name = entry.name.split(".")[0];
    groups.set(name, [...(groups.get(name) ?? []), entry]);
  }
  return groups;
}

function spelled(entry) {
  const text = ["started", "ended"].includes(entry.name.split(".").at(-1)) ? moment(entry.text) : entry.text;
  return entry.unit ? `${text} ${entry.unit}` : text || "—";
}

function words(name) {
  return name.replace("_", " ");
}
