(() => {
  // Hues that stay apart with any colour vision (Okabe and Ito, without the yellow that fades on white), and
  // shapes that tell methods apart without any colour.
  const HUES = {
    light: ["#0072b2", "#d55e00", "#009e73", "#b8528a", "#b87800", "#3a9ad1", "#5b3a9a", "#6b5a2a"],
    dark: ["#5ab4ee", "#ff8a4c", "#3fd1a5", "#ec9cc8", "#f3bb45", "#a8dcfa", "#b79ce8", "#d3bb80"],
  };
  const SYMBOLS = ["circle", "square", "diamond", "triangle-up", "cross", "x", "star", "triangle-down"];
  const DASHES = ["solid", "dash", "dot", "dashdot"];
  const hidden = new Set();
  let order = { key: null, descending: true };

  // ---- small helpers

  function fill(node, ...children) { node.replaceChildren(...children); return node; }
  function options(select, items) {
    const before = select.value;
    fill(select, ...items.map(([value, text]) => element("option", { value, textContent: text })));
    if (items.some(([value]) => value === before)) select.value = before;
  }
  function short(value) { return value === null ? NOTHING : value >= 100 || Number.isInteger(value) ? number(value, 0) : value >= 1 ? number(value, 2) : String(Number(value.toPrecision(2))); }
  function interval(pair, sign = false) {
    if (!pair) return NOTHING;
    return number(pair[0], 1, sign) + (pair[1] === null ? "" : " \u00b1 " + number(pair[1]));
  }
  // Plotly reads text as a small subset of HTML.
  function plain(text) { return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;"); }
  function isDark() {
    const chosen = document.documentElement.dataset.theme;
    return chosen ? chosen === "dark" : matchMedia("(prefers-color-scheme: dark)").matches;
  }
  function ink(name) { return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim(); }
  const scenario = () => content.scenarios[Number(at("scenario").value)];
  const metric = () => scenario().metrics.find((each) => each.key === at("metric").value);
  const axis = () => content.axes.find((each) => each.key === at("axis").value);
  const isReference = (method) => method.kind !== "acquired";
  // The label as people read it; it alone names a method elsewhere.
  const title = (method) => method.label + (method.upper_mark ? " (upper mark)" : "");
  function look(method) {
    if (isReference(method)) return { color: ink("soft"), symbol: "circle-open", dash: method.kind === "none" ? "dot" : "dash" };
    const place = scenario().methods.filter((each) => !isReference(each)).indexOf(method);
    const hues = HUES[isDark() ? "dark" : "light"];
    return { color: hues[place % hues.length], symbol: SYMBOLS[place % 8], dash: DASHES[Math.floor(place / 8) % 4] };
  }
  function seeThrough(color) { const n = parseInt(color.slice(1), 16); return `rgba(${n >> 16},${(n >> 8) & 255},${n & 255},0.18)`; }

  // ---- charts

  function layout(extra) {
    const narrow = innerWidth < 640;
    return {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, hovermode: "closest",
      font: { family: getComputedStyle(document.body).fontFamily, size: narrow ? 12 : 14, color: ink("text") },
      margin: { l: narrow ? 44 : 60, r: 14, t: 10, b: 56 }, dragmode: narrow ? false : "zoom",
      hoverlabel: { bgcolor: ink("panel"), bordercolor: ink("line"), font: { color: ink("text") } }, ...extra,
    };
  }
  const frame = () => ({ gridcolor: ink("line"), linecolor: ink("line"), zerolinecolor: ink("line"), automargin: true });
  const CONFIG = { displaylogo: false, responsive: true, modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d", "toImage"] };

  function points(method) {
    return method.curve.map((point) => ({ cost: point.cost[at("axis").value], score: point.scores[metric().key], n: point.n, round: point.round }))
      .filter((point) => point.score !== null);
  }
  function drawCurves() {
    const traces = [];
    const buyers = scenario().methods.filter((method) => !isReference(method));
    const costs = buyers.flatMap((method) => points(method).map((point) => point.cost));
    const widest = Math.max(...costs, 0) || 1;
    let few = false;
    for (const method of scenario().methods) {
      if (hidden.has(method.label)) continue;
      const { color, symbol, dash } = look(method);
      const all = points(method);
      if (!all.length) continue;
      if (isReference(method)) {
        // References buy nothing or everything: a line across, at the height they end at.
        const last = all[all.length - 1].score;
        traces.push({ x: [0, widest], y: [last[0], last[0]], mode: "lines", line: { color, dash, width: 2 }, name: plain(title(method)),
          hovertemplate: `<b>${plain(title(method))}</b><br>${plain(metric().title)} ${interval(last)}<extra></extra>` });
        continue;
      }
      const banded = all.filter((point) => point.score[1] !== null);
      few = few || banded.length < all.length;
      if (banded.length > 1) {
        traces.push({ x: [...banded.map((p) => p.cost), ...banded.map((p) => p.cost).reverse()],
          y: [...banded.map((p) => p.score[0] + p.score[1]), ...banded.map((p) => p.score[0] - p.score[1]).reverse()],
          fill: "toself", fillcolor: seeThrough(color), line: { width: 0 }, mode: "lines", hoverinfo: "skip", name: "" });
      }
      traces.push({ x: all.map((p) => p.cost), y: all.map((p) => p.score[0]), mode: "lines+markers", name: plain(title(method)),
        line: { color, dash, width: 2 }, marker: { color, symbol, size: 9 },
        text: all.map((p) => `<b>${plain(title(method))}</b><br>round ${p.round}, ${p.n} seed${p.n === 1 ? "" : "s"}<br>${plain(metric().title)} ${interval(p.score)}<br>cost ${short(p.cost)}${axis().unit}`),
        hovertemplate: "%{text}<extra></extra>" });
    }
    Plotly.react("curves", traces, layout({ xaxis: { title: { text: plain(axis().title) }, ...frame(), rangemode: "tozero" },
      yaxis: { title: { text: plain(metric().title) + " (%)" }, ...frame() } }), CONFIG);
    at("curves-note").textContent = (few ? "Without a band there is one seed: how much seeds differ is not known. " : "Bands are 95% t intervals over seeds. ")
      + "Lines across are the references without target labels and with all of them.";
    const rows = scenario().methods.flatMap((method) => points(method).map((p) => [title(method), p.round, p.n, short(p.cost), interval(p.score)]));
    drawTable(at("curve-numbers"), ["Method", "Round", "Seeds", axis().title, metric().title], rows);
  }
  function drawFrequencies() {
    // Places on a line, not bars: a logarithmic axis has no zero for a bar to begin at, and dots need less room.
    const series = scenario().frequencies;
    at("frequencies-section").hidden = !series.length;
    if (!series.length) return;
    const names = scenario().classes, longest = innerWidth < 640 ? 14 : 40;
    const rows = names.map((name, place) => place);
    const traces = series.filter((each) => !hidden.has(each.method)).map((each) => {
      const method = scenario().methods.find((one) => one.label === each.method);
      const own = method ? look(method) : null, isPool = each.label.startsWith("pool");
      return { type: "scatter", mode: "markers", name: plain(each.label), x: each.percent.map((value) => value || null), y: rows,
        customdata: names.map(plain), cliponaxis: false,
        marker: own ? { color: own.color, symbol: own.symbol, size: 9, opacity: 0.85 }
          : { color: ink(isPool ? "text" : "soft"), symbol: isPool ? "line-ns-open" : "circle-open", size: isPool ? 15 : 8, line: { width: isPool ? 3 : 1.5 } },
        hovertemplate: `<b>%{customdata}</b><br>${plain(each.label)}: %{x:.3g}%<extra></extra>` };
    });
    at("frequencies").style.height = `${names.length * 24 + 80}px`;
    Plotly.react("frequencies", traces, layout({
      xaxis: { title: { text: "% of pixels with a class, logarithmic" }, type: "log", dtick: 1, ...frame() },
      yaxis: { ...frame(), tickvals: rows, ticktext: names.map((name) => plain(name.length > longest ? name.slice(0, longest - 1) + "\u2026" : name)),
        range: [names.length - 0.4, -0.6], zeroline: false } }), CONFIG);
    const lines = series.filter((each) => !each.method).map((each) => `${each.label.startsWith("pool") ? "Upright lines" : "Open circles"}: ${each.label}. `);
    at("frequencies-note").textContent = lines.join("") + (series.some((each) => each.method) ? "Coloured: what each method bought in all rounds. " : "")
      + "A class without a mark was not bought.";
    drawTable(at("frequency-numbers"), ["Class", ...series.map((each) => each.label + " %")],
      names.map((name, place) => [name, ...series.map((each) => short(each.percent[place]))]));
  }

  // ---- tables

  // More digits where three would say 0.050, which is on neither side of what decides.
  function probability(p) {
    if (p < 0.001) return "<0.001";
    let digits = p < 0.1 ? 3 : 2;
    while (Number(p.toFixed(digits)) === 0.05 && p !== 0.05 && digits < 16) digits += 1;
    return number(p, digits);
  }
  function drawTable(table, titles, rows) {
    fill(table, element("thead", {}, element("tr", {}, ...titles.map((title) => element("th", { scope: "col", textContent: title })))),
      element("tbody", {}, ...rows.map((row) => element("tr", {}, ...row.map((cell, place) =>
        place ? element("td", { textContent: String(cell), className: typeof cell === "string" && /[a-z]{2}/i.test(cell) ? "text" : "" })
          : element("th", { scope: "row", textContent: String(cell) }))))));
  }
  function columns() {
    const key = metric().key;
    const stats = (method) => method.stats[key];
    const some = (read) => scenario().methods.some((method) => read(method) !== null);
    const difference = (method) => stats(method).difference;
    const all = [
      { key: "label", title: "Method", sort: (m) => m.label },
      { key: "score", title: metric().title, sort: (m) => stats(m).score && stats(m).score[0], text: (m) => interval(stats(m).score) + (stats(m).overImages ? ` [${stats(m).overImages.map((end) => number(end)).join(", ")}]` : "") + (stats(m).answers ? ` N=${number(stats(m).answers, 0)}` : ""), best: (m) => stats(m).best },
      { key: "difference", title: against(), sort: (m) => difference(m) && difference(m)[0], needed: some(difference),
        text: (m) => interval(difference(m), true) + (stats(m).images ? ` [${number(stats(m).images[0], 1, true)}, ${number(stats(m).images[1], 1, true)}]` : ""),
        title2: (m) => stats(m).baseline ? "to " + stats(m).baseline : "" },
      { key: "p", title: "p", sort: (m) => stats(m).p, needed: some((m) => stats(m).p), text: (m) => stats(m).p === null ? NOTHING : probability(stats(m).p), small: true },
      { key: "gap", title: "Gap closed", sort: (m) => stats(m).gap, needed: some((m) => stats(m).gap), text: (m) => stats(m).gap === null ? NOTHING : number(stats(m).gap, 0) + "%" + (stats(m).gapInterval ? ` [${stats(m).gapInterval.map((end) => number(end, 0)).join(", ")}]` : "") },
      { key: "area", title: "AUBC", sort: (m) => area(m) && area(m)[0], needed: some((m) => area(m)), text: (m) => interval(area(m)) },
      { key: "n", title: "Seeds", sort: (m) => m.n, text: (m) => String(m.n) },
      ...content.axes.map((each) => ({ key: "cost:" + each.key, title: each.brief, small: true, sort: (m) => m.costs && m.costs[each.key],
        text: (m) => m.costs ? short(m.costs[each.key]) + each.unit : NOTHING })),
    ];
    return all.filter((column) => column.needed !== false);
  }
  function against() {
    const names = new Set(scenario().methods.map((method) => method.stats[metric().key].baseline).filter(Boolean));
    return names.size === 1 ? "vs " + [...names][0] : "vs baseline";
  }
  function area(method) { return method.stats[metric().key].areas[at("axis").value]; }
  function drawComparison(focus) {
    const shown = columns();
    const by = shown.find((column) => column.key === order.key);
    const methods = [...scenario().methods];
    if (by) {
      methods.sort((a, b) => {
        const [x, y] = [by.sort(a), by.sort(b)];
        if (x === null || y === null) return (x === null) - (y === null);
        const sign = typeof x === "string" ? x.localeCompare(y) : x - y;
        return order.descending ? -sign : sign;
      });
    }
    const head = shown.map((column) => {
      const button = element("button", { type: "button", textContent: column.title });
      button.addEventListener("click", () => {
        const first = !(column.small || column.key === "label");
        order = { key: column.key, descending: order.key === column.key ? !order.descending : first };
        drawComparison(column.key);
      });
      const cell = element("th", { scope: "col" }, button);
      cell.dataset.key = column.key;
      cell.setAttribute("aria-sort", order.key === column.key ? (order.descending ? "descending" : "ascending") : "none");
      return cell;
    });
    const body = methods.map((method) => element("tr", {}, ...shown.map((column) => {
      if (column.key === "label") return element("th", { scope: "row", textContent: title(method) });
      const cell = element("td", { textContent: column.text(method), className: column.best && column.best(method) ? "best" : "" });
      if (column.title2) cell.title = column.title2(method);
      return cell;
    })));
    for (const row of scenario().published) {
      body.push(element("tr", {}, ...shown.map((column, place) => place === 0
        ? element("th", { scope: "row" }, row.label + " ", element("span", { className: "soft", textContent: `(published [${row.reference}])` }))
        : element("td", { textContent: column.key === "score" ? number(row.scores[metric().key]) : NOTHING }))));
    }
    fill(at("comparison"), element("thead", {}, element("tr", {}, ...head)), element("tbody", {}, ...body));
    fill(at("notes"), ...[...(scenario().evaluated ? ["Bold: may be the best of the methods that buy alike; the others are behind it (95%). AUBC is over the cost chosen above."] : []), ...scenario().notes[metric().key].map((index) => content.notes[index])]
      .map((text) => element("li", { textContent: text })));
    if (focus) at("comparison").querySelector(`th[data-key="${CSS.escape(focus)}"] button`).focus();
  }
  function shade(share) {
    // Blue of growing strength; text turns white where it is dark.
    const dark = isDark(), strength = Math.max(0, Math.min(1, share));
    const from = dark ? [27, 33, 40] : [246, 248, 250], to = dark ? [90, 180, 238] : [0, 80, 140];
    return mix(from, to, strength);
  }
  function mix(from, to, strength) {
    const rgb = from.map((value, place) => Math.round(value + (to[place] - value) * strength));
    // Black or white, whichever has more contrast (WCAG's relative luminance).
    const [r, g, b] = rgb.map((value) => (value / 255 <= 0.04045 ? value / 255 / 12.92 : ((value / 255 + 0.055) / 1.055) ** 2.4));
    const isLight = 0.2126 * r + 0.7152 * g + 0.0722 * b > 0.179;
    return { background: `rgb(${rgb.join(",")})`, color: isLight ? "#000" : "#fff" };
  }
  function drawHeatmap() {
    const methods = scenario().methods.filter((method) => !hidden.has(method.label));
    const baseline = scenario().methods.find((method) => method.label === scenario().baseline);
    at("classes-section").hidden = !scenario().evaluated;
    const asDifference = at("heat").value === "difference" && baseline;
    const head = element("tr", {}, element("th", { scope: "col", textContent: "Method" }),
      ...scenario().classes.map((name) => element("th", { scope: "col" }, element("span", { textContent: name }))));
    const rows = methods.map((method) => element("tr", {}, element("th", { scope: "row", textContent: title(method) }),
      ...scenario().classes.map((name, place) => {
        const own = method.iou[place];
        const value = !asDifference || own === null || baseline.iou[place] === null ? (asDifference ? null : own) : own - baseline.iou[place];
        const cell = element("td", { textContent: number(value, 1, Boolean(asDifference)), title: `${title(method)}, ${name}` });
        const paper = isDark() ? [27, 33, 40] : [246, 248, 250];
        if (value !== null) Object.assign(cell.style, asDifference
          ? mix(paper, value > 0 ? (isDark() ? [90, 180, 238] : [0, 90, 160]) : (isDark() ? [255, 138, 76] : [190, 80, 0]), Math.min(1, Math.abs(value) / 15))
          : shade(value / 100));
        return cell;
      })));
    fill(at("heatmap"), element("thead", {}, head), element("tbody", {}, ...rows));
  }
  function drawCosts() {
    const rows = scenario().methods.filter((method) => method.costs).map((method) => {
      const c = method.spent;
      return [title(method), number(c.pixels, 0), short(method.costs.pixels) + "%", c.valid === null ? NOTHING : number(c.valid) + "%", number(c.trained_pixels, 0), c.drawn === null ? NOTHING : number(c.drawn) + "%", number(c.clicks, 0),
        short(c.clicks_per_image), short(method.costs.images), ...["train", "acquire", "evaluate"].map((phase) => method.seconds[phase] === undefined ? NOTHING : duration(method.seconds[phase]))];
    });
    drawTable(at("costs"), ["Method", "Pixels", "of the pool", "with a class", "Trained on", "drawn", "Clicks", "Clicks/image", "Images", "Training", "Acquisition", "Evaluation"], rows);
  }
  function duration(seconds) {
    if (seconds < 90) return number(seconds, 0) + " s";
    return seconds < 5400 ? number(seconds / 60) + " min" : number(seconds / 3600) + " h";
  }

  // ---- pictures and provenance

  let openers = [], opened = 0;
  function drawPictures() {
    const book = scenario().pictures, images = book.images || [];
    at("pictures-section").hidden = !images.length && !book.note;
    at("pictures-note").textContent = book.note || "";
    at("picture-controls").hidden = at("palette").hidden = !images.length;
    openers = [];
    fill(at("pictures"));
    if (!images.length) return;
    options(at("picture"), images.map((each, place) => [String(place), each.title]));
    const image = images[Number(at("picture").value)], titles = image.views.map((each) => each.title);
    const before = at("view").value;
    options(at("view"), titles.map((title) => [title, title]));
    // The last round shows most: what was bought, and why.
    if (!titles.includes(before)) at("view").value = titles[Math.max(0, titles.length - 2)];
    const view = image.views.find((each) => each.title === at("view").value);
    const own = [["photograph", image.photograph, "smooth"], ["ground truth", image.truth, ""]].filter(([, source]) => source !== null)
      .map(([caption, source, kind]) => ({ caption, source, kind }));
    const groups = [...(own.length ? [{ title: "Image", images: own, note: "" }] : []), ...view.groups.filter((each) => !hidden.has(each.title))];
    fill(at("pictures"), ...groups.map((group) => element("div", {}, element("h3", { textContent: group.title }),
      element("div", { className: "grid" }, ...group.images.map((each) => figure(group.title, each, image, book))),
      ...(group.note ? [element("p", { className: "note", textContent: group.note })] : []))));
    const square = (color) => { const node = element("span"); node.style.background = color; return node; };
    fill(at("palette"), ...scenario().colors.map((color, place) => element("li", {}, square(`rgb(${color.join(",")})`), scenario().classes[place])),
      element("li", {}, square("rgb(255,176,0)"), "bought in this round"), element("li", {}, square("rgb(100,180,255)"), "bought before"));
  }
  function figure(title, each, image, book) {
    const text = `${title}: ${each.caption}`;
    const layers = () => {
      const top = element("img", { src: book.sources[each.source], alt: text + (each.scale ? `, ${each.scale.join(" to ")}` : ""), className: each.over ? "over" : each.kind || "" });
      return each.over && image.photograph !== null ? [element("img", { src: book.sources[image.photograph], alt: "", className: "under smooth" }), top] : [top];
    };
    const caption = (first) => {
      if (!each.scale) return [first];
      const bar = element("i");
      bar.style.background = `linear-gradient(to right, ${book.scale.join(", ")})`;
      return [first, element("span", { className: "scale" }, each.scale[0], bar, each.scale[1])];
    };
    const place = openers.length;
    openers.push(() => {
      opened = place;
      fill(at("viewer-image"), ...layers());
      fill(at("viewer-text"), ...caption(text));
    });
    const button = element("button", { type: "button", className: "stack" }, ...layers());
    button.addEventListener("click", () => { openers[place](); at("viewer").showModal(); });
    return element("figure", {}, button, element("figcaption", {}, ...caption(each.caption)));
  }
  function step(by) { openers[(opened + by + openers.length) % openers.length](); }
  function drawStanding() {
    const { tables, notes } = content.standing;
    at("standing-section").hidden = !tables.length;
    fill(at("standing"), ...tables.map(({ title, columns, rows, best }) => {
      const table = element("table");
      drawTable(table, columns, rows);
      for (const [row, place] of best) table.tBodies[0].rows[row].cells[place].classList.add("best");
      return element("div", {}, element("h3", { textContent: title }), element("div", { className: "scroll", tabIndex: 0, role: "region", "aria-label": title }, table));
    }));
    fill(at("standing-notes"), ...notes.map((note) => element("li", { textContent: note })));
  }
  function drawProvenance() {
    fill(at("provenance"), ...content.provenance.flatMap(([term, values]) => [element("dt", { textContent: term }),
      element("dd", {}, ...values.flatMap((value, place) => place ? [element("br"), value] : [value]))]));
    drawTable(at("runs"), content.run_columns, scenario().runs);
    fill(at("settings"), ...scenario().settings.map((each) => element("details", {}, element("summary", { textContent: "Settings: " + each.label }), element("pre", { textContent: each.text, tabIndex: 0 }))));
  }

  // ---- controls

  function drawMethods() {
    fill(at("methods"), element("legend", { textContent: "Methods shown" }), ...scenario().methods.map((method) => {
      const box = element("input", { type: "checkbox", checked: !hidden.has(method.label), value: method.label });
      box.addEventListener("change", () => { box.checked ? hidden.delete(method.label) : hidden.add(method.label); drawCurves(); drawHeatmap(); drawFrequencies(); drawPictures(); });
      const { color, symbol, dash } = look(method);
      const sample = document.createElementNS("http://www.w3.org/2000/svg", "svg");
      sample.setAttribute("viewBox", "0 0 36 14"); sample.setAttribute("aria-hidden", "true");
      const line = document.createElementNS("http://www.w3.org/2000/svg", "path");
      line.setAttribute("d", "M0 7H36"); line.setAttribute("stroke", color); line.setAttribute("stroke-width", "2.5"); line.setAttribute("fill", "none");
      line.setAttribute("stroke-dasharray", { solid: "none", dash: "8 4", dot: "2 4", dashdot: "8 3 2 3" }[dash]);
      sample.append(line);
      if (!isReference(method)) {
        const mark = document.createElementNS("http://www.w3.org/2000/svg", "path");
        mark.setAttribute("d", { circle: "M13 7a5 5 0 1 0 10 0a5 5 0 1 0-10 0", square: "M13 2h10v10h-10z", diamond: "M18 1l6 6-6 6-6-6z", "triangle-up": "M18 1l6 11h-12z",
          cross: "M16 2h4v3h3v4h-3v3h-4v-3h-3v-4h3z", x: "M13 4l2-2 3 3 3-3 2 2-3 3 3 3-2 2-3-3-3 3-2-2 3-3z", star: "M18 1l1.8 4 4.2.5-3.2 3 1 4.2-3.8-2.2-3.8 2.2 1-4.2-3.2-3 4.2-.5z", "triangle-down": "M18 13l6-11h-12z" }[symbol]);
        mark.setAttribute("fill", color);
        sample.append(mark);
      }
      return element("label", {}, box, sample, title(method));
    }));
  }
  function drawScenario() {
    const chosen = scenario();
    options(at("metric"), chosen.metrics.map((each) => [each.key, each.title]));
    at("summary").textContent = chosen.summary;
    at("heat").disabled = !chosen.baseline;
    hidden.clear();
    drawAll();
  }
  function drawAll() { drawMethods(); drawCurves(); drawComparison(); drawHeatmap(); drawFrequencies(); drawPictures(); drawCosts(); drawProvenance(); }

  options(at("scenario"), content.scenarios.map((each, place) => [String(place), each.name]));
  at("scenario-choice").hidden = content.scenarios.length < 2;
  options(at("axis"), content.axes.map((each) => [each.key, each.title]));
  at("scenario").addEventListener("change", drawScenario);
  for (const id of ["metric", "axis"]) at(id).addEventListener("change", () => { drawCurves(); drawComparison(); });
  at("heat").addEventListener("change", drawHeatmap);
  for (const id of ["picture", "view"]) at(id).addEventListener("change", drawPictures);
  at("viewer-previous").addEventListener("click", () => step(-1));
  at("viewer-next").addEventListener("click", () => step(1));
  at("viewer").addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft" || event.key === "ArrowRight") step(event.key === "ArrowLeft" ? -1 : 1);
  });
  at("theme").addEventListener("change", () => {
    if (at("theme").value) document.documentElement.dataset.theme = at("theme").value;
    else delete document.documentElement.dataset.theme;
    drawMethods(); drawCurves(); drawHeatmap(); drawFrequencies();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => { drawMethods(); drawCurves(); drawHeatmap(); drawFrequencies(); });
  drawStanding();
  drawScenario();
})();
