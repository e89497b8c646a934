// Which view is shown, by the address after #; themes; printing; the start.

// What the page is made of; given to `startPage`.
const thisPage = { called: "page", views: [], handout: null, pictures: {} };

const panel = element("div", { role: "tabpanel", id: "panel", tabindex: "-1" });
let closers = [];
const closeLater = (closer) => closers.push(closer);

const notThere = (sentence) => [element("h2", {}, "Not here"), element("p", {}, sentence), element("p", {}, link("#/overview", "Back to the overview"))];

function route() {
  const [key, rest] = location.hash.replace(/^#\/?/, "").split(/\/(.*)/s);
  const view = thisPage.views.find((of) => of.key === key);
  let which = rest;
  try {
    which = rest === undefined ? undefined : decodeURIComponent(rest);
  } catch {
    // a percent sign that means itself
  }
  return { view: view ?? (key === "" ? thisPage.views[0] : null), which };
}

function redraw({ keepPlace = true } = {}) {
  const { view, which } = route();
  const focused = keepPlace ? placeOf(document.activeElement) : null;
  for (const closer of closers) closer();
  closers = [];
  closeCharts();
  tip.hide();
  const drawn = view ? view.draw(which) : notThere(`This address leads nowhere in this ${thisPage.called}.`);
  refill(panel, drawn);
  const tab = view?.within ?? view?.key;
  for (const of of byId("tabs").children) {
    const chosen = of.dataset.view === tab;
    of.setAttribute("aria-selected", String(chosen));
    of.tabIndex = chosen || (!tab && of.dataset.view === "overview") ? 0 : -1;
    if (chosen) {
      panel.setAttribute("aria-labelledby", of.id);
      of.scrollIntoView({ block: "nearest", inline: "nearest" });
    }
  }
  const heading = panel.querySelector("h2")?.textContent ?? "";
  document.documentElement.dataset.view = location.hash;
  document.title = heading && heading !== "Overview" ? `${heading} – ${page.data.title}` : page.data.title;
  if (focused !== null) panel.querySelectorAll("select, input, button, a")[focused]?.focus();
}

function placeOf(node) {
  const place = [...panel.querySelectorAll("select, input, button, a")].indexOf(node);
  return place < 0 ? null : place;
}

function onRoute() {
  const fromTab = document.activeElement?.getAttribute("role") === "tab";
  redraw({ keepPlace: false });
  window.scrollTo(0, 0);
  // Who listens hears the new view; on the tabs, arrow keys go on.
  if (!fromTab) panel.focus({ preventScroll: true });
}

function drawTabs() {
  const tabs = byId("tabs");
  for (const { key, title } of thisPage.views.filter((view) => view.title)) {
    tabs.append(element("a", { href: `#/${key}`, role: "tab", id: `tab-${key}`, "data-view": key, "aria-controls": "panel", "aria-selected": "false" }, title));
  }
  tabs.addEventListener("keydown", (event) => {
    const all = [...tabs.children];
    const at = all.indexOf(document.activeElement);
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: all.length - 1 }[event.key];
    if (at < 0 || to === undefined) {
      if (event.key === " ") event.target.click();
      if (event.key === " ") event.preventDefault();
      return;
    }
    event.preventDefault();
    const next = all[(to + all.length) % all.length];
    next.focus();
    location.hash = next.getAttribute("href");
  });
}

// Light, dark, or as the system: kept only where the browser lets us.
const THEMES = ["auto", "light", "dark"];
function setUpTheme() {
  let at = "auto";
  try {
    at = localStorage.getItem("raylda theme") ?? "auto";
  } catch {
    // no storage: as the system
  }
  if (!THEMES.includes(at)) at = "auto";
  const apply = () => {
    document.documentElement.dataset.theme = at;
    byId("theme-name").textContent = at[0].toUpperCase() + at.slice(1);
    byId("theme").setAttribute("aria-label", `Colours: ${at === "auto" ? "as the system" : at}`);
    drawAgain();
  };
  byId("theme").addEventListener("click", () => {
    at = THEMES[(THEMES.indexOf(at) + 1) % THEMES.length];
    try {
      localStorage.setItem("raylda theme", at);
    } catch {
      // not kept
    }
    apply();
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", drawAgain);
  apply();
}

// What is printed is a handout of its own, in the colours of paper. Browsers do not wait for a chart when they print, so
// its charts are drawn ahead, as pictures.
let handout = null;
const pictures = {};

async function drawPictures() {
  await chartsReady;
  for (const [name, make] of Object.entries(thisPage.pictures)) {
    const chart = make();
    if (!chart) continue;
    const holder = element("div", { class: "off-paper", "aria-hidden": "true" });
    document.body.append(holder);
    holder.append(chart.plot);
    try {
      await chart.draw();
      const svg = await chart.view.toSVG();
      pictures[name] = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
    } finally {
      chart.close();
      holder.remove();
    }
  }
}

const picture = (name, alt) => pictures[name] && element("img", { src: pictures[name], alt });

function buildHandout() {
  if (handout) return;
  document.documentElement.classList.add("printing");
  handout = element("div", { id: "handout" }, thisPage.handout());
  byId("main").append(handout);
}

function dropHandout() {
  handout?.remove();
  handout = null;
  document.documentElement.classList.remove("printing");
}

async function printHandout() {
  await drawPictures();
  window.print(); // "beforeprint" builds the handout
}

const printButton = (holds) => button("Print, or save as PDF", printHandout, { class: "quiet", title: `A handout: ${holds}` });

// called: what the page is, in a sentence. views: {key, title, draw}, in the order of their tabs, or {key, within, draw}
// of one that has no tab. opened: told when the data are there. handout: what is printed. pictures: its charts by name,
// each a function that makes one for paper, or null.
async function startPage({ called, views, opened = () => {}, handout: printed, pictures: drawnAhead = {} }) {
  Object.assign(thisPage, { called, views, handout: printed, pictures: drawnAhead });
  setUpTheme();
  try {
    await openData();
  } catch (error) {
    refill(byId("main"), element("p", { class: "notice" }, "This browser cannot unpack the page (it lacks DecompressionStream). Any browser of 2023 or later can."));
    throw error;
  }
  opened();
  drawTabs();
  refill(byId("main"), panel);
  byId("made").textContent = `Made by raylda ${plain(page.data.made.raylda)} on ${plain(page.data.made.date)}. This file is complete: it loads and sends nothing.`;
  byId("skip").addEventListener("click", (event) => {
    event.preventDefault();
    byId("main").focus();
  });
  window.addEventListener("hashchange", onRoute);
  window.addEventListener("beforeprint", buildHandout);
  window.addEventListener("afterprint", dropHandout);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") tip.hide();
  });
  redraw({ keepPlace: false });
  document.documentElement.dataset.ready = "true";
  // For who prints by the browser's own menu; the button draws it anew, with the names of then.
  await chartsReady;
  (window.requestIdleCallback ?? setTimeout)(() => drawPictures());
}
