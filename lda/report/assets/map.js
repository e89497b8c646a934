// Map of topics: near is alike, area is share.

const LABELLED = 60;
const LABEL_WIDTH = 150;
const CIRCLE = "#5b9bd5"; // under writing, light or dark
const mapChoice = { colour: "", query: "", chosen: null };

function mapView() {
  const { measures } = page.data;
  const results = element("ul", { class: "topic-list", "aria-label": "Topics" });
  const card = element("div", { class: "card about", "aria-live": "polite" });
  const found = element("p", { class: "hint" });
  let cut = () => {};
  const chart = mapChart((row) => choose(row.topic));

  function choose(k) {
    mapChoice.chosen = k;
    refill(card, aboutTopic(k));
    chart.update(mapRows());
    for (const item of results.querySelectorAll("button")) item.setAttribute("aria-pressed", String(Number(item.dataset.topic) === k));
  }
  function search() {
    const matches = findTopics(mapChoice.query);
    cut();
    refill(results);
    cut = longList(
      results,
      matches,
      (k) =>
        element(
          "li",
          {},
          button(
            [element("span", { class: "no" }, String(k)), " ", outside(names.of(k)), element("span", { class: "muted" }, ` ${percent(page.data.topics.share[k])}`)],
            () => choose(k),
            { "data-topic": k, "aria-pressed": String(mapChoice.chosen === k) },
          ),
        ),
      30,
    );
    found.textContent = mapChoice.query.trim() ? `${plural(matches.length, "topic")} found` : `${plural(matches.length, "topic")}, the largest first`;
    if (mapChoice.query.trim()) say(found.textContent);
    chart.update(mapRows());
  }
  const input = element("input", {
    type: "search",
    value: mapChoice.query,
    placeholder: "a name, a number or a word",
    on: {
      input: () => {
        mapChoice.query = input.value;
        search();
      },
    },
  });
  const colour = choice(
    [["", "nothing"], ...measures.map(({ field: name, title }) => [name, title])],
    mapChoice.colour,
    (chosen) => {
      mapChoice.colour = chosen;
      explained.textContent = measures.find(({ field: name }) => name === chosen)?.what ?? "";
      chart.update(mapRows());
      chart.again();
    },
  );
  const explained = element("p", { class: "hint" }, measures.find(({ field: name }) => name === mapChoice.colour)?.what ?? "");
  search();
  if (mapChoice.chosen !== null) refill(card, aboutTopic(mapChoice.chosen));
  else refill(card, element("p", { class: "hint" }, "Click a circle, or choose a topic from the list, to read about it here."));
  return [
    element("h2", {}, "Map of topics"),
    element("p", { class: "lead" }, "Topics that lie close use similar words: the plane keeps, as well as two dimensions can, the distances between them (square root of the Jensen-Shannon divergence). A circle's area is the topic's share. The axes mean nothing."),
    element("div", { class: "controls" }, field("Search", input), measures.length > 0 && field("Colour by", colour)),
    explained,
    element(
      "div",
      { class: "with-side" },
      element("div", {}, chart.element),
      element("div", { class: "side" }, card, found, element("div", { class: "list-scroll", tabindex: "0", role: "region", "aria-label": "List of topics" }, results)),
    ),
  ];
}

function mapRows({ paper = false } = {}) {
  const { topics } = page.data;
  const matches = new Set(findTopics(mapChoice.query));
  const all = paper || !mapChoice.query.trim();
  const labels = mapLabels(all ? page.bySize : [...matches]);
  return page.bySize.map((k) => ({
    ...topicRow(k),
    x: topics.x[k],
    y: topics.y[k],
    value: mapChoice.colour && !paper ? topics[mapChoice.colour][k] : null,
    found: all || matches.has(k),
    label: labels.get(k) ?? "",
    chosen: mapChoice.chosen === k && !paper,
  }));
}

// The width that the map will have, near enough to tell whether names collide on it.
const mapWidth = () => Math.min(760, document.documentElement.clientWidth - 80);

// Room for names of topics at the sides, where there is any.
const mapMargin = () => (mapWidth() > 500 ? 66 : 28);

// Names are written from the largest circle down, where they cover no other; then numbers, where those do not.
function mapLabels(topics) {
  const { x, y } = page.data.topics;
  const width = mapWidth();
  const margin = mapMargin();
  const [left, right, bottom, top] = [Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y)];
  const taken = [];
  const labels = new Map();
  const write = (k, text) => {
    if (!text || labels.has(k)) return;
    const wide = Math.min(LABEL_WIDTH, 7 * text.length) / 2 + 2;
    const across = margin + ((x[k] - left) / (right - left || 1)) * (width - 2 * margin);
    const down = 28 + ((top - y[k]) / (top - bottom || 1)) * (460 - 56);
    const box = [across - wide, across + wide, down - 8, down + 8];
    if (taken.some((of) => box[0] < of[1] && of[0] < box[1] && box[2] < of[3] && of[2] < box[3])) return;
    if (text.length > 3 && (box[0] < 0 || box[1] > width)) return;
    taken.push(box);
    labels.set(k, text);
  };
  const shown = topics.slice(0, LABELLED);
  if (mapChoice.chosen !== null) write(mapChoice.chosen, names.of(mapChoice.chosen));
  for (const k of shown) write(k, names.has(k) ? names.of(k) : topWords(k, 2, 0.6).join(", "));
  for (const k of shown) write(k, String(k));
  return labels;
}

