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
    found.textContent = !matches.length ? "No topic has this name, this number or this word." : mapChoice.query.trim() ? `${plural(matches.length, "topic")} found` : `${plural(matches.length, "topic")}, the largest first`;
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

function mapRows({ paper = false, small = false } = {}) {
  const { topics } = page.data;
  const plainly = paper || small; // as a picture, whatever is chosen in the view of the map
  const matches = new Set(plainly ? page.bySize : findTopics(mapChoice.query));
  const all = plainly || !mapChoice.query.trim();
  const labels = mapLabels(all ? page.bySize : [...matches], { small, chosen: plainly ? null : mapChoice.chosen });
  return page.bySize.map((k) => ({
    ...topicRow(k),
    x: topics.x[k],
    y: topics.y[k],
    value: mapChoice.colour && !plainly ? topics[mapChoice.colour][k] : null,
    found: all || matches.has(k),
    label: labels.get(k) ?? "",
    chosen: mapChoice.chosen === k && !plainly,
  }));
}

// The room that the map will have, near enough to tell whether names collide on it.
const MAP_HEIGHT = 460;
const SMALL_HEIGHT = 280;
function mapRoom(small) {
  const page = document.documentElement.clientWidth - 80;
  return small ? { width: Math.min(400, page), height: SMALL_HEIGHT } : { width: Math.min(760, page), height: MAP_HEIGHT };
}

// Square pixels of all circles together: a seventh of the map.
const allCircles = ({ width, height }) => Math.round((width * height) / 9.5);
const radius = (share, room) => Math.sqrt(share * allCircles(room)) / 2;

// Room for the circles at the edge, and at the sides for their names where there is any.
function mapMargin(room) {
  const largest = Math.ceil(radius(page.data.topics.share[page.bySize[0]] ?? 0, room)) + 4;
  return { x: Math.max(room.width > 500 ? 66 : 30, largest), y: Math.max(16, largest) };
}

// Names are written from the largest circle down, where they cover no other name and no circle's middle, or they would
// seem to be the other's; then numbers, where those do not.
function mapLabels(topics, { small = false, chosen = null } = {}) {
  const { x, y, share } = page.data.topics;
  const room = mapRoom(small);
  const { width, height } = room;
  const margin = mapMargin(room);
  const [left, right, bottom, top] = [Math.min(...x), Math.max(...x), Math.min(...y), Math.max(...y)];
  const place = (k) => [
    right > left ? margin.x + ((x[k] - left) / (right - left)) * (width - 2 * margin.x) : width / 2,
    top > bottom ? margin.y + ((top - y[k]) / (top - bottom)) * (height - 2 * margin.y) : height / 2,
  ];
  const taken = [];
  const labels = new Map();
  const shown = topics.slice(0, LABELLED);
  const middles = shown.map((k) => [k, ...place(k), Math.min(8, radius(share[k], room))]);
  const write = (k, text) => {
    if (!text || labels.has(k)) return;
    const wide = Math.min(LABEL_WIDTH, 7 * text.length) / 2 + 2;
    const [across, down] = place(k);
    const box = [across - wide, across + wide, down - 8, down + 8];
    if (taken.some((of) => box[0] < of[1] && of[0] < box[1] && box[2] < of[3] && of[2] < box[3])) return;
    if (middles.some(([other, at, deep, r]) => other !== k && box[0] < at + r && at - r < box[1] && box[2] < deep + r && deep - r < box[3])) return;
    if (text.length > 3 && (box[0] < 0 || box[1] > width)) return;
    taken.push(box);
    labels.set(k, text);
  };
  if (chosen !== null) write(chosen, names.of(chosen));
  for (const k of shown) write(k, names.has(k) ? names.of(k) : topWords(k, small ? 1 : 2, 0.6).join(", "));
  for (const k of shown) write(k, String(k));
  return labels;
}

function mapChart(pick, { paper = false, small = false } = {}) {
  const plainly = paper || small;
  return new Chart("map", mapRows({ paper, small }), {
    paper,
    adjust: (spec) => dressMap(spec, { paper, small }, plainly ? null : page.data.measures.find(({ field: name }) => name === mapChoice.colour)),
    label: `Map of ${plural(page.nTopics, "topic")}: near is alike, area is share.${plainly ? "" : " The list beside it has them all."}`,
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
function dressMap(spec, { paper, small }, measure) {
  const room = mapRoom(small);
  const margin = mapMargin(room);
  if (small) spec.height = SMALL_HEIGHT;
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
    for (const axis of ["x", "y"]) if (layer.encoding[axis]?.scale) layer.encoding[axis].scale.padding = margin[axis];
    // From no share to all of them, so that areas can be compared.
    if (layer.encoding.size) layer.encoding.size.scale = { ...layer.encoding.size.scale, domain: [0, 1], range: [0, allCircles(room)] };
    if (layer.mark?.type === "text") layer.mark = { ...layer.mark, fontSize: small ? 11 : 12, limit: LABEL_WIDTH };
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
