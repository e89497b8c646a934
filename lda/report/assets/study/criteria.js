// Every criterion over a parameter, what each can and cannot tell, and how much the parameters matter.

function criteriaView() {
  const { criteria, importance, parameters } = page.data;
  const holder = element("div", { class: "block" });
  const draw = () => {
    closeCharts(holder);
    refill(holder, criteriaChart().element);
  };
  draw();
  return [
    element("h2", {}, "Criteria"),
    element("p", { class: "lead" }, "None of these numbers knows how many topics there are. Each answers a question of its own; where they disagree, the use of the model decides."),
    parameters.length > 1 &&
      element("div", { class: "controls few" }, parameterChoice("Along", studyChoice.along, (value) => {
        studyChoice.along = value;
        draw();
      })),
    holder,
    importance && parameters.length > 1 && importanceBlock(importance),
    element(
      "section",
      { class: "block" },
      element("h3", {}, "What each can tell, and what it cannot"),
      element(
        "dl",
        { class: "measures" },
        criteria.map(({ title, what, caution: doubt }) =>
          element("div", {}, element("dt", {}, title), element("dd", { class: "hint" }, outside(what)), element("dd", { class: "hint" }, element("strong", {}, "But: "), doubt)),
        ),
      ),
    ),
    extraBlock(),
  ];
}

function criteriaRows(along) {
  const { criteria, parameters } = page.data;
  const rows = [];
  criteria.forEach((criterion, rank) => {
    const memory = criterion.field === "peak_bytes";
    const name = memory ? `${criterion.title}, MiB` : criterion.title;
    const value = (of) => (of[criterion.field] === null || of[criterion.field] === undefined ? null : of[criterion.field] * (memory ? 2 ** -20 : 1));
    for (const i of sortedCandidates(along)) {
      const candidate = candidateOf(i);
      const others = parameters.filter((parameter) => parameter !== along).map((parameter) => withSymbol(parameter, valueOf(candidate, parameter)));
      const common = { name, rank, candidate: candidate.title, x: valueOf(candidate, along), series: others.join(", ") };
      if (value(candidate) !== null) rows.push({ ...common, kind: "candidate", value: value(candidate) });
      if (candidate.n_trials < 2) continue;
      for (const trial of trialsOf(i)) if (trial.state === "done" && value(trial) !== null) rows.push({ ...common, kind: "seed", value: value(trial) });
    }
  });
  return rows;
}

function criteriaChart() {
  const along = alongParameter();
  const rows = criteriaRows(along);
  return new Chart("criteria", rows, {
    label: `Each criterion over ${along?.title ?? "all trials"}.`,
    file: "criteria",
    evenly: true,
    adjust: (spec) => {
      placeAlong(spec, along, rows, { small: true });
      if (!along?.numeric || distinct(rows.filter((row) => row.kind === "candidate" && row.rank === 0).map((row) => `${row.series}\n${row.x}`)).length !== page.data.candidates.filter((candidate) => candidate.heldout !== null).length) {
        spec.spec.layer = spec.spec.layer.filter((layer) => layer.mark.type !== "line");
      }
    },
    columns: [
      { title: "Criterion", of: (row) => row.name },
      { title: "Candidate", of: (row) => row.candidate },
      { title: "Kind", of: (row) => row.kind },
      { title: "Value", of: (row) => row.value, number: true },
    ],
  });
}

function importanceBlock({ rows, how }) {
  const chart = new Chart("importance", rows, {
    label: `How much each parameter matters: ${rows.map(({ name, share }) => `${name} ${percent(share)}`).join(", ")}.`,
    file: "importance",
    columns: [
      { title: "Parameter", of: (row) => row.name },
      { title: "Importance", of: (row) => row.share, show: (row) => percent(row.share), number: true },
    ],
  });
  return element("section", { class: "block" }, element("h3", {}, "Which parameters matter"), chart.element, element("p", { class: "hint" }, sentence(how)));
}

// The criteria of Griffiths and Steyvers, Cao, Arun and Deveaud, where somebody asked for them.
function extraBlock() {
  const { candidates } = page.data;
  const fields = distinct(candidates.flatMap((candidate) => Object.keys(candidate.extra ?? {})));
  if (!fields.length) return null;
  return element(
    "section",
    { class: "block" },
    element("h3", {}, "Criteria that were asked for"),
    dataTable({
      caption: "Criteria that compare numbers of topics by one model each; on large collections they rise or fall without end, or pick nearly any number.",
      columns: [
        { title: "Candidate", of: (i) => candidates[i].title, show: (i) => candidateLink(i) },
        ...fields.map((name) => ({ title: name.replaceAll("_", " "), of: (i) => candidates[i].extra?.[name], show: (i) => decimal(candidates[i].extra?.[name], 4), number: true })),
      ],
      rows: candidates.map((_, i) => i),
      file: "criteria-on-request",
    }),
  );
}
