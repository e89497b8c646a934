// Elements of the page. Whatever is data becomes text: nothing here parses HTML, and links lead within the page only.

const byId = (id) => document.getElementById(id);

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") {
      for (const [event, listener] of Object.entries(value)) made.addEventListener(event, listener);
    } else if (name === "href") {
      if (!String(value).startsWith("#/")) throw new Error("links of the page lead within it");
      made.setAttribute("href", value);
    } else if (name === "style") {
      for (const [property, of] of Object.entries(value)) made.style.setProperty(property, of);
    } else if (name === "value" || name === "checked" || name === "disabled" || name === "hidden") {
      made[name] = value;
    } else {
      made.setAttribute(name, value === true ? "" : String(value));
    }
  }
  put(made, children);
  return made;
}

function put(parent, children) {
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    parent.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return parent;
}

function refill(parent, ...children) {
  parent.replaceChildren();
  return put(parent, children);
}

// Of outside text no direction is known; its own is taken, so that it does not turn what stands beside it.
const outside = (text, attributes = {}) => element("bdi", attributes, text);

// A sentence in which commands stand between backticks.
const sentence = (text) => outside(String(text).split("`").map((part, i) => (i % 2 ? element("code", {}, part) : part)));

const button = (label, on, attributes = {}) =>
  element("button", { type: "button", ...attributes, on: { click: on } }, label);

const link = (href, ...children) => element("a", { href }, ...children);

// For those who listen: what changed while they did something else.
let sayLater = 0;
function say(text) {
  clearTimeout(sayLater);
  sayLater = setTimeout(() => {
    byId("live").textContent = text;
  }, 150);
}

let lastId = 0;
const freshId = (stem) => `${stem}-${++lastId}`;

function field(label, control, { hint = null, shown = true } = {}) {
  if (!control.id) control.id = freshId("field");
  const parts = [element("label", { for: control.id, class: shown ? null : "unseen" }, label), control];
  if (hint) {
    const id = freshId("hint");
    control.setAttribute("aria-describedby", id);
    parts.push(element("p", { class: "hint", id }, hint));
  }
  return element("div", { class: "field" }, parts);
}

function choice(options, chosen, on) {
  const made = element("select", { on: { change: () => on(made.value) } });
  for (const [value, label] of options) {
    const option = element("option", { value }, label);
    option.selected = String(value) === String(chosen);
    made.append(option);
  }
  return made;
}

// One small box for all that is said at the pointer.
const tip = {
  show(x, y, lines) {
    const box = byId("tip");
    refill(
      box,
      lines.map(([name, value]) =>
        element("div", {}, name === null ? null : element("span", { class: "muted" }, `${name} `), outside(value)),
      ),
    );
    box.hidden = false;
    const { width, height } = box.getBoundingClientRect();
    const left = Math.max(4, Math.min(x + 14, document.documentElement.clientWidth - width - 8));
    const below = y + 18 + height < window.innerHeight;
    box.style.left = `${left}px`;
    box.style.top = `${below ? y + 18 : Math.max(4, y - height - 10)}px`;
  },
  hide() {
    byId("tip").hidden = true;
  },
};

// A long list, a part at a time: what nobody scrolls to is never made.
function longList(parent, items, draw, step = 25) {
  let drawn = 0;
  const more = button("", () => next(true), { class: "quiet more" });
  function next(byHand) {
    const upTo = Math.min(items.length, drawn + step);
    let first = null;
    for (; drawn < upTo; drawn++) {
      const made = draw(items[drawn], drawn);
      first ??= made;
      parent.append(made);
    }
    more.remove();
    if (drawn < items.length) {
      more.textContent = `Show more (${count(drawn)} of ${count(items.length)} shown)`;
      const holder = parent.tagName === "TBODY" ? parent.parentElement : parent;
      // A view is put together before it is put into the page.
      if (holder.parentNode) holder.after(more);
      else queueMicrotask(() => drawn < items.length && holder.after(more));
    }
    if (byHand && first) {
      const target = first.querySelector("a, button, input") ?? first;
      if (target === first) first.setAttribute("tabindex", "-1");
      target.focus();
      say(`${count(drawn)} of ${count(items.length)} shown`);
    }
  }
  next(false);
  return () => {
    drawn = items.length;
    more.remove();
  };
}
