// Topics of some models beside each other, matched one to one.

const NO_OTHER = "";

function firstBeside() {
  const { beside, best, smallest } = page.data;
  // The best and the smallest that is as good; or else the next best. The one with fewer topics first: all of its topics
  // have a partner.
  const rank = ({ candidate }) => (candidate === best ? 2 : candidate === smallest ? 1 : 0);
  const score = ({ candidate }) => candidateOf(candidate).heldout ?? -Infinity;
  const { models } = beside;
  const order = models.map((_, m) => m).sort((a, b) => rank(models[b]) - rank(models[a]) || score(models[b]) - score(models[a]));
  const chosen = order.slice(0, 2).sort((a, b) => models[a].topics.length - models[b].topics.length || a - b);
  return [...chosen, NO_OTHER];
}

const modelTitle = (m) => {
  const { candidate, trial } = page.data.beside.models[m];
  return `${candidateOf(candidate).title} (trial ${trial})`;
};

const besideWords = (m, k, n = 10) => page.data.beside.models[m].topics[k][1].filter((_, i) => i % 2 === 0).slice(0, n);

// topic of `from` -> [topic of `to`, overlap]; null where the two have no word in common.
function partners(from, to) {
  const match = page.data.beside.matches.find(([a, b]) => (a === from && b === to) || (a === to && b === from));
  if (!match) return null;
  const [a, , flat] = match;
  const found = new Map();
  for (let i = 0; i < flat.length; i += 3) {
    const [one, other] = a === from ? [flat[i], flat[i + 1]] : [flat[i + 1], flat[i]];
    found.set(one, [other, flat[i + 2]]);
  }
  return found;
}

function besideRows([first, ...others]) {
  const { models } = page.data.beside;
  const matched = others.map((other) => partners(first, other));
  const rows = models[first].topics.map(([share], k) => ({
    first: k,
    share,
    others: matched.map((of) => of?.get(k) ?? null),
  }));
  const lone = (row) => row.others.filter((of) => of === null).length;
  rows.sort((a, b) => lone(a) - lone(b) || b.share - a.share || a.first - b.first);
  others.forEach((other, place) => {
    const taken = new Set([...(matched[place]?.values() ?? [])].map(([k]) => k));
    const left = models[other].topics.map(([share], k) => ({ k, share })).filter(({ k }) => !taken.has(k));
    left.sort((a, b) => b.share - a.share || a.k - b.k);
    for (const { k, share } of left) rows.push({ first: null, share: null, others: others.map((_, i) => (i === place ? [k, null] : null)) });
  });
  return rows;
}

const wordList = (words, common) =>
  words.map((word, i) => [i ? ", " : "", common?.has(word) ? element("b", {}, outside(page.data.beside.words[word])) : outside(page.data.beside.words[word])]);

function besideView() {
  const { models } = page.data.beside;
  if (models.length < 2) {
    return [element("h2", {}, "Topics side by side"), element("p", {}, "There are fewer than two candidates of which a model was kept."), models.length === 1 && topicsOfModel(0)];
  }
  const holder = element("div");
  const draw = () => refill(holder, besideTable());
  const options = models.map((_, m) => [m, modelTitle(m)]);
  const selects = [0, 1, 2].map((place) =>
    field(["First", "Second", "Third"][place], choice(place === 2 ? [[NO_OTHER, "none"], ...options] : options, studyChoice.topics[place], (value) => {
      studyChoice.topics[place] = value === NO_OTHER ? NO_OTHER : Number(value);
      draw();
    })),
  );
  const search = element("input", { type: "search", value: studyChoice.query, dir: "auto", on: { input: () => {
    studyChoice.query = search.value;
    draw();
  } } });
  draw();
  return [
    element("h2", {}, "Topics side by side"),
    element("p", { class: "lead" }, "Topics of one trial of each candidate, the one that predicts best. They are matched one to one so that their overlaps (Bhattacharyya's coefficient: 1 for equal topics, 0 without a common word) sum to the most there can be. Words in both are bold. With different numbers of topics, some stay without a partner."),
    element("div", { class: "controls" }, selects.slice(0, models.length > 2 ? 3 : 2), field("Search", search, { hint: "A word of a topic" })),
    holder,
  ];
}

