// What moved from one topic to another: words, and documents.

function movedWordsView() {
  const pair = shownPair();
  const { first, second } = pair;
  return [
    element("h2", {}, "Words"),
    element("p", { class: "lead" }, "Terms whose main topic in the second model is not the partner of their main topic in the first. A main topic is the one with most of the term's tokens."),
    pairControls(),
    element(
      "section",
      { class: "block" },
      apart(pair)
        ? element("p", {}, "No topics of these models belong together, so no word could have stayed where it was.")
        : pair.moved_words.length
        ? [
            element("p", { class: "hint" }, `The ${pair.moved_words.length === pair.n_moved_words ? "" : `${count(pair.moved_words.length)} most frequent of `}${plural(pair.n_moved_words, "word")}.`),
            dataTable({
              caption: "Words that moved",
              shown: false,
              columns: [
                { title: "Word", of: ([term]) => term },
                { title: "Share of tokens", of: ([, share]) => share, show: ([, share]) => percent(share), number: true },
                { title: `Main topic in ${modelName(first)}`, of: (row) => fullTitle(first, row[2]), show: (row) => topicName(first, row[2]) },
                { title: "holds", of: (row) => row[3], show: (row) => percent(row[3]), number: true },
                { title: `Main topic in ${modelName(second)}`, of: (row) => fullTitle(second, row[4]), show: (row) => topicName(second, row[4]) },
                { title: "holds", of: (row) => row[5], show: (row) => percent(row[5]), number: true },
              ],
              rows: pair.moved_words,
              file: "words-that-moved",
              dense: true,
            }),
          ]
        : element("p", {}, "No word moved."),
    ),
  ];
}

function movedDocumentsView() {
  const pair = shownPair();
  const { first, second, documents } = pair;
  const head = [element("h2", {}, "Documents"), pairControls()];
  if (!documents) return [...head, element("p", {}, "No documents were given to this comparison.")];
  const { n_documents: all, n_moved: moved, mean_change: change } = documents;
  return [
    head[0],
    element("p", { class: "lead" }, apart(pair) ? "No topics of these models belong together, so no document could have stayed where it was. Below: what the documents of each topic are about in the other model." : `${count(moved)} of ${plural(all, "document")} have main topics that are not matched with each other. On average ${percent(change)} of a document is in other topics.`),
    head[1],
    !apart(pair) && element(
      "section",
      { class: "block" },
      element("h3", {}, "Documents that change most"),
      dataTable({
        caption: "Documents that change most",
        shown: false,
        columns: [
          { title: "Document", of: ([id]) => id },
          { title: "Change", of: (row) => row[5], show: (row) => percent(row[5]), number: true },
          { title: `Main topic in ${modelName(first)}`, of: (row) => fullTitle(first, row[1]), show: (row) => topicName(first, row[1]) },
          { title: "Weight", of: (row) => row[2], show: (row) => percent(row[2]), number: true },
          { title: `Main topic in ${modelName(second)}`, of: (row) => fullTitle(second, row[3]), show: (row) => topicName(second, row[3]) },
          { title: "Weight", of: (row) => row[4], show: (row) => percent(row[4]), number: true },
        ],
        rows: documents.most,
        file: "documents-that-moved",
        dense: true,
      }),
    ),
    element(
      "section",
      { class: "block" },
      element("h3", {}, "From topic to topic"),
      dataTable({
        caption: "Documents by their main topics in both models",
        shown: false,
        columns: [
          { title: modelName(first), of: ([k]) => fullTitle(first, k), show: ([k]) => topicName(first, k) },
          { title: modelName(second), of: ([, k]) => fullTitle(second, k), show: ([, k]) => topicName(second, k) },
          { title: "Documents", of: ([, , n]) => n, show: ([, , n]) => count(n), number: true },
        ],
        rows: documents.flows,
        file: "documents-from-topic-to-topic",
        step: 25,
        dense: true,
      }),
    ),
  ];
}
