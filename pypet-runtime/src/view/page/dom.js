// What all views share. Text of a file goes into the page by `textContent` only, so none of it is ever markup.

/** An element with properties and children; `null` children are left out, texts stay texts. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name in element && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

/** What the server says is wrong. */
export class Trouble extends Error {
  constructor(answer, status) {
    super(answer.error);
    Object.assign(this, { place: answer.place, status });
  }
}

let trajectory = "";

/** Which trajectory of the file is meant; an empty name is the one that the server was started with. */
export function choose(name) {
  trajectory = name;
}

/** The address of a question; what is empty is left out. */
export function address(question, parameters = {}) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries({ trajectory, ...parameters })) {
    if (value !== undefined && value !== null && value !== "" && value !== false) query.set(name, value);
  }
  return `/api/${question}?${query}`;
}

/** The answer of the server to a question. */
export async function ask(question, parameters, signal) {
  const response = await answered(address(question, parameters), signal);
  return response.json();
}

async function answered(url, signal) {
  let response;
  try {
    response = await fetch(url, { signal });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Trouble({ error: "the server does not answer; has it ended?" }, 0);
  }
  if (response.ok) return response;
  const text = await response.text();
  let answer = { error: text };
  try {
    answer = JSON.parse(text);
  } catch {
    // Refusals at the door are plain text.
  }
  throw new Trouble(answer, response.status);
}

/** 1000000 as people read it. */
export function count(number) {
  return number.toLocaleString("en");
}

/** Seconds as people read them. */
export function span(seconds) {
  if (seconds < 0.001) return `${(seconds * 1e6).toPrecision(3)} µs`;
  if (seconds < 1) return `${(seconds * 1e3).toPrecision(3)} ms`;
  if (seconds < 60) return `${seconds.toPrecision(3)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min ${Math.round(seconds % 60)} s`;
  return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** `2026-01-01T10:00:00.123+01:00` without what nobody looks at. */
export function moment(time) {
  return String(time).replace("T", " ").replace(/\.\d+/, "");
}

/** Bytes as people read them. */
export function size(bytes) {
  let unit = 0;
  while (bytes >= 1024 && unit < 4) {
    bytes /= 1024;
    unit += 1;
  }
  return `${unit ? bytes.toFixed(1) : bytes} ${["bytes", "KiB", "MiB", "GiB", "TiB"][unit]}`;
}

/** Text that is cut where it is long, with a button for the rest. */
export function long(text, most = 240) {
  const letters = Array.from(text.length > 8 * most ? text.slice(0, 8 * most) : text);
  if (letters.length <= most && text.length <= 8 * most) return h("span", { class: "text" }, text);
  const shown = h("span", { class: "text" }, `${letters.slice(0, most).join("")}… `);
  const more = h("button", { class: "more", type: "button", onclick: () => shown.replaceChildren(text) }, "more");
  shown.append(more);
  return shown;
}

/** Names with what they mean. */
export function facts(pairs) {
  return h("dl", { class: "facts" }, pairs.map(([name, value, title]) => h("div", {},
    h("dt", { title }, name), h("dd", {}, typeof value === "string" ? long(value) : value))));
}

/** A picture of `plot`; it says values under the pointer, and can be saved. */
export function picture(parameters, caption) {
  const paper = h("div", { class: "paper", tabindex: "0", role: "group", "aria-label": caption });
  const figure = h("figure", { class: "picture" }, paper);
  let running = null;
  const load = async (changed) => {
    Object.assign(parameters, changed);
    running?.abort();
    const turn = running = new AbortController();
    figure.classList.add("loading");
    try {
      const response = await answered(address("picture", parameters), turn.signal);
      const drawn = new DOMParser().parseFromString(await response.text(), "image/svg+xml").documentElement;
      const svg = document.importNode(drawn, true);
      for (const title of svg.querySelectorAll("rect > title")) {
        title.parentNode.dataset.says = title.textContent;
        title.remove();
      }
      paper.replaceChildren(svg);
      const save = h("a", { href: address("picture", parameters), download: "picture.svg" }, "Save as SVG");
      figure.replaceChildren(paper, h("figcaption", {}, save));
    } catch (trouble) {
      if (trouble.name === "AbortError") return;
      paper.replaceChildren(h("p", { class: "trouble" }, trouble.message));
      figure.replaceChildren(paper);
    }
    figure.classList.remove("loading");
  };
  return { figure, load, cancel: () => running?.abort() };
}

const says = document.getElementById("says");
document.addEventListener("pointermove", (event) => {
  const spot = event.target instanceof Element ? event.target.closest("[data-says]") : null;
  says.hidden = !spot;
  if (!spot) return;
  says.textContent = spot.dataset.says;
  const left = Math.min(event.clientX + 14, window.innerWidth - says.offsetWidth - 6);
  const top = Math.min(event.clientY + 14, window.innerHeight - says.offsetHeight - 6);
  says.style.left = `${Math.max(left, 0)}px`;
  says.style.top = `${Math.max(top, 0)}px`;
});
