// A grid of which only the rows in sight are in the page. State lives on the parent, since Streamlit calls this again
// whenever the data changes.
const GAP = 8, LEAST = 104, CAPTION = 20, BEYOND = 2;  // pixels, pixels, pixels, rows above and below what is in sight

export default function (component) {
  const { data, parentElement } = component;
  const grid = (parentElement.imageGrid ??= new Grid(parentElement));
  grid.show(component, data);
  return () => grid.end();
}

const unpacked = (text) => {
  const bytes = Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Int32Array(bytes.buffer);
};

const packed = (numbers) => {
  const bytes = new Uint8Array(Int32Array.from(numbers).buffer);
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return btoa(text);
};

// A line of which the name is cut off where there is no room, and the percentage at its end never is.
const captionLine = (line) => {
  const [, name, share] = line.match(/^([^]*?)( \d+ %,?)?$/), shown = document.createElement("div");
  for (const part of [name, share]) if (part) shown.appendChild(document.createElement("span")).textContent = part;
  return shown;
};

class Grid {
  constructor(parent) {
    this.box = parent.querySelector(".grid");
    this.said = parent.querySelector(".said");
    this.room = this.box.appendChild(document.createElement("div"));
    this.room.className = "room";
    this.room.setAttribute("role", "presentation");
    this.box.setAttribute("aria-multiselectable", "true");
    this.selected = new Set();
    this.shown = new Map();  // number of the line in the grid: its element
    this.at = 0;             // place of the image that has the focus
    this.from = 0;           // where a range begins
    this.box.addEventListener("scroll", () => this.soon(), { passive: true });
    this.box.addEventListener("click", (event) => this.clicked(event));
    this.box.addEventListener("dblclick", (event) => this.doubleClicked(event));
    this.box.addEventListener("keydown", (event) => this.pressed(event));
    this.box.addEventListener("focusin", (event) => this.focused(event));
    this.watch = new ResizeObserver(() => this.layOut());
  }

  show(component, data) {
    this.component = component;
    this.watch.observe(this.box);
    if (this.data === data) return;
    const turned = this.data?.turn !== data.turn, other = this.data?.rows !== data.rows;
    this.data = data;
    this.rows = unpacked(data.rows);
    this.codes = unpacked(data.codes);
    this.captionLines = Math.max(1, ...data.names.map((name) => name.split("\n").length));
    if (turned) this.selected = new Set(unpacked(data.selected));
    if (other) {
      const there = new Set(this.rows);
      for (const row of this.selected) if (!there.has(row)) this.selected.delete(row);
      this.at = Math.max(0, Math.min(this.at, this.rows.length - 1));
      this.from = this.at;
    }
    this.box.setAttribute("role", this.rows.length ? "grid" : "group");
    this.box.setAttribute("aria-label", `${this.rows.length} images`);
    this.layOut(true);
    this.tell();
  }

  end() {
    if (this.box.isConnected) return;  // called for an earlier run of the same element
    this.watch.disconnect();
  }

  // ---- what is where

  layOut(anew = false) {
    const width = this.box.clientWidth - GAP;
    if (width <= 0 || !this.rows) return;
    const columns = Math.max(1, Math.floor(width / (LEAST + GAP)));
    const side = Math.floor(width / columns);
    if (!anew && columns === this.columns && side === this.side) return this.draw();
    const first = this.columns ? Math.floor(this.box.scrollTop / this.line) * this.columns : 0;
    const moved = this.columns && columns !== this.columns;
    this.columns = columns;
    this.side = side;
    this.line = side + (this.codes.length ? CAPTION * this.captionLines : 0);
    this.lines = Math.ceil(this.rows.length / columns);
    this.room.style.height = `${this.lines * this.line + GAP}px`;
    this.box.style.height = `${Math.min(this.data.height, Math.max(1, this.lines) * this.line + GAP + 2)}px`;
    this.box.setAttribute("aria-rowcount", this.lines);
    this.box.setAttribute("aria-colcount", columns);
    if (moved) this.box.scrollTop = Math.floor(first / columns) * this.line;
    const held = this.box.getRootNode().activeElement?.closest?.(".cell");
    for (const line of this.shown.values()) line.remove();
    this.shown.clear();
    this.draw();
    if (held) this.cell(this.at)?.focus({ preventScroll: true });
  }

