// Time and groups: the share of topics over the values of a field, and how sure that is.

const groupChoice = { field: 0, sort: "spread", topic: null };
const SMALL = 12; // small multiples at a time
const HEAT = 30; // rows of the heat map at a time
const BARS = 25; // groups at first

const groupSorts = {
  spread: ["what differs most", "Sorted by how much a topic's share differs between groups: its standard deviation, a group counting as its documents."],
  relative: ["what differs most for its size", "Sorted by that standard deviation over the topic's mean share: small topics that come and go come first."],
  size: ["size", "Sorted by the topic's share in all tokens."],
};

function spreads(groups) {
  if (groups.spreads) return groups.spreads;
  const total = groups.n_documents.reduce((sum, n) => sum + n, 0) || 1;
  groups.spreads = page.data.topics.share.map((_, k) => {
    let mean = 0;
    let square = 0;
    groups.n_documents.forEach((n, g) => {
      if (n) mean += (n * groups.mean[g][k]) / total;
    });
    groups.n_documents.forEach((n, g) => {
      if (n) square += (n * (groups.mean[g][k] - mean) ** 2) / total;
    });
    return { mean, spread: Math.sqrt(square), relative: mean > 0 ? Math.sqrt(square) / mean : 0 };
  });
  return groups.spreads;
}

function sortedTopics(groups, by) {
  if (by === "size") return page.bySize;
  const found = spreads(groups);
  return [...page.bySize].sort((a, b) => found[b][by] - found[a][by] || a - b);
}

function groupRows(groups, topics) {
  const rows = [];
  const found = spreads(groups);
  topics.forEach((k, rank) => {
    groups.values.forEach((value, g) => {
      if (!groups.n_documents[g]) return; // a bin of time without documents has no share
      rows.push({
        topic: k,
        rank,
        name: names.full(k),
        value: plain(value),
        start: groups.starts?.[g] ?? null,
        mean: groups.mean[g][k],
        low: groups.low[g][k],
        high: groups.high[g][k],
        difference: groups.mean[g][k] - found[k].mean,
        n_documents: groups.n_documents[g],
      });
    });
  });
  return rows;
}

const groupColumns = (groups) => [
  { title: "Topic", of: (row) => row.topic, number: true },
  { title: "Name", of: (row) => row.name },
  { title: groups.field, of: (row) => row.value },
  { title: "Mean share", of: (row) => row.mean, show: (row) => percent(row.mean), number: true },
  { title: "Low (95%)", of: (row) => row.low, show: (row) => percent(row.low), number: true },
  { title: "High (95%)", of: (row) => row.high, show: (row) => percent(row.high), number: true },
  { title: "Documents", of: (row) => row.n_documents, show: (row) => count(row.n_documents), number: true },
];

const isCourse = (groups) => groups.kind !== "category";
const fileOf = (groups) => `over-${groups.field}`;

// The share of one topic over the values of a field, as a line, or as bars, the highest first; of many groups the others
// come on demand.
function oneTopic(k, groups) {
  const course = isCourse(groups);
  const rows = groupRows(groups, [k]);
  if (!rows.length) return null;
  const many = !course && rows.length > BARS + 5;
  if (!course) rows.sort((a, b) => b.mean - a.mean);
  const most = rows.reduce((best, row) => (row.mean > best.mean ? row : best));
  const chart = new Chart(course ? "over" : "by_bars", many ? rows.slice(0, BARS) : rows, {
    label: `Share of topic ${k} ${course ? "over" : "by"} ${groups.field}; highest at ${most.value}, ${percent(most.mean)} of ${plural(most.n_documents, "document")}.`,
    file: `topic-${k}-${course ? "over" : "by"}-${groups.field}`,
    adjust: course ? withoutLegend : null,
    columns: groupColumns(groups),
    kind: groups.kind,
  });
  const all = many && button(`Show all ${count(rows.length)} groups (the ${BARS} highest are shown)`, () => {
    chart.update(rows);
    all.remove();
    say(`${count(rows.length)} groups shown`);
  }, { class: "quiet more" });
  return [chart.element, all];
}

// On a topic's page.
function topicCourse(k, groups) {
  const drawn = oneTopic(k, groups);
  if (!drawn) return null;
  return element(
    "section",
    { class: "block" },
    element("h3", {}, isCourse(groups) ? "Over " : "By ", outside(groups.field)),
    drawn,
    element("p", { class: "hint" }, `Mean share over the documents of each ${isCourse(groups) ? "bin" : "group"}, with 95% intervals. `, documentsBehind(groups)),
  );
}

function documentsBehind(groups) {
  const counts = groups.n_documents.filter((n) => n > 0);
  const few = Math.min(...counts);
  const many = Math.max(...counts);
  const range = few === many ? plural(few, "document") : `${count(few)} to ${plural(many, "document")}`;
  const without = groups.n_missing ? ` ${plural(groups.n_missing, "document")} without a value ${groups.n_missing === 1 ? "is" : "are"} left out.` : "";
  return `${range} behind each value.${without}`;
}

