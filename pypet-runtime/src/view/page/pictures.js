// Pictures as `plot` draws them: of a result over explored parameters, or of the arrays of runs.

import { h, picture } from "./dom.js";

export function show(main, parameters, app) {
  const results = app.overview.results.filter((result) => result.is_drawable);
  if (results.length === 0) {
    main.append(h("section", { class: "card" }, h("p", {}, "No result holds real numbers, and pictures show nothing else.")));
    return {};
  }
  const explored = app.overview.explored.filter((column) => column.is_parameter);
  const options = (columns) => columns.map((column) => h("option", { value: column.name }, shortened(column)));
  const result = h("select", { id: "result" },
    [["Single values", (column) => column.rank === 0], ["Arrays", (column) => column.rank > 0]].map(([label, fits]) => {
      const fitting = results.filter(fits);
      return fitting.length ? h("optgroup", { label }, options(fitting)) : null;
    }));
  const x = h("select", { id: "x" }, h("option", { value: "" }, "what fits best"), options(explored));
  const y = h("select", { id: "y" }, h("option", { value: "" }, "what fits best"), options(explored));
  const lines = h("input", { id: "lines", type: "checkbox" });
  const runs = h("input", { id: "of-runs", type: "text", inputmode: "numeric", placeholder: "0, 1, 2", size: "14" });
  const over = [field("Across", x), field("Up", y), h("label", { class: "check" }, lines, " lines")];
  const of = [field("Runs", runs)];
  const form = h("form", { class: "controls", "aria-label": "What is drawn" }, field("Result", result), over, of);
  const drawn = picture({}, "Picture of the chosen result");
  main.append(h("section", { class: "card wide" }, form, drawn.figure));

  const isArray = () => results.find((column) => column.name === result.value)?.rank > 0;
  const draw = () => {
    over.forEach((element) => { element.hidden = isArray() || explored.length === 0; });
    of.forEach((element) => { element.hidden = !isArray(); });
    y.firstChild.textContent = x.value ? "nothing: a line" : "what fits best";
    if (x.value && x.value === y.value) y.value = "";
    return drawn.load(isArray()
      ? { result: result.value, runs: runs.value, x: "", y: "", lines: false }
      : { result: result.value, runs: "", x: x.value, y: y.value, lines: lines.checked });
  };
  const fill = (wanted) => {
    result.value = wanted.get("result") ?? "";
    if (result.selectedIndex < 0) result.selectedIndex = 0;
    x.value = wanted.get("x") ?? "";
    y.value = wanted.get("y") ?? "";
    runs.value = wanted.get("runs") ?? "";
    lines.checked = wanted.has("lines");
    return draw();
  };
  form.addEventListener("change", () => {
    app.go("pictures", { result: result.value, x: x.value, y: y.value, runs: runs.value, lines: lines.checked ? "1" : "" });
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  fill(parameters);
  return { update: fill, refresh: draw, close: drawn.cancel };
}

function field(label, control) {
  return h("label", { class: "field" }, h("span", {}, label), control);
}

function shortened(column) {
  const name = column.unit ? `${column.label} (${column.unit})` : column.label;
  return name.length > 60 ? `${name.slice(0, 60)}…` : name;
}
