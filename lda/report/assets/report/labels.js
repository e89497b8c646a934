// Names: all of them in one place, to be typed, saved and read again.

function namesView() {
  const rows = element("tbody", { role: "rowgroup" });
  const problem = element("p", { class: "notice", role: "alert", hidden: true });
  const state = element("p", { class: "hint" });
  const filter = element("input", { type: "search", on: { input: () => draw() } });
  let cut = () => {};
  function draw() {
    cut();
    refill(rows);
    const matches = findTopics(filter.value).sort((a, b) => (filter.value.trim() ? 0 : a - b));
    if (filter.value.trim()) say(`${plural(matches.length, "topic")} found`);
    cut = longList(rows, matches, nameRow, 50);
    tell();
  }
  function tell() {
    const kept = names.storable ? "What you type is kept in this browser, for this model" : "This browser keeps nothing for this page";
    state.textContent = `${count(names.given.size)} of ${plural(page.nTopics, "topic")} named. ${kept}; the file labels.json takes it along.`;
  }
  const file = element("input", {
    type: "file",
    accept: ".json,application/json",
    id: freshId("file"),
    tabindex: "-1", // the button beside it opens it
    on: {
      change: async () => {
        const [chosen] = file.files;
        if (!chosen) return;
        const wrong = chosen.size > 50_000_000 ? "This file is too large for names." : names.load(await chosen.text());
        file.value = "";
        problem.hidden = wrong === null;
        problem.textContent = wrong ?? "";
        if (wrong === null) {
          say("Names are read");
          draw();
        }
      },
    },
  });
  names.listeners.add(tell);
  closeLater(() => names.listeners.delete(tell));
  const table = element(
    "table",
    { role: "table" }, // on a phone it is none to the eye
    element("caption", { class: "unseen" }, "Names of all topics"),
    element("thead", { role: "rowgroup" }, element("tr", { role: "row" }, ["Topic", "Name", "Suggestions", "Words"].map((title) => element("th", { scope: "col", role: "columnheader" }, title)))),
    rows,
  );
  draw();
  return [
    element("h2", {}, "Names"),
    element("p", { class: "lead" }, "Type names here or on a topic's page. ", element("code", {}, "lda label MODEL labels.json"), " keeps them with the model."),
    element(
      "div",
      { class: "controls" },
      field("Find", filter),
      element("div", { class: "buttons" }, button("Download labels.json", () => download("labels.json", names.file(), "application/json"), { class: "main-button" }), button("Read a labels.json", () => file.click()), button("Back to the report’s own names", () => {
        names.reset();
        draw();
        say("The names are those of the report again");
      }), element("label", { for: file.id, class: "unseen" }, "File of names"), file),
    ),
    problem,
    state,
    element("div", { class: "table names" }, element("div", { class: "scroller", tabindex: "0", role: "region", "aria-label": "Names of all topics" }, table)),
  ];
}

function nameRow(k) {
  const input = nameInput(k, { "aria-label": `Name of topic ${k}` });
  const given = (page.data.topics.suggestions?.[k] ?? []).slice(0, 3);
  return element(
    "tr",
    { role: "row" },
    element("th", { scope: "row", role: "rowheader" }, link(`#/topic/${k}`, `Topic ${k}`)),
    element("td", { role: "cell" }, input),
    element(
      "td",
      { role: "cell" },
      element("div", { class: "chips" }, given.map((name) =>
        button(outside(name), () => {
          names.set(k, name, SUGGESTED);
          input.value = names.given.get(k)?.name ?? "";
        }, { class: "chip", "aria-label": `Call topic ${k} ${name}` }),
      )),
    ),
    element("td", { class: "muted", role: "cell" }, outside(topWords(k, 8, 0.6).join(", "))),
  );
}
