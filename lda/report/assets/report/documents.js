// Documents: found by id, text or field; one of them with its topics, its text and its neighbours.

const documentChoice = { query: "", topic: "" };

function documentsView() {
  const { documents, texts } = page.data;
  if (!documents) return [element("h2", {}, "Documents"), element("p", {}, sentence("This report was made from the model alone, so it knows no documents. With a corpus, `lda report MODEL CORPUS` shows them."))];
  const list = element("ul", { class: "documents" });
  const found = element("p", { class: "hint" });
  let cut = () => {};
  function search() {
    cut();
    refill(list);
    const rows = matchingDocuments(documentChoice.query, documentChoice.topic);
    const all = documents.id.length;
    found.textContent = rows.length === all ? `${plural(all, "document")}` : `${count(rows.length)} of ${plural(all, "document")} found`;
    if (rows.length !== all) say(found.textContent);
    cut = longList(list, rows, (row) => documentItem(row, documentChoice), 20);
  }
  let later = 0;
  const input = element("input", {
    type: "search",
    value: documentChoice.query,
    on: {
      input: () => {
        documentChoice.query = input.value;
        clearTimeout(later);
        later = setTimeout(search, 120);
      },
    },
  });
  const topic = choice([["", "any topic"], ...page.bySize.map((k) => [k, names.full(k)])], documentChoice.topic, (chosen) => {
    documentChoice.topic = chosen;
    search();
  });
  const csv = button("CSV", () => saveDocuments(matchingDocuments(documentChoice.query, documentChoice.topic)), { "aria-label": "Save as CSV: the documents found, with their fields and main topic" });
  search();
  const whole = texts ? "ids, fields, and texts where the report has them" : "ids and fields";
  return [
    element("h2", {}, "Documents"),
    element("div", { class: "controls" }, field("Search", input, { hint: `In ${whole}; all words must occur.` }), field("Most about", topic, { hint: "Sorts by that topic's share." })),
    element("div", { class: "results-head" }, found, csv),
    list,
  ];
}

function matchingDocuments(query, topic) {
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  const { id } = page.data.documents;
  let rows = id.map((_, row) => row);
  if (wanted.length) {
    const haystack = documentHaystack();
    rows = rows.filter((row) => wanted.every((word) => haystack[row].includes(word)));
  }
  // What is called so stands before what merely has the word somewhere.
  const name = fold(query.trim());
  const rank = (row) => (fold(id[row]) === name ? 0 : fold(id[row]).includes(name) ? 1 : 2);
  if (topic === "") {
    if (!name) return rows;
    const ranks = new Map(rows.map((row) => [row, rank(row)]));
    return rows.sort((a, b) => ranks.get(a) - ranks.get(b) || a - b);
  }
  const weights = new Map(rows.map((row) => [row, weightOf(row, Number(topic)) ?? 0]));
  return rows.filter((row) => weights.get(row) > 0).sort((a, b) => weights.get(b) - weights.get(a) || a - b);
}

// Its passage is that in which the words stand that were searched for, or else the topic.
function passageFor(pieces, { query, topic }) {
  const wanted = fold(query).split(/\s+/).filter(Boolean);
  const single = wanted.length ? pieces.flatMap(([text, of]) => text.split(/(\s+)/).filter(Boolean).map((word) => [word, of])) : pieces;
  const meant = (text, of) => (wanted.length ? wanted.some((word) => fold(text).includes(word)) : topic !== "" && of === Number(topic));
  return passage(single, meant, 170);
}

function documentItem(row, asked = { query: "", topic: "" }) {
  const main = topicsOfDocument(row).slice(0, 3);
  const pieces = piecesOf(row);
  return element(
    "li",
    {},
    element("a", { href: `#/document/${row}`, class: "document-id" }, outside(page.data.documents.id[row])),
    element("span", { class: "fields" }, fieldsLine(row).map(([name, value]) => [" · ", element("span", { class: "muted" }, outside(name), " "), outside(value)])),
    pieces && passageFor(pieces, asked),
    element("span", { class: "mains" }, main.map(({ topic, weight }) => [element("span", { class: "main" }, topicLink(topic), element("span", { class: "muted" }, ` ${percent(weight)}`)), " "])),
  );
}

