// The run table. The server sorts, filters and cuts it into pages; only rows that are seen are in the document.

import { ask, count, h } from "./dom.js";

/** Height of a row in pixels, as in the style sheet. */
const ROW = 32;
/** Rows of one question. */
const PAGE = 100;
/** Pages that are remembered. */
const KEPT = 60;
/** Browsers know no taller elements than some ten million pixels; longer tables scroll in larger steps. */
const TALLEST = 8_000_000;

export function show(main, parameters, app) {
  const input = h("input", {
    id: "condition", type: "search", autocomplete: "off", autocapitalize: "off", spellcheck: "false",
    placeholder: example(app.overview), "aria-describedby": "mistake found",
  });
  const form = h("form", { role: "search", class: "controls" },
    h("label", { class: "field grow" }, h("span", {}, "Condition"), input),
    h("button", { type: "submit", class: "button" }, "Filter"),
    h("button", { type: "button", class: "button quiet", onclick: () => lead({ where: "" }) }, "All runs"));
  const mistake = h("pre", { id: "mistake", role: "alert", hidden: true });
  const found = h("p", { id: "found", role: "status", class: "soft" });
  const columns = h("colgroup");
  const head = h("thead");
  const body = h("tbody");
  const table = h("table", { role: "grid", "aria-label": "Runs", tabindex: "0" }, columns, head, body);
  const spacer = h("div", { class: "spacer" }, table);
  const scroller = h("div", { class: "scroller" }, spacer);
  main.append(form, mistake, found, scroller);

  let choice = {};
  let pages = new Map();
  /** Grows with every change, so that old answers and old rows are known as such. */
  let turn = 0;
  let known = { n_found: 0, columns: [], rows: [] };
  let active = 0;
  let shape = "";
  const asked = new Map();

  const lead = (changed) => app.go("runs", { where: choice.condition, sort: choice.sort, desc: choice.descending && "1", ...changed });

  /** Asks for a page unless it is at hand or on its way. */
  const fetchPage = async (page) => {
    if (pages.get(page)?.turn === turn || asked.has(page)) return;
    const abort = new AbortController();
    asked.set(page, abort);
    const mine = turn;
    try {
      const answer = await ask("runs", { ...choice, from: page * PAGE, count: PAGE }, abort.signal);
      if (mine !== turn) return;
      mistake.hidden = true;
      input.removeAttribute("aria-invalid");
      pages.set(page, { turn, rows: answer.rows });
      for (const old of pages.keys()) {
        if (pages.size <= KEPT) break;
        if (Math.abs(old - page) > KEPT / 3) pages.delete(old);
      }
      learn(answer);
    } catch (trouble) {
      if (trouble.name === "AbortError" || mine !== turn) return;
      complain(trouble);
    } finally {
      if (asked.get(page) === abort) asked.delete(page);
    }
    render();
  };

  const complain = (trouble) => {
    mistake.hidden = false;
    mistake.textContent = trouble.message;
    if (!trouble.place) return;
    input.setAttribute("aria-invalid", "true");
    if (document.activeElement === input) input.setSelectionRange(...trouble.place);
    learn({ ...known, n_found: 0 });
    found.textContent = "";
  };

  const learn = (answer) => {
    known = answer;
    const all = count(answer.n_runs ?? 0);
    found.textContent = choice.condition ? `${count(answer.n_found)} of ${all} runs` : `${all} runs`;
    if (answer.n_hidden_columns) found.textContent += ` · ${count(answer.n_hidden_columns)} more results in the runs`;
    table.setAttribute("aria-rowcount", answer.n_found + 1);
    table.setAttribute("aria-colcount", answer.columns.length + 2);
    const labels = JSON.stringify([answer.columns.map((column) => [column.label, column.unit]), choice.sort, choice.descending]);
    if (labels !== shape) {
      shape = labels;
      heads(answer);
    }
    spacer.style.height = `${Math.min(answer.n_found * ROW, TALLEST) + head.offsetHeight}px`;
  };

  const heads = (answer) => {
    const all = [{ label: "run", is_number: true }, { label: "status" }, ...answer.columns];
    const widths = all.map((column, number) => {
      const shown = column.label.length + (column.unit ? column.unit.length + 3 : 0) + 3;
      const longest = Math.max(shown, ...answer.rows.slice(0, 50).map((row) => row[number].length + 2));
      const width = h("col");
      width.style.width = `calc(${Math.min(Math.max(longest, 5), 32)}ch + 2rem)`;
      return width;
    });
    columns.replaceChildren(...widths);
    head.replaceChildren(h("tr", { "aria-rowindex": "1" }, all.map((column) => {
      const isSorted = (choice.sort || "run") === column.label;
      const order = isSorted ? (choice.descending ? "descending" : "ascending") : "none";
      const button = h("button", { type: "button", title: [column.label, column.comment].filter(Boolean).join(" — ").slice(0, 400) },
        h("span", { class: "label" }, column.label), column.unit ? h("span", { class: "unit" }, ` ${column.unit}`) : null,
        h("span", { class: "order", "aria-hidden": "true" }, isSorted ? (choice.descending ? " ↓" : " ↑") : ""));
      button.addEventListener("click", () => lead({
        sort: column.label === "run" ? "" : column.label,
        desc: isSorted && !choice.descending ? "1" : "",
      }));
      return h("th", { scope: "col", "aria-sort": order, class: column.is_number ? "number" : null }, button);
    })));
  };

  const room = () => Math.max(scroller.clientHeight - head.offsetHeight, ROW);
  const height = () => Math.min(known.n_found * ROW, TALLEST);
  /** Rows for each pixel: one in ROW, or more where the table is too tall. */
  const top = () => {
    const way = height() - room();
    if (way <= 0) return 0;
    return Math.min(scroller.scrollTop / way, 1) * Math.max(known.n_found - room() / ROW, 0);
  };
  const lift = (row) => {
    const rest = Math.max(known.n_found - room() / ROW, 1);
    scroller.scrollTop = Math.min(row / rest, 1) * (height() - room());
  };

  let isWaiting = false;
  const later = () => {
    if (isWaiting) return;
    isWaiting = true;
    requestAnimationFrame(() => {
      isWaiting = false;
      render();
    });
  };

  const render = () => {
    const first = Math.floor(top());
    const last = Math.min(first + Math.ceil(room() / ROW) + 1, known.n_found);
    const n = Math.max(last - first, 0);
    while (body.rows.length > n) body.lastChild.remove();
    while (body.rows.length < n) body.append(h("tr"));
    const width = known.columns.length + 2;
    for (let index = 0; index < n; index += 1) {
      fill(body.rows[index], first + index, width);
    }
    body.style.transform = `translateY(${-(top() - first) * ROW}px)`;
    const here = body.querySelector("[aria-selected=true]");
    if (here) table.setAttribute("aria-activedescendant", here.id);
    else table.removeAttribute("aria-activedescendant");
    need(Math.floor(first / PAGE), Math.floor(Math.max(last - 1, 0) / PAGE));
  };

  const fill = (line, number, width) => {
    const row = pages.get(Math.floor(number / PAGE))?.rows[number % PAGE];
    while (line.cells.length > width) line.lastChild.remove();
    while (line.cells.length < width) line.append(h("td"));
    line.id = `row-${number}`;
    line.setAttribute("aria-rowindex", number + 2);
    line.setAttribute("aria-selected", String(number === active));
    for (let cell = 0; cell < width; cell += 1) {
      const text = row ? row[cell] ?? "" : cell === 0 ? "…" : "";
      const element = line.cells[cell];
      if (element.textContent !== text) {
        element.textContent = text;
        element.title = text.length > 30 ? text : "";
      }
      const kind = cell === 1 ? `status ${text.replace(" ", "_")}` : cell === 0 || known.columns[cell - 2]?.is_number ? "number" : "";
      if (element.className !== kind) element.className = kind;
    }
    line.dataset.run = row ? row[0] : "";
  };

  /** Asks for what is seen, after a moment of rest, and for nothing else. */
  let resting = 0;
  const need = (first, last) => {
    clearTimeout(resting);
    for (const [page, abort] of asked) {
      if (page < first || page > last) {
        abort.abort();
        asked.delete(page);
      }
    }
    const missing = [];
    for (let page = first; page <= last; page += 1) {
      if (pages.get(page)?.turn !== turn && !asked.has(page)) missing.push(page);
    }
    if (missing.length === 0 || known.n_found === 0) return;
    resting = setTimeout(() => missing.forEach(fetchPage), 40);
  };

  const open = (line) => {
    if (line?.dataset.run) app.go(`run/${line.dataset.run}`);
  };
  body.addEventListener("click", (event) => open(event.target.closest("tr")));
  table.addEventListener("keydown", (event) => {
    if (event.target.closest("thead")) return;
    const rows = Math.max(Math.floor(room() / ROW) - 1, 1);
    const to = {
      ArrowDown: active + 1, ArrowUp: active - 1, PageDown: active + rows, PageUp: active - rows, Home: 0, End: known.n_found - 1,
    }[event.key];
    if (event.key === "Enter") open(document.getElementById(`row-${active}`));
    if (to === undefined) return;
    event.preventDefault();
    active = Math.max(Math.min(to, known.n_found - 1), 0);
    if (active < top()) lift(active);
    else if (active > top() + room() / ROW - 1) lift(active - room() / ROW + 1);
    render();
  });
  scroller.addEventListener("scroll", later, { passive: true });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    lead({ where: input.value.trim() });
  });
  const size = new ResizeObserver(later);
  size.observe(scroller);

  const restart = () => {
    turn += 1;
    asked.forEach((abort) => abort.abort());
    asked.clear();
    const first = Math.floor(Math.floor(top()) / PAGE);
    return fetchPage(first);
  };
  const update = (wanted) => {
    choice = { condition: wanted.get("where") ?? "", sort: wanted.get("sort") ?? "", descending: wanted.has("desc") };
    input.value = choice.condition;
    mistake.hidden = true;
    active = 0;
    scroller.scrollTop = 0;
    pages = new Map();
    return restart();
  };
  update(parameters);
  return {
    update,
    refresh: restart,
    close: () => {
      turn += 1;
      size.disconnect();
      asked.forEach((abort) => abort.abort());
    },
  };
}

/** A condition that this trajectory understands. */
function example(overview) {
  const number = [...overview.results, ...overview.explored].find((column) => column.is_number && column.label.length < 30);
  return number ? `${number.label} > 10 && run < 100` : "run < 100";
}
