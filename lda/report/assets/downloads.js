// Files that the page hands out.

function download(name, content, type) {
  const blob = content instanceof Blob ? content : new Blob([content], { type });
  const url = URL.createObjectURL(blob);
  const anchor = document.createElement("a");
  anchor.href = url;
  anchor.download = fileName(name);
  document.body.append(anchor);
  anchor.click();
  anchor.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  say(`${anchor.download} is saved`);
}

const fileName = (name) => name.replace(/[^\p{L}\p{N}._-]+/gu, "-").replace(/^[-.]+/, "").slice(0, 80) || "file";

// A spreadsheet reads a cell that begins with = + - @, a tab or a line end as a formula. Text that does gets an
// apostrophe before it; numbers stay numbers.
function cell(value) {
  if (value === null || value === undefined) return "";
  if (typeof value === "number") return String(value);
  let text = String(value);
  if (/^[=+\-@\t\r\n]/.test(text)) text = `'${text}`;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

function saveCsv(name, columns, rows) {
  const lines = [columns.map((column) => cell(column.title)), ...rows.map((row) => columns.map((c) => cell(c.of(row))))];
  // The mark at the start tells spreadsheets that this is UTF-8.
  download(`${name}.csv`, `\ufeff${lines.map((line) => line.join(",")).join("\r\n")}\r\n`, "text/csv;charset=utf-8");
}
