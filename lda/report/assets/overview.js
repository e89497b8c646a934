// Overview: what was fitted on what, how well, how large the topics are, and what to be careful about.

function overviewView() {
  const { facts, heldout, history, warnings, missing } = page.data;
  return [
    element("h2", {}, "Overview"),
    element("div", { class: "cards" }, facts.map((card) => factCard(card)), heldout && heldoutCard(heldout)),
    warnings.length > 0 &&
      element(
        "section",
        { class: "block", "aria-labelledby": "warnings-title" },
        element("h3", { id: "warnings-title" }, "Worth a look"),
        element("ul", { class: "warnings" }, warnings.map(warningItem)),
      ),
    element(
      "div",
      { class: "columns" },
      element("section", { class: "block" }, element("h3", {}, "How large the topics are"), sizesChart()),
      historyBlock(history),
    ),
    element("section", { class: "block" }, element("h3", {}, "Topics"), topicTable({ step: 20, measured: false })),
    missing.length > 0 &&
      element(
        "section",
        { class: "block" },
        element("h3", {}, "Not shown here"),
        element("ul", {}, missing.map((text) => element("li", {}, sentence(text)))),
      ),
    element(
      "p",
      {},
      button("Print, or save as PDF", printHandout),
      element("span", { class: "hint" }, " A handout: this overview, the map, and each topic with its words."),
    ),
  ];
}

const FACTS_SHOWN = 6;

function factCard({ heading, rows }, whole = false) {
  const list = (some) =>
    element("dl", {}, some.map(([name, value]) => element("div", {}, element("dt", {}, name), element("dd", {}, outside(plain(value))))));
  const few = whole || rows.length <= FACTS_SHOWN + 2;
  return element(
    "section",
    { class: "card" },
    element("h3", {}, heading),
    list(few ? rows : rows.slice(0, FACTS_SHOWN)),
    !few && element("details", {}, element("summary", { class: "hint" }, `${count(rows.length - FACTS_SHOWN)} more`), list(rows.slice(FACTS_SHOWN))),
  );
}

function heldoutCard(heldout) {
  const error = heldout.standard_error;
  return element(
    "section",
    { class: "card" },
    element("h3", {}, "Held-out likelihood"),
    element("p", { class: "figure" }, decimal(heldout.log_likelihood, 4), error === null ? null : element("span", { class: "muted" }, ` ± ${decimal(error, 4)}`)),
    element("p", { class: "hint" }, "log-likelihood per token", error === null ? null : ", ± its standard error"),
    element(
      "dl",
      {},
      [["documents", heldout.n_documents], ["tokens", heldout.n_tokens]]
        .filter(([, n]) => n !== null && n !== undefined)
        .map(([name, n]) => element("div", {}, element("dt", {}, name), element("dd", {}, count(n)))),
    ),
    heldout.how && element("p", { class: "hint" }, sentence(heldout.how)),
  );
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

function topicTable({ step, measured = true }) {
  const measures = page.data.measures.map(({ field: name, title, digits }) => ({
    title,
    of: (k) => page.data.topics[name][k],
    show: (k) => decimal(page.data.topics[name][k], digits),
    number: true,
  }));
  const { name, share, words } = topicColumns;
  return dataTable({
    caption: "All topics",
    shown: false,
    columns: [name, share, words, ...(measured ? measures : [])],
    rows: page.bySize,
    file: "topics",
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

function historyBlock(history) {
  const rows = history ? historyRows(history) : [];
  if (!rows.length) return null;
  const last = rows[rows.length - 1];
  const chart = new Chart("history", rows, {
    label: `Training curve: log-likelihood per token over ${plural(new Set(rows.map((row) => row.sweep)).size, "measured sweep")}, last ${decimal(last.value, 4)}.`,
    file: "training-curve",
    columns: [
      { title: "Sweep", of: (row) => row.sweep, number: true },
      { title: "Documents", of: (row) => row.kind },
      { title: "Log-likelihood per token", of: (row) => row.value, number: true },
    ],
  });
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "How the fit went"),
    chart.element,
    element("p", { class: "hint" }, "Log-likelihood per token, sweep after sweep; a curve that still climbs wants more sweeps."),
  );
}
