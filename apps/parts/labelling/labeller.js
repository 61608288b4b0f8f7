// One image after the other, with the keyboard. The next image is shown at once: decisions are sent behind it, kept in
// the browser's storage until the app says that it has written them down, and sent again if it does not.
const KEYS = [..."123456789acdefghijklmnopqrtuvwy"];  // without those of the acts below
const ACTS = { z: "undo", x: "aside", s: "skip", b: "crop", enter: "confirm", " ": "take" };
const AHEAD = 5;       // images that are fetched before they are looked at
const AGAIN = 3000;    // milliseconds after which a decision that was not heard of is sent again
const STORED = "imgcls-decisions-";
const TABS = "imgcls-tabs", MOST_TABS = 20;  // what this tab was called before it was loaded again
const last = (item) => item?.decisions.at(-1);

export default function (component) {
  const { data, parentElement } = component;
  const labeller = (parentElement.labeller ??= new Labeller(parentElement));
  labeller.show(component, data);
  return () => labeller.end();
}

class Labeller {
  constructor(parent) {
    this.find = (name) => parent.querySelector(name);
    this.tab = crypto.getRandomValues(new Uint32Array(2)).join("-");
    const before = JSON.parse(sessionStorage.getItem(TABS) ?? "[]");
    this.tabs = [...before, this.tab].slice(-MOST_TABS);
    sessionStorage.setItem(TABS, JSON.stringify(this.tabs));
    this.made = 0;
    this.ahead = [];
    const image = this.find("img");
    image.onload = () => this.fit();
    image.onerror = () => this.say("This image cannot be shown. Its file may be gone.");
    this.find(".side").onclick = (event) => {
      const button = event.target.closest("button[data-act]");
      if (button) { this.act(button.dataset.act); this.find(".stage").focus({ preventScroll: true }); }
    };
    this.find(".classes").onclick = (event) => {
      const button = event.target.closest("button");
      if (button) { this.choose(button.dataset.name); this.find(".stage").focus({ preventScroll: true }); }
    };
    const other = this.find(".other");
    other.oninput = () => { this.listClasses(); this.offerTyped(); };
    other.onkeydown = (event) => this.typed(event);
    this.find(".frame").onpointerdown = (event) => this.draw(event);
    this.pressed = this.pressed.bind(this);
    this.watch = new ResizeObserver(() => this.fit());
  }

  show(component, data) {
    this.component = component;
    window.addEventListener("keydown", this.pressed, true);  // before Streamlit's own keys
    this.watch.observe(this.find(".stage"));
    if (this.data === data) return;
    const begun = this.begun, differs = (fact) => begun[fact] !== data[fact];
    this.data = data;
    this.store = `${STORED}${data.project}@${data.created}`;
    this.waiting ??= this.left();
    const heard = this.forget(data.received);
    if (!begun || differs("queue")) this.begin();
    else if (!differs("version") && !differs("turn")) this.join();
    else if (!this.isAtWork()) this.begin();  // else with one of the next answers
    if (this.waiting.length && (heard || !begun)) this.send(true);
    this.render();
  }

  end() {
    if (this.find(".labeller")?.isConnected) return;  // called for an earlier run of the same element
    window.removeEventListener("keydown", this.pressed, true);
    this.watch.disconnect();
    clearTimeout(this.resending);
  }

  // ---- the queue

  begin() {
    if (this.begun && this.begun.turn !== this.data.turn) this.say("");
    this.begun = this.data;  // that the items are of, until they are taken anew
    this.items = this.data.items;
    this.classes = [...this.data.classes];
    this.trail = this.items.flatMap((item) => item.decisions.filter((each) => this.isMine(each)).map(() => item));
    for (const decision of this.waiting) this.apply(decision);
    this.at = -1;
    this.next();
    this.find(".stage").focus({ preventScroll: true });  // or the field with the queues would take the keys
  }

  isAtWork() {  // what waits is of the version before, and its images would come again
    const other = this.find(".other"), isTyped = other.value || other.getRootNode().activeElement === other;
    return Boolean(this.waiting.length || (this.item && (isTyped || this.marked || this.drawing || this.item.boxed)));
  }