function besideTable() {
  const chosen = studyChoice.topics.filter((m) => m !== NO_OTHER);
  const [first, ...others] = chosen;
  const wanted = fold(studyChoice.query.trim());
  const { words } = page.data.beside;
  const holds = (m, k) => besideWords(m, k).some((word) => fold(words[word]).includes(wanted));
  const rows = besideRows(chosen).filter((row) => !wanted || (row.first !== null && holds(first, row.first)) || row.others.some((of, i) => of && holds(others[i], of[0])));
  const text = (m, k) => besideWords(m, k).map((word) => words[word]).join(", ");
  const cellOf = (m, k, common) =>
    element("div", { class: "topic-words" }, element("span", { class: "no" }, String(k)), " ", wordList(besideWords(m, k), common), common === null && element("span", { class: "muted" }, ` (${percent(page.data.beside.models[m].topics[k][0])})`));
  const sets = new Map();
  const setOf = (m, k) => {
    const key = `${m} ${k}`;
    if (!sets.has(key)) sets.set(key, new Set(besideWords(m, k)));
    return sets.get(key);
  };
  const columns = [
    { title: modelTitle(first), of: (row) => (row.first === null ? null : text(first, row.first)), show: (row) => (row.first === null ? element("span", { class: "muted" }, "no partner") : cellOf(first, row.first)) },
    { title: "Share", of: (row) => row.share, show: (row) => percent(row.share), number: true },
    ...others.flatMap((other, i) => [
      {
        title: modelTitle(other),
        of: (row) => (row.others[i] ? text(other, row.others[i][0]) : null),
        show: (row) => (row.others[i] ? cellOf(other, row.others[i][0], row.first === null ? null : setOf(first, row.first)) : element("span", { class: "muted" }, "no partner")),
      },
      { title: others.length > 1 ? `Overlap, ${i + 2}` : "Overlap", of: (row) => row.others[i]?.[1] ?? null, show: (row) => decimal(row.others[i]?.[1], 2), number: true },
    ]),
  ];
  const mean = others.map((other) => {
    const of = partners(first, other);
    return of ? [...of.values()].reduce((sum, [, overlap]) => sum + overlap, 0) / of.size : null;
  });
  say(`${plural(rows.length, "row")} of topics`);
  return element(
    "section",
    { class: "block" },
    element("p", { class: "hint" }, others.map((other, i) => [mean[i] === null ? "No term in common with " : `Mean overlap ${decimal(mean[i], 3)} with `, outside(modelTitle(other)), ". "])),
    dataTable({ caption: "Topics side by side", shown: false, columns, rows, file: "topics-side-by-side", step: 40, pairs: true }),
  );
}

// The topics of one model, the largest first.
function topicsOfModel(m) {
  const { models, words } = page.data.beside;
  const rows = models[m].topics.map(([share], k) => ({ k, share })).sort((a, b) => b.share - a.share || a.k - b.k);
  return element(
    "section",
    { class: "block" },
    element("h3", {}, `Topics of trial ${models[m].trial}`),
    dataTable({
      caption: `Topics of trial ${models[m].trial}`,
      shown: false,
      columns: [
        { title: "Topic", of: ({ k }) => k },
        { title: "Share", of: ({ share }) => share, show: ({ share }) => percent(share), number: true },
        { title: "Words", of: ({ k }) => besideWords(m, k, 12).map((word) => words[word]).join(", ") },
      ],
      rows,
      file: `trial-${models[m].trial}-topics`,
      step: 25,
    }),
  );
}