  soon() {
    this.wanted ??= requestAnimationFrame(() => { this.wanted = null; this.draw(); });
  }

  draw() {
    const top = this.box.scrollTop, height = this.box.clientHeight;
    const first = Math.max(0, Math.floor(top / this.line) - BEYOND);
    const last = Math.min(this.lines - 1, Math.floor((top + height) / this.line) + BEYOND);
    const kept = Math.floor(this.at / this.columns);  // the focus is not lost by scrolling
    const fast = Math.abs(top - (this.top ?? top)) > 2 * height;
    this.top = top;
    for (const [line, element] of this.shown) {
      if ((line < first || line > last) && line !== kept) { element.remove(); this.shown.delete(line); }
    }
    for (let line = first; line <= last; line++) this.addLine(line);
    if (kept < this.lines) this.addLine(kept);
    clearTimeout(this.later);
    if (fast) this.later = setTimeout(() => this.load(), 80);  // what only flies by is not asked for
    else this.load();
  }

  addLine(line) {
    if (this.shown.has(line)) return;
    const element = document.createElement("div");
    element.className = "row";
    element.setAttribute("role", "row");
    element.setAttribute("aria-rowindex", line + 1);
    element.style.top = `${GAP / 2 + line * this.line}px`;
    const end = Math.min(this.rows.length, (line + 1) * this.columns);
    for (let place = line * this.columns; place < end; place++) element.append(this.newCell(place));
    this.shown.set(line, element);
    this.room.append(element);
  }

  newCell(place) {
    const row = this.rows[place], column = place % this.columns, cell = document.createElement("div");
    const lines = this.codes.length ? this.data.names[this.codes[place]].split("\n") : [];
    const caption = lines.join(" ");
    cell.className = "cell";
    cell.dataset.place = place;
    cell.style.cssText =
      `left:${GAP / 2 + column * this.side}px;width:${this.side}px;height:${this.line}px`;
    cell.setAttribute("role", "gridcell");
    cell.setAttribute("aria-colindex", column + 1);
    cell.tabIndex = place === this.at ? 0 : -1;
    const image = document.createElement("img");
    const called = `${caption ? caption + ", " : ""}image ${place + 1} of ${this.rows.length}`;
    image.alt = called;
    image.decoding = "async";
    image.draggable = false;
    image.style.height = `${this.side - 8}px`;
    image.dataset.src = this.data.addresses.replace("{row}", row);
    image.onload = () => image.classList.toggle("small", image.naturalWidth < 64 && image.naturalHeight < 64);
    const check = document.createElement("input");
    check.type = "checkbox";
    check.tabIndex = -1;
    check.setAttribute("aria-label", `Select ${called}`);
    cell.append(image, check);
    if (this.codes.length) {
      const text = cell.appendChild(document.createElement("div"));
      text.className = "caption";
      text.title = caption;
      text.append(...lines.map(captionLine));
    }
    this.mark(cell, row);
    return cell;
  }

  load() {
    for (const image of this.room.querySelectorAll("img[data-src]")) {
      image.src = image.dataset.src;
      delete image.dataset.src;
    }
  }

  cell(place) {
    return this.room.querySelector(`.cell[data-place="${place}"]`);
  }

  // ---- selection

  mark(cell, row) {
    const chosen = this.selected.has(row);
    cell.setAttribute("aria-selected", chosen);
    cell.querySelector("input").checked = chosen;
  }

