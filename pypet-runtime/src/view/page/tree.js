// The tree, opened group by group, with one node in detail beside it.

import { ask, count, facts, h, long } from "./dom.js";

export function show(main, parameters, app) {
  const list = h("ul", { role: "tree", "aria-label": "Nodes of the trajectory" });
  const detail = h("section", { class: "card detail", "aria-live": "polite" }, h("p", { class: "soft" }, "Choose a node to read all of it."));
  main.append(h("section", { class: "card" }, list), detail);
  list.addEventListener("keydown", (event) => walk(list, event));

  const choose = async (item, node) => {
    list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
    item.setAttribute("aria-selected", "true");
    try {
      detail.replaceChildren(...described(await ask("node", { path: node.path })));
    } catch (trouble) {
      detail.replaceChildren(h("p", { class: "trouble" }, trouble.message));
    }
  };
  const members = async (into, path, from = 0) => {
    try {
      const answer = await ask("tree", { path, from });
      into.append(...answer.nodes.map((node) => item(node, choose, members)));
      const next = from + answer.nodes.length;
      if (next < answer.total) {
        const more = h("button", { class: "more", type: "button" }, `${count(answer.total - next)} more`);
        const entry = h("li", { role: "none" }, more);
        more.addEventListener("click", () => {
          entry.remove();
          members(into, path, next);
        });
        into.append(entry);
      }
    } catch (trouble) {
      into.append(h("li", { role: "none", class: "trouble" }, trouble.message));
    }
  };
  members(list, "").then(() => {
    list.querySelector("[role=treeitem]")?.setAttribute("tabindex", "0");
    for (const entry of list.children) {
      if (["parameters", "results"].includes(entry.dataset.name)) entry.toggle?.();
    }
  });
  return { refresh: () => null };
}

function item(node, choose, members) {
  const isGroup = node.kind === "group" && node.n_members > 0;
  const line = h("div", { class: "line" },
    h("span", { class: "twist", "aria-hidden": "true" }, isGroup ? "▸" : ""),
    h("span", { class: "name" }, long(node.name, 60)),
    node.type ? h("span", { class: "type soft" }, `${node.is_per_run ? "run × " : ""}${node.type}`) : null,
    node.target !== undefined ? h("span", { class: "soft" }, `→ ${node.target}`) : null,
    isGroup ? h("span", { class: "soft" }, count(node.n_members)) : null,
    node.glimpse ? h("span", { class: "glimpse" }, [node.glimpse, node.unit].filter(Boolean).join(" ")) : null,
    node.comment ? h("span", { class: "soft remark" }, long(node.comment, 90)) : null);
  const entry = h("li", { role: "treeitem", tabindex: "-1", "aria-selected": "false", "data-name": node.name, "aria-label": node.name }, line);
  if (isGroup) {
    const inner = h("ul", { role: "group" });
    entry.setAttribute("aria-expanded", "false");
    entry.toggle = async (isOpen = entry.getAttribute("aria-expanded") !== "true") => {
      entry.setAttribute("aria-expanded", String(isOpen));
      if (!isOpen) inner.remove();
      else {
        inner.replaceChildren();
        entry.append(inner);
        await members(inner, node.path);
      }
    };
  }
  line.addEventListener("click", (event) => {
    if (event.target.closest("button")) return;
    entry.focus();
    entry.toggle?.();
    choose(entry, node);
  });
  entry.open = () => choose(entry, node);
  return entry;
}

/** Arrows walk through the tree, as trees do everywhere. */
function walk(list, event) {
  const here = event.target.closest("[role=treeitem]");
  if (!here || event.target.closest("button")) return;
  const all = [...list.querySelectorAll("[role=treeitem]")];
  const at = all.indexOf(here);
  const isOpen = here.getAttribute("aria-expanded") === "true";
  const step = {
    ArrowDown: () => all[at + 1],
    ArrowUp: () => all[at - 1],
    Home: () => all[0],
    End: () => all.at(-1),
    ArrowRight: () => isOpen ? all[at + 1] : void here.toggle?.(true),
    ArrowLeft: () => isOpen ? void here.toggle(false) : here.parentElement.closest("[role=treeitem]"),
    Enter: () => void here.open(),
    " ": () => void here.open(),
  }[event.key];
  if (!step) return;
  event.preventDefault();
  const next = step();
  if (!next) return;
  here.tabIndex = -1;
  next.tabIndex = 0;
  next.focus();
}

function described(node) {
  const pairs = [["kind", node.kind === "column" ? "one value for each run" : node.kind]];
  if (node.type) pairs.push(["type", node.type]);
  if (node.unit) pairs.push(["unit", node.unit]);
  if (node.target !== undefined) pairs.push(["leads to", node.target]);
  if (node.kind === "group") pairs.push(["members", count(node.n_members)]);
  if (node.text !== undefined) pairs.push(["value", node.text || "—"]);
  for (const note of node.annotations) pairs.push([note.name, note.text, "annotation"]);
  const runs = node.runs ?? [];
  const isResult = node.path.startsWith("results/");
  return [
    h("h2", {}, long(node.path.replaceAll("/", "."), 120)),
    node.comment ? h("p", { class: "comment" }, long(node.comment, 600)) : null,
    facts(pairs),
    isResult && node.kind === "column" ? h("p", {}, h("a", {
      href: `#/pictures?${new URLSearchParams({ result: node.path.slice("results/".length).replaceAll("/", ".") })}`,
    }, "Draw it")) : null,
    runs.length ? h("h3", {}, "The first runs") : null,
    runs.length ? h("ol", { class: "values", start: "0" }, runs.map((text) => h("li", {}, text))) : null,
  ].filter(Boolean);
}
