// Every topic of one model against every topic of the other, as a picture of cells; a million of them are one image,
// of which a part is shown.

const matrixBytes = new Map();

function overlapsOf(place) {
  const { similarities } = page.data.pairs[place];
  if (!similarities) return null;
  if (!matrixBytes.has(place)) matrixBytes.set(place, { ...similarities, bytes: bytesOf(similarities.bytes) });
  return matrixBytes.get(place);
}

const LEVEL = 1 / 255;
const ORDERS = { match: "matched topics on the diagonal", number: "numbers of topics" };

// Rows and columns in the order in which they are drawn.
function matrixOrder(pair, { rows, columns }) {
  const all = (n) => Array.from({ length: n }, (_, k) => k);
  if (comparisonChoice.order === "number") return [all(rows), all(columns)];
  const matches = [...pair.matches].sort((a, b) => b[2] - a[2] || a[0] - b[0]);
  const first = matches.map(([k]) => k);
  const second = matches.map(([, k]) => k);
  const rest = (n, taken) => {
    const there = new Set(taken);
    return all(n).filter((k) => !there.has(k));
  };
  return [
    [...first, ...rest(rows, first)],
    [...second, ...rest(columns, second)],
  ];
}

const LABEL_CELL = 15; // pixels of a cell from which its number stands beside it
const MARGIN = { left: 40, top: 26 };
const LEAST_SEEN = 4; // cells
const MOST_WIDTH = 1040;

class Matrix {
  constructor(place) {
    this.pair = page.data.pairs[place];
    this.place = place;
    Object.assign(this, overlapsOf(place));
    [this.rowOrder, this.columnOrder] = matrixOrder(this.pair, this);
    this.paper = false;
    this.at = null; // the cell of the keyboard: [row, column] as drawn
    this.seen = { x: 0, y: 0, width: this.columns, height: this.rows };
    this.canvas = element("canvas", { "aria-hidden": "true" });
    this.here = element("p", { class: "hint here", role: "status" }, "");
    this.plot = element(
      "div",
      {
        class: "matrix",
        tabindex: "0",
        role: "group",
        "aria-label": `Overlaps of ${count(this.rows)} by ${count(this.columns)} topics. Arrow keys go from cell to cell, Enter opens a matched pair, plus and minus zoom.`,
        on: {
          pointermove: (event) => this.point(event),
          pointerleave: () => tip.hide(),
          pointerdown: (event) => this.grab(event),
          pointerup: () => (this.grabbed = null),
          keydown: (event) => this.key(event),
          blur: () => {
            this.at = null;
            this.here.textContent = "";
            this.draw();
          },
        },
      },
      this.canvas,
    );
    this.plot.addEventListener("wheel", (event) => this.wheel(event), { passive: false });
    this.element = element(
      "figure",
      { class: "chart" },
      element("div", { class: "buttons" }, button("+", () => this.zoom(0.5), { "aria-label": "Zoom in" }), button("−", () => this.zoom(2), { "aria-label": "Zoom out" }), button("All", () => this.all(), { "aria-label": "Show all topics" })),
      this.plot,
      this.here,
      element("div", { class: "tools" }, button("PNG", () => this.canvas.toBlob((blob) => download("overlaps.png", blob, "image/png"), "image/png"), { "aria-label": "Save as PNG: overlaps, as shown" }), button("CSV", () => this.saveAll(), { "aria-label": "Save as CSV: all overlaps" })),
    );
    this.colours = null;
    openCharts.add(this);
    this.watch = new ResizeObserver(() => this.draw());
    this.watch.observe(this.plot);
  }

  overlap(row, column) {
    return this.bytes[this.rowOrder[row] * this.columns + this.columnOrder[column]] * LEVEL;
  }

  // A pixel a cell, in the colours of the page.
  image() {
    if (this.picture) return this.picture;
    const made = document.createElement("canvas");
    made.width = this.columns;
    made.height = this.rows;
    const context = made.getContext("2d");
    const image = context.createImageData(this.columns, this.rows);
    const pixels = new Uint32Array(image.data.buffer);
    const shades = rampOf();
    let at = 0;
    for (const row of this.rowOrder) {
      const start = row * this.columns;
      for (const column of this.columnOrder) pixels[at++] = shades[this.bytes[start + column]];
    }
    context.putImageData(image, 0, 0);
    this.picture = made;
    return made;
  }

  size() {
    const width = Math.max(120, Math.min(this.plot.clientWidth, MOST_WIDTH));
    // Cells are squares where that leaves a picture that one can see at once.
    const ratio = Math.min(0.8, Math.max(0.35, this.seen.height / this.seen.width));
    return { width, height: Math.round(MARGIN.top + (width - MARGIN.left) * ratio) };
  }