  apply(decision) {
    if (decision.queue !== this.data.queue || decision.version !== this.data.version) return;
    if (decision.act === "again") return this.takeSkippedBack();
    const item = this.items.find((each) => each.row === decision.row);
    if (!item) return;
    if (decision.act === "undo") item.decisions = item.decisions.filter((each) => each.id !== decision.of);
    else if (!item.decisions.some((each) => each.id === decision.id)) this.put(item, decision);
  }

  put(item, decision) {
    item.decisions.push(decision);
    this.trail.push(item);  // once for each decision
  }

  isMine(decision) {
    return Boolean(decision) && (decision.own || this.tabs.some((tab) => decision.id.startsWith(`${tab}-`)));
  }

  join() {
    const known = new Map(this.items.map((item) => [item.row, item]));
    for (const item of this.data.items) {
      const mine = known.get(item.row);
      if (!mine) this.items.push(item);
    }
    for (const name of this.data.classes) if (!this.classes.includes(name)) this.classes.push(name);
    if (!this.item) this.next();
  }

  get item() { return this.items[this.at]; }

  next() {
    const free = (place) => this.items[place] && !last(this.items[place]);
    let place = this.at + 1;
    while (place < this.items.length && !free(place)) place++;
    if (place >= this.items.length) place = this.items.findIndex((item) => !last(item));
    this.goTo(place < 0 ? this.items.length : place);
  }

  goTo(place) {
    this.at = place;
    this.drawing = this.marked = false;
    this.find(".other").value = "";
    const item = this.item, decision = last(item);
    this.chosen = !item ? [] : decision?.act === "label" ? [...decision.labels]
      : item.labels.length ? [...item.labels] : item.suggestion ? [item.suggestion] : [];
  }

  // ---- decisions

  act(name) {
    const item = this.item;
    if (name === "undo") this.undo();
    else if (name === "again") this.again();
    else if (!item) return;
    else if (name === "confirm") this.confirm();
    else if (name === "take") { if (item.suggestion) this.decide("label", [item.suggestion]); }
    else if (name === "crop") { if (item.size) this.drawing = !this.drawing; }
    else if (name === "whole") { item.box = null; item.boxed = true; }
    else this.decide(name, []);
    this.render();
  }

  confirm() {
    if (this.chosen.length || this.data.several) this.decide("label", this.chosen);
    else this.say("Choose a class first: press its key, or click on it.");
  }

  choose(name) {
    if (!this.item) return;
    if (!this.classes.includes(name)) this.classes.push(name);
    this.marked = true;
    if (!this.data.several) this.decide("label", [name]);
    else if (this.chosen.includes(name)) this.chosen = this.chosen.filter((each) => each !== name);
    else this.chosen = [...this.chosen, name];
    this.render();
  }

  decide(act, labels) {
    const item = this.item, said = { label: labels.join(", ") || "none of the classes", aside: "left out",
                                     skip: "skipped" }[act];
    const decision = this.add({ act, labels, row: item.row,
                                box: act === "label" && item.boxed ? item.box ?? [] : null });
    this.put(item, decision);
    this.next();
    this.say(`The image before: ${said}.`);
  }

  undo() {
    let item = this.trail.pop();
    while (item && !this.isMine(last(item))) item = this.trail.pop();  // somebody else decided on it since
    if (!item) return this.say("There is nothing to undo that you decided here and that is not saved yet.");
    const decision = item.decisions.pop();
    this.add({ act: "undo", labels: [], row: item.row, box: null, of: decision.id });
    this.goTo(this.items.indexOf(item));
    this.say("Undone.");
  }

  again() {
    this.add({ act: "again", labels: [], row: -1, box: null });
    this.takeSkippedBack();
    this.next();
  }

  takeSkippedBack() {
    for (const item of this.items) item.decisions = item.decisions.filter((each) => each.act !== "skip");
    this.trail = this.trail.filter(last);
  }

