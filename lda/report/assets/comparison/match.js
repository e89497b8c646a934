// Two matched topics: their words, and by how much these differ.

function matchView(which) {
  const [place, topic] = (which ?? "").split("/");
  const pair = /^\d+$/.test(place) ? page.data.pairs[Number(place)] : undefined;
  const match = pair && /^\d+$/.test(topic ?? "") ? matchOf(pair, Number(topic)) : undefined;
  if (!match) return notThere("There is no such pair of topics in this comparison.");
  comparisonChoice.pair = Number(place);
  const at = pair.matches.findIndex(([first]) => first === match.first);
  const go = (to, arrow) => (pair.matches[to] ? element("a", { href: `#/match/${place}/${pair.matches[to][0]}` }, arrow, outside(fullTitle(pair.first, pair.matches[to][0]))) : element("span"));
  const aside = (m, k) =>
    element(
      "section",
      { class: "block" },
      element("p", { class: "over-title" }, outside(modelName(m))),
      element("h3", {}, topicName(m, k)),
      element("p", {}, outside(modelOf(m).topics[k][2].join(", "))),
      element("p", { class: "hint" }, `${percent(topicShare(m, k))} of its tokens`),
    );
  return [
    element("nav", { class: "pager", "aria-label": "Matched topics" }, go(at - 1, "← "), link("#/topics", "All topics"), go(at + 1, "→ ")),
    element("p", { class: "over-title" }, `Topic ${match.first} of the first model, topic ${match.second} of the second`),
    element("h2", {}, outside(topicTitle(pair.first, match.first))),
    element("p", {}, kindTag(match.kind), ` Overlap ${decimal(match.overlap, 3)}, distance ${decimal(match.distance, 3)}. `, match.near ? `They are near: from ${decimal(pair.near, 3)} on topics are.` : `They are what is left over for each other, but not near: that begins at ${decimal(pair.near, 3)}.`),
    element("div", { class: "cards" }, aside(pair.first, match.first), aside(pair.second, match.second)),
    changedBlock(pair, match),
  ];
}

function changedBlock(pair, match) {
  const words = [...match.gained, ...[...match.lost].reverse()];
  if (!words.length) return element("p", {}, "No word differs between the two.");
  const models = [modelName(pair.first), modelName(pair.second)];
  const rows = words.flatMap(([word, first, second]) =>
    [first, second].map((p, i) => ({ word, model: models[i], p, low: Math.min(first, second), high: Math.max(first, second), first, second })),
  );
  const chart = new Chart("words", rows, {
    label: `Words that differ most between the two topics: gained ${match.gained.map(([word]) => word).join(", ") || "none"}; lost ${match.lost.map(([word]) => word).join(", ") || "none"}.`,
    file: `words-of-topic-${match.first}-and-${match.second}`,
    adjust: (spec, width) => legendWithin(spec, models, width),
    columns: [
      { title: "Word", of: (row) => row.word },
      { title: "Model", of: (row) => row.model },
      { title: "p(word | topic)", of: (row) => row.p, number: true },
    ],
  });
  return element("section", { class: "block" }, element("h3", {}, "Words that moved within it"), chart.element, element("p", { class: "hint" }, "From the word that gained most to the one that lost most."));
}
