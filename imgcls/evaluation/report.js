"use strict";
/* The report's script: sorting of tables, the confusion matrix, the images. It asks nothing of the network.
   Names and files come from users: they enter the page as text alone, never as markup. */
(() => {
  const CARDS = 48; // shown at once; more on demand
  const MOST_IN_MATRIX = 40; // classes; of more, those that are confused are shown
  const FOCUSED = 20; // classes in the matrix of a choice
  const STEPS = 65535; // of a probability in 16 bits
  const TINY = 56; // pixels; smaller images keep their pixels visible

  const find = (id) => document.getElementById(id);
  const json = (id) => JSON.parse(find(id).textContent);
  const data = json("data");
  let thumbnails = null; // read when the first image is shown

  for (const element of document.querySelectorAll(".needs-script")) element.hidden = false;

  /** An element with attributes and children; text is text, never markup. */
  function make(tag, attributes = {}, ...children) {
    const element = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (name === "class") element.className = value;
      else if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
      else if (value !== null && value !== undefined && value !== false) element.setAttribute(name, value === true ? "" : value);
    }
    element.append(...children);
    return element;
  }

  /** Numbers from base64, the low byte first. */
  function numbers(text, Kind) {
    const binary = atob(text);
    const bytes = new Uint8Array(binary.length);
    for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
    return new Kind(bytes.buffer);
  }

  const classes = numbers(data.classes, Uint16Array);
  const probabilities = numbers(data.probabilities, Uint16Array);
  const confidence = numbers(data.confidence, Uint16Array);
  const loss = numbers(data.loss, Float32Array);
  const right = numbers(data.right, Uint8Array);
  const thumbnailOf = numbers(data.thumbnail, Int32Array);
  const lists = (packed) => {
    const starts = numbers(packed.starts, Uint32Array);
    const members = numbers(packed.classes, Uint16Array);
    return (image) => members.subarray(starts[image], starts[image + 1]);
  };
  const truth = lists(data.truth);
  const answer = lists(data.answer);
  const properties = data.properties.map((each) => ({ ...each, codes: numbers(each.codes, Uint8Array) }));
  const names = data.names;
  const percent = (share) => `${share > 0 && share < 0.01 ? "<1" : share < 1 && share > 0.99 ? ">99" : Math.round(100 * share)} %`;
  const counted = (number, thing) => `${number.toLocaleString("en")} ${thing}${number === 1 ? "" : "s"}`;
  const named = (members) => (members.length ? [...members].map((place) => names[place]).join(", ") : "none");

  function small(place) {
    thumbnails ??= json("thumbnails");
    return place < 0 ? null : `data:image/webp;base64,${thumbnails[place]}`;
  }

  function framed(place, description, instead) {
    const frame = make("span", { class: "frame-of-image" });
    const address = small(place);
    if (!address) {
      frame.append(instead || "no small image");
      return frame;
    }
    const image = make("img", { alt: description, decoding: "async", src: address });
    image.addEventListener("load", () => image.classList.toggle("tiny", image.naturalWidth <= TINY), { once: true });
    frame.append(image);
    return frame;
  }

  /* ---- light and dark ---- */
  const theme = find("theme");
  const prefersDark = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (document.documentElement.dataset.theme || (prefersDark.matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { theme.textContent = isDark() ? "Light page" : "Dark page"; };
  theme.addEventListener("click", () => {
    document.documentElement.dataset.theme = isDark() ? "light" : "dark";
    nameTheme();
  });
  prefersDark.addEventListener("change", nameTheme);
  nameTheme();

  /* ---- copying of commands ---- */
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch { // a page from a file or in a frame may not
      const area = make("textarea", { class: "visually-hidden" });
      area.value = text;
      document.body.append(area);
      area.select();
      const done = document.execCommand("copy");
      area.remove();
      return done;
    }
  }
  for (const button of document.querySelectorAll(".copy")) {
    button.addEventListener("click", async () => {
      const done = await copy(button.previousElementSibling.textContent);
      button.textContent = done ? "Copied" : "Select it and press Ctrl+C";
      button.focus();
      setTimeout(() => { button.textContent = "Copy"; }, 2000);
    });
  }

  /* ---- sorting of tables ---- */
  const valueOf = (row, column) => row.cells[column].dataset.value ?? row.cells[column].textContent.trim();
  const asNumber = (text) => (/^[<>]?-?[\d,]*\.?\d+/.test(text) ? parseFloat(text.replace(/[<>,]/g, "")) : NaN);

  function sortBy(table, column, heading) {
    const body = table.tBodies[0];
    const rows = [...body.rows].map((row) => ({ row, text: valueOf(row, column) }));
    const values = rows.map((each) => asNumber(each.text));
    const numeric = rows.every((each, i) => each.text === "" || each.text === "–" || !Number.isNaN(values[i]));
    rows.forEach((each, i) => { each.value = values[i]; });
    const before = heading.getAttribute("aria-sort");
    const down = before ? before === "ascending" : numeric && !heading.classList.contains("text");
    const order = numeric
      ? (a, b) => (Number.isNaN(a.value) - Number.isNaN(b.value)) || (down ? b.value - a.value : a.value - b.value)
      : (a, b) => (down ? -1 : 1) * a.text.localeCompare(b.text, "en", { numeric: true });
    rows.sort(order);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    heading.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows.map((each) => each.row));
  }
  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((heading, column) => {
      const button = make("button", { type: "button", onclick: () => sortBy(table, column, heading) });
      button.append(...heading.childNodes);
      heading.append(button);
    });
  }

  /* ---- images: which, in which order ---- */
  const chosen = { right: "", truth: -1, answer: -1, property: "", order: "surest", shown: CARDS };
  let matching = [];

  function matches(filter) {
    const [property, value] = filter.property ? filter.property.split(":").map(Number) : [-1, -1];
    const codes = property >= 0 ? properties[property].codes : null;
    const found = [];
    for (let image = 0; image < data.count; image++) {
      if (filter.right !== "" && right[image] !== Number(filter.right)) continue;
      if (codes && codes[image] !== value) continue;
      if (filter.truth >= 0 && !truth(image).includes(filter.truth)) continue;
      if (filter.answer >= 0 && !answer(image).includes(filter.answer)) continue;
      found.push(image);
    }
    return found;
  }

  const ORDERS = {
    surest: (a, b) => confidence[b] - confidence[a],
    unsurest: (a, b) => confidence[a] - confidence[b],
    loss: (a, b) => loss[b] - loss[a],
    file: (a, b) => (data.files[a] < data.files[b] ? -1 : 1),
  };
  /** Those that have a small image come first. */
  const ordered = (images, order) =>
    images.sort((a, b) => (thumbnailOf[a] < 0) - (thumbnailOf[b] < 0) || ORDERS[order](a, b) || a - b);

  /** isBrief: where a heading says what it is and what was answered. */
  function card(image, images, isBrief = false) {
    const is = named(truth(image));
    const says = named(answer(image));
    const good = right[image] === 1;
    const share = percent(confidence[image] / STEPS);
    const description = good ? `${is}, answered rightly, ${share}` : `${is}, answered ${says}, ${share}`;
    return make(
      "button",
      { type: "button", class: "card", title: data.files[image], onclick: () => open(image, images) },
      framed(thumbnailOf[image], description, data.files[image].split("/").pop()),
      ...(isBrief ? [] : [make("span", {}, is)]),
      make("span", { class: good ? "answer good" : "answer bad" }, make("span", {}, good ? "✓" + (isBrief ? "" : " right") : "✗" + (isBrief ? "" : ` ${says}`)), make("span", {}, share)),
    );
  }

  function chip(text, clear) {
    return make("button", { type: "button", class: "chip", "aria-label": `${text}: remove`, onclick: () => { clear(); showImages(); } }, text);
  }

  function showImages() {
    chosen.shown = CARDS;
    matching = ordered(matches(chosen), chosen.order);
    for (const button of document.querySelectorAll("[data-right]")) {
      button.setAttribute("aria-pressed", String(button.dataset.right === chosen.right));
    }
    find("by-truth").value = chosen.truth;
    find("by-answer").value = chosen.answer;
    find("by-property").value = chosen.property;
    find("order").value = chosen.order;
    const chips = [];
    if (chosen.truth >= 0) chips.push(chip(`is ${names[chosen.truth]}`, () => { chosen.truth = -1; }));
    if (chosen.answer >= 0) chips.push(chip(`answered ${names[chosen.answer]}`, () => { chosen.answer = -1; }));
    if (chosen.property) {
      const text = find("by-property").selectedOptions[0].textContent;
      chips.push(chip(text, () => { chosen.property = ""; }));
    }
    if (chosen.right !== "") chips.push(chip(chosen.right === "1" ? "right" : "wrong", () => { chosen.right = ""; }));
    find("chips").replaceChildren(...chips);
    find("cards").replaceChildren();
    showMore(0);
  }

  function showMore(from) {
    const some = matching.slice(from, chosen.shown);
    find("cards").append(...some.map((image) => card(image, matching)));
    const drawn = Math.min(chosen.shown, matching.length);
    const without = matching.reduce((sum, image) => sum + (thumbnailOf[image] < 0), 0);
    find("count").textContent =
      `${counted(matching.length, "image")}` +
      (drawn < matching.length ? `, the first ${drawn.toLocaleString("en")} below` : "") +
      (without ? `; ${without.toLocaleString("en")} without a small image come last` : "");
    find("more").hidden = drawn >= matching.length;
    find("more").textContent = `Show ${Math.min(CARDS, matching.length - drawn)} more`;
  }

  function fillSelect(select, options) {
    select.replaceChildren(...options.map(([value, text]) => make("option", { value }, text)));
  }
  const classOptions = names.map((name, place) => [place, name]);
  fillSelect(find("by-truth"), [[-1, "any class"], ...classOptions]);
  fillSelect(find("by-answer"), [[-1, "any class"], ...classOptions]);
  fillSelect(find("by-property"), [
    ["", "any property"],
    ...properties.flatMap((each, i) => {
      const used = new Set(each.codes);
      return each.values.map((value, code) => [`${i}:${code}`, `${each.name}: ${value}`, code]).filter((option) => used.has(option[2]));
    }),
  ]);
  find("by-property-label").hidden = !properties.length;
  find("by-truth").addEventListener("change", (event) => { chosen.truth = Number(event.target.value); showImages(); });
  find("by-answer").addEventListener("change", (event) => { chosen.answer = Number(event.target.value); showImages(); });
  find("by-property").addEventListener("change", (event) => { chosen.property = event.target.value; showImages(); });
  find("order").addEventListener("change", (event) => { chosen.order = event.target.value; showImages(); });
  for (const button of document.querySelectorAll("[data-right]")) {
    button.addEventListener("click", () => { chosen.right = button.dataset.right; showImages(); });
  }
  find("more").addEventListener("click", () => {
    const from = chosen.shown;
    chosen.shown += CARDS;
    showMore(from);
    find("cards").children[from]?.focus();
  });

  function goToImages(filter) {
    Object.assign(chosen, { right: "", truth: -1, answer: -1, property: "" }, filter);
    showImages();
    find("images").scrollIntoView();
    find("cards").firstElementChild?.focus({ preventScroll: true });
  }

  /* ---- one image ---- */
  const dialog = find("dialog");
  const neighbours = data.neighbours && {
    ...data.neighbours,
    rows: new Map([...numbers(data.neighbours.images, Uint32Array)].map((image, row) => [image, row])),
    places: numbers(data.neighbours.places, Uint32Array),
    similarities: numbers(data.neighbours.similarities, Uint16Array),
    thumbnail: numbers(data.neighbours.thumbnail, Int32Array),
  };
  let opened = { image: 0, images: [] };

  function open(image, images) {
    opened = { image, images };
    const place = images.indexOf(image);
    const step = (by) => () => { const next = images[place + by]; if (next !== undefined) { open(next, images); find(by < 0 ? "before" : "after").focus(); } };
    const good = right[image] === 1;
    find("shown").replaceChildren(
      make(
        "div",
        { class: "top" },
        make("h2", { id: "dialog-title" }, good ? `${named(truth(image))}, answered rightly` : `${named(truth(image))}, answered ${named(answer(image))}`),
        make(
          "div",
          { class: "buttons" },
          make("button", { type: "button", id: "before", "aria-label": "Previous image", disabled: place <= 0, onclick: step(-1) }, "←"),
          make("button", { type: "button", id: "after", "aria-label": "Next image", disabled: place >= images.length - 1, onclick: step(1) }, "→"),
          make("button", { type: "button", onclick: () => dialog.close() }, "Close"),
        ),
      ),
      make("div", { class: "columns" }, make("div", {}, framed(thumbnailOf[image], named(truth(image)), data.files[image]), facts(image)), make("div", {}, ...likely(image), ...near(image))),
    );
    if (!dialog.open) dialog.showModal();
  }

  function facts(image) {
    const list = make("dl", { class: "properties" });
    const add = (name, value) => list.append(make("dt", {}, name), make("dd", {}, value));
    add("file", data.files[image]);
    add("loss", loss[image].toFixed(2));
    for (const each of properties) add(each.name, each.values[each.codes[image]]);
    return list;
  }

  function likely(image) {
    const own = new Set(truth(image));
    const grid = make("div", { class: "likely" });
    for (let i = 0; i < data.likeliest; i++) {
      const place = classes[image * data.likeliest + i];
      const share = probabilities[image * data.likeliest + i] / STEPS;
      const isTrue = own.has(place);
      const meter = make("span", { class: isTrue ? "meter is-true" : "meter" }, make("i", { style: `width:${(100 * share).toFixed(1)}%` }));
      grid.append(make("span", {}, isTrue ? make("b", {}, `${names[place]} (true)`) : names[place]), meter, make("span", { class: "number" }, percent(share)));
      own.delete(place);
    }
    const rest = own.size ? [make("p", { class: "soft small" }, `The true class ${named(own)} is not among the likeliest ${data.likeliest}.`)] : [];
    return [make("h3", {}, "Probabilities"), grid, ...(data.several ? [] : rest)];
  }

  function near(image) {
    const row = neighbours && neighbours.rows.get(image);
    if (row === undefined || row === null) return [];
    const list = make("div", { class: "near" });
    for (let i = 0; i < neighbours.each; i++) {
      const place = neighbours.places[row * neighbours.each + i];
      const similarity = neighbours.similarities[row * neighbours.each + i] / STEPS;
      list.append(
        make(
          "figure",
          { title: neighbours.files[place] },
          framed(neighbours.thumbnail[place], neighbours.labels[place], neighbours.files[place].split("/").pop()),
          make("figcaption", {}, make("b", {}, neighbours.labels[place]), make("br"), make("span", { class: "soft" }, similarity.toFixed(2))),
        ),
      );
    }
    return [make("h3", {}, "Most like it among the training images"), list, make("p", { class: "soft small" }, ...labelled(image, row))];
  }

  /** How many of the nearest have the label of the answer, and how many that of the truth: whose mistake it may be. */
  function labelled(image, row) {
    const under = "The number is the similarity that the network sees (cosine; 1 is the same).";
    if (data.several) return [under];
    const labels = Array.from({ length: neighbours.each }, (_, i) => neighbours.labels[neighbours.places[row * neighbours.each + i]]);
    const having = (name) => labels.filter((label) => label === name).length;
    return [`${having(named(answer(image)))} of ${labels.length} are labelled as it was answered, ${having(named(truth(image)))} as it is labelled itself. ${under}`];
  }

  dialog.addEventListener("keydown", (event) => {
    if (event.key === "ArrowLeft") find("before").click();
    if (event.key === "ArrowRight") find("after").click();
  });
  dialog.addEventListener("click", (event) => { if (event.target === dialog) dialog.close(); });

  /* ---- the confusion matrix ---- */
  const confusions = []; // [true, answered, images], the most frequent first
  for (let i = 0; i < data.confusions.length; i += 3) confusions.push(data.confusions.slice(i, i + 3));
  const answeredFor = Array.from(data.found);
  const counts = new Map(confusions.map(([t, a, n]) => [t * names.length + a, n]));
  for (const [, a, n] of confusions) answeredFor[a] += n;
  const count = (t, a) => (t === a ? data.found[t] : counts.get(t * names.length + a) || 0);

  /** The classes that are shown: all, or those that are confused most, with one or with each other. */
  function inMatrix(focus) {
    if (names.length <= MOST_IN_MATRIX) return names.map((_, place) => place);
    const taken = new Set(focus >= 0 ? [focus] : []);
    for (const [t, a] of confusions) {
      if (taken.size >= FOCUSED) break;
      if (focus < 0 || t === focus || a === focus) taken.add(t).add(a);
    }
    return [...taken].slice(0, FOCUSED).sort((a, b) => a - b);
  }

  function drawMatrix(focus = -1) {
    const shown = inMatrix(focus);
    const byRow = find("matrix-unit").value === "row";
    const largest = confusions.reduce((most, [t, , n]) => Math.max(most, n / data.support[t]), 0);
    const table = make("table", { class: shown.length > 14 ? "matrix dense" : "matrix", role: "grid", "aria-label": "Confusion matrix: rows are true classes, columns answers" });
    const heads = shown.map((a) => make("th", { scope: "col", title: names[a] }, make("div", {}, make("button", { type: "button", title: `All images answered ${names[a]}`, onclick: () => goToImages({ answer: a }) }, names[a]))));
    table.append(make("thead", {}, make("tr", {}, make("th", { class: "soft small" }, make("span", { class: "visually-hidden" }, "true class")), ...heads)));
    const body = make("tbody");
    for (const t of shown) {
      const name = make("button", { type: "button", title: `All images of ${names[t]}`, onclick: () => goToImages({ truth: t }) }, names[t]);
      body.append(make("tr", {}, make("th", { scope: "row" }, name), ...shown.map((a) => cellOf(t, a, byRow, largest))));
    }
    table.append(body);
    body.rows[0]?.cells[1]?.setAttribute("tabindex", "0");
    find("matrix").replaceChildren(table);
  }

  function cellOf(t, a, byRow, largest) {
    const n = count(t, a);
    const share = data.support[t] ? n / data.support[t] : 0;
    const strength = t === a ? share : largest ? (share / largest) ** 0.7 : 0;
    const text = !n ? "" : byRow ? String(Math.round(100 * share)) : n.toLocaleString("en");
    const words = t === a ? `${names[t]}, right` : `${names[t]} taken for ${names[a]}`;
    return make(
      "td",
      { role: "gridcell", tabindex: "-1", class: `${t === a ? "right" : n ? "wrong" : ""}${n ? "" : " none"}`, style: `--s:${strength.toFixed(3)}`, "data-true": t, "data-answer": a, title: `${words}: ${counted(n, "image")}, ${percent(share)} of ${names[t]}`, "aria-label": `${words}: ${counted(n, "image")}, ${percent(share)}` },
      text,
    );
  }

  function showCell(cell) {
    const [t, a] = [Number(cell.dataset.true), Number(cell.dataset.answer)];
    for (const other of find("matrix").querySelectorAll("[aria-selected]")) other.removeAttribute("aria-selected");
    cell.setAttribute("aria-selected", "true");
    showPair(t, a);
  }

  const mostConfused = find("cell") && [...find("cell").childNodes];
  function showPair(t, a) {
    const images = ordered(matches({ right: "", truth: t, answer: a, property: "" }), "surest");
    const n = count(t, a);
    const title = t === a ? `${names[t]}, found` : `${names[t]}, taken for ${names[a]}`;
    const note = `${counted(n, "image")}, ${percent(data.support[t] ? n / data.support[t] : 0)} of ${names[t]}${images.length < n ? `; ${images.length.toLocaleString("en")} of them are in this page` : ""}`;
    const buttons = make("div", { class: "bar" }, make("button", { type: "button", onclick: () => find("cell").replaceChildren(...mostConfused) }, "Most confused"));
    if (images.length) buttons.prepend(make("button", { type: "button", onclick: () => goToImages({ truth: t, answer: a }) }, "Open among the images"));
    find("cell").replaceChildren(make("h3", {}, title), make("p", { class: "soft small" }, note), make("div", { class: "cards" }, ...images.slice(0, CARDS).map((image) => card(image, images, true))), buttons);
  }

  function moveInMatrix(cell, key) {
    const [row, column] = [cell.parentElement.sectionRowIndex, cell.cellIndex];
    const moves = { ArrowUp: [row - 1, column], ArrowDown: [row + 1, column], ArrowLeft: [row, column - 1], ArrowRight: [row, column + 1], Home: [row, 1], End: [row, cell.parentElement.cells.length - 1] };
    if (!(key in moves)) return false;
    const [to, at] = moves[key];
    const next = cell.closest("tbody").rows[to]?.cells[at];
    if (next && at > 0) {
      cell.setAttribute("tabindex", "-1");
      next.setAttribute("tabindex", "0");
      next.focus();
    }
    return true;
  }

  if (find("matrix")) {
    const search = find("matrix-class");
    find("matrix").addEventListener("click", (event) => { const cell = event.target.closest("td"); if (cell) showCell(cell); });
    find("matrix").addEventListener("keydown", (event) => {
      const cell = event.target.closest("td");
      if (!cell) return;
      if (event.key === "Enter" || event.key === " ") showCell(cell);
      else if (!moveInMatrix(cell, event.key)) return;
      event.preventDefault();
    });
    find("matrix-unit").addEventListener("change", () => drawMatrix(names.indexOf(search.value)));
    const partly = names.length > MOST_IN_MATRIX;
    find("matrix-search").hidden = !partly;
    if (partly) {
      const note = (focus) => {
        find("matrix-note").textContent = focus < 0
          ? `${inMatrix(-1).length} of ${names.length.toLocaleString("en")} classes: those that are confused most. Search for another.`
          : `${names[focus]} and what it is confused with.`;
      };
      find("class-names").append(...names.map((name) => make("option", { value: name })));
      search.addEventListener("input", () => {
        const focus = names.indexOf(search.value);
        if (focus >= 0 || search.value === "") { drawMatrix(focus); note(focus); }
      });
      note(-1);
    }
    drawMatrix();
    for (const row of find("confusions")?.tBodies[0].rows || []) {
      const [t, a] = [Number(row.dataset.true), Number(row.dataset.answer)];
      const link = make("button", { type: "button", onclick: () => showPair(t, a) }, ...row.cells[0].childNodes);
      row.cells[0].classList.add("name");
      row.cells[0].append(link);
    }
  }

  /* ---- the table of classes ---- */
  for (const cell of document.querySelectorAll("td[data-class]")) {
    const place = Number(cell.dataset.class);
    cell.append(make("button", { type: "button", title: "Its images", onclick: () => goToImages({ truth: place }) }, ...cell.childNodes));
    cell.dataset.value = names[place];
  }
  const searchClasses = find("search-classes");
  if (searchClasses) {
    const rows = [...find("class-table").tBodies[0].rows];
    const MOST = 20;
    let all = false;
    const more = make("button", { type: "button", onclick: () => { all = true; narrow(); } }, `Show all ${rows.length.toLocaleString("en")}`);
    find("class-table").parentElement.after(make("div", { class: "more" }, more));
    const narrow = () => {
      const wanted = searchClasses.value.toLowerCase();
      let shown = 0;
      let fitting = 0;
      for (const row of find("class-table").tBodies[0].rows) {
        const fits = row.cells[0].textContent.toLowerCase().includes(wanted);
        fitting += fits;
        row.hidden = !fits || (!all && shown >= MOST);
        shown += !row.hidden;
      }
      more.hidden = shown >= fitting;
      find("classes-shown").textContent = `${shown.toLocaleString("en")} of ${rows.length.toLocaleString("en")} classes`;
    };
    searchClasses.addEventListener("input", narrow);
    find("class-table").tHead.addEventListener("click", () => setTimeout(narrow));
    const recall = [...find("class-table").tHead.rows[0].cells].findIndex((heading) => heading.textContent.startsWith("found"));
    sortBy(find("class-table"), recall, find("class-table").tHead.rows[0].cells[recall]); // the weakest first
    narrow();
  }

  /* ---- contents and print ---- */
  const links = new Map([...document.querySelectorAll(".contents a")].map((link) => [link.hash.slice(1), link]));
  const seen = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      for (const link of links.values()) link.removeAttribute("aria-current");
      links.get(entry.target.id)?.setAttribute("aria-current", "true");
    }
  }, { rootMargin: "0px 0px -75% 0px" });
  for (const section of document.querySelectorAll("main > section")) seen.observe(section);
  addEventListener("beforeprint", () => { for (const details of document.querySelectorAll("details")) details.open = true; });

  if (data.right && right.includes(0)) chosen.right = "0"; // begin with what is wrong
  showImages();
})();