function saveDocuments(rows) {
  const { id, n_tokens: nTokens, fields } = page.data.documents;
  saveCsv(
    "documents",
    [
      { title: "id", of: (row) => id[row] },
      { title: "tokens", of: (row) => nTokens[row] },
      ...Object.entries(fields).map(([name, values]) => ({ title: name, of: (row) => values[row] })),
      { title: "main topic", of: (row) => topicsOfDocument(row)[0]?.topic ?? null },
      { title: "its name", of: (row) => (topicsOfDocument(row).length ? names.of(topicsOfDocument(row)[0].topic) : null) },
      { title: "its share", of: (row) => topicsOfDocument(row)[0]?.weight ?? null },
    ],
    rows,
  );
}

function documentView(wanted) {
  const { documents, texts } = page.data;
  const row = Number(wanted);
  if (!documents || !Number.isInteger(row) || row < 0 || row >= documents.id.length) return notThere("There is no such document in this report.");
  const pieces = piecesOf(row);
  const topics = topicsOfDocument(row);
  const rows = topics.slice(0, 15).map(({ topic, weight }) => ({ topic, name: names.full(topic), weight }));
  const rest = 1 - rows.reduce((sum, { weight }) => sum + weight, 0);
  const fields = Object.entries(documents.fields).map(([name, values]) => [name, plain(values[row])]).filter(([, value]) => value !== "");
  const near = nearestOf(row);
  const chart = rows.length > 0 &&
    new Chart("document_topics", rows, {
      label: `Topics of this document: ${rows.slice(0, 3).map((of) => `${of.name} ${percent(of.weight)}`).join(", ")}.`,
      file: `document-${documents.id[row]}-topics`,
      pick: pickTopic,
      columns: [
        { title: "Topic", of: (of) => of.topic, number: true },
        { title: "Name", of: (of) => of.name },
        { title: "Share", of: (of) => of.weight, show: (of) => percent(of.weight), number: true },
      ],
    });
  return [
    element("nav", { class: "pager", "aria-label": "Documents" }, row > 0 ? link(`#/document/${row - 1}`, "← ", outside(documents.id[row - 1])) : element("span"), link("#/documents", "All documents"), row + 1 < documents.id.length ? link(`#/document/${row + 1}`, outside(documents.id[row + 1]), " →") : element("span")),
    element("p", { class: "over-title" }, "Document"),
    element("h2", { dir: "auto" }, documents.id[row]),
    element("p", { class: "lead" }, plural(documents.n_tokens[row], "token")),
    fields.length > 0 && element("dl", { class: "fields-list" }, fields.map(([name, value]) => element("div", {}, element("dt", {}, outside(name)), element("dd", {}, outside(value))))),
    element("section", { class: "block" }, element("h3", {}, "Its topics"), chart ? [chart.element, rest > 0.0005 && element("p", { class: "hint" }, `${percent(rest)} more is spread over topics with too little to list.`)] : element("p", { class: "hint" }, "It has no words that the model knows, so nothing is known of its topics.")),
    element(
      "section",
      { class: "block" },
      element("h3", {}, "Its text"),
      pieces
        ? [colouredText(pieces), texts.whole === false && element("p", { class: "hint" }, "Only its words are known here, not the text they stood in."), texts.how && element("p", { class: "hint" }, sentence(texts.how))]
        : element("p", { class: "hint" }, sentence("The text of this document is not in the report; a larger `--documents` takes in more texts.")),
    ),
    near.length > 0 &&
      element("section", { class: "block" }, element("h3", {}, "Documents with the most similar topics"), element("ul", { class: "documents" }, near.map((other) => documentItem(other)))),
  ];
}
