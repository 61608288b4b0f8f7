// A confusion matrix: a table of buttons. Arrow keys move, Enter and Space choose. Names are set as text, never as HTML.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { names, counts, cell, most } = data;
  const table = parentElement.querySelector("table");
  const focused = parentElement.activeElement?.dataset?.at;
  const buttons = [];

  function element(kind, text, attributes = {}) {
    const made = document.createElement(kind);
    made.textContent = text;
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    return made;
  }

  function said(row, column) {
    const count = counts[row][column];
    const images = `${count} ${count === 1 ? "image" : "images"} of ${names[row]}`;
    return row === column ? `${images}, named rightly` : `${images} taken for ${names[column]}`;
  }

  function button(row, column) {
    const count = counts[row][column];
    const made = element("button", count ? count : "", { type: "button", title: said(row, column) });
    const share = count / Math.max(1, row === column ? most.right : most.wrong);
    made.setAttribute("aria-label", said(row, column));
    made.setAttribute("aria-pressed", String(cell[0] === row && cell[1] === column));
    made.className = row === column ? "right" : "wrong";
    made.style.setProperty("--heat", count ? (14 + 56 * Math.sqrt(share)).toFixed(0) + "%" : "0%");
    made.dataset.at = `${row},${column}`;
    made.tabIndex = -1;
    made.onclick = () => {
      buttons.flat().forEach((each) => each.setAttribute("aria-pressed", String(each === made)));
      focus(made);
      setTriggerValue("cell", [names[row], names[column]]);
    };
    made.onkeydown = (event) => move(event, row, column);
    return made;
  }

  function move(event, row, column) {
    const steps = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
    const step = steps[event.key];
    if (!step) return;
    event.preventDefault();
    const next = buttons[row + step[0]]?.[column + step[1]];
    if (next) focus(next);
  }

  function focus(next) {
    buttons.flat().forEach((each) => { each.tabIndex = -1; });
    next.tabIndex = 0;
    next.focus();
  }

  const head = document.createElement("tr");
  head.append(element("td", "", { class: "corner" }));
  names.forEach((name) => {
    const cellOfHead = element("th", "", { scope: "col", title: name });
    cellOfHead.append(element("span", name));
    head.append(cellOfHead);
  });
  const rows = names.map((name, row) => {
    const line = document.createElement("tr");
    line.append(element("th", name, { scope: "row", title: name }));
    buttons.push(names.map((_, column) => button(row, column)));
    buttons[row].forEach((each) => {
      const place = document.createElement("td");
      place.append(each);
      line.append(place);
    });
    return line;
  });
  table.replaceChildren(element("caption", "Rows: the class of an image. Columns: the answer."), head, ...rows);
  const first = cell[0] >= 0 && cell[1] >= 0 ? buttons[cell[0]][cell[1]] : buttons[0][0];
  first.tabIndex = 0;
  if (focused) {
    const [row, column] = focused.split(",").map(Number);
    if (buttons[row]?.[column]) focus(buttons[row][column]);
  }
}
