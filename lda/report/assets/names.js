// Names of topics: those that came with the page, then what somebody typed. Kept in this browser where it lets us.

const MAX_NAME = 200;

const names = {
  given: new Map(), // topic -> {name, source}
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
      const name = clean(entry?.name ?? "");
      if (Number.isInteger(k) && k >= 0 && k < page.nTopics && name) {
        this.given.set(k, { name, source: typeof entry.source === "string" ? entry.source : "" });
      }
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

  set(k, typed, source = "typed in the report") {
    const name = clean(typed);
    if (name === (this.given.get(k)?.name ?? "")) return;
    if (name) this.given.set(k, { name, source });
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
    if (typeof read?.names !== "object" || read.names === null) return "This file holds no names; it needs the field “names”.";
    const { fingerprint, n_topics: nTopics } = page.data.labels;
    if (read.n_topics !== nTopics) return `These names are for ${plain(read.n_topics)} topics, and this model has ${nTopics}.`;
    if (read.fingerprint !== fingerprint) return "These names are for another model: its fingerprint differs.";
    this.replace(read.names);
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

const clean = (name) => String(name).replace(/[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]+/gu, " ").replace(/\s+/g, " ").trim().slice(0, MAX_NAME);

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