  markAll() {
    for (const cell of this.room.querySelectorAll(".cell")) this.mark(cell, this.rows[cell.dataset.place]);
    this.tell();
    clearTimeout(this.sending);
    this.sending = setTimeout(() => this.send(), 150);  // a range that grows is one message
  }

  send() {
    clearTimeout(this.sending);
    this.component.setStateValue("selected", { turn: this.data.turn, rows: packed(this.selected) });
  }

  tell() {
    const count = this.selected.size;
    this.said.textContent = this.rows.length === 0 ? "No image is here." :
      `${this.rows.length.toLocaleString("en")} images` + (count ? `, ${count.toLocaleString("en")} selected` : "");
  }

  toggle(place) {
    const row = this.rows[place];
    if (!this.selected.delete(row)) this.selected.add(row);
    this.from = place;
    this.markAll();
  }

  range(place) {
    const [first, last] = [Math.min(this.from, place), Math.max(this.from, place)];
    for (let each = first; each <= last; each++) this.selected.add(this.rows[each]);
    this.markAll();
  }

  // ---- mouse and keyboard

  clicked(event) {
    const cell = event.target.closest(".cell");
    if (!cell) return;
    const place = Number(cell.dataset.place);
    this.goTo(place);
    if (event.shiftKey) return this.range(place);
    if (event.target.type === "checkbox" || event.ctrlKey || event.metaKey || this.data.click === "select") {
      return this.toggle(place);
    }
    this.open(place);
  }

  doubleClicked(event) {
    const cell = event.target.closest(".cell");
    if (cell && event.target.type !== "checkbox" && this.data.click === "select") this.open(Number(cell.dataset.place));
  }

  open(place) {
    this.component.setTriggerValue("opened", this.rows[place]);
  }

  focused(event) {
    const cell = event.target.closest(".cell");
    if (cell) this.take(Number(cell.dataset.place));
  }

  take(place) {
    const before = this.cell(this.at);
    if (before) before.tabIndex = -1;
    this.at = place;
    const now = this.cell(place);
    if (now) now.tabIndex = 0;
  }

  goTo(place) {
    this.take(place);
    const top = Math.floor(place / this.columns) * this.line, height = this.box.clientHeight;
    if (top < this.box.scrollTop) this.box.scrollTop = top;
    if (top + this.line + GAP > this.box.scrollTop + height) this.box.scrollTop = top + this.line + GAP - height;
    this.draw();
    this.take(place);
    this.cell(place)?.focus({ preventScroll: true });
  }

  pressed(event) {
    if (!this.rows.length) return;
    const held = event.repeat;  // only moving goes on while a key is held down
    const page = Math.max(1, Math.floor(this.box.clientHeight / this.line)) * this.columns;
    const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -this.columns, ArrowDown: this.columns,
                    PageUp: -page, PageDown: page, Home: -this.at, End: this.rows.length - 1 - this.at };
    if (event.key in steps) {
      this.goTo(Math.max(0, Math.min(this.rows.length - 1, this.at + steps[event.key])));
      if (event.shiftKey) this.range(this.at); else this.from = this.at;
    } else if (event.key === " ") { if (!held) this.toggle(this.at); }
    else if (event.key === "Enter") { if (!held) this.open(this.at); }
    else if (event.key === "Escape" && this.selected.size) { this.selected.clear(); this.markAll(); }
    else if (event.key.toLowerCase() === "a" && (event.ctrlKey || event.metaKey)) {
      for (const row of this.rows) this.selected.add(row);
      this.markAll();
    } else if (!event.ctrlKey && !event.metaKey && !event.altKey && this.isKey(event.key.toLowerCase())) {
      if (!held) { this.send(); this.component.setTriggerValue("pressed", event.key.toLowerCase()); }
    } else return;
    event.preventDefault();
    event.stopPropagation();  // or Streamlit would take R and C for itself
  }

  isKey(key) {
    return key.length === 1 && this.data.keys.includes(key);
  }
}
