// Overview: what was fitted on what, how well, how large the topics are, and what to be careful about.

const LARGEST = 12; // topics on the first screen; the view of topics has them all

function overviewView() {
  const { warnings, missing, history } = page.data;
  const few = page.nTopics <= LARGEST / 2; // leave room for the map below them
  return [
    element("div", { class: "head-row" }, element("h2", {}, "Overview"), printButton("this overview, the map, and each topic with its words")),
    keyFigures(),
    warningsBlock(warnings, warningItem),
    element(
      "div",
      { class: "columns" },
      element(
        "div",
        { class: "stack" },
        element(
          "section",
          { class: "block" },
          element("h3", {}, page.nTopics > LARGEST ? `The ${LARGEST} largest topics` : "Topics, the largest first"),
          topicTable({ step: LARGEST, rows: page.bySize.slice(0, LARGEST), nWords: 7 }),
          element("p", {}, link("#/topic", page.nTopics > LARGEST ? `All ${count(page.nTopics)} topics, with their numbers` : "Topics, with their numbers")),
        ),
        few && smallMapBlock(),
      ),
      element("div", { class: "stack" }, historyBlock(history), !few && smallMapBlock()),
    ),
    missingBlock(missing),
    factsBlock("What was fitted, and how"),
  ];
}

// What one asks first. Facts further down have all the rest.
function keyFigures() {
  const { fit, heldout } = page.data;
  const tiles = [
    ["Topics", count(page.nTopics), null],
    ["Documents", count(fit.n_documents), fit.n_documents > 0 && `${count(Math.round(fit.n_tokens / fit.n_documents))} tokens each, on average`],
    ["Tokens", count(fit.n_tokens), null],
    ["Different words", count(fit.n_terms), null],
  ];
  if (heldout) {
    const error = heldout.standard_error;
    const { n_documents: n } = heldout;
    tiles.push([
      "Held-out likelihood",
      [decimal(heldout.log_likelihood, 4), error !== null && element("span", { class: "muted" }, ` ± ${decimal(error, 4)}`)],
      `nats a token${error === null ? "" : ", ± its standard error"}${n ? `; ${plural(n, "document")}` : ""}`,
    ]);
  }
  return figures(tiles);
}

function warningItem({ text, topics }) {
  const shown = (topics ?? []).slice(0, 12);
  return element(
    "li",
    {},
    sentence(text),
    shown.length > 0 && element("span", { class: "topic-links" }, shown.map((k) => [" ", topicLink(k)])),
    (topics ?? []).length > shown.length && ` and ${count(topics.length - shown.length)} more`,
  );
}

const topicColumns = {
  number: { title: "No.", of: (k) => k, number: true },
  name: { title: "Name", of: (k) => names.of(k), show: (k) => topicLink(k) },
  share: { title: "Share", of: (k) => page.data.topics.share[k], show: (k) => shareCell(page.data.topics.share[k]), number: true },
  words: { title: "Words", of: (k) => topWords(k, 10).join(", ") },
};

function shareCell(share) {
  const most = page.data.topics.share[page.bySize[0]] || 1;
  return element(
    "span",
    { class: "share" },
    element("span", { class: "meter", "aria-hidden": "true" }, element("span", { style: { width: `${(100 * share) / most}%` } })),
    percent(share),
  );
}

function topicTable({ step, measures = [], rows = page.bySize, nWords = 10 }) {
  const numbers = (some) =>
    some.map(({ field: name, title, digits }) => ({
      title,
      of: (k) => page.data.topics[name][k],
      show: (k) => decimal(page.data.topics[name][k], digits),
      number: true,
    }));
  const { number, name, share, words } = topicColumns;
  const all = rows.length === page.nTopics;
  return dataTable({
    caption: all ? "All topics" : `The ${rows.length} largest topics`,
    shown: false,
    columns: [name, share, { ...words, show: (k) => topWords(k, nWords).join(", ") }, ...numbers(measures)],
    saved: [number, name, share, words, ...numbers(page.data.measures)],
    rows,
    file: all ? "topics" : "largest-topics",
    step,
    stacked: true,
  });
}