function mapChart(pick, { paper = false } = {}) {
  return new Chart("map", paper ? mapRows({ paper }) : mapRows(), {
    paper,
    adjust: (spec) => dressMap(spec, paper, paper ? null : page.data.measures.find(({ field: name }) => name === mapChoice.colour)),
    label: `Map of ${plural(page.nTopics, "topic")}: near is alike, area is share. The list beside it has them all.`,
    file: "topic-map",
    pick: (row) => {
      if (Number.isInteger(row.topic)) pick(row);
    },
    columns: [
      { title: "Topic", of: (row) => row.topic, number: true },
      { title: "Name", of: (row) => row.name },
      { title: "Share", of: (row) => row.share, show: (row) => percent(row.share), number: true },
      { title: "x", of: (row) => row.x, show: (row) => decimal(row.x), number: true },
      { title: "y", of: (row) => row.y, show: (row) => decimal(row.y), number: true },
    ],
  });
}

// The legend and what is said at the pointer follow the number that is chosen; without one there is neither.
function dressMap(spec, paper, measure) {
  for (const layer of spec.layer ?? [spec]) {
    const { color, tooltip } = layer.encoding;
    if (color?.field === "value") {
      if (measure) {
        color.legend = { ...color.legend, title: measure.title };
        const values = page.data.topics[measure.field].filter((value) => value !== null);
        const most = Math.max(...values.map(Math.abs));
        // What rises and falls, a trend say, is read from none.
        if (Math.min(...values) < 0 && Math.max(...values) > 0) {
          color.scale = { domain: [-most, most], domainMid: 0, range: "diverging", interpolate: "rgb" };
        }
      }
      else layer.encoding.color = { value: CIRCLE };
    }
    if (layer.encoding.x?.scale) layer.encoding.x.scale.padding = mapMargin();
    // Few topics are large ones.
    if (layer.encoding.size) layer.encoding.size.scale = { ...layer.encoding.size.scale, range: [0, Math.max(1200, Math.min(6000, 90_000 / page.nTopics))] };
    if (layer.mark?.type === "text") layer.mark = { ...layer.mark, fontSize: 12, limit: LABEL_WIDTH };
    if (Array.isArray(tooltip)) {
      const kept = tooltip.filter((part) => part.field !== "value" || measure);
      layer.encoding.tooltip = kept.map((part) => (part.field === "value" ? { ...part, title: measure.title } : part));
    }
  }
  if (spec.layer) {
    ringChosen(spec);
    edgeNames(spec, paper);
  }
}

// Names have an edge of the ground's colour, so that they are read on a circle of any colour.
function edgeNames(spec, paper) {
  const at = spec.layer.findIndex((layer) => layer.mark?.type === "text");
  if (at < 0) return;
  const names = spec.layer[at];
  const stroke = paper ? "white" : surfaceColour();
  spec.layer.splice(at, 0, { ...names, mark: { ...names.mark, stroke, strokeWidth: 3, strokeJoin: "round", strokeOpacity: 0.75 } });
}

// The chosen topic has a ring, wherever it was chosen: on the map or in the list.
function ringChosen(spec) {
  const circles = spec.layer.find((layer) => layer.encoding?.size);
  if (!circles) return;
  const { x, y, size } = circles.encoding;
  const ring = {
    transform: [{ filter: { field: "chosen", equal: true } }],
    mark: { type: "point", filled: false, strokeWidth: 3, opacity: 1, tooltip: null, aria: false, style: "interval" },
    encoding: { x, y, size },
  };
  spec.layer.splice(spec.layer.indexOf(circles) + 1, 0, ring);
}

function aboutTopic(k) {
  return [
    element("h3", {}, topicLink(k)),
    element("p", {}, element("strong", {}, percent(page.data.topics.share[k])), " of all tokens. ", outside(topWords(k, 12).join(", "))),
    relatedList(k, 5),
    element("p", {}, link(`#/topic/${k}`, "Open this topic")),
  ];
}

function relatedList(k, limit) {
  const related = (page.data.topics.related?.[k] ?? []).slice(0, limit);
  if (!related.length) return null;
  return [
    element("h3", { class: "small" }, "Related topics"),
    element(
      "ul",
      { class: "related" },
      related.map(([other, distance]) => element("li", {}, topicLink(other), element("span", { class: "muted" }, ` distance ${decimal(distance, 2)}`))),
    ),
  ];
}
