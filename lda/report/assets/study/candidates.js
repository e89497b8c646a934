// Tables of candidates and of trials, and one candidate by itself.

const criterionColumn = (criterion, of = (i) => candidateOf(i)) => ({
  title: criterion.title,
  of: (row) => of(row)?.[criterion.field],
  show: (row) => criterionText(criterion, of(row)?.[criterion.field]),
  number: true,
});

// One parameter is the candidate's name; several have a column each, by which one can sort.
function nameColumns() {
  const { parameters, candidates } = page.data;
  if (parameters.length < 2) return [{ title: "Candidate", of: (i) => valueOf(candidates[i], parameters[0]), show: (i) => candidateLink(i) }];
  return [
    { title: "Candidate", of: (i) => i + 1, show: (i) => element("a", { href: `#/candidate/${i}`, "aria-label": candidates[i].title }, `No. ${i + 1}`) },
    ...parameters.map((parameter) => ({ title: parameter.symbol, of: (i) => valueOf(candidates[i], parameter), show: (i) => plain(valueOf(candidates[i], parameter)), number: true })),
  ];
}

function candidateTable() {
  const { candidates, criteria, best } = page.data;
  return dataTable({
    caption: "Candidates: means over their seeds",
    shown: false,
    columns: [
      ...nameColumns(),
      { title: "Held out", of: (i) => candidates[i].heldout, show: (i) => decimal(candidates[i].heldout, 4), number: true },
      { title: "Less the best", of: (i) => candidates[i].difference, show: (i) => (i === best ? "the best" : withError(candidates[i].difference, candidates[i].margin)), number: true },
      { title: "Within one error", of: (i) => (candidates[i].within ? "yes" : "no"), show: (i) => (candidates[i].within ? element("strong", {}, "yes") : "no"), number: true },
      { title: "Deviation of seeds", of: (i) => candidates[i].seed_deviation, show: (i) => decimal(candidates[i].seed_deviation, 4), number: true },
      ...criteria.filter((criterion) => criterion.field !== "heldout").map((criterion) => criterionColumn(criterion)),
      { title: "Trials done", of: (i) => candidates[i].n_trials, show: (i) => trialsText(candidates[i]), number: true },
    ],
    // Those with numbers first.
    rows: candidates.map((_, i) => i).sort((a, b) => (candidates[a].heldout === null) - (candidates[b].heldout === null) || a - b),
    file: "candidates",
    dense: true,
  });
}

function trialsText({ n_trials: done, n_stopped: stopped, n_failed: failed, n_waiting: waiting }) {
  const rest = [[stopped, "stopped"], [failed, "failed"], [waiting, "waiting"]].filter(([n]) => n > 0);
  return [count(done), ...rest.map(([n, state]) => `${count(n)} ${state}`)].join(", ");
}

function trialTable(trials, { file, titled = true }) {
  const { criteria } = page.data;
  const measured = criteria.filter(({ field: name }) => ["npmi", "diversity", "exclusivity", "duplicates", "dead"].includes(name));
  const last = (trial) => trial.heldout ?? trial.curve.at(-1)?.[1] ?? null;
  const columns = [
    { title: "Trial", of: (trial) => trial.number },
    titled && { title: "Candidate", of: (trial) => trial.title, show: (trial) => (trial.candidate === null ? trial.title : candidateLink(trial.candidate)) },
    { title: "Seed", of: (trial) => trial.seed, show: (trial) => plain(trial.seed), number: true },
    { title: "State", of: (trial) => trial.state, show: (trial) => element("span", { class: `state ${trial.state}` }, trial.state), number: true },
    { title: "Sweeps", of: (trial) => trial.sweeps, show: (trial) => count(trial.sweeps), number: true },
    { title: page.data.compared.basis === "shared terms" ? "Held out, own terms" : "Held out, last", of: last, show: (trial) => decimal(last(trial), 4), number: true },
    ...measured.map((criterion) => criterionColumn(criterion, (trial) => trial)),
    { title: "Seconds", of: (trial) => trial.seconds, show: (trial) => decimal(trial.seconds, 1), number: true },
    { title: "Memory", of: (trial) => trial.peak_bytes, show: (trial) => bytes(trial.peak_bytes), number: true },
    trials.some((trial) => trial.error) && { title: "Why it failed", of: (trial) => trial.error },
  ].filter(Boolean);
  return dataTable({
    caption: "Trials",
    shown: false,
    columns,
    saved: [...columns, { title: "Fingerprint", of: (trial) => trial.fingerprint }],
    rows: trials,
    file,
    dense: true,
  });
}

function candidatesView() {
  const { candidates } = page.data;
  return [
    element("h2", {}, "Candidates"),
    element("p", { class: "lead" }, `${plural(candidates.length, "candidate")}: parameters without the seed. Numbers are means over seeds; “less the best” stands beside one standard error of the paired difference, by documents and by seeds together.`),
    element("section", { class: "block" }, candidateTable()),
  ];
}

function trialsView() {
  const { trials } = page.data;
  return [
    element("h2", {}, "Trials"),
    element("p", { class: "lead" }, `${plural(trials.length, "trial")}: one fit each, of a candidate and a seed. The folder of a trial has its number and holds its model.`),
    element("section", { class: "block" }, trialTable(trials, { file: "trials" })),
  ];
}

function candidateView(which) {
  const i = Number(which);
  const candidate = /^\d+$/.test(which ?? "") ? candidateOf(i) : undefined;
  if (!candidate) return notThere("There is no candidate of that number in this study.");
  const { candidates, criteria, best, beside } = page.data;
  const model = beside.models.findIndex((of) => of.candidate === i);
  const go = (to, text) => (candidates[to] ? element("a", { href: `#/candidate/${to}` }, text, outside(candidates[to].title)) : element("span"));
  const trials = trialsOf(i);
  return [
    element("nav", { class: "pager", "aria-label": "Candidates" }, go(i - 1, "← "), link("#/candidates", "All candidates"), go(i + 1, "→ ")),
    element("p", { class: "over-title" }, `Candidate ${i + 1} of ${candidates.length}`),
    element("h2", {}, outside(candidate.title)),
    candidate.n_trials === 0
      ? element("p", { class: "notice" }, `No trial of it is done: ${trialsText(candidate)}.${candidate.stopped_at ? ` The one that came furthest scored ${decimal(candidate.stopped_at[1], 4)} after ${plural(candidate.stopped_at[0], "sweep")}.` : ""}`)
      : figures([
          ["Held-out likelihood", decimal(candidate.heldout, 4), candidate.seed_deviation === null ? "one seed" : `seeds deviate by ${decimal(candidate.seed_deviation, 4)}`],
          ["Less the best", i === best ? "the best" : signed(candidate.difference), i === best ? null : `± ${decimal(candidate.margin, 4)}: ${candidate.within ? "within" : "beyond"} one standard error`],
          ...criteria.filter((criterion) => criterion.field !== "heldout" && candidate[criterion.field] !== null).map((criterion) => [criterion.title, criterionText(criterion, candidate[criterion.field]), null]),
        ]),
    element("section", { class: "block" }, element("h3", {}, "Its trials"), trials.length ? trialTable(trials, { file: `candidate-${i + 1}-trials`, titled: false }) : element("p", {}, "None.")),
    model >= 0 && topicsOfModel(model),
  ];
}
