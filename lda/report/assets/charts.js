// Charts: Vega-Lite from the page's own store, compiled when they come into sight, and again for other colours.

const chartsReady = new Promise((resolve) => {
  // The script of the charts stands after this one, so that the first view does not wait for it.
  if (document.readyState === "complete" || globalThis.vegaEmbed) resolve();
  else document.addEventListener("DOMContentLoaded", resolve, { once: true });
});

const openCharts = new Set();
const inSight = new IntersectionObserver(
  (entries) => {
    for (const entry of entries) {
      if (entry.isIntersecting && entry.target.chart) entry.target.chart.draw();
    }
  },
  { rootMargin: "200px" },
);

// Nothing is loaded, whatever a chart asks for.
const refuse = () => Promise.reject(new Error("this page loads nothing"));
const noLoader = { load: refuse, sanitize: refuse, http: refuse, file: refuse };

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

const DARK_MIDDLE = ["#8cc8ff", "#4f94cf", "#2f6290", "#2b4055", "#27303a", "#4a3a28", "#7d5423", "#b87727", "#ffbd70"];

const surfaceColour = () => getComputedStyle(document.documentElement).getPropertyValue("--surface").trim();

// The ground is the page's, so that a saved picture has it, too.
function chartConfig(width, paper) {
  const config = page.configs[isDark() && !paper ? "dark" : "light"];
  const text = { labelFontSize: 12, titleFontSize: 12 };
  return {
    ...config,
    background: paper ? "white" : surfaceColour(),
    padding: 4,
    axis: { ...config.axis, ...text, labelLimit: Math.min(260, Math.round(0.38 * width)) },
    axisX: { labelOverlap: true },
    // About none, the colour of the ground: a white middle would glare.
    range: isDark() && !paper ? { ...config.range, diverging: DARK_MIDDLE } : config.range,
    legend: { ...config.legend, ...text, titleLimit: 0 },
    header: { ...config.header, ...text },
  };
}

function chartTip(_, event, item, value) {
  if (value === null || value === undefined || value === "") {
    tip.hide();
    return;
  }
  const lines = typeof value === "object" ? Object.entries(value) : [[null, value]];
  tip.show(event.clientX, event.clientY, lines.map(([name, of]) => [name, plain(of)]));
}

const NO_XML = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]|\p{Cs}/gu;

// A saved SVG is XML, which has no control characters. And the engine keeps groups in plain objects, where a word such
// as "constructor" is there before it comes; a blank without width makes it another word that looks the same.
const engineText = (text) => (text in Object.prototype ? `${text}\u200b` : text.replace(NO_XML, "\ufffd"));

class Chart {
  // columns describe the rows for the table and the CSV behind the chart; label is what a screen reader says of it.
  constructor(name, rows, { label, file, columns, pick = null, kind = null, paper = false, adjust = null, evenly = false }) {
    Object.assign(this, { name, rows, label, file, columns, pick, kind, paper, adjust, evenly });
    this.view = null;
    this.made = null;
    this.turn = 0;
    this.stale = true;
    this.plot = element("div", { class: `plot plot-${name}`, role: "img", "aria-label": label });
    this.plot.chart = this;
    this.tableHolder = element("div", { class: "behind", hidden: true });
    this.tableButton = button("Table", () => this.toggleTable(), { "aria-expanded": "false", "aria-label": `Table: ${label}` });
    const known = Boolean(page.specs[name]);
    this.element = element(
      "figure",
      { class: "chart" },
      known && this.plot,
      element(
        "div",
        { class: "tools" },
        known && button("SVG", () => this.save("svg"), { "aria-label": `Save as SVG: ${label}` }),
        known && button("PNG", () => this.save("png"), { "aria-label": `Save as PNG: ${label}` }),
        button("CSV", () => saveCsv(this.file, this.columns, this.rows), { "aria-label": `Save as CSV: ${label}` }),
        known && this.tableButton,
      ),
      this.tableHolder,
    );
    if (!known) this.toggleTable();
    openCharts.add(this);
    if (known && !paper) inSight.observe(this.plot);
  }

  toggleTable() {
    const show = this.tableHolder.hidden;
    this.tableHolder.hidden = !show;
    this.tableButton.setAttribute("aria-expanded", String(show));
    if (show) this.fillTable();
  }

  fillTable() {
    refill(this.tableHolder, dataTable({ caption: this.label, columns: this.columns, rows: this.rows, shown: false }));
  }

  // For the engine, a copy: it marks the rows it is given. With their place, by which a click finds the row again.
  engineRows() {
    return this.rows.map((row, place) => {
      const copy = { place };
      for (const [name, of] of Object.entries(row)) copy[name] = typeof of === "string" ? engineText(of) : of;
      return copy;
    });
  }

  draw() {
    if (this.stale) {
      this.stale = false;
      this.drawing = this.compile();
    }
    return this.drawing;
  }

