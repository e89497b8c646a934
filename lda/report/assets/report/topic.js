// One topic: its words, what the numbers say of it, its documents, its course.

const WORDS_SHOWN = 30;
let lambda = 0.6; // what Sievert and Shirley found people to read topics best at

// Those that most people ask for; the others on demand, for together they are wider than most screens.
const MAIN_MEASURES = ["coherence", "exclusivity", "eff_num_words", "trend"];
let everyMeasure = false;

function topicListView() {
  const { measures } = page.data;
  const main = measures.filter(({ field: name }) => MAIN_MEASURES.includes(name));
  const holder = element("div", { class: "all-of-them" });
  const draw = () => refill(holder, topicTable({ step: 50, nWords: 10, measures: everyMeasure || !main.length ? measures : main }));
  const more = button("", () => {
    everyMeasure = !everyMeasure;
    tell();
    draw();
  }, { class: "quiet" });
  const tell = () => {
    more.textContent = everyMeasure ? "The main numbers only" : `All ${count(measures.length)} numbers`;
  };
  tell();
  draw();
  return [
    element("h2", {}, "Topics"),
    element("p", { class: "lead" }, "A click on a heading sorts. A topic's page has its words, documents and course, and says what the numbers mean."),
    measures.length > main.length && main.length > 0 && element("p", { class: "not-stacked" }, more),
    holder,
    element("details", { class: "block" }, element("summary", {}, element("h3", {}, "Chart of their sizes")), sizesChart()),
  ];
}

function topicView(wanted) {
  const k = Number(wanted);
  if (!Number.isInteger(k) || k < 0 || k >= page.nTopics) return notThere(`There is no topic ${plain(wanted)} here; they are numbered from 0 to ${page.nTopics - 1}.`);
  const heading = element("h2", { dir: "auto" }, names.of(k));
  const input = nameInput(k, { "aria-label": `Name of topic ${k}` });
  const renamed = () => {
    heading.textContent = names.of(k);
    input.value = names.given.get(k)?.name ?? "";
    input.placeholder = names.unnamed(k);
  };
  names.listeners.add(renamed);
  closeLater(() => names.listeners.delete(renamed));
  const { share, tokens } = page.data.topics;
  return [
    element("nav", { class: "pager", "aria-label": "Topics" }, pager(k)),
    element("p", { class: "over-title" }, `Topic ${k}`),
    heading,
    element("p", { class: "lead" }, element("strong", {}, percent(share[k])), ` of all tokens, ${plural(tokens[k], "token")}; ${rankOf(k)} of ${plural(page.nTopics, "topic")} by size.`),
    element("div", { class: "naming" }, field("Name", input), suggestions(k, renamed)),
    element("div", { class: "columns" }, element("div", { class: "stack" }, wordsBlock(k), relatedBlock(k)), measuresBlock(k)),
    bestBlock(k),
    groupings().map((groups) => topicCourse(k, groups)),
  ];
}

function relatedBlock(k) {
  const related = relatedList(k, 10);
  return related && element("section", { class: "block" }, related);
}

function rankOf(k) {
  const rank = page.bySize.indexOf(k) + 1;
  return rank === 1 ? "the largest" : `number ${count(rank)}`;
}

function pager(k) {
  return [
    k > 0 ? element("a", { href: `#/topic/${k - 1}`, rel: "prev" }, "← ", outside(names.full(k - 1))) : element("span"),
    link("#/topic", "All topics"),
    k + 1 < page.nTopics ? element("a", { href: `#/topic/${k + 1}`, rel: "next" }, outside(names.full(k + 1)), " →") : element("span"),
  ];
}

function suggestions(k) {
  const given = (page.data.topics.suggestions?.[k] ?? []).slice(0, 6);
  if (!given.length) return null;
  return element(
    "div",
    { class: "suggestions", role: "group", "aria-label": "Suggested names" },
    element("span", { class: "hint" }, "Suggestions: "),
    given.map((name) =>
      button(outside(name), () => {
        names.set(k, name, SUGGESTED);
        say(`Topic ${k} is now called ${names.of(k)}`);
      }, { class: "chip" }),
    ),
  );
}

const lambdaWords = (at) =>
  at >= 0.999
    ? "Words by probability alone: the topic's most frequent ones, common words among them."
    : at <= 0.001
      ? "Words by lift alone: those hardly found outside the topic, rare ones among them."
      : `Words by relevance: ${Math.round(at * 100)}% how probable a word is in the topic, ${Math.round(100 - at * 100)}% how much more probable than in the whole corpus.`;

function wordRows(k) {
  return wordsOf(k, lambda)
    .slice(0, WORDS_SHOWN)
    .map((row, i) => ({ topic: k, rank: i + 1, word: row.word, p: row.p, share: row.share, lift: row.lift, relevance: row.relevance }));
}

const wordColumns = [
  { title: "Rank", of: (row) => row.rank, number: true },
  { title: "Word", of: (row) => row.word },
  { title: "p(word | topic)", of: (row) => row.p, show: (row) => percent(row.p), number: true },
  { title: "Share in the corpus", of: (row) => row.share, show: (row) => percent(row.share), number: true },
  { title: "Lift", of: (row) => row.lift, show: (row) => decimal(row.lift, 1), number: true },
];

