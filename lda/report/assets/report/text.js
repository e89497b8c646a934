// Texts of documents, each word on the colour of the topic it has there.

const TEXT_COLOURS = 8; // topics beyond these share a grey; more colours than eight nobody tells apart

function colouredText(pieces) {
  const tokens = new Map();
  for (const [, topic] of pieces) if (topic >= 0) tokens.set(topic, (tokens.get(topic) ?? 0) + 1);
  const ranked = [...tokens].sort((a, b) => b[1] - a[1] || a[0] - b[0]);
  const rank = new Map(ranked.map(([topic], i) => [topic, Math.min(i, TEXT_COLOURS)]));
  const total = ranked.reduce((sum, [, n]) => sum + n, 0);

  const words = [];
  const runs = element("p", { class: "words", dir: "auto" });
  for (const [text, topic] of pieces) {
    if (topic < 0) runs.append(text);
    else {
      const word = element("span", { class: `w c${rank.get(topic)}`, "data-topic": topic }, text);
      words.push(word);
      runs.append(word);
    }
  }
  let at = -1;
  const here = element("p", { class: "hint here", role: "status" }, "");
  const box = element(
    "div",
    {
      class: "coloured",
      tabindex: "0",
      role: "group",
      "aria-label": "Text, each word coloured by its topic; left and right arrow go from word to word",
      on: {
        pointerover: (event) => {
          const word = event.target.closest(".w");
          if (word) tip.show(event.clientX, event.clientY, [[null, names.full(Number(word.dataset.topic))]]);
        },
        pointerout: () => tip.hide(),
        keydown: (event) => {
          const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
          if (!step || !words.length || event.target !== box) return;
          event.preventDefault();
          words[at]?.classList.remove("at");
          at = Math.max(0, Math.min(words.length - 1, at + step));
          const word = words[at];
          word.classList.add("at");
          word.scrollIntoView({ block: "nearest" });
          here.textContent = `${word.textContent}: ${names.full(Number(word.dataset.topic))}`;
        },
        blur: () => {
          words[at]?.classList.remove("at");
          here.textContent = "";
        },
      },
    },
    runs,
  );

  let only = null;
  const legend = element("ul", { class: "legend", "aria-label": "Topics of this text" });
  function light(topic) {
    only = only === topic ? null : topic;
    box.classList.toggle("focused", only !== null);
    for (const word of words) word.classList.toggle("on", Number(word.dataset.topic) === only);
    for (const key of legend.querySelectorAll("button")) key.setAttribute("aria-pressed", String(Number(key.dataset.topic) === only));
  }
  const entries = ranked.map(([topic, n]) =>
    element(
      "li",
      {},
      button(
        [element("span", { class: `swatch c${rank.get(topic)}`, "aria-hidden": "true" }), outside(names.of(topic)), element("span", { class: "muted" }, ` ${percent(n / total)}`)],
        () => light(topic),
        { "aria-pressed": "false", "data-topic": topic, class: "key", title: "Light up its words alone" },
      ),
    ),
  );
  put(legend, entries.slice(0, TEXT_COLOURS));
  if (entries.length > TEXT_COLOURS) {
    const rest = button(`${count(entries.length - TEXT_COLOURS)} more`, () => {
      rest.parentElement.remove();
      put(legend, entries.slice(TEXT_COLOURS));
      entries[TEXT_COLOURS].querySelector("button").focus();
    }, { class: "key" });
    legend.append(element("li", {}, rest));
  }
  return element("div", { class: "text" }, legend, box, here, element("p", { class: "hint" }, "Shares beside the topics are of the words that are coloured."));
}