function groupsView(wanted) {
  const all = groupings();
  if (!all.length) return [element("h2", {}, "Time and groups"), element("p", {}, sentence("This report compares nothing: `lda report MODEL CORPUS --over FIELD --by FIELD` shows topics over time and between groups."))];
  const asked = all.findIndex((groups) => groups.field === wanted);
  if (asked >= 0) groupChoice.field = asked;
  groupChoice.field = Math.min(groupChoice.field, all.length - 1);
  const groups = all[groupChoice.field];
  const topics = sortedTopics(groups, groupChoice.sort);
  groupChoice.topic = groupChoice.topic ?? topics[0];
  const sort = choice(Object.entries(groupSorts).map(([key, [title]]) => [key, title]), groupChoice.sort, (chosen) => {
    groupChoice.sort = chosen;
    redraw();
  });
  const fields = choice(all.map((of, i) => [i, `${isCourse(of) ? "over" : "by"} ${of.field}`]), groupChoice.field, (chosen) => {
    location.hash = `#/groups/${encodeURIComponent(all[Number(chosen)].field)}`;
  });
  return [
    element("h2", {}, "Time and groups"),
    element("p", { class: "lead" }, "Mean share of a topic over the documents behind each value, with 95% intervals over documents. ", documentsBehind(groups)),
    element("div", { class: "controls" }, field("Compare", fields), field("Sort by", sort, { hint: groupSorts[groupChoice.sort][1] })),
    isCourse(groups) ? smallMultiples(groups, topics) : groupBars(groups, topics),
    heatMap(groups, topics),
    behindTable(groups),
  ];
}

function smallMultiples(groups, topics) {
  const shown = topics.slice(0, SMALL);
  const chart = new Chart("over_small", groupRows(groups, shown), {
    label: `Shares of ${plural(shown.length, "topic")} over ${groups.field}: ${shown.slice(0, 4).map(names.of, names).join("; ")}.`,
    file: `${fileOf(groups)}-small`,
    pick: pickTopic,
    columns: groupColumns(groups),
    kind: groups.kind,
  });
  return element("section", { class: "block" }, element("h3", {}, `Course of ${shown.length === page.nTopics ? "all topics" : plural(shown.length, "topic")}`), chart.element);
}

function groupBars(groups, topics) {
  const holder = element("div");
  function draw() {
    closeCharts(holder);
    refill(holder, oneTopic(Number(groupChoice.topic), groups));
  }
  const pick = choice(topics.map((k) => [k, names.full(k)]), groupChoice.topic, (chosen) => {
    groupChoice.topic = Number(chosen);
    draw();
  });
  draw();
  return element("section", { class: "block" }, element("h3", {}, "One topic in each group"), field("Topic", pick), holder);
}

function heatMap(groups, topics) {
  const holder = element("div");
  let shown = Math.min(HEAT, topics.length);
  const more = button("", () => {
    shown = Math.min(topics.length, shown + HEAT);
    draw();
  }, { class: "quiet more" });
  function draw() {
    closeCharts(holder);
    const chosen = topics.slice(0, shown);
    const chart = new Chart("by_heat", groupRows(groups, chosen), {
      adjust: (spec, width) => evenly(spec, groupRows(groups, chosen), width),
      label: `Heat map: by how much the mean share of ${plural(chosen.length, "topic")} in each ${groups.field} differs from that in all documents.`,
      file: `${fileOf(groups)}-heat`,
      pick: pickTopic,
      columns: groupColumns(groups),
    kind: groups.kind,
    });
    more.textContent = `Show more topics (${count(shown)} of ${count(topics.length)} shown)`;
    refill(holder, chart.element, shown < topics.length && more);
  }
  draw();
  return element("section", { class: "block" }, element("h3", {}, "Topics against ", outside(groups.field)), holder);
}

// As much above as below has as much colour; of itself the scale would give the lesser side all of its colours.
function evenly(spec, rows, width) {
  const { color, x } = spec.encoding;
  const most = rows.reduce((top, row) => Math.max(top, Math.abs(row.difference)), 1e-9);
  const end = most > 0.05 ? Math.ceil(most * 20) / 20 : most;
  color.scale = { ...color.scale, domain: [-end, end], domainMid: 0, interpolate: "rgb" };
  color.legend = { ...color.legend, gradientLength: Math.min(260, Math.round(0.45 * width)), values: [-end, 0, end] };
  // All values are named where there is room for upright writing, and every so many where there is none.
  const values = [...new Set(rows.map((row) => String(row.value)))];
  const n = values.length;
  const step = (0.6 * width) / n;
  // Slanting writing reaches beyond the last column, by some five pixels a letter.
  const reach = 5 * (values[n - 1] ?? "").length;
  const lies = 7 * Math.max(0, ...values.map((value) => value.length)) < step;
  const stands = width < 500 || n > 12 || reach > step / 2;
  x.axis = { ...x.axis, labelOverlap: step < 13, ...(lies ? { labelAngle: 0 } : stands && { labelAngle: -90 }) };
}

function behindTable(groups) {
  const rows = groups.values.map((value, g) => ({ value: plain(value), n: groups.n_documents[g] }));
  return element(
    "details",
    { class: "block", open: rows.length <= 12 },
    element("summary", {}, element("h3", {}, "Documents behind each value")),
    element("div", { class: "narrow" }, dataTable({
      caption: `Documents by ${groups.field}`,
      shown: false,
      columns: [
        { title: groups.field, of: (row) => row.value },
        { title: "Documents", of: (row) => row.n, show: (row) => count(row.n), number: true },
      ],
      rows,
      file: `documents-by-${groups.field}`,
      step: 20,
    })),
  );
}
