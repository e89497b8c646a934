// Overview: what the study says, held-out scores over a parameter, and what they are weighed against.

function studyOverview() {
  const { missing } = page.data;
  const charts = page.data.candidates.some((candidate) => candidate.heldout !== null);
  return [
    element("div", { class: "head-row" }, element("h2", {}, "Overview"), printButton("what the study says, its chart, and tables of candidates and trials")),
    adviceBlock(),
    studyFigures(),
    charts && element("div", { class: "columns" }, heldoutBlock(), tradeoffBlock()),
    missingBlock(missing),
    factsBlock("What was tried, and on what"),
  ];
}

// What a sentence is about stands before its colon.
const LONGEST_HEAD = 24;
function headed(text) {
  const colon = text.indexOf(": ");
  return colon > 0 && colon <= LONGEST_HEAD ? [element("strong", {}, outside(text.slice(0, colon + 1))), " ", sentence(text.slice(colon + 2))] : sentence(text);
}

function adviceBlock() {
  const { sentences, cautions, keep } = page.data;
  if (!sentences.length && !cautions.length) return null;
  return element(
    "section",
    { class: "block advice", "aria-labelledby": "advice-title" },
    element("h3", { id: "advice-title" }, "What this study says"),
    sentences.length > 0 && element("ul", {}, sentences.map((text) => element("li", {}, headed(text)))),
    keep && element("p", {}, outside(`${keep[0]}: `), element("code", { class: "long" }, outside(keep[1]))),
    cautions.length > 0 && [element("h4", {}, "Before believing it"), element("ul", { class: "warnings" }, cautions.map((text) => element("li", {}, sentence(text))))],
  );
}

const MOST_NAMED = 4;

// Candidates as short as can be: by their value alone where one parameter varies.
function shortNames(places) {
  const { parameters } = page.data;
  const named = places.slice(0, MOST_NAMED).map((i) => (parameters.length === 1 ? plain(valueOf(candidateOf(i), parameters[0])) : candidateOf(i).title));
  return `${named.join(parameters.length === 1 ? ", " : "; ")}${places.length > MOST_NAMED ? ` and ${count(places.length - MOST_NAMED)} more` : ""}`;
}

function studyFigures() {
  const { best, smallest, within, trials, candidates, parameters, compared, seeds } = page.data;
  const of = (state) => trials.filter((trial) => trial.state === state).length;
  const only = parameters.length === 1 ? `${parameters[0].symbol} = ` : "";
  const others = ["stopped", "failed", "paused", "waiting"].map((state) => [of(state), state]).filter(([n]) => n > 0);
  const tiles = [];
  if (best !== null) {
    const { heldout } = candidateOf(best);
    tiles.push(["Best on held-out documents", outside(only + shortNames([best])), `${decimal(heldout, 4)} nats a token`]);
    const several = parameters.length > 1 && within.length > 1;
    tiles.push(["Within one standard error of it", several ? plural(within.length, "candidate") : outside(only + shortNames(within)), several ? outside(shortNames(within)) : within.length > 1 ? "this study cannot tell these apart" : "no other candidate"]);
  }
  if (smallest !== null && smallest !== best) tiles.push(["The smallest of these", outside(only + shortNames([smallest])), null]);
  tiles.push(["Trials done", count(of("done")), others.length ? others.map(([n, state]) => `${count(n)} ${state}`).join(", ") : `${plural(candidates.length, "candidate")}, ${plural(seeds.length, "seed")} each`]);
  if (compared.n_documents) tiles.push(["Held-out documents", count(compared.n_documents), `${count(compared.n_tokens)} tokens scored${compared.basis === "shared terms" ? `, of ${count(compared.n_terms)} shared terms` : ""}`]);
  return figures(tiles, { worded: true });
}

