// The form of an answer, from the server's tree: known elements only, each made by hand.

import { el } from "./dom.js";

const PLAIN = new Set(["p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "li", "tr", "code", "em", "strong", "del", "br", "hr", "span"]);
const SCHEMES = new Set(["http:", "https:", "mailto:"]);
const ALIGNS = new Set(["left", "center", "right"]);

export function render(nodes) {
  return nodes.map(node);
}

function node(item) {
  if (typeof item === "string") return document.createTextNode(item);
  const children = render(item.c ?? []);
  switch (item.t) {
    case "a":
      return link(item.href, children);
    case "ol":
      return el("ol", { start: Number.isSafeInteger(item.start) ? item.start : null }, ...children);
    case "pre":
      return code(item.lang, children);
    case "table":
      return table(item.c ?? []);
    case "th":
    case "td":
      return el(item.t, { class: ALIGNS.has(item.align) ? `align-${item.align}` : null }, ...children);
    case "task":
      return el("input", { type: "checkbox", disabled: true, checked: item.done === true, "aria-label": item.done ? "done" : "to do" });
    default:
      return el(PLAIN.has(item.t) ? item.t : "span", {}, ...children);
  }
}

function link(href, children) {
  let url = null;
  try {
    url = new URL(href);
  } catch {
    // Shown without a link, below.
  }
  if (url === null || !SCHEMES.has(url.protocol)) return el("span", {}, ...children);
  return el("a", { href: url.href, rel: "noopener noreferrer", target: "_blank", title: url.href }, ...children);
}

function code(lang, children) {
  const body = el("code", {}, ...children);
  const copy = el("button", { type: "button", class: "copy" }, "Copy");
  copy.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(body.textContent.replace(/\n$/, ""));
      copy.textContent = "Copied";
    } catch {
      copy.textContent = "Select and copy by hand";
    }
    setTimeout(() => (copy.textContent = "Copy"), 2000);
  });
  return el("div", { class: "code" }, el("div", { class: "code-head" }, el("span", {}, lang ?? "text"), copy), el("pre", { tabindex: 0 }, body));
}

function table(parts) {
  const body = el("tbody");
  const whole = el("table");
  for (const part of parts) {
    if (part?.t === "thead") whole.append(el("thead", {}, el("tr", {}, ...render(part.c ?? []))));
    else body.append(node(part));
  }
  whole.append(body);
  return el("div", { class: "wide", tabindex: 0, role: "region", "aria-label": "Table" }, whole);
}
