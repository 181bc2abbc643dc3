"use strict";
// What both pages build themselves from: their content, elements, and numbers as text.
const { content, at, NOTHING, element, number } = (() => {
  const NOTHING = "\u2013";

  function element(name, properties = {}, ...children) {
    const node = document.createElement(name);
    for (const [key, value] of Object.entries(properties)) {
      if (key in node) node[key] = value;
      else node.setAttribute(key, value);
    }
    node.append(...children);
    return node;
  }
  function number(value, digits = 1, sign = false) {
    if (value === null || value === undefined) return NOTHING;
    const text = Math.abs(value).toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
    const isZero = Number(value.toFixed(digits)) === 0;
    return (value < 0 && !isZero ? "\u2212" : sign ? "+" : "") + text;
  }
  return {
    content: JSON.parse(document.getElementById("content").textContent),
    at: (id) => document.getElementById(id),
    NOTHING, element, number,
  };
})();
