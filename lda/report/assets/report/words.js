// Words: in which topics a word is, and by how much.

const wordChoice = { query: "" };

function wordsView(wanted) {
  const { vocabulary } = page.data;
  if (wanted !== undefined && wanted !== "") wordChoice.query = wanted;
  const matches = element("ul", { class: "chips", "aria-label": "Words found" });
  const found = element("p", { class: "hint" });
  const shown = element("div");
  function open(term) {
    closeCharts(shown);
    refill(shown, oneWord(term));
    for (const chip of matches.querySelectorAll("button")) chip.setAttribute("aria-pressed", String(Number(chip.dataset.term) === term));
  }
  function search() {
    const asked = wordChoice.query.trim();
    // Before one asks, something to begin with: the words that stand for the largest topics.
    const terms = asked ? findWords(wordChoice.query) : standing();
    const some = terms.slice(0, 40);
    refill(
      matches,
      some.map((term) => element("li", {}, button(outside(vocabulary[term]), () => open(term), { class: "chip", "data-term": term, "aria-pressed": "false" }))),
    );
    const exact = terms.length > 0 && fold(vocabulary[terms[0]]) === fold(asked);
    found.textContent = !asked
      ? `${plural(vocabulary.length, "word")} of the model can be looked up: the frequent ones, and those that stand out in some topic. These stand out in the largest topics:`
      : terms.length
        ? `${exact ? "" : `“${asked}” itself is not among the words that can be looked up. `}${plural(terms.length, "word")} ${exact ? "found" : terms.length === 1 ? "holds it" : "hold it"}${some.length < terms.length ? `, the first ${some.length} shown` : ""}`
        : "No such word among those that can be looked up.";
    if (asked) say(found.textContent);
    if (asked && terms.length) open(terms[0]);
    else {
      closeCharts(shown);
      refill(shown);
    }
  }
  let later = 0;
  const input = element("input", {
    type: "search",
    value: wordChoice.query,
    dir: "auto",
    autocapitalize: "none",
    on: {
      input: () => {
        wordChoice.query = input.value;
        clearTimeout(later);
        later = setTimeout(search, 120);
      },
    },
  });
  search();
  return [
    element("h2", {}, "Words"),
    element("p", { class: "lead" }, "Look up a word to see the topics that use it."),
    element("div", { class: "controls" }, field("Word", input)),
    found,
    matches,
    shown,
  ];
}

const standing = () => [...new Set(page.bySize.slice(0, 20).flatMap((k) => wordsOf(k, 0.6).slice(0, 2).map((row) => row.term)))];

function oneWord(term) {
  const { vocabulary, term_share: termShare } = page.data;
  const word = vocabulary[term];
  const rows = topicsOfWord(term).map((row) => ({ ...row, name: names.full(row.topic) }));
  const heading = element("h3", {}, "“", outside(word), "”");
  if (!rows.length) return element("section", { class: "block" }, heading, element("p", {}, "No topic holds this word."));
  const columns = [
    { title: "Topic", of: (row) => names.of(row.topic), show: (row) => topicLink(row.topic) },
    { title: "p(word | topic)", of: (row) => row.p, show: (row) => percent(row.p), number: true },
    { title: "Tokens of the word there", of: (row) => row.tokens, show: (row) => count(row.tokens), number: true },
  ];
  const chart = new Chart("word_topics", rows, {
    label: `Topics of the word ${word}: ${rows.slice(0, 3).map((row) => `${row.name} ${percent(row.p)}`).join(", ")}.`,
    file: `word-${word}`,
    pick: pickTopic,
    columns: [{ title: "No.", of: (row) => row.topic, number: true }, { title: "Topic", of: (row) => names.of(row.topic) }, ...columns.slice(1)],
  });
  return element(
    "section",
    { class: "block" },
    heading,
    element("p", {}, `${percent(termShare[term])} of all tokens; these topics hold it most.`),
    chart.element,
    dataTable({ caption: `Topics of the word ${word}`, columns, rows, file: `word-${word}-topics`, step: 20, shown: false }),
  );
}
