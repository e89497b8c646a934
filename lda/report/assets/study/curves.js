// Held-out documents over sweeps, trial by trial, and where trials were stopped.

const CURVES_SHOWN = { all: "all trials", done: "trials that are done", stopped: "trials that were stopped" };

function curvesView() {
  const { trials, parameters, compared } = page.data;
  const drawn = trials.filter((trial) => trial.curve.length > 0);
  if (!drawn.length) return [element("h2", {}, "Curves"), element("p", {}, "No trial was scored yet.")];
  if (drawn.every((trial) => trial.curve.length < 2)) {
    return [element("h2", {}, "Curves"), element("p", { class: "lead" }, sentence("Each trial was scored once, at its end, so there is no curve to draw. `lda tune --halving` scores trials on their way as well, and stops the worse ones."))];
  }
  const stopped = drawn.filter((trial) => trial.state === "stopped").length;
  const rungs = inOrder(distinct(trials.filter((trial) => trial.state === "stopped").map((trial) => trial.sweeps)));
  const holder = element("div", { class: "block" });
  const draw = () => {
    closeCharts(holder);
    refill(holder, curvesChart(drawn.filter((trial) => studyChoice.curves === "all" || trial.state === studyChoice.curves)).element);
  };
  draw();
  return [
    element("h2", {}, "Curves"),
    element(
      "p",
      { class: "lead" },
      stopped > 0
        ? `After ${rungs.map(count).join(" and ")} sweeps the worse trials were stopped, ${count(stopped)} in all: a cross ends their curves. What a stopped trial would have reached nobody knows; a slow one is stopped as a bad one is.`
        : "How the score of held-out documents came about, at the sweeps at which it was taken. A curve that still climbs at its end wants more sweeps.",
    ),
    compared.basis === "shared terms" && element("p", { class: "notice" }, "These trials have different vocabularies, so their curves are of different words: only those of one vocabulary can be compared."),
    element(
      "div",
      { class: "controls few" },
      parameters.length > 1 &&
        parameterChoice("Colour by", studyChoice.along, (value) => {
          studyChoice.along = value;
          draw();
        }),
      stopped > 0 &&
        stopped < drawn.length &&
        field("Show", choice(Object.entries(CURVES_SHOWN), studyChoice.curves, (value) => {
          studyChoice.curves = value;
          draw();
        })),
    ),
    holder,
  ];
}

function curvesChart(trials) {
  const colour = alongParameter();
  const order = new Map(sortedCandidates(colour).map((i, rank) => [i, rank]));
  const rows = [...trials]
    .sort((a, b) => (order.get(a.candidate) ?? 0) - (order.get(b.candidate) ?? 0) || a.number - b.number)
    .flatMap((trial) =>
      trial.curve
        .filter(([, value]) => value !== null)
        .map(([sweep, value], i, all) => ({
          trial: String(trial.number),
          name: `${trial.number}: ${trial.title}, seed ${trial.seed}`,
          candidate: trial.candidate,
          ...inSeries(colour, candidateOf(trial.candidate)),
          sweep,
          value,
          end: i === all.length - 1 ? (trial.state === "waiting" ? "paused" : trial.state) : "",
        })),
    );
  return new Chart("curves", rows, {
    label: `Held-out log-likelihood over sweeps of ${plural(trials.length, "trial")}.`,
    file: "heldout-curves",
    pick: (row) => (location.hash = `#/candidate/${row.candidate}`),
    adjust: (spec, width) => {
      colourBy(spec, colour, rows, width, { legend: true });
      const ends = distinct(rows.map((row) => row.end)).filter(Boolean);
      for (const part of partsOf(spec)) {
        const shape = part.encoding?.shape;
        if (!shape) continue;
        const { domain, range } = shape.scale;
        shape.scale = { domain: domain.filter((state) => ends.includes(state)), range: range.filter((_, i) => ends.includes(domain[i])) };
        if (ends.length < 2) shape.legend = null;
      }
    },
    columns: [
      { title: "Trial", of: (row) => Number(row.trial), number: true },
      { title: "Parameters and seed", of: (row) => row.name },
      { title: "Sweep", of: (row) => row.sweep, number: true },
      { title: "Held out", of: (row) => row.value, show: (row) => decimal(row.value, 4), number: true },
      { title: "State at its end", of: (row) => row.end },
    ],
  });
}