  add(decision) {
    const { created, queue, version } = this.begun;
    const whole = { id: `${this.tab}-${++this.made}`, created, queue, version, of: "", ...decision };
    this.waiting.push(whole);
    this.keep();
    this.send();
    return whole;
  }

  // ---- on their way to the app

  left() {
    return this.keys().flatMap((key) => JSON.parse(localStorage.getItem(key)));
  }

  keys() {
    const stems = [this.store, STORED + this.data.project];  // the app of before had only the project's name
    return Object.keys(localStorage).filter((key) => stems.some((stem) => key.startsWith(`${stem}/`)));
  }

  keep() {
    const mine = this.waiting.filter((each) => each.id.startsWith(this.tab));
    const key = `${this.store}/${this.tab}`;
    if (mine.length) localStorage.setItem(key, JSON.stringify(mine));
    else localStorage.removeItem(key);
  }

  forget(ids) {
    const known = new Set(ids), before = this.waiting.length;
    this.waiting = this.waiting.filter((each) => !known.has(each.id));
    if (this.waiting.length === before) return false;
    this.keep();
    for (const key of this.keys()) {  // of tabs that were closed
      if (key.endsWith(`/${this.tab}`)) continue;
      const theirs = JSON.parse(localStorage.getItem(key)).filter((each) => !known.has(each.id));
      if (theirs.length) localStorage.setItem(key, JSON.stringify(theirs)); else localStorage.removeItem(key);
    }
    this.underWay = false;
    return true;
  }

  send(now = false) {
    if (this.underWay && !now) return;
    this.underWay = true;
    clearTimeout(this.resending);
    this.resending = setTimeout(() => this.waiting.length && this.send(true), AGAIN);
    try { this.component.setStateValue("decisions", this.waiting); } catch { this.underWay = false; }
  }

  // ---- the keyboard

  pressed(event) {
    if (event.isComposing || !this.find(".labeller")?.isConnected || event.ctrlKey || event.metaKey || event.altKey || !event.key) return;
    const [target] = event.composedPath(), key = event.key.toLowerCase();
    if (target.closest?.("input, textarea, select, [contenteditable], [role=dialog], [role=listbox], [role=grid]")) return;
    if ((key === "enter" || key === " ") && target.closest?.("button, a, summary, [role=button], [role=radio]")) return;
    if (this.drawing && key.startsWith("arrow")) this.nudge(key, event.shiftKey);
    else if (key === "arrowleft" || key === "arrowright") this.look(key === "arrowleft" ? -1 : 1);
    else if (event.repeat && (key in ACTS || KEYS.includes(key))) { /* held down, it decides once */ }
    else if (key === "/") this.find(".other").focus();
    else if (key === "escape" && this.drawing) this.drawing = false;
    else if (key in ACTS) this.act(ACTS[key]);
    else if (KEYS.includes(key) && this.classes[KEYS.indexOf(key)] !== undefined) this.choose(this.classes[KEYS.indexOf(key)]);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
    this.render();
  }

  offerTyped() {
    const name = this.find(".other").value.trim(), [first] = this.matching();
    const exact = this.classes.some((each) => each.toLowerCase() === name.toLowerCase());
    this.say(!name ? "" : !first ? `Enter makes the new class “${name}”.`
      : `Enter takes “${first}”${exact ? "" : `, Shift+Enter makes the new class “${name}”`}.`);
  }

  typed(event) {
    event.stopPropagation();
    if (event.isComposing) return;  // this Enter ends a word of Japanese or Chinese, say, and not the name
    const other = this.find(".other");
    if (event.key === "Escape") { other.value = ""; other.blur(); this.listClasses(); }
    if (event.key !== "Enter") return;
    const name = other.value.trim().replace(/\s+/g, " ");
    if (!name) return;
    const [first] = this.matching();
    const exact = this.classes.find((each) => each.toLowerCase() === name.toLowerCase());
    this.choose(exact ?? (event.shiftKey || !first ? name : first));
    other.value = "";
    this.find(".stage").focus({ preventScroll: true });
    this.render();
  }

  look(step) {
    const place = this.at + step;
    if (place >= 0 && place < this.items.length) this.goTo(place);
  }

  // ---- the crop