  draw() {
    if (!this.plot.isConnected || !this.plot.clientWidth) return;
    const { width, height } = this.size();
    const scale = window.devicePixelRatio || 1;
    const { canvas, seen } = this;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    canvas.style.width = `${width}px`;
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    context.scale(scale, scale);
    context.fillStyle = surfaceColour();
    context.fillRect(0, 0, width, height);
    const cell = { width: (width - MARGIN.left) / seen.width, height: (height - MARGIN.top) / seen.height };
    Object.assign(this, { cell });
    // Many cells to a pixel are averaged; few are drawn as they are.
    context.imageSmoothingEnabled = cell.width < 1;
    context.drawImage(this.image(), seen.x, seen.y, seen.width, seen.height, MARGIN.left, MARGIN.top, width - MARGIN.left, height - MARGIN.top);
    this.drawNumbers(context, width, height);
    if (this.at) {
      const [row, column] = this.at;
      context.strokeStyle = style("--warn");
      context.lineWidth = 2;
      context.strokeRect(MARGIN.left + (column - seen.x) * cell.width, MARGIN.top + (row - seen.y) * cell.height, Math.max(cell.width, 4), Math.max(cell.height, 4));
    }
  }

  drawNumbers(context, width, height) {
    const { seen, cell } = this;
    context.fillStyle = style("--muted");
    context.font = "11px system-ui, sans-serif";
    context.textBaseline = "middle";
    const every = (size, room) => Math.max(1, Math.ceil(room / size));
    context.textAlign = "right";
    const rowStep = every(cell.height, LABEL_CELL);
    for (let row = Math.ceil(seen.y); row < seen.y + seen.height; row += 1) {
      const y = MARGIN.top + (row + 0.5 - seen.y) * cell.height;
      if (row % rowStep === 0 && y < height) context.fillText(String(this.rowOrder[row]), MARGIN.left - 6, y);
    }
    context.textAlign = "center";
    const columnStep = every(cell.width, 8 + 8 * String(this.columns - 1).length);
    for (let column = Math.ceil(seen.x); column < seen.x + seen.width; column += 1) {
      const x = MARGIN.left + (column + 0.5 - seen.x) * cell.width;
      if (column % columnStep === 0 && x < width) context.fillText(String(this.columnOrder[column]), x, MARGIN.top - 10);
    }
  }

  cellAt(event) {
    if (!this.cell) return null;
    const box = this.canvas.getBoundingClientRect();
    const column = Math.floor(this.seen.x + (event.clientX - box.left - MARGIN.left) / this.cell.width);
    const row = Math.floor(this.seen.y + (event.clientY - box.top - MARGIN.top) / this.cell.height);
    const inside = event.clientX - box.left >= MARGIN.left && event.clientY - box.top >= MARGIN.top;
    return inside && row >= 0 && row < this.rows && column >= 0 && column < this.columns ? [row, column] : null;
  }

  told([row, column]) {
    const { first, second } = this.pair;
    return [
      [`${modelName(first)}:`, fullTitle(first, this.rowOrder[row])],
      [`${modelName(second)}:`, fullTitle(second, this.columnOrder[column])],
      ["overlap", decimal(this.overlap(row, column), 2)],
    ];
  }

  point(event) {
    if (this.grabbed) {
      this.seen.x = this.grabbed.x - (event.clientX - this.grabbed.clientX) / this.cell.width;
      this.seen.y = this.grabbed.y - (event.clientY - this.grabbed.clientY) / this.cell.height;
      this.within();
      return;
    }
    const cell = this.cellAt(event);
    if (cell) tip.show(event.clientX, event.clientY, this.told(cell));
    else tip.hide();
  }

  grab(event) {
    if (event.pointerType === "touch" && this.seen.width === this.columns) return; // the page scrolls
    this.grabbed = { clientX: event.clientX, clientY: event.clientY, x: this.seen.x, y: this.seen.y };
    this.plot.setPointerCapture(event.pointerId);
    tip.hide();
  }

  wheel(event) {
    if (!event.ctrlKey && this.seen.width === this.columns && event.deltaY > 0) return; // all is seen: the page scrolls
    if (!event.ctrlKey && document.activeElement !== this.plot) return;
    event.preventDefault();
    this.zoom(event.deltaY > 0 ? 1.25 : 0.8, this.cellAt(event));
  }

