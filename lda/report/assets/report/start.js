// The views of the report, what is printed of it, and its start.

const REPORT_VIEWS = [
  { key: "overview", title: "Overview", draw: overviewView },
  { key: "map", title: "Map", draw: mapView },
  { key: "topic", title: "Topics", draw: (which) => (which === undefined ? topicListView() : topicView(which)) },
  { key: "documents", title: "Documents", draw: documentsView },
  { key: "document", within: "documents", draw: documentView },
  { key: "groups", title: "Time and groups", draw: groupsView },
  { key: "words", title: "Words", draw: wordsView },
  { key: "names", title: "Names", draw: namesView },
];

// Overview, map, and all topics with their words.
function reportHandout() {
  const { warnings, missing, heldout } = page.data;
  return [
    element("h2", {}, "Overview"),
    keyFigures(),
    heldout?.how && element("p", { class: "hint" }, sentence(heldout.how)),
    warnings.length > 0 && [element("h3", {}, "Worth a look"), element("ul", { class: "warnings" }, warnings.map(warningItem))],
    missingInPrint(missing),
    pictures.map && [element("h2", {}, "Map of topics"), picture("map", "Map of topics: near is alike, area is share")],
    element("h2", {}, "Topics"),
    element(
      "table",
      { class: "all-topics" },
      element("thead", {}, element("tr", {}, ["No.", "Name", "Share", "Words"].map((title) => element("th", { scope: "col" }, title)))),
      element(
        "tbody",
        {},
        page.bySize.map((k) =>
          element("tr", {}, element("td", { class: "number" }, String(k)), element("td", {}, outside(names.of(k))), element("td", { class: "number" }, percent(page.data.topics.share[k])), element("td", {}, outside(topWords(k, 15, 0.6).join(", ")))),
        ),
      ),
    ),
    factsBlock("What was fitted, and how"),
  ];
}

startPage({
  called: "report",
  views: REPORT_VIEWS,
  opened: () => {
    openModel();
    names.open();
  },
  handout: reportHandout,
  pictures: { map: () => (page.specs.map ? mapChart(() => {}, { paper: true }) : null) },
});