function wordsLabel(k, rows) {
  return `Words of topic ${k}, λ = ${lambda.toFixed(2)}: ${rows.slice(0, 10).map((row) => row.word).join(", ")}.`;
}

function wordsBlock(k) {
  const first = wordRows(k);
  const chart = new Chart("words", first, {
    label: wordsLabel(k, first),
    file: `topic-${k}-words`,
    columns: wordColumns,
    pick: (row) => {
      if (typeof row.word === "string") location.hash = `#/words/${encodeURIComponent(row.word)}`;
    },
  });
  const meaning = element("p", { class: "hint" }, lambdaWords(lambda));
  const shown = element("output", {}, lambda.toFixed(2));
  const slider = element("input", {
    type: "range",
    min: "0",
    max: "1",
    step: "0.05",
    "aria-valuetext": `${lambda.toFixed(2)}: ${lambdaWords(lambda)}`,
    on: {
      input: () => {
        lambda = Math.round(Number(slider.value) * 20) / 20;
        shown.textContent = lambda.toFixed(2);
        meaning.textContent = lambdaWords(lambda);
        slider.setAttribute("aria-valuetext", `${lambda.toFixed(2)}: ${lambdaWords(lambda)}`);
        const rows = wordRows(k);
        chart.update(rows, wordsLabel(k, rows));
      },
    },
  });
  slider.value = String(lambda);
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "Words"),
    element("div", { class: "slider" }, field("Relevance λ", slider), shown),
    meaning,
    first.length ? chart.element : element("p", {}, "This topic holds no words."),
  );
}

function measuresBlock(k) {
  const { topics, measures } = page.data;
  if (!measures.length) return null;
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "What the numbers say"),
    element(
      "dl",
      { class: "measures" },
      measures.map(({ field: name, title, what, digits }) =>
        element("div", {}, element("dt", {}, title), element("dd", { class: "value" }, decimal(topics[name][k], digits)), element("dd", { class: "hint" }, what)),
      ),
    ),
  );
}

function bestBlock(k) {
  if (!page.data.documents) return null;
  const rows = bestOf(k);
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "Documents that show it best"),
    rows.length ? rows.map((row) => bestDocument(row, k)) : element("p", { class: "hint" }, "No document stands out for this topic."),
    rows.some((row) => piecesOf(row)) && element("p", { class: "hint" }, "Shown is the passage with most words of the topic, these in bold. A click opens the whole text."),
    rows.some((row) => piecesOf(row)) && page.data.texts.how && element("p", { class: "hint" }, sentence(page.data.texts.how)),
  );
}

function weightOf(row, k) {
  return topicsOfDocument(row).find((entry) => entry.topic === k)?.weight ?? null;
}

function bestDocument(row, k) {
  const { id } = page.data.documents;
  const pieces = piecesOf(row);
  const weight = weightOf(row, k);
  const holder = element("div");
  const made = element(
    "details",
    {
      class: "document",
      on: {
        toggle: () => {
          if (made.open && pieces && !holder.firstChild) holder.append(colouredText(pieces));
        },
      },
    },
    element(
      "summary",
      {},
      outside(id[row], { class: "document-id" }),
      weight !== null && element("span", { class: "muted" }, ` ${percent(weight)} of it`),
      element("span", { class: "fields" }, fieldsLine(row).map(([name, value]) => [" · ", element("span", { class: "muted" }, outside(name), " "), outside(value)])),
      pieces && passage(pieces, (_, topic) => topic === k),
    ),
    pieces ? holder : element("p", { class: "hint" }, "The text of this document is not in the report."),
    element("p", {}, link(`#/document/${row}`, "Open this document")),
  );
  return made;
}

// The stretch of a text with most pieces that are meant, these marked; without any, how the text begins.
function passage(pieces, meant = () => false, length = 260) {
  const hit = pieces.map(([text, topic]) => meant(text, topic));
  let best = { hits: 0, first: 0 };
  let first = 0;
  let long = 0;
  let hits = 0;
  pieces.forEach(([text], last) => {
    long += text.length;
    hits += hit[last] ? 1 : 0;
    for (; long > length && first < last; first++) {
      long -= pieces[first][0].length;
      hits -= hit[first] ? 1 : 0;
    }
    if (hits > best.hits) best = { hits, first };
  });
  const found = [best.first > 0 && "…"];
  let left = length;
  let at = best.first;
  for (; at < pieces.length && left > 0; at++) {
    let shown = pieces[at][0].replace(/\s+/g, " ");
    if (found.length === 1) shown = shown.trimStart();
    const whole = shown.length <= left;
    // Cut between words, and never within a character; a word alone is left out, unless it is all there is.
    if (!whole) shown = found.length > 1 && !/\s/.test(shown.slice(0, left)) ? "" : shown.slice(0, left).replace(/(\s\S*|[\ud800-\udbff])$/, "");
    found.push(hit[at] ? element("b", { class: "hit" }, shown) : shown);
    left -= shown.length;
    if (!whole) break;
  }
  const cut = at < pieces.length;
  return element("bdi", { class: "snippet" }, found, cut && "…");
}