function heldoutRows(along, colour) {
  const { best } = page.data;
  const reference = candidateOf(best)?.heldout ?? null;
  const rows = [];
  for (const i of sortedCandidates(colour, along)) {
    const candidate = candidateOf(i);
    const common = { place: rows.length, candidate: i, x: valueOf(candidate, along), ...inSeries(colour, candidate) };
    if (candidate.heldout !== null) {
      const margin = candidate.margin ?? candidate.difference_error ?? 0;
      rows.push({
        ...common,
        kind: "candidate",
        name: candidate.title,
        heldout: candidate.heldout,
        low: candidate.heldout - margin,
        high: candidate.heldout + margin,
        reference,
        within: candidate.within,
        difference: i === best ? "the best" : withError(candidate.difference, margin),
        seeds: candidate.n_trials,
      });
    }
    for (const trial of trialsOf(i)) {
      if (trial.heldout !== null && trial.state === "done") rows.push({ ...common, kind: "seed", name: `${trial.title}, seed ${trial.seed}`, heldout: trial.heldout });
    }
  }
  return rows;
}

function heldoutChart({ paper = false } = {}) {
  const along = alongParameter();
  const colour = studyChoice.colour === studyChoice.along ? null : colourParameter();
  const rows = heldoutRows(along, colour);
  const means = rows.filter((row) => row.kind === "candidate");
  // A line through candidates that stand above each other would mean nothing.
  const joined = along?.numeric && distinct(means.map((row) => `${row.series}\n${row.x}`)).length === means.length;
  const near = means.filter((row) => row.within).map((row) => row.name);
  return new Chart("heldout", rows, {
    label: `Held-out log-likelihood of ${plural(means.length, "candidate")} over ${along?.title ?? "all trials"}; within one standard error of the best: ${near.join("; ") || "none"}.`,
    file: "heldout-scores",
    paper,
    pick: (row) => (location.hash = `#/candidate/${row.candidate}`),
    adjust: (spec, width) => {
      placeAlong(spec, along, rows);
      const series = colourBy(spec, colour, rows, width);
      spec.layer = spec.layer.filter((layer) => layer.mark.type !== "line" || (joined && series.length <= MOST_TICKS));
      // A layer without a mark would be a picture without a name.
      if (near.length === means.length) spec.layer = spec.layer.filter((layer) => layer.mark.shape !== "diamond");
    },
    columns: [
      { title: "Candidate or trial", of: (row) => row.name },
      { title: "Kind", of: (row) => row.kind },
      { title: "Held out", of: (row) => row.heldout, show: (row) => decimal(row.heldout, 4), number: true },
      { title: "Less the best", of: (row) => (row.kind === "candidate" ? row.heldout - row.reference : null), show: (row) => (row.kind === "candidate" ? signed(row.heldout - row.reference) : ""), number: true },
      { title: "Standard error", of: (row) => (row.kind === "candidate" ? row.high - row.heldout : null), show: (row) => (row.kind === "candidate" ? decimal(row.high - row.heldout, 4) : ""), number: true },
      { title: "Within", of: (row) => (row.kind === "candidate" ? (row.within ? "yes" : "no") : "") },
    ],
  });
}

function heldoutBlock() {
  const unscored = page.data.candidates.filter(({ heldout }) => heldout === null).length;
  const holder = element("div");
  const draw = () => {
    closeCharts(holder);
    const chart = heldoutChart();
    refill(holder, chart.element, shades(colourParameter(), chart.rows));
  };
  draw();
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "Held-out documents"),
    page.data.parameters.length > 1 &&
      element(
        "div",
        { class: "controls few" },
        parameterChoice("Along", studyChoice.along, (value) => {
          studyChoice.along = value;
          draw();
        }),
        parameterChoice("Colour by", studyChoice.colour, (value) => {
          studyChoice.colour = value;
          draw();
        }, { none: "nothing" }),
      ),
    holder,
    unscored > 0 && element("p", { class: "hint" }, `Not in the chart: ${plural(unscored, "candidate")} of which no trial is done.`),
    element(
      "p",
      { class: "hint" },
      "Discs: candidates within one standard error of the best; diamonds: those farther from it; small rings: single seeds. A bar is one standard error of the paired difference to the best, over the same documents and over seeds: where it reaches the dashed line, this study cannot tell the two apart. ",
      caution("heldout"),
    ),
  );
}

