// Topics of two models in relation: shared, split, merged, particular.

function relationsView() {
  const pair = shownPair();
  const holder = element("div");
  const there = Object.keys(KINDS).filter((kind) => ofKind(pair, kind).length > 0);
  if (comparisonChoice.kind && !there.includes(comparisonChoice.kind)) comparisonChoice.kind = "";
  const draw = () => refill(holder, relationTable(pair));
  const search = element("input", { type: "search", value: comparisonChoice.query, dir: "auto", on: { input: () => {
    comparisonChoice.query = search.value;
    draw();
  } } });
  draw();
  return [
    element("h2", {}, "Topics side by side"),
    element("p", { class: "lead" }, "Each topic of either model stands in one row. Overlap is Bhattacharyya's coefficient of the two sides, 1 for equal topics; distance is Hellinger's, the root of 1 less the overlap."),
    element(
      "div",
      { class: "controls few" },
      pairChoice(),
      field("Kind", choice([["", "all kinds"], ...there.map((kind) => [kind, `${KINDS[kind][0]} (${count(ofKind(pair, kind).length)})`])], comparisonChoice.kind, (value) => {
        comparisonChoice.kind = value;
        draw();
      })),
      field("Search", search, { hint: "A name, a number or a word of a topic" }),
    ),
    holder,
  ];
}

function shownRelations(pair) {
  const wanted = fold(comparisonChoice.query.trim());
  const holds = (m, k) => String(k) === wanted || fold(topicTitle(m, k)).includes(wanted) || topicWords(m, k).some((word) => fold(word).includes(wanted));
  return pair.relations.filter(
    (relation) =>
      (!comparisonChoice.kind || relation.kind === comparisonChoice.kind) &&
      (!wanted || relation.first.some((k) => holds(pair.first, k)) || relation.second.some((k) => holds(pair.second, k))),
  );
}

const distanceOf = (overlap) => (overlap === null ? null : Math.sqrt(Math.max(0, 1 - overlap)));

function relationTable(pair) {
  const rows = shownRelations(pair);
  const matched = new Set(pair.matches.map(([first]) => first));
  const textOf = (m, topics) => topics.map((k) => `${fullTitle(m, k)}: ${topicWords(m, k).join(", ")}`).join("; ");
  const side = (m, relation, which) => {
    const topics = relation[which];
    const parts = relation[which].length > 1 ? relation.weights : null;
    if (!topics.length) {
      return relation.nearest === null
        ? element("span", { class: "muted" }, "–")
        : element("span", { class: "muted" }, "nothing near; nearest ", topicName(m, relation.nearest));
    }
    return topics.map((k, i) =>
      element("div", { class: "part" }, parts && element("span", { class: "muted weight" }, percent(parts[i])), which === "first" && matched.has(k) ? element("a", { href: `#/match/${comparisonChoice.pair}/${k}`, class: "plain" }, topicCell(m, k)) : topicCell(m, k)),
    );
  };
  say(`${plural(rows.length, "row")} of topics`);
  return element(
    "section",
    { class: "block" },
    element("p", { class: "hint" }, `${count(rows.length)} of ${plural(pair.relations.length, "relation")}`),
    dataTable({
      caption: "Topics side by side",
      shown: false,
      columns: [
        { title: modelName(pair.first), of: (relation) => textOf(pair.first, relation.first), show: (relation) => side(pair.first, relation, "first") },
        { title: "Kind", of: (relation) => KINDS[relation.kind][0], show: (relation) => kindTag(relation.kind), number: true },
        { title: modelName(pair.second), of: (relation) => textOf(pair.second, relation.second), show: (relation) => side(pair.second, relation, "second") },
        { title: "Overlap", of: (relation) => relation.overlap, show: (relation) => decimal(relation.overlap, 3), number: true },
        { title: "Distance", of: (relation) => distanceOf(relation.overlap), show: (relation) => decimal(distanceOf(relation.overlap), 3), number: true },
        { title: "Share, first", of: (relation) => relation.first_share, show: (relation) => (relation.first.length ? percent(relation.first_share) : "–"), number: true },
        { title: "Share, second", of: (relation) => relation.second_share, show: (relation) => (relation.second.length ? percent(relation.second_share) : "–"), number: true },
      ],
      rows,
      file: "topics-side-by-side",
      step: 40,
      dense: true,
      pairs: true,
    }),
  );
}
