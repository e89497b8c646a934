// The views of a study, what is printed of it, and its start.

const STUDY_VIEWS = [
  { key: "overview", title: "Overview", draw: studyOverview },
  { key: "criteria", title: "Criteria", draw: criteriaView },
  { key: "curves", title: "Curves", draw: curvesView },
  { key: "candidates", title: "Candidates", draw: candidatesView },
  { key: "candidate", within: "candidates", draw: candidateView },
  { key: "trials", title: "Trials", draw: trialsView },
  { key: "topics", title: "Topics side by side", draw: besideView },
];

function studyHandout() {
  const { missing, candidates, criteria, best } = page.data;
  const kept = criteria.filter((criterion) => criterion.field !== "heldout");
  return [
    element("h2", {}, "Overview"),
    adviceBlock(),
    studyFigures(),
    pictures.heldout && [element("h2", {}, "Held-out documents"), picture("heldout", "Held-out log-likelihood of each candidate")],
    element("h2", {}, "Candidates"),
    element(
      "table",
      { class: "printed" },
      element("thead", {}, element("tr", {}, ["Candidate", "Held out", "Less the best", ...kept.map((criterion) => criterion.title)].map((title, i) => element("th", { scope: "col", class: i ? "number" : null }, title)))),
      element(
        "tbody",
        {},
        candidates.map((candidate, i) =>
          element(
            "tr",
            {},
            element("th", { scope: "row" }, outside(candidate.title)),
            element("td", { class: "number" }, decimal(candidate.heldout, 4)),
            element("td", { class: "number" }, i === best ? "the best" : withError(candidate.difference, candidate.margin)),
            kept.map((criterion) => element("td", { class: "number" }, criterionText(criterion, candidate[criterion.field]))),
          ),
        ),
      ),
    ),
    missingInPrint(missing),
    factsBlock("What was tried, and on what"),
  ];
}

startPage({
  called: "study",
  views: STUDY_VIEWS,
  opened: openStudy,
  handout: studyHandout,
  pictures: { heldout: () => (page.data.candidates.some((candidate) => candidate.heldout !== null) ? heldoutChart({ paper: true }) : null) },
});