  async compile() {
    await chartsReady;
    if (!openCharts.has(this) || !this.plot.isConnected) return;
    const turn = ++this.turn;
    const spec = structuredClone(page.specs[this.name]);
    if (this.kind && this.name.startsWith("over")) placeBy(spec, this.kind);
    this.adjust?.(spec, this.plot.clientWidth);
    if (spec.facet) inColumns(spec, this.plot.clientWidth, this.rows, this.evenly);
    else asHighAsRows(spec, this.rows);
    const rows = this.rows;
    spec.datasets = { rows: this.engineRows() };
    const ground = element("div", { class: "ground" });
    // Beside the old picture until the new one is there; in the page, since it takes the page's width.
    this.plot.append(ground);
    const made = await vegaEmbed(ground, spec, {
      mode: "vega-lite",
      renderer: rows.length > 3000 ? "canvas" : "svg",
      config: chartConfig(this.plot.clientWidth, this.paper),
      actions: false,
      defaultStyle: false,
      loader: noLoader,
      tooltip: chartTip,
      logLevel: 1, // errors; its warnings are of sizes that it then settles itself
    });
    if (turn !== this.turn || !openCharts.has(this)) {
      made.finalize();
      ground.remove();
      return;
    }
    this.made?.finalize();
    for (const old of [...this.plot.children]) if (old !== ground) old.remove();
    this.made = made;
    this.view = made.view;
    this.drawnRows = rows.length;
    if (this.pick) {
      this.view.addEventListener("click", (_, item) => {
        const row = this.rows[item?.datum?.place];
        if (row) this.pick(row);
      });
    }
    if (rows !== this.rows) await this.view.data("rows", this.engineRows()).runAsync();
  }

  update(rows, label = this.label) {
    this.rows = rows;
    this.label = label;
    this.plot.setAttribute("aria-label", label);
    if (this.view && rows.length === this.drawnRows) this.view.data("rows", this.engineRows()).runAsync();
    else this.again();
    if (!this.tableHolder.hidden) this.fillTable();
  }

  async save(kind) {
    await this.draw();
    if (kind === "svg") download(`${this.file}.svg`, await this.view.toSVG(), "image/svg+xml");
    else {
      const canvas = await this.view.toCanvas(2);
      canvas.toBlob((blob) => download(`${this.file}.png`, blob, "image/png"), "image/png");
    }
  }

  // Drawn anew once it is in sight: for other colours, another width, another legend.
  again() {
    if (!this.view) return;
    this.stale = true;
    inSight.unobserve(this.plot);
    inSight.observe(this.plot);
  }

  finalize() {
    this.made?.finalize();
    this.made = this.view = null;
    this.plot.replaceChildren();
  }

  close() {
    inSight.unobserve(this.plot);
    openCharts.delete(this);
    this.finalize();
  }
}

// A specification and all that it is made of, whose encodings are to be set.
const partsOf = (spec) => [spec, spec.spec, ...(spec.layer ?? []), ...(spec.spec?.layer ?? [])].filter(Boolean);

// Of one field or another, time, a number or a name: the axis follows the rows that are shown.
function placeBy(spec, kind) {
  const x = {
    time: { field: "start", type: "temporal", scale: { type: "utc" } },
    number: { field: "start", type: "quantitative", scale: { zero: false } },
    category: { field: "value", type: "nominal", sort: null },
  }[kind];
  for (const part of partsOf(spec)) {
    if (!part.encoding?.x) continue;
    const axis = kind === "category" ? {} : { ...(kind === "number" && { format: "~f" }), ...(spec.facet && { tickCount: 3 }) };
    part.encoding.x = { ...x, title: null, axis };
  }
}

// A line for each bar. Vega-Lite would take that of itself, but warns of it where the width is the page's.
const LINE = 20;
function asHighAsRows(spec, rows) {
  const y = [spec, ...(spec.layer ?? [])].map((part) => part.encoding?.y).find((of) => of?.type === "nominal");
  if (y && spec.height === undefined) spec.height = LINE * new Set(rows.map((row) => row[y.field])).size;
}

// Charts of charts have no width of their container; they get as many columns as there is room for.
function inColumns(spec, width, rows, evenly) {
  const n = new Set(rows.map((row) => row.name)).size;
  const most = Math.max(1, Math.min(4, Math.floor(width / 250), n));
  // A column less where that fills the last row.
  const columns = evenly && most > 2 && n % most && !(n % (most - 1)) ? most - 1 : most;
  spec.columns = columns;
  // In the order of the rows; "sort: null" orders facets by name.
  spec.facet.sort = { field: "rank", op: "min" };
  spec.spec.width = Math.max(120, Math.floor(width / columns) - 62);
  // In rows and columns as straight as a table's: otherwise each stands where its numbers and points leave room.
  spec.bounds = "flush";
  // Titles of a row stand below the numbers of the axis above it, where each chart has one.
  spec.spacing = { row: spec.resolve?.axis?.x === "independent" ? 66 : 46, column: 58 };
}

const withoutLegend = (spec) => {
  for (const part of spec.layer ?? [spec]) if (part.encoding?.color) part.encoding.color.legend = null;
};

// A legend above the chart, in as many columns as there is room for its longest label.
const LETTER = 6.6; // pixels of a usual one
function legendWithin(spec, labels, width) {
  const longest = Math.max(...labels.map((label) => plain(label).length), 1) * LETTER + 30;
  for (const part of partsOf(spec)) {
    for (const of of Object.values(part.encoding ?? {})) {
      if (of?.legend?.orient === "top" && !of.legend.gradientLength) of.legend.columns = Math.max(1, Math.floor((width - 70) / longest));
    }
  }
}

function closeCharts(within = document) {
  for (const chart of [...openCharts]) {
    if (within === document || within.contains(chart.plot)) chart.close();
  }
}

// Single charts follow the width of the page of themselves; charts of charts, and how long names may be, do not.
let lastWidth = window.innerWidth;
let resized = 0;
window.addEventListener("resize", () => {
  clearTimeout(resized);
  resized = setTimeout(() => {
    if (window.innerWidth !== lastWidth) drawAgain(); // phones change the height whenever one scrolls
    lastWidth = window.innerWidth;
  }, 250);
});

const drawAgain = () => openCharts.forEach((chart) => chart.paper || chart.again());
