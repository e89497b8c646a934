// Tables: sorted by a click on a heading, drawn a part at a time, saved as CSV with all their rows.

// stacked: on a phone a row is two lines; pairs: there all of its cells stand under each other, with their titles.
// saved: the columns of the CSV, where these are more than are shown.
// columns: [{title, of: row -> value, show: row -> what stands in the cell (default: the value), number: bool}].
function dataTable({ caption, columns, rows, file, step = 50, sortable = true, shown = true, dense = false, pairs = false, stacked = pairs, saved = columns }) {
  const body = element("tbody", { role: stacked ? "rowgroup" : null });
  let order = rows;
  let sorted = { column: null, down: false };
  let cut = () => {};

  function draw() {
    cut();
    body.replaceChildren();
    cut = longList(body, order, drawRow, step);
  }
  function drawRow(row) {
    return element(
      "tr",
      { role: stacked ? "row" : null },
      columns.map((column, i) => {
        const content = column.show ? column.show(row) : plain(column.of(row));
        const inner = typeof content === "string" ? outside(content) : content;
        const role = stacked ? (i === 0 ? "rowheader" : "cell") : null;
        return element(i === 0 ? "th" : "td", { class: column.number ? "number" : null, scope: i === 0 ? "row" : null, role, "data-title": pairs ? column.title : null }, inner);
      }),
    );
  }
  function sortBy(column, heading) {
    const down = sorted.column === column ? !sorted.down : Boolean(column.number);
    sorted = { column, down };
    order = [...rows].sort((a, b) => (down ? -1 : 1) * compare(column.of(a), column.of(b)));
    for (const other of head.querySelectorAll("th")) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    draw();
  }
  const head = element(
    "tr",
    { role: stacked ? "row" : null },
    columns.map((column) => {
      const heading = element("th", { scope: "col", class: column.number ? "number" : null, role: stacked ? "columnheader" : null });
      if (sortable) heading.append(button(column.title, () => sortBy(column, heading), { class: "heading" }));
      else put(heading, [column.title]);
      return heading;
    }),
  );
  // On a phone a stacked table is no table to the eye; the roles keep it one for a screen reader.
  const table = element(
    "table",
    { class: [stacked && "stacked", pairs && "pairs", dense && "dense"].filter(Boolean).join(" ") || null, role: stacked ? "table" : null },
    element("caption", { class: shown ? null : "unseen" }, caption),
    element("thead", { role: stacked ? "rowgroup" : null }, head),
    body,
  );
  const scroller = element("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": caption }, table);
  draw();
  return element(
    "div",
    { class: "table" },
    scroller,
    file && element("div", { class: "tools" }, button("CSV", () => saveCsv(file, saved, order), { "aria-label": `Save as CSV: ${caption}` })),
  );
}

function compare(a, b) {
  const none = (x) => x === null || x === undefined || x === "";
  if (none(a) || none(b)) return none(a) - none(b);
  if (typeof a === "number" && typeof b === "number") return a - b;
  return String(a).localeCompare(String(b), "en", { numeric: true });
}
