// Pieces that views are put together from: key figures, warnings, what is missing, facts.

const DIGITS = 11; // of a likelihood with its error, which may stand below it
const LONG = 20; // letters, beyond which they are smaller

// tiles: [name, value, note or null]; what one asks first.
// worded: their values may be names, which take the room of several lines.
function figures(tiles, { worded = false } = {}) {
  const shape = (value) =>
    worded
      ? { class: `figure worded${(value.textContent ?? value).length > LONG ? " long" : ""}` }
      : { class: "figure", style: { "--digits": typeof value === "string" ? value.length : DIGITS } };
  return element(
    "dl",
    { class: "figures" },
    tiles.map(([name, value, note]) => element("div", {}, element("dt", {}, name), element("dd", shape(value), value), note && element("dd", { class: "hint" }, note))),
  );
}

const OF_A_KIND = 3; // warnings at first: a hundred of pairs of topics must not hide the others, nor fill the screen

function warningsBlock(warnings, item) {
  if (!warnings.length) return null;
  const items = (some) => element("ul", { class: "warnings" }, some.map(item));
  const seen = new Map();
  const nth = warnings.map(({ kind }) => seen.set(kind, (seen.get(kind) ?? 0) + 1).get(kind));
  // One more is as short as to say that there is one more.
  const first = (_, i) => nth[i] <= OF_A_KIND || seen.get(warnings[i].kind) === OF_A_KIND + 1;
  const rest = warnings.filter((one, i) => !first(one, i));
  return element(
    "section",
    { class: "block warned", "aria-labelledby": "warnings-title" },
    element("h3", { id: "warnings-title" }, "Worth a look"),
    items(warnings.filter(first)),
    rest.length > 0 && element("details", {}, element("summary", { class: "hint" }, `${count(rest.length)} more of these kinds`), items(rest)),
  );
}

function missingBlock(missing) {
  if (!missing.length) return null;
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "Not shown here"),
    element("ul", { class: "missing" }, missing.map((text) => element("li", {}, sentence(text)))),
  );
}

const missingInPrint = (missing) => missing.length > 0 && [element("h3", {}, "Not shown here"), element("ul", {}, missing.map((text) => element("li", {}, sentence(text))))];

function factsBlock(title) {
  return element("section", { class: "facts" }, element("h3", {}, title), element("div", { class: "cards" }, page.data.facts.map(factCard)));
}

function factCard({ heading, rows }) {
  return element(
    "section",
    { class: "card" },
    element("h4", {}, heading),
    element("dl", {}, rows.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, factValue(name, plain(value)))))),
  );
}

// Hashes and commands are read letter by letter.
const factValue = (name, value) => (name === "command" || /^[0-9a-f]{32,}$/.test(value) ? element("code", { class: "long" }, outside(value)) : outside(value));