// Charts tell topics apart by their names, so these hold the number: two topics may be called the same.
const topicRow = (k) => ({
  topic: k,
  name: names.full(k),
  share: page.data.topics.share[k],
  tokens: page.data.topics.tokens[k],
  words: topWords(k, 8).join(", "),
});

function sizesChart() {
  const shown = page.bySize.slice(0, 40);
  const rows = shown.map(topicRow);
  const cut = shown.length < page.nTopics ? ` The largest ${shown.length} of ${count(page.nTopics)}.` : "";
  const chart = new Chart("sizes", rows, {
    label: `Share of each topic in all tokens.${cut}`,
    file: "topic-sizes",
    pick: pickTopic,
    columns: [
      { title: "Topic", of: (row) => row.topic, number: true },
      { title: "Name", of: (row) => row.name },
      { title: "Share", of: (row) => row.share, show: (row) => percent(row.share), number: true },
      { title: "Tokens", of: (row) => row.tokens, show: (row) => count(row.tokens), number: true },
    ],
  });
  return [chart.element, cut && element("p", { class: "hint" }, cut.trim())];
}

function smallMapBlock() {
  const chart = mapChart((row) => pickTopic(row), { small: true });
  return element("section", { class: "block" }, element("h3", {}, "Which are alike"), chart.element, element("p", { class: "hint" }, "Near is alike, area is share. ", link("#/map", "Open the map")));
}

function pickTopic(row) {
  if (Number.isInteger(row.topic)) location.hash = `#/topic/${row.topic}`;
}

function historyRows(history) {
  const rows = [];
  history.sweep.forEach((sweep, i) => {
    for (const [kind, values] of [["training", history.log_likelihood], ["held-out", history.heldout]]) {
      const value = values?.[i];
      if (value !== null && value !== undefined) rows.push({ sweep, kind, value });
    }
  });
  return rows;
}

// The two measure different things, so each has an axis of its own: on one, the held-out curve would seem the better fit.
const CURVES = {
  training: ["Training", "training-curve", "Joint log-likelihood of the words and their topics, in nats a token: it compares sweeps of this fit only. A curve that still climbs wants more sweeps."],
  "held-out": ["Held-out documents", "heldout-curve", "Log-likelihood of documents that the fit kept out, in nats a token."],
};

function historyBlock(history) {
  const rows = history ? historyRows(history) : [];
  if (!rows.length) return page.data.heldout?.how ? element("section", { class: "block" }, element("h3", {}, "How good it is"), element("p", { class: "hint" }, sentence(page.data.heldout.how))) : null;
  const drawn = Object.entries(CURVES).map(([kind, [title, file, what]]) => {
    const some = rows.filter((row) => row.kind === kind);
    if (!some.length) return null;
    const last = some[some.length - 1];
    const chart = new Chart("history", some, {
      label: `${title}: log-likelihood per token over ${plural(some.length, "measured sweep")}, last ${decimal(last.value, 4)}.`,
      file,
      adjust: (spec) => {
        spec.height = 150;
        for (const part of spec.layer ?? [spec]) if (part.encoding?.y) part.encoding.y.title = null; // said below
        withoutLegend(spec);
      },
      columns: [
        { title: "Sweep", of: (row) => row.sweep, number: true },
        { title: "Documents", of: (row) => row.kind },
        { title: "Log-likelihood per token", of: (row) => row.value, number: true },
      ],
    });
    return [element("h4", {}, title), chart.element, element("p", { class: "hint" }, what)];
  });
  return element("section", { class: "block" }, element("h3", {}, "How the fit went"), drawn, page.data.heldout?.how && element("p", { class: "hint" }, sentence(page.data.heldout.how)));
}