  zoom(factor, about = this.at) {
    const { seen } = this;
    const [row, column] = about ?? [seen.y + seen.height / 2, seen.x + seen.width / 2];
    const width = Math.min(this.columns, Math.max(Math.min(LEAST_SEEN, this.columns), seen.width * factor));
    const height = Math.min(this.rows, Math.max(Math.min(LEAST_SEEN, this.rows), seen.height * factor));
    seen.x = column - ((column - seen.x) * width) / seen.width;
    seen.y = row - ((row - seen.y) * height) / seen.height;
    Object.assign(seen, { width, height });
    this.within();
  }

  all() {
    this.seen = { x: 0, y: 0, width: this.columns, height: this.rows };
    this.draw();
  }

  within() {
    const { seen } = this;
    seen.x = Math.min(Math.max(0, seen.x), this.columns - seen.width);
    seen.y = Math.min(Math.max(0, seen.y), this.rows - seen.height);
    this.draw();
  }

  key(event) {
    const step = { ArrowRight: [0, 1], ArrowLeft: [0, -1], ArrowDown: [1, 0], ArrowUp: [-1, 0] }[event.key];
    if (event.key === "+" || event.key === "=") this.zoom(0.5);
    else if (event.key === "-") this.zoom(2);
    else if (event.key === "Enter" && this.at) this.open();
    else if (step) this.go(step);
    else return;
    event.preventDefault();
  }

  go([down, right]) {
    const { seen } = this;
    const [row, column] = this.at ?? [Math.floor(seen.y) - down, Math.floor(seen.x) - right];
    this.at = [Math.min(this.rows - 1, Math.max(0, row + down)), Math.min(this.columns - 1, Math.max(0, column + right))];
    if (this.at[0] < seen.y) seen.y = this.at[0];
    if (this.at[0] + 1 > seen.y + seen.height) seen.y = this.at[0] + 1 - seen.height;
    if (this.at[1] < seen.x) seen.x = this.at[1];
    if (this.at[1] + 1 > seen.x + seen.width) seen.x = this.at[1] + 1 - seen.width;
    this.here.textContent = this.told(this.at).map((line) => line.join(" ")).join("; ");
    this.within();
  }

  open() {
    const first = this.rowOrder[this.at[0]];
    if (matchOf(this.pair, first)?.second === this.columnOrder[this.at[1]]) location.hash = `#/match/${this.place}/${first}`;
    else this.here.textContent += "; these two are not matched with each other";
  }

  saveAll() {
    const { first, second } = this.pair;
    const columns = [{ title: `${modelName(first)} \\ ${modelName(second)}`, of: (k) => k }];
    for (let other = 0; other < this.columns; other++) {
      columns.push({ title: String(other), of: (k) => Number((this.bytes[k * this.columns + other] * LEVEL).toFixed(3)) });
    }
    saveCsv("overlaps", columns, Array.from({ length: this.rows }, (_, k) => k));
  }

  // As charts: in other colours.
  again() {
    this.picture = null;
    this.draw();
  }

  close() {
    this.watch.disconnect();
    openCharts.delete(this);
  }
}

const style = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

// From the ground of the page to its accent, for each of the 256 levels, as pixels. Small overlaps are most of the
// cells and of little interest; what is above a half gets most of the colours.
function rampOf() {
  const parse = (hex) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
  const [from, to] = [parse(style("--raised")), parse(style("--accent"))];
  const little = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1;
  return Uint32Array.from({ length: 256 }, (_, level) => {
    const t = (level * LEVEL) ** 1.5;
    const [r, g, b] = from.map((value, i) => Math.round(value + t * (to[i] - value)));
    return little ? ((255 << 24) | (b << 16) | (g << 8) | r) >>> 0 : ((r << 24) | (g << 16) | (b << 8) | 255) >>> 0;
  });
}

function matrixView() {
  const pair = shownPair();
  const head = [element("h2", {}, "Matrix"), element("p", { class: "lead" }, "Overlap of every topic of the first model (rows) with every topic of the second (columns). A row with several strong cells is a topic that was split; a column with several, one that was merged; one without any is particular.")];
  const controls = element(
    "div",
    { class: "controls few" },
    pairChoice(),
    pair.similarities &&
      field("Order", choice(Object.entries(ORDERS), comparisonChoice.order, (value) => {
        comparisonChoice.order = value;
        redraw();
      })),
  );
  if (!pair.similarities) return [...head, controls, element("p", {}, "The matrix of these two models is not in this page; see “Not shown here” in the overview.")];
  const matrix = new Matrix(comparisonChoice.pair);
  queueMicrotask(() => matrix.draw());
  return [
    ...head,
    controls,
    element("section", { class: "block" }, matrix.element, element("p", { class: "legend-bar hint" }, "overlap 0 ", element("span", { class: "bar", "aria-hidden": "true" }), " 1. Click into the picture and turn the wheel to zoom, drag to move. The table of topics has the same in words.")),
  ];
}