  draw(event) {
    const item = this.item;
    if (!this.drawing || !item?.size) return;
    const frame = this.find(".frame"), [width, height] = item.size, edges = frame.getBoundingClientRect();
    const spot = (moved) => [
      Math.min(width, Math.max(0, ((moved.clientX - edges.left) / edges.width) * width)),
      Math.min(height, Math.max(0, ((moved.clientY - edges.top) / edges.height) * height)),
    ];
    const [x, y] = spot(event), handle = [...this.find(".crop").children].indexOf(event.target);
    const box = item.box, inside = box && event.target.closest(".crop");
    const fixed = handle >= 0 ? [box[handle % 2 ? 0 : 2], box[handle < 2 ? 3 : 1]] : [x, y];
    frame.setPointerCapture(event.pointerId);
    event.preventDefault();
    frame.onpointermove = (moved) => {
      const [a, b] = spot(moved);
      item.box = handle < 0 && inside ? this.shifted(box, a - x, b - y)
        : [Math.min(a, fixed[0]), Math.min(b, fixed[1]), Math.max(a, fixed[0]), Math.max(b, fixed[1])];
      item.boxed = true;
      this.placeCrop();
    };
    frame.onpointerup = frame.onpointercancel = () => {
      frame.onpointermove = frame.onpointerup = frame.onpointercancel = null;
      if (item.box && (item.box[2] - item.box[0] < 2 || item.box[3] - item.box[1] < 2)) item.box = box;  // a click
      this.render();
    };
  }

  nudge(key, resize) {
    const item = this.item;
    if (!item?.size) return;
    const [width, height] = item.size;
    const step = { arrowleft: [-0.01, 0], arrowright: [0.01, 0], arrowup: [0, -0.01], arrowdown: [0, 0.01] }[key];
    const [x, y] = [step[0] * width, step[1] * height];
    item.boxed = true;
    if (!item.box) item.box = [0.2 * width, 0.2 * height, 0.8 * width, 0.8 * height];
    else if (!resize) item.box = this.shifted(item.box, x, y);
    else {
      const [left, top, right, bottom] = item.box;
      item.box = [left, top, Math.min(width, Math.max(left + 2, right + x)),
                  Math.min(height, Math.max(top + 2, bottom + y))];
    }
  }

  shifted(box, x, y) {
    const [width, height] = this.item.size;
    x = Math.min(width - box[2], Math.max(-box[0], x));
    y = Math.min(height - box[3], Math.max(-box[1], y));
    return [box[0] + x, box[1] + y, box[2] + x, box[3] + y];
  }

  placeCrop() {
    const crop = this.find(".crop"), item = this.item;
    crop.hidden = !item?.box;
    if (crop.hidden) return;
    const [width, height] = item.size, [left, top, right, bottom] = item.box;
    crop.style.left = `${(100 * left) / width}%`;
    crop.style.top = `${(100 * top) / height}%`;
    crop.style.width = `${(100 * (right - left)) / width}%`;
    crop.style.height = `${(100 * (bottom - top)) / height}%`;
  }

  // ---- what is shown

  render() {
    const item = this.item, image = this.find("img");
    this.find(".frame").hidden = !item;
    this.find(".frame").style.display = item ? "" : "none";
    this.find(".frame").classList.toggle("drawing", Boolean(item && this.drawing));
    if (item) {
      if (image.getAttribute("src") !== item.address) image.src = item.address;
      image.alt = item.alt;
    }
    const remaining = this.data.total - this.done();
    this.find(".over").textContent = item ? "" : remaining > 0 ? "The next images are on their way."
      : this.data.total ? `All ${this.data.total.toLocaleString("en")} images of this queue are done.`
      : "No image is in this queue.";
    this.placeCrop();
    this.fetchAhead();
    this.listClasses();
    this.showFacts(item);
    this.showActs(item);
    this.showProgress();
  }

