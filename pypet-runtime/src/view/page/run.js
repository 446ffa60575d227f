// One run in detail.

import { ask, count, facts, h, long, moment, picture, span } from "./dom.js";

/** Pictures that are drawn at once. */
const DRAWN = 3;

export function show(main, parameters, app, argument) {
  const run = Number(argument);
  if (!/^\d+$/.test(argument ?? "")) {
    main.append(h("section", { class: "card wide" }, h("p", { class: "trouble" }, "There is no such run: runs are numbered from 0 on.")));
    return {};
  }
  let pictures = [];
  const body = h("div", { class: "body" });
  main.append(body);
  let last = "";
  const load = async () => {
    try {
      const answer = await ask("run", { run });
      // A run that is done stays as it is while others go on.
      const text = JSON.stringify(answer);
      if (text === last) return;
      last = text;
      pictures.forEach((drawn) => drawn.cancel());
      pictures = answer.results.filter((result) => result.is_drawable).map((result) =>
        picture({ result: result.name, runs: run }, `${result.name} of run ${run}`));
      body.replaceChildren(...parts(answer, pictures));
      pictures.slice(0, DRAWN).forEach((drawn) => drawn.load());
    } catch (trouble) {
      body.replaceChildren(h("section", { class: "card" }, h("p", { class: "trouble" }, trouble.message)));
    }
  };
  load();
  const turn = (event) => {
    if (event.target.closest?.("input, select, .paper")) return;
    const next = { ArrowLeft: run - 1, ArrowRight: run + 1 }[event.key];
    if (next !== undefined && next >= 0 && next < app.overview.n_runs && !event.altKey && !event.ctrlKey && !event.metaKey) {
      app.go(`run/${next}`);
    }
  };
  document.addEventListener("keydown", turn);
  return {
    refresh: load,
    close: () => {
      document.removeEventListener("keydown", turn);
      pictures.forEach((drawn) => drawn.cancel());
    },
  };
}

function parts(answer, pictures) {
  const { run, n_runs: total } = answer;
  const step = (target, text, label) => target >= 0 && target < total
    ? h("a", { href: `#/run/${target}`, class: "button", "aria-label": label }, text) : null;
  const times = [];
  if (answer.started) times.push(["started", moment(answer.started)]);
  if (answer.runtime_seconds !== null) times.push(["took", span(answer.runtime_seconds)]);
  const drawable = answer.results.filter((result) => result.is_drawable);
  return [
    h("section", { class: "card wide" },
      h("div", { class: "heading" }, h("h2", {}, `Run ${count(run)}`), h("span", { class: `badge ${answer.status.replace(" ", "_")}` }, answer.status),
        h("span", { class: "steps" }, step(run - 1, "←", "Run before"), step(run + 1, "→", "Next run"))),
      times.length ? facts(times) : null,
      answer.failure ? failure(answer.failure) : null),
    values("Parameters", answer.parameters, answer.n_hidden_parameters),
    values("Results", answer.results, answer.n_hidden_results),
    ...drawable.map((result, number) => h("section", { class: "card wide" },
      h("h3", {}, long(result.name, 80)), held(pictures[number], number),
      h("p", {}, h("a", { href: `#/pictures?${new URLSearchParams({ result: result.name, runs: `${run}, ` })}` }, "Compare with other runs")))),
    answer.log ? h("section", { class: "card wide" }, h("h2", {}, "Log"), h("pre", { tabindex: "0" }, answer.log)) : null,
  ].filter(Boolean);
}

/** A picture, or a button for it where there are many. */
function held(drawn, number) {
  if (number < DRAWN) return drawn.figure;
  const button = h("button", { type: "button", class: "more" }, "Draw it");
  const place = h("div", {}, button);
  button.addEventListener("click", () => {
    place.replaceChildren(drawn.figure);
    drawn.load();
  });
  return place;
}

function failure(failure) {
  return h("div", { class: "failure" },
    h("p", { class: "trouble" }, long(failure.message || "no message", 1000)),
    failure.place ? h("p", { class: "soft" }, long(failure.place)) : null,
    failure.backtrace ? h("details", {}, h("summary", {}, "Backtrace"), h("pre", { tabindex: "0" }, failure.backtrace)) : null);
}

function values(title, entries, hidden) {
  if (entries.length === 0) return null;
  const row = (entry) => h("tr", { class: entry.is_explored ? "explored" : null },
    h("th", { scope: "row" }, long(entry.name, 60)),
    h("td", { class: "value" }, long(entry.text, 200), entry.unit ? h("span", { class: "soft" }, ` ${entry.unit}`) : null,
      entry.shape.length ? h("span", { class: "soft" }, ` [${entry.shape.join(", ")}]`) : null),
    h("td", { class: "soft" }, long(entry.comment, 120),
      entry.annotations.length ? facts(entry.annotations.map((note) => [note.name, note.text])) : null));
  return h("section", { class: "card" }, h("h2", {}, title),
    h("div", { class: "sideways" }, h("table", { class: "plain" },
      h("thead", { class: "unseen" }, h("tr", {}, ["name", "value", "comment"].map((head) => h("th", { scope: "col" }, head)))),
      h("tbody", {}, entries.map(row)))),
    hidden ? h("p", { class: "soft" }, `… ${count(hidden)} more in the tree`) : null);
}
