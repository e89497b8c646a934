// Charts: Vega-Lite from the page's own store, compiled when they come into sight, and again for other colours.

const chartsReady = new Promise((resolve) => {
  // The script of the charts stands after this one, so that the first view does not wait for it.
  if (document.readyState === "complete" || globalThis.vega) resolve();
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
  if (document.documentElement.classList.contains("printing")) return false;
  return theme === "dark" || (theme !== "light" && matchMedia("(prefers-color-scheme: dark)").matches);
}

function chartConfig() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(name).trim();
  const [ink, muted, line, surface, accent] = ["--ink", "--muted", "--line", "--surface", "--accent"].map(colour);
  const font = 'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif';
  const text = { labelColor: muted, titleColor: ink, labelFont: font, titleFont: font, labelFontSize: 12, titleFontSize: 12, titleFontWeight: 500 };
  return {
    background: surface,
    font,
    padding: 4,
    view: { stroke: "transparent" },
    mark: { color: accent },
    axis: { ...text, gridColor: line, domainColor: line, tickColor: line },
    legend: text,
    header: text,
    title: { color: ink, font, fontSize: 13, fontWeight: 600 },
    text: { color: ink, font },
    rule: { color: muted },
    bar: { color: accent },
    point: { color: accent },
    line: { color: accent },
    area: { color: accent },
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

class Chart {
  // columns describe the rows for the table and the CSV behind the chart; label is what a screen reader says of it.
  constructor(name, rows, { label, file, columns, pick = null, kind = null }) {
    Object.assign(this, { name, rows, label, file, columns, pick, kind });
    this.view = null;
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
    if (known) inSight.observe(this.plot);
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

  // For the engine, a copy: it marks the rows it is given.
  engineRows() {
    return this.rows.map((row) => ({ ...row }));
  }

  draw(evenStale = false) {
    if (!this.stale && !evenStale) return this.drawing;
    this.stale = false;
    this.drawing = this.compile();
    return this.drawing;
  }

  async compile() {
    await chartsReady;
    if (!openCharts.has(this) || !this.plot.isConnected) return;
    this.compileNow();
    await this.view.runAsync();
  }

  compileNow() {
    this.finalize();
    const spec = structuredClone(page.specs[this.name]);
    if (this.kind) placeBy(spec, this.kind);
    if (spec.facet) inColumns(spec, this.plot.clientWidth);
    const compiled = vegaLite.compile(spec, { config: chartConfig() });
    this.view = new vega.View(vega.parse(compiled.spec), {
      renderer: this.rows.length > 3000 ? "canvas" : "svg",
      container: this.plot,
      hover: true,
      loader: noLoader,
      tooltip: chartTip,
    });
    this.view.data("rows", this.engineRows());
    if (this.pick) {
      this.view.addEventListener("click", (_, item) => {
        const row = item?.datum?.datum ?? item?.datum;
        if (row) this.pick(row);
      });
    }
  }

  update(rows, label = this.label) {
    this.rows = rows;
    this.label = label;
    this.plot.setAttribute("aria-label", label);
    if (this.view) this.view.data("rows", this.engineRows()).runAsync();
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

  recolour() {
    if (!this.view) return;
    this.stale = true;
    inSight.unobserve(this.plot);
    inSight.observe(this.plot);
  }

  finalize() {
    if (this.view) this.view.finalize();
    this.view = null;
    this.plot.replaceChildren();
  }

  close() {
    inSight.unobserve(this.plot);
    openCharts.delete(this);
    this.finalize();
  }
}

// Of one field or another, time, a number or a name: the axis follows the rows that are shown.
function placeBy(spec, kind) {
  const x = {
    time: { field: "start", type: "temporal", scale: { type: "utc" } },
    number: { field: "start", type: "quantitative", scale: { zero: false } },
    category: { field: "value", type: "nominal", sort: null },
  }[kind];
  for (const part of [spec, spec.spec, ...(spec.layer ?? []), ...(spec.spec?.layer ?? [])]) {
    const before = part?.encoding?.x;
    if (before?.field === "start" || (before?.field === "value" && kind !== "category" && part.encoding.y?.field !== "name")) {
      part.encoding.x = { ...x, title: null, axis: { ...(kind === "number" ? { format: "~f" } : {}), ...(spec.facet && kind !== "category" ? { tickCount: 3 } : {}) } };
    }
  }
}

// Charts of charts have no width of their container; they get as many columns as there is room for.
function inColumns(spec, width) {
  const columns = Math.max(1, Math.min(4, Math.floor(width / 250)));
  spec.columns = columns;
  spec.spec.width = Math.max(120, Math.floor(width / columns) - 72);
}

function merged(below, above) {
  const made = { ...below };
  for (const [key, value] of Object.entries(above)) {
    const both = value && typeof value === "object" && !Array.isArray(value) && typeof made[key] === "object";
    made[key] = both ? merged(made[key], value) : value;
  }
  return made;
}

function closeCharts(within = document) {
  for (const chart of [...openCharts]) {
    if (within === document || within.contains(chart.plot)) chart.close();
  }
}

const recolourCharts = () => openCharts.forEach((chart) => chart.recolour());
