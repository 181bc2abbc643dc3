(() => {
  function short(value) { return value >= 100 || Number.isInteger(value) ? number(value, 0) : value >= 1 ? number(value, 1) : String(Number(value.toPrecision(2))); }
  function interval(pair, sign = false) { return pair ? number(pair[0], 1, sign) + (pair[1] === null ? "" : " \u00b1 " + number(pair[1])) : NOTHING; }
  function address(url, text) {
    return /^https?:\/\//.test(url) ? element("a", { href: url, rel: "noopener noreferrer", textContent: text }) : text;
  }
  const host = (url) => url.replace(/^https?:\/\/(www\.)?/, "").replace(/\/$/, "");
  const part = (place) => content.parts[place];
  const name = (place) => part(place).by || "unnamed";
  const who = (row) => [...new Set(row.places.map(name))].join(", ");
  const dates = (row) => row.places.map((place) => part(place).date).filter(Boolean).sort().pop() || "";
  function terms(list, pairs) {
    for (const [term, ...values] of pairs) {
      const kept = values.flat().filter((value) => value !== null && value !== "" && value !== undefined);
      if (kept.length) list.append(element("dt", { textContent: term }), ...kept.map((value) => element("dd", {}, value)));
    }
    return list;
  }

  // ---- tables

  const COLUMNS = [
    { key: "label", title: "Method", sort: (row) => row.label },
    { key: "score", title: "mIoU", sort: (row) => row.score[0], text: (row) => interval(row.score) },
    { key: "difference", title: "vs random", sort: (row) => row.difference && row.difference[0], text: (row) => interval(row.difference, true), hint: (row) => row.baseline ? `to ${row.baseline}, ${row.pairs} seeds paired` : "" },
    { key: "n", title: "Seeds", sort: (row) => row.seeds.length, text: (row) => String(row.seeds.length) },
    { key: "clicks", title: "Clicks/image", sort: (row) => row.clicks, text: (row) => short(row.clicks) },
    { key: "pixels", title: "Pixels", sort: (row) => row.pixels, text: (row) => short(row.pixels) + "%" },
    { key: "who", title: "By", sort: who, text: who, wide: true },
    { key: "version", title: "alseg", sort: (row) => row.version, text: (row) => row.version || NOTHING },
    { key: "date", title: "Date", sort: dates, text: (row) => dates(row) || NOTHING },
  ];
  function compared(first, second, column, descending) {
    const [a, b] = [column.sort(first), column.sort(second)];
    if (a === null || b === null) return (a === null) - (b === null);
    const order = typeof a === "string" ? a.localeCompare(b) : a - b;
    return descending ? -order : order;
  }
  function details(row, group) {
    const classes = element("ul", { className: "classes" }, ...group.classes.map((each, place) =>
      element("li", {}, element("span", { textContent: each }), element("span", { textContent: number(row.iou[place]) }))));
    const seeds = row.seeds.map(([seed, score, place]) => `${seed}: ${number(score, 2)} (${name(place)})`).join("; ");
    const again = row.repeated.map(([seed, place]) => `${seed} (${name(place)})`).join("; ");
    return terms(element("dl"), [
      ["Acquisition", row.acquisition],
      ["Source", row.source, row.links.map((url) => address(url, host(url)))],
      ["IoU of classes", classes],
      ["mIoU of seeds", seeds],
      ["Same results again", again],
      ["Images touched", short(row.images)],
      ["Code", row.code],
      ["Hardware", row.devices],
      ["Environment", row.environment],
      ["Packs", row.places.map((place) => element("a", { href: "#part-" + place, textContent: part(place).name }))],
    ]);
  }
  function line(row, group, open) {
    const more = element("tr", { className: "more", hidden: !open.has(row) }, element("td", { colSpan: COLUMNS.length }, details(row, group)));
    const button = element("button", { type: "button", textContent: row.label, "aria-expanded": String(open.has(row)) });
    button.addEventListener("click", () => {
      more.hidden = !more.hidden;
      if (more.hidden) open.delete(row); else open.add(row);
      button.setAttribute("aria-expanded", String(!more.hidden));
    });
    const cells = COLUMNS.slice(1).map((column) => element("td", { textContent: column.text(row), className: column.wide ? "wide" : "", title: column.hint ? column.hint(row) : "" }));
    return [element("tr", { className: row.kind ? "reference" : "" }, element("th", { scope: "row" }, button), ...cells), more];
  }
  function drawTable(table, group, state) {
    const column = COLUMNS.find((each) => each.key === state.key);
    const rows = [...group.rows].sort((first, second) => compared(first, second, column, state.descending));
    const titles = COLUMNS.map((each) => {
      const button = element("button", { type: "button", textContent: each.title });
      button.addEventListener("click", () => {
        state.descending = state.key === each.key ? !state.descending : !["label", "who", "version", "clicks", "pixels"].includes(each.key);
        state.key = each.key;
        drawTable(table, group, state);
        table.querySelectorAll("thead button")[COLUMNS.indexOf(each)].focus();
      });
      const sorted = state.key === each.key ? (state.descending ? "descending" : "ascending") : "none";
      return element("th", { scope: "col", "aria-sort": sorted, className: each.wide ? "wide" : "" }, button);
    });
    table.replaceChildren(element("thead", {}, element("tr", {}, ...titles)),
      element("tbody", {}, ...[...rows, ...group.references].flatMap((row) => line(row, group, state.open))));
  }

  // ---- groups and packs

  function drawGroup(group, place) {
    const table = element("table");
    drawTable(table, group, { key: "score", descending: true, open: new Set() });
    const few = group.rows.some((row) => row.seeds.length < 2);
    const note = (few ? "Without \u00b1 there is one seed: how much seeds differ is not known. " : "")
      + (group.rows.some((row) => row.difference) ? "" : "No method that asks at random is here, so that nothing says whether a method helps. ")
      + (group.references.some((row) => row.kind !== "upper mark") ? "In italics: references, which buy nothing or everything. " : "")
      + (group.references.some((row) => row.kind === "upper mark") ? "Upper marks see the labels of the pool; no method can do that, and they have no rank." : "");
    return element("section", { "aria-labelledby": `group-${place}`, className: "group" },
      element("h2", { id: `group-${place}`, textContent: group.title }),
      element("details", {}, element("summary", { textContent: "What all methods of this table share" }), terms(element("dl", { className: "conditions" }), group.conditions)),
      element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-labelledby": `group-${place}` }, table),
      element("p", { className: "note", textContent: note }));
  }
  function drawPart(each, place) {
    const card = element("div", { className: "card", id: `part-${place}` }, element("h3", { textContent: each.name }),
      terms(element("dl"), [
        ["Experiment", each.experiment], ["By", each.by || "unnamed"], ["Contact", each.contact], ["Licence", each.licence || "not given"],
        ["Source", each.link && address(each.link, host(each.link))], ["Last run ended", each.date], ["Packed with", each.packed],
        ["Image names", each.names === "tokens" ? "replaced by tokens" : ""],
      ]));
    if (each.file) card.append(element("details", {}, element("summary", { textContent: "Experiment file" }), element("pre", { tabIndex: 0, textContent: each.file })));
    return card;
  }

  const sections = content.groups.map(drawGroup);
  at("groups").replaceChildren(...sections);
  at("parts").replaceChildren(...content.parts.map(drawPart));
  at("group").replaceChildren(element("option", { value: "", textContent: "all tables" }),
    ...content.groups.map((group, place) => element("option", { value: String(place), textContent: group.title })));
  at("group").addEventListener("change", () => sections.forEach((section, place) => { section.hidden = at("group").value !== "" && Number(at("group").value) !== place; }));
  at("theme").addEventListener("change", () => { document.documentElement.dataset.theme = at("theme").value; });
  const people = new Set(content.parts.map((each) => each.by).filter(Boolean)).size;
  at("summary").textContent = `${content.groups.length} table${content.groups.length === 1 ? "" : "s"}, ${content.runs} runs`
    + (people ? ` by ${people} ${people === 1 ? "contributor" : "contributors"}.` : ".");
  at("left-out").hidden = !content.left_out.length;
  at("left-out").querySelector("ul").replaceChildren(...content.left_out.map((text) => element("li", { textContent: text })));
  at("command").textContent = content.command ? "Made by: " + content.command : "";
})();
