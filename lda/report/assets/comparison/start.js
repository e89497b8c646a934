// The views of a comparison, what is printed of it, and its start.

const COMPARISON_VIEWS = [
  { key: "overview", title: "Overview", draw: comparisonOverview },
  { key: "topics", title: "Topics side by side", draw: relationsView },
  { key: "match", within: "topics", draw: matchView },
  { key: "matrix", title: "Matrix", draw: matrixView },
  { key: "words", title: "Words", draw: movedWordsView },
  { key: "documents", title: "Documents", draw: movedDocumentsView },
];

const PRINTED = 200; // relations

function comparisonHandout() {
  const { missing, notes, pairs } = page.data;
  return [
    element("h2", {}, "Overview"),
    notes.length > 0 && element("ul", { class: "warnings" }, notes.map((text) => element("li", {}, sentence(text)))),
    pairs.map((pair) => [
      element("h2", {}, outside(pairTitle(pair))),
      pairFigures(pair),
      element(
        "table",
        { class: "all-topics" },
        element("thead", {}, element("tr", {}, [modelName(pair.first), "Kind", modelName(pair.second), "Overlap"].map((title, i) => element("th", { scope: "col", class: i % 2 ? "number" : null }, outside(title))))),
        element(
          "tbody",
          {},
          pair.relations.slice(0, PRINTED).map((relation) =>
            element(
              "tr",
              {},
              element("td", {}, relation.first.map((k) => topicCell(pair.first, k))),
              element("td", { class: "number" }, KINDS[relation.kind][0]),
              element("td", {}, relation.second.map((k) => topicCell(pair.second, k))),
              element("td", { class: "number" }, decimal(relation.overlap, 3)),
            ),
          ),
        ),
      ),
      pair.relations.length > PRINTED && element("p", { class: "hint" }, `${count(pair.relations.length - PRINTED)} more relations are in the page.`),
    ]),
    missingInPrint(missing),
    factsBlock("The models"),
  ];
}

startPage({ called: "comparison", views: COMPARISON_VIEWS, handout: comparisonHandout });