  fit() {
    const image = this.find("img"), stage = this.find(".stage"), frame = this.find(".frame");
    const [width, height] = [image.naturalWidth, image.naturalHeight];
    if (!width || !height || !stage.clientWidth) return;
    const scale = Math.min(stage.clientWidth / width, stage.clientHeight / height, 14);
    frame.style.width = `${Math.floor(width * scale)}px`;
    frame.style.height = `${Math.floor(height * scale)}px`;
    image.classList.toggle("small", scale > 3);
    this.placeCrop();
  }

  fetchAhead() {
    const coming = this.items.slice(this.at + 1).filter((item) => !last(item)).slice(0, AHEAD);
    this.ahead = coming.map((item) => {
      const known = this.ahead.find((each) => each.getAttribute("src") === item.address);
      if (known) return known;
      const image = new Image();
      image.src = item.address;
      return image;
    });
  }

  matching() {
    const text = this.find(".other").value.trim().toLowerCase();
    return this.classes.filter((name) => name.toLowerCase().includes(text));
  }

  listClasses() {
    const list = this.find(".classes"), item = this.item;
    const buttons = this.matching().map((name) => {
      const button = document.createElement("button"), text = document.createElement("span");
      button.type = "button";
      button.dataset.name = name;
      button.disabled = !item;
      button.setAttribute("aria-pressed", this.chosen.includes(name));
      text.textContent = name;
      button.append(text);
      const key = KEYS[this.classes.indexOf(name)];
      if (key) {
        const shown = document.createElement("kbd");
        shown.textContent = key.toUpperCase();
        button.append(shown);
        button.setAttribute("aria-keyshortcuts", key);
      }
      return button;
    });
    list.replaceChildren(...buttons);
  }

  showFacts(item) {
    const lines = [];
    if (item) {
      const was = last(item);
      if (was) lines.push(was.act === "aside" ? "You left this image out."
        : was.act === "skip" ? "You skipped this image." : `You said: ${was.labels.join(", ") || "none of the classes"}.`);
      const by = item.who ? ` (by ${item.who})` : "";
      lines.push(item.labels.length ? `Label now: ${item.labels.join(", ")}${by}` : "This image has no label yet.");
      if (item.suggestion) {
        const sure = item.probability === null ? "" : ` (${Math.round(100 * item.probability)} %)`;
        lines.push(`The model says: ${item.suggestion}${sure}`);
      }
      lines.push(item.name);
    }
    this.find(".facts").textContent = lines.join("\n");
  }

  showActs(item) {
    const button = (act) => this.find(`button[data-act=${act}]`);
    const labelled = (element, text, key) => {
      const shown = document.createElement("kbd");
      shown.textContent = key;
      element.replaceChildren(`${text} `, shown);
    };
    labelled(button("confirm"), this.chosen.length ? `Confirm “${this.chosen.join(", ")}” and next` : "Confirm and next", "Enter");
    button("confirm").disabled = !item;
    button("take").hidden = !item?.suggestion || (this.chosen.length === 1 && this.chosen[0] === item.suggestion);
    if (item?.suggestion) labelled(button("take"), `Take “${item.suggestion}”`, "Space");
    button("aside").disabled = button("skip").disabled = !item;
    button("undo").disabled = !this.trail.length;
    button("crop").hidden = !item?.size;
    button("crop").setAttribute("aria-pressed", Boolean(this.drawing));
    button("whole").hidden = !item?.box;
    button("again").hidden = Boolean(item) || !(this.data.skipped || this.items.some((each) => last(each)?.act === "skip"));
  }

  done() {
    let done = this.data.done;
    for (const each of this.waiting) {
      if (each.queue === this.data.queue && each.act !== "again") done += each.act === "undo" ? -1 : 1;
    }
    return Math.max(0, Math.min(this.data.total, done));
  }

  showProgress() {
    const done = this.done(), total = this.data.total, bar = this.find(".bar");
    bar.setAttribute("aria-valuemax", total);
    bar.setAttribute("aria-valuenow", done);
    bar.firstElementChild.style.width = `${total ? (100 * done) / total : 0}%`;
    this.find(".count").textContent = `${done.toLocaleString("en")} of ${total.toLocaleString("en")} done`;
  }

  say(sentence) {
    this.find(".said").textContent = sentence;
  }
}
