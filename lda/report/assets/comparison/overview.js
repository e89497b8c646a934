// Overview: how alike the models are, which topics they share, and how well each predicts the same documents.

function comparisonOverview() {
  const { notes, missing, scores, models } = page.data;
  const pair = shownPair();
  return [
    element("div", { class: "head-row" }, element("h2", {}, "Overview"), printButton("this overview, and all relations of topics")),
    pairControls(),
    notes.length > 0 && element("section", { class: "block warned" }, element("h3", {}, "Worth a look"), element("ul", { class: "warnings" }, notes.map((text) => element("li", {}, sentence(text))))),
    pairFigures(pair),
    element("div", { class: "columns" }, kindsBlock(pair), element("div", { class: "stack" }, scores && heldoutComparison(), vocabularyBlock(pair))),
    models.length > 2 && everyPairBlock(),
    missingBlock(missing),
    factsBlock("The models"),
  ];
}

const ofKind = (pair, kind) => pair.relations.filter((relation) => relation.kind === kind);

// Whether no topic of one belongs to one of the other: then all words and documents would have "moved".
const apart = (pair) => !["shared", "split", "merged"].some((kind) => ofKind(pair, kind).length);

function pairFigures(pair) {
  const shared = ofKind(pair, "shared").length;
  const tiles = [
    ["Topics shared", count(shared), `of ${count(modelOf(pair.first).n_topics)} and ${count(modelOf(pair.second).n_topics)}`],
    ["Mean overlap", decimal(pair.overlap, 3), `of matched topics; 1 is equal, and ${decimal(pair.chance, 3)} is what different topics of one model have`],
  ];
  if (pair.documents && !apart(pair)) {
    const { n_moved: moved, n_documents: all } = pair.documents;
    tiles.push(["Documents that moved", percent(all ? moved / all : null), `${count(moved)} of ${count(all)} have another main topic`]);
  }
  if (pair.heldout) tiles.push(["Held out, second less first", signed(pair.heldout.value), `± ${decimal(pair.heldout.error, 4)} nats a token, on the same documents`]);
  if (!apart(pair)) tiles.push(["Words that moved", count(pair.n_moved_words), "terms whose main topics are not matched"]);
  return figures(tiles);
}

function kindsBlock(pair) {
  const rows = Object.entries(KINDS)
    .map(([kind, [title, what]]) => {
      const some = ofKind(pair, kind);
      const sum = (of) => some.reduce((total, relation) => total + (relation[of] ?? 0), 0);
      return { kind, title, what, n: some.length, first: sum("first_share"), second: sum("second_share"), firstTopics: some.reduce((n, relation) => n + relation.first.length, 0), secondTopics: some.reduce((n, relation) => n + relation.second.length, 0) };
    })
    .filter(({ n }) => n > 0);
  const columnsOf = (which, m) => [
    { title: `Topics of ${modelName(m)}`, of: (row) => row[`${which}Topics`], show: (row) => count(row[`${which}Topics`]), number: true },
    { title: "their share", of: (row) => row[which], show: (row) => percent(row[which]), number: true },
  ];
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "What became of the topics"),
    dataTable({
      caption: "Relations of topics by kind",
      shown: false,
      columns: [
        { title: "Kind", of: (row) => row.title, show: (row) => button(row.title, () => {
          comparisonChoice.kind = row.kind;
          location.hash = "#/topics";
        }, { class: `kind ${row.kind}`, title: row.what }) },
        ...columnsOf("first", pair.first),
        ...columnsOf("second", pair.second),
      ],
      rows,
      file: "kinds-of-topics",
      dense: true,
    }),
    element("dl", { class: "brief" }, rows.map(({ title, what }) => element("div", {}, element("dt", {}, title), element("dd", { class: "hint" }, `${what}.`)))),
    element("p", { class: "hint" }, `Two topics are near from an overlap of ${decimal(pair.near, 3)} on.`),
  );
}

function vocabularyBlock(pair) {
  const { terms } = pair;
  const same = terms.only_first === 0 && terms.only_second === 0;
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "Words in common"),
    element(
      "p",
      {},
      same
        ? `Both models have the same ${plural(terms.n_shared, "term")}.`
        : [
            `${plural(terms.n_shared, "term")} are in both vocabularies; ${count(terms.only_first)} are in `,
            outside(modelName(pair.first)),
            ` alone, and ${count(terms.only_second)} in `,
            outside(modelName(pair.second)),
            ` alone. Terms of both hold ${percent(terms.first_share)} and ${percent(terms.second_share)} of their tokens.`,
          ],
    ),
  );
}

function heldoutComparisonRows() {
  const { scores, pairs } = page.data;
  // Differences are known to the first model; with two models that is all there is to know.
  const to = new Map(pairs.map((pair) => [pair.second, pair.heldout]));
  return scores.map(({ heldout }, m) => {
    const found = to.get(m);
    const value = m === 0 ? 0 : (found?.value ?? heldout - scores[0].heldout);
    const error = m === 0 ? null : (found?.error ?? null);
    return { model: m, name: modelName(m), heldout, difference: value, error, low: error === null ? null : value - error, high: error === null ? null : value + error };
  });
}

function heldoutComparison() {
  const { scores, n_scored_terms: terms } = page.data;
  const rows = heldoutComparisonRows();
  const trained = scores.filter(({ n_trained: n }) => n > 0).length;
  const chart = new Chart("heldout", rows, {
    label: `Held-out log-likelihood of each model, less that of ${modelName(0)}: ${rows.map(({ name, difference }) => `${name} ${signed(difference)}`).join(", ")}.`,
    file: "heldout-differences",
    columns: [
      { title: "Model", of: (row) => row.name },
      { title: "Nats per token", of: (row) => row.heldout, show: (row) => decimal(row.heldout, 4), number: true },
      { title: "Less the first", of: (row) => row.difference, show: (row) => (row.model === 0 ? "the first" : signed(row.difference)), number: true },
      { title: "Standard error", of: (row) => row.error, show: (row) => decimal(row.error, 4), number: true },
    ],
  });
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "Held-out likelihood"),
    chart.element,
    element(
      "p",
      { class: "hint" },
      `Of ${plural(scores[0].n_documents, "document")}, ${count(scores[0].n_tokens)} tokens${terms === null ? "" : ` of the ${plural(terms, "term")} that all models have`}; a bar is one standard error of the difference over the same documents. `,
      trained > 0 && element("strong", {}, "Some of them were trained on: these models know too much of them. "),
      "It says how well words are predicted, not whether topics mean something to people.",
    ),
  );
}

function everyPairBlock() {
  const { models, overlaps, shared } = page.data;
  const table = (caption, values, file, show) =>
    dataTable({
      caption,
      columns: [
        { title: "Model", of: (m) => modelName(m) },
        ...models.map((_, other) => ({ title: modelName(other), of: (m) => values[m][other], show: (m) => (m === other ? "–" : show(values[m][other])), number: true })),
      ],
      rows: models.map((_, m) => m),
      file,
      dense: true,
    });
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "Every two models"),
    table("Mean overlap of matched topics", overlaps, "overlaps-of-models", (x) => decimal(x, 3)),
    table("Part of the topics of the row that are shared with the column", shared, "shared-topics-of-models", percent),
  );
}
