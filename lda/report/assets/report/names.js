// Names of topics: those that came with the page, then what somebody typed. Kept in this browser where it lets us.

const MAX_NAME = 200; // as in Python
const BY_HAND = "by hand";
const SUGGESTED = "suggested";

const names = {
  given: new Map(), // topic -> {name, source, when}: what a file of names holds
  listeners: new Set(),
  storable: true,

  key: () => `raylda labels ${page.data.labels.fingerprint}`,

  open() {
    this.take(page.data.labels.names);
    try {
      const kept = localStorage.getItem(this.key());
      if (kept) this.replace(JSON.parse(kept));
    } catch {
      this.storable = false; // a file's page may have no storage, or hold what is not ours
    }
  },

  take(entries) {
    for (const [topic, entry] of Object.entries(entries ?? {})) {
      const k = Number(topic);
      const { name: said, source, when } = typeof entry === "string" ? { name: entry } : (entry ?? {});
      const name = clean(said ?? "");
      if (!Number.isInteger(k) || k < 0 || k >= page.nTopics || !name) continue;
      this.given.set(k, { name, source: clean(source ?? "") || BY_HAND, ...(typeof when === "string" && { when }) });
    }
  },

  replace(entries) {
    this.given.clear();
    this.take(entries);
  },

  // With neither a name nor one that came with the page: its first words.
  unnamed(k) {
    const came = page.data.labels.names?.[k] !== undefined;
    return came ? topWords(k, 3).join(", ") : page.data.topics.name[k];
  },

  of(k) {
    return this.given.get(k)?.name ?? this.unnamed(k);
  },

  full(k) {
    return `${k}. ${this.of(k)}`;
  },

  has(k) {
    return this.given.has(k);
  },

  set(k, typed, source = BY_HAND) {
    const name = clean(typed);
    if (name === (this.given.get(k)?.name ?? "")) return;
    if (name) this.given.set(k, { name, source, when: `${new Date().toISOString().slice(0, 19)}+00:00` });
    else this.given.delete(k);
    this.changed();
  },

  changed() {
    try {
      localStorage.setItem(this.key(), JSON.stringify(this.entries()));
      this.storable = true;
    } catch {
      this.storable = false;
    }
    for (const listener of this.listeners) listener();
  },

  entries() {
    return Object.fromEntries([...this.given].sort((a, b) => a[0] - b[0]).map(([k, entry]) => [String(k), { ...entry }]));
  },

  file() {
    return `${JSON.stringify({ ...page.data.labels, names: this.entries() }, null, 2)}\n`;
  },

  // Returns what is wrong with a file of names, or null when it is taken.
  load(text) {
    let read;
    try {
      read = JSON.parse(text);
    } catch {
      return "This is no JSON file; a file of names is what “Download labels.json” makes.";
    }
    if (typeof read !== "object" || read === null) return "This file holds no names; it needs an object or a list.";
    // As in Python: a list, names by the numbers of their topics, or all that with what model they belong to.
    const whole = !Array.isArray(read) && ("names" in read || "format" in read);
    const found = whole ? read.names : read;
    if (typeof found !== "object" || found === null) return "This file holds no names; it needs the field “names”.";
    const { fingerprint, n_topics: nTopics } = page.data.labels;
    const theirs = whole ? (read.n_topics ?? nTopics) : Array.isArray(read) ? read.length : nTopics;
    if (theirs !== nTopics) return `These names are for ${plain(theirs)} topics, and this model has ${nTopics}.`;
    if (whole && read.fingerprint && read.fingerprint !== fingerprint) return "These names are for another model: its fingerprint differs.";
    const beyond = Object.keys(found).find((topic) => !/^\d+$/.test(topic) || Number(topic) >= nTopics);
    if (beyond !== undefined) return `This file names a topic ${clean(beyond)}; there are topics 0 to ${nTopics - 1}.`;
    this.replace(found);
    this.changed();
    return null;
  },

  reset() {
    this.replace(page.data.labels.names);
    try {
      localStorage.removeItem(this.key());
    } catch {
      this.storable = false;
    }
    for (const listener of this.listeners) listener();
  },
};

// On one line, without what moves or hides text; those that join letters stay. Python reads what is left.
function clean(name) {
  const shown = String(name).replace(/(?![\u00ad\u200c\u200d])[\p{C}\p{Zl}\p{Zp}]+/gu, " ");
  return [...shown.replace(/\s+/g, " ").trim()].slice(0, MAX_NAME).join("").trim();
}

function nameInput(k, attributes = {}) {
  const input = element("input", {
    type: "text",
    class: "name",
    value: names.given.get(k)?.name ?? "",
    placeholder: names.unnamed(k),
    maxlength: MAX_NAME,
    autocomplete: "off",
    dir: "auto",
    ...attributes,
    on: {
      change: () => names.set(k, input.value),
      keydown: (event) => {
        if (event.key === "Enter") input.blur();
      },
    },
  });
  return input;
}

const topicLink = (k) => element("a", { href: `#/topic/${k}`, class: "topic-link" }, element("span", { class: "no" }, String(k)), " ", outside(names.of(k)));
