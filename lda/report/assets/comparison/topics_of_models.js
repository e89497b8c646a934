// Topics of the models, looked up; which pair of models is shown.

const comparisonChoice = { pair: 0, kind: "", query: "", order: "match" };

const KINDS = {
  shared: ["Shared", "one topic of each model, near each other"],
  split: ["Split", "one topic of the first model is made up of several of the second"],
  merged: ["Merged", "several topics of the first model make up one of the second"],
  particular: ["Particular", "a topic of one model with nothing near it in the other"],
  empty: ["Empty", "a topic without tokens"],
};

const shownPair = () => page.data.pairs[comparisonChoice.pair];
const modelOf = (m) => page.data.models[m];

// Two models may be called the same.
const modelName = (m) => (page.data.models.filter(({ name }) => name === modelOf(m).name).length > 1 ? `${modelOf(m).name} (${m + 1})` : modelOf(m).name);
const topicWords = (m, k, n = 8) => modelOf(m).topics[k][2].slice(0, n);
const topicShare = (m, k) => modelOf(m).topics[k][1];

// A name, or the first words.
const topicTitle = (m, k) => modelOf(m).topics[k][0] ?? topicWords(m, k, 3).join(", ");
const fullTitle = (m, k) => `${k}. ${topicTitle(m, k)}`;

function topicCell(m, k, n = 8) {
  const [name] = modelOf(m).topics[k];
  return element(
    "div",
    { class: "topic-words" },
    element("span", { class: "no" }, String(k)),
    " ",
    name !== null && [element("strong", {}, outside(name)), " "],
    outside(topicWords(m, k, n).join(", "), { class: name === null ? null : "muted" }),
  );
}

const topicName = (m, k) => element("span", {}, element("span", { class: "no" }, String(k)), " ", outside(topicTitle(m, k)));

const matchFields = ([first, second, overlap, distance, near, kind, gained, lost]) => ({ first, second, overlap, distance, near, kind, gained, lost });
const matchOf = (pair, first) => {
  const found = pair.matches.find((match) => match[0] === first);
  return found && matchFields(found);
};

const kindTag = (kind) => element("span", { class: `kind ${kind}`, title: KINDS[kind][1] }, KINDS[kind][0]);

const pairTitle = (pair) => `${modelName(pair.first)} and ${modelName(pair.second)}`;

// With two models there is one pair, and nothing to choose.
function pairChoice() {
  const { pairs } = page.data;
  if (pairs.length < 2) return null;
  return field("Compare", choice(pairs.map((pair, i) => [i, pairTitle(pair)]), comparisonChoice.pair, (value) => {
    comparisonChoice.pair = Number(value);
    redraw();
  }));
}

const pairControls = () => page.data.pairs.length > 1 && element("div", { class: "controls few" }, pairChoice());
