// Candidates, trials and parameters, looked up; how their numbers are written, and where they stand along an axis.

const studyChoice = { along: 0, colour: 0, against: "npmi", curves: "all", topics: null, query: "" };

function openStudy() {
  const { parameters, criteria, beside } = page.data;
  // Along a parameter of which more than one value is left: halving may have stopped all others.
  const left = (parameter) => distinct(page.data.candidates.filter(({ heldout }) => heldout !== null).map((candidate) => valueOf(candidate, parameter))).length > 1;
  const order = [...parameters.keys()].sort((a, b) => left(parameters[b]) - left(parameters[a]) || a - b);
  studyChoice.along = order[0] ?? 0;
  studyChoice.colour = order[1] ?? parameters.length;
  if (!criteria.some(({ field: name }) => name === "npmi")) studyChoice.against = criteria.find(({ field: name }) => name !== "heldout")?.field ?? null;
  studyChoice.topics = beside.models.length > 1 ? firstBeside() : null;
}

const candidateOf = (i) => (i === null || i === undefined ? null : page.data.candidates[i]);
const trialsOf = (i) => page.data.trials.filter((trial) => trial.candidate === i);
const alongParameter = () => page.data.parameters[studyChoice.along] ?? null;
const colourParameter = () => page.data.parameters[studyChoice.colour] ?? null;
const valueOf = (candidate, parameter) => (parameter ? (candidate?.values[parameter.name] ?? "none") : "all trials");
const withSymbol = (parameter, value) => (parameter ? `${parameter.symbol} = ${plain(value)}` : "all trials");

const candidateLink = (i) => {
  const candidate = candidateOf(i);
  return candidate ? element("a", { href: `#/candidate/${i}` }, outside(candidate.title)) : "–";
};

const withError = (x, error, digits = 4) => (x === null ? "–" : `${decimal(x, digits)}${error === null || error === undefined ? "" : ` ± ${decimal(error, digits)}`}`);

function bytes(n) {
  if (n === null || n === undefined) return "–";
  return n >= 2 ** 30 ? `${decimal(n / 2 ** 30, 2)} GiB` : `${decimal(n / 2 ** 20, 0)} MiB`;
}

function criterionText({ field: name, digits }, value) {
  if (name === "peak_bytes") return bytes(value);
  if (digits === 1 && Number.isInteger(value)) return count(value);
  return decimal(value, digits);
}

const distinct = (values) => [...new Set(values)];
const inOrder = (values) => values.sort((a, b) => (typeof a === "number" && typeof b === "number" ? a - b : compare(a, b)));

const MOST_TICKS = 12;

// Where rows stand along a parameter: a number on its scale, with a tick at each value that was tried where these are
// few; or a name.
function placeAlong(spec, parameter, rows, { small = false } = {}) {
  const values = inOrder(distinct(rows.map((row) => row.x)));
  let x;
  if (parameter?.numeric) {
    const few = values.length <= (small ? 6 : MOST_TICKS);
    x = {
      type: "quantitative",
      scale: { ...(parameter.log ? { type: "log" } : { type: "linear", zero: false }), nice: false, padding: small ? 10 : 24 },
      axis: { grid: false, format: ".6~g", labelOverlap: true, ...(few ? { values } : { tickCount: small ? 3 : 6 }) },
    };
  } else {
    const long = values.some((value) => plain(value).length > (small ? 6 : 12));
    x = { type: "nominal", sort: null, scale: { type: "point", padding: 0.6 }, axis: { labelAngle: long ? -30 : 0, labelLimit: small ? 70 : 140, grid: false } };
  }
  x = { ...x, field: "x", title: small ? null : (parameter?.title ?? null) };
  for (const part of partsOf(spec)) if (part.encoding?.x?.field === "x") part.encoding.x = x;
}

const FEW_COLOURS = 7; // as many as the theme has

// Numbers have a ramp, from which both ends that the ground would swallow are cut; names have the colours of the theme.
function colourBy(spec, parameter, rows, width, { legend = false } = {}) {
  const series = distinct(rows.map((row) => row.series));
  for (const part of partsOf(spec)) {
    const colour = part.encoding?.color;
    if (colour?.field !== "series") continue;
    if (series.length < 2) colour.legend = null;
    else if (parameter?.numeric) {
      colour.scale = { scheme: { name: "viridis", extent: isDark() ? [0.4, 1] : [0, 0.82] } };
      if (series.length > MOST_TICKS) {
        Object.assign(colour, { field: "shade", type: "quantitative" });
        delete colour.sort;
        colour.scale.type = parameter.log ? "log" : "linear";
        // Filled and hollow marks together would make a legend of symbols; `shades` says it in words.
        colour.legend = legend ? { title: parameter.symbol, orient: "top", gradientLength: 180, format: ".6~g", tickCount: 4 } : null;
      } else Object.assign(colour, { type: "ordinal" });
    } else if (series.length > FEW_COLOURS) colour.legend = null; // colours come again; the tooltip tells
  }
  legendWithin(spec, series, width);
  return series;
}

// Where the legend of colours is left out: from which value to which they go.
function shades(parameter, rows) {
  const values = distinct(rows.map((row) => row.shade).filter((value) => value !== null));
  if (values.length <= MOST_TICKS) return null;
  return element("p", { class: "hint" }, "Colour: ", outside(parameter.symbol), ` from ${Math.min(...values)}, dark, to ${Math.max(...values)}, light.`);
}

const inSeries = (parameter, candidate) => {
  const value = valueOf(candidate, parameter);
  return { series: withSymbol(parameter, value), shade: typeof value === "number" ? value : null };
};

// In the order of a parameter's values, so that series and names stand in it, too.
function sortedCandidates(...parameters) {
  const { candidates } = page.data;
  return candidates
    .map((_, i) => i)
    .sort((a, b) => {
      for (const parameter of parameters) {
        const by = parameter ? compare(valueOf(candidates[a], parameter), valueOf(candidates[b], parameter)) : 0;
        if (by) return by;
      }
      return a - b;
    });
}

function parameterChoice(label, chosen, on, { none = null } = {}) {
  const { parameters } = page.data;
  const options = parameters.map((parameter, i) => [i, parameter.title]);
  if (none) options.push([parameters.length, none]);
  return options.length > 1 ? field(label, choice(options, chosen, (value) => on(Number(value)))) : null;
}