const caution = (name) => page.data.criteria.find((criterion) => criterion.field === name)?.caution ?? "";

function tradeoffChart() {
  const against = page.data.criteria.find((criterion) => criterion.field === studyChoice.against);
  const { parameters, candidates } = page.data;
  const scale = against.field === "peak_bytes" ? 2 ** -20 : 1;
  const along = alongParameter();
  const there = sortedCandidates(along).filter((i) => candidates[i].heldout !== null && candidates[i][against.field] !== null);
  const labelled = apart(there.map((i) => ({ i, x: candidates[i][against.field], y: candidates[i].heldout, first: candidates[i].within })));
  const sets = ["within one standard error of the best", "farther from it"];
  const rows = there.map((i, rank) => {
    const candidate = candidates[i];
    return { candidate: i, rank, name: candidate.title, label: !labelled.has(i) ? "" : along?.numeric ? withSymbol(along, valueOf(candidate, along)) : plain(valueOf(candidate, along)), x: candidate[against.field] * scale, heldout: candidate.heldout, set: sets[candidate.within ? 0 : 1] };
  });
  const title = against.field === "peak_bytes" ? `${against.title}, MiB` : against.title;
  return new Chart("tradeoff", rows, {
    label: `Held-out log-likelihood of each candidate against ${title}.`,
    file: `heldout-against-${against.field}`,
    pick: (row) => (location.hash = `#/candidate/${row.candidate}`),
    adjust: (spec, width) => {
      legendWithin(spec, sets, width);
      for (const part of partsOf(spec)) {
        if (part.encoding?.x) part.encoding.x.title = title;
        for (const channel of ["color", "shape"]) {
          const of = part.encoding?.[channel];
          if (of?.field === "set") of.scale = { ...of.scale, domain: sets };
        }
        if (part.encoding?.order) part.encoding.order.field = "rank";
      }
      // One way through all of them leads from value to value only where a single parameter varies.
      if (parameters.length !== 1 || !along?.numeric) spec.layer = spec.layer.filter((layer) => layer.mark.type !== "line");
    },
    columns: [
      { title: "Candidate", of: (row) => row.name },
      { title, of: (row) => row.x, show: (row) => decimal(row.x, against.digits), number: true },
      { title: "Held out", of: (row) => row.heldout, show: (row) => decimal(row.heldout, 4), number: true },
      { title: "Set", of: (row) => row.set },
    ],
  });
}

// Which points can have a label without one covering another; those that are `first` before the others.
const LABEL_ROOM = { x: 0.2, y: 0.09 }; // parts of a chart
function apart(points) {
  const span = (of) => Math.max(...points.map((point) => point[of])) - Math.min(...points.map((point) => point[of])) || 1;
  const [width, height] = [span("x"), span("y")];
  const taken = [];
  for (const point of [...points].sort((a, b) => b.first - a.first)) {
    if (taken.every((other) => Math.abs(other.x - point.x) / width > LABEL_ROOM.x || Math.abs(other.y - point.y) / height > LABEL_ROOM.y)) taken.push(point);
  }
  return new Set(taken.map(({ i }) => i));
}

function tradeoffBlock() {
  const others = page.data.criteria.filter((criterion) => criterion.field !== "heldout");
  if (!others.length || page.data.candidates.filter(({ heldout }) => heldout !== null).length < 2) return null;
  const holder = element("div");
  const told = element("p", { class: "hint" });
  const draw = () => {
    closeCharts(holder);
    refill(holder, tradeoffChart().element);
    const { what, caution: doubt } = others.find((criterion) => criterion.field === studyChoice.against);
    refill(told, outside(`${what} ${doubt}`));
  };
  draw();
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "What it is weighed against"),
    element(
      "div",
      { class: "controls few" },
      field("Held-out likelihood against", choice(others.map((criterion) => [criterion.field, criterion.title]), studyChoice.against, (value) => {
        studyChoice.against = value;
        draw();
      })),
    ),
    holder,
    told,
  );
}
