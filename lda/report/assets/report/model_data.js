// Topics, words and documents of the report, looked up. Names of topics change; names.js keeps them.

function openModel() {
  const { share } = page.data.topics;
  page.nTopics = share.length;
  page.bySize = share.map((_, k) => k).sort((a, b) => share[b] - share[a] || a - b);
}

// Terms of a topic, best first. Relevance after Sievert and Shirley: lambda log p + (1 - lambda) log (p / share).
function wordsOf(topic, lambda = 1) {
  const { words, term_share: termShare, vocabulary } = page.data;
  const found = [];
  for (let i = words.offsets[topic]; i < words.offsets[topic + 1]; i++) {
    const p = words.p[i];
    const share = termShare[words.term[i]] || p;
    found.push({
      term: words.term[i],
      word: vocabulary[words.term[i]],
      p,
      share,
      lift: p / share,
      relevance: lambda * Math.log(p) + (1 - lambda) * Math.log(p / share),
    });
  }
  return found.sort((a, b) => b.relevance - a.relevance || a.term - b.term);
}

const topWords = (topic, n = 8, lambda = 1) =>
  wordsOf(topic, lambda)
    .slice(0, n)
    .map((row) => row.word);

function topicsOfWord(term) {
  const { offsets, topic, p, tokens } = page.data.word_topics;
  const found = [];
  for (let i = offsets[term]; i < offsets[term + 1]; i++) found.push({ topic: topic[i], p: p[i], tokens: tokens[i] });
  return found;
}

function topicsOfDocument(row) {
  const { offsets, topic, weight } = page.data.documents.topics;
  const found = [];
  for (let i = offsets[row]; i < offsets[row + 1]; i++) found.push({ topic: topic[i], weight: weight[i] });
  return found.sort((a, b) => b.weight - a.weight || a.topic - b.topic);
}

function nearestOf(row) {
  const { nearest } = page.data.documents;
  if (!nearest || !nearest.per) return [];
  return nearest.document.slice(row * nearest.per, (row + 1) * nearest.per).filter((other) => other >= 0);
}

function bestOf(topic) {
  const { best } = page.data;
  if (!best) return [];
  return best.document.slice(best.offsets[topic], best.offsets[topic + 1]).filter((row) => row >= 0);
}

const textPlaces = new Map();
function piecesOf(row) {
  const { texts } = page.data;
  if (!texts) return null;
  if (!textPlaces.size) texts.document.forEach((document, i) => textPlaces.set(document, i));
  const place = textPlaces.get(row);
  return place === undefined ? null : texts.pieces[place];
}

const groupings = () => [page.data.over, ...page.data.by].filter(Boolean);

// Of a document in a list: its fields on a line.
function fieldsLine(row, limit = 4) {
  const { fields } = page.data.documents;
  return Object.entries(fields)
    .map(([name, values]) => [name, plain(values[row])])
    .filter(([, value]) => value !== "" && value.length < 120)
    .slice(0, limit);
}

const haystacks = { documents: null, words: null };

// All that the search over documents looks at; folded once, when somebody first searches.
function documentHaystack() {
  if (!haystacks.documents) {
    const { id, fields } = page.data.documents;
    const columns = Object.values(fields);
    haystacks.documents = id.map((name, row) => {
      const parts = [name, ...columns.map((values) => plain(values[row]))];
      const pieces = piecesOf(row);
      if (pieces) parts.push(pieces.map(([text]) => text).join(""));
      return fold(parts.join("\n"));
    });
  }
  return haystacks.documents;
}

function wordHaystack() {
  haystacks.words ??= page.data.vocabulary.map(fold);
  return haystacks.words;
}

function findWords(query, limit = Infinity) {
  const wanted = fold(query.trim());
  if (!wanted) return [];
  const ranks = [[], [], []];
  wordHaystack().forEach((word, term) => {
    const at = word.indexOf(wanted);
    if (at < 0) return;
    ranks[word === wanted ? 0 : at === 0 ? 1 : 2].push(term);
  });
  const share = page.data.term_share;
  for (const rank of ranks) rank.sort((a, b) => share[b] - share[a] || a - b);
  return ranks.flat().slice(0, limit);
}

// Topics by name, number, or a word they hold.
function findTopics(query) {
  const wanted = fold(query.trim());
  if (!wanted) return [...page.bySize];
  const holding = new Set();
  const { words } = page.data;
  const terms = new Set(findWords(query));
  for (let k = 0; k < page.nTopics; k++) {
    for (let i = words.offsets[k]; i < words.offsets[k + 1] && !holding.has(k); i++) {
      if (terms.has(words.term[i])) holding.add(k);
    }
  }
  return page.bySize.filter((k) => String(k) === wanted || fold(names.of(k)).includes(wanted) || holding.has(k));
}
