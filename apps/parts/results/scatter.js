// A scatter of images. Drag to draw a lasso, click to open, wheel nothing: the page scrolls. Names are set as text.
export default function (component) {
  const { data, parentElement, setTriggerValue } = component;
  const { x, y, kind, wrong, names, colors, shapes, template, rows, captions, chosen } = data;
  const canvas = parentElement.querySelector("canvas");
  const tip = parentElement.querySelector(".tip");
  const legend = parentElement.querySelector(".legend");
  const context = canvas.getContext("2d");
  const marked = new Set(chosen);
  const hidden = canvas.hiddenKinds ?? (canvas.hiddenKinds = new Set());
  let lasso = [], points = [], width = 0, height = 0;

  const range = (values) => [Math.min(...values), Math.max(...values)];
  const [left, right] = range(x), [low, high] = range(y);
  const style = () => getComputedStyle(canvas);

  function place() {
    width = canvas.clientWidth;
    height = canvas.clientHeight;
    const scale = window.devicePixelRatio || 1;
    canvas.width = width * scale;
    canvas.height = height * scale;
    context.setTransform(scale, 0, 0, scale, 0, 0);
    const edge = 12;
    points = x.map((value, index) => [
      edge + (width - 2 * edge) * (value - left) / ((right - left) || 1),
      height - edge - (height - 2 * edge) * (y[index] - low) / ((high - low) || 1),
    ]);
    draw();
  }

  function mark(px, py, shape, size) {
    context.beginPath();
    if (shape === 1) context.rect(px - size, py - size, 2 * size, 2 * size);
    else if (shape === 2) {
      context.moveTo(px, py - 1.3 * size);
      context.lineTo(px + 1.2 * size, py + size);
      context.lineTo(px - 1.2 * size, py + size);
      context.closePath();
    } else context.arc(px, py, size, 0, 7);
    context.fill();
  }

  function cross(px, py, size) {
    context.beginPath();
    context.moveTo(px - size, py - size);
    context.lineTo(px + size, py + size);
    context.moveTo(px + size, py - size);
    context.lineTo(px - size, py + size);
    context.stroke();
  }

  function draw() {
    const ink = style().color;
    const size = points.length > 2000 ? 2.5 : 4;
    context.clearRect(0, 0, width, height);
    points.forEach(([px, py], index) => {
      if (hidden.has(kind[index])) return;
      context.globalAlpha = marked.size && !marked.has(index) ? 0.25 : 0.9;
      context.fillStyle = colors[kind[index]];
      mark(px, py, shapes[kind[index]], size);
      if (wrong[index]) {
        context.strokeStyle = ink;
        context.lineWidth = 1.5;
        cross(px, py, size + 1);
      }
    });
    context.globalAlpha = 1;
    if (lasso.length > 1) {
      context.strokeStyle = ink;
      context.setLineDash([4, 3]);
      context.beginPath();
      lasso.forEach(([px, py], step) => (step ? context.lineTo(px, py) : context.moveTo(px, py)));
      context.stroke();
      context.setLineDash([]);
    }
  }

  function inside([px, py]) {
    let found = false;
    for (let i = 0, j = lasso.length - 1; i < lasso.length; j = i++) {
      const [ax, ay] = lasso[i], [bx, by] = lasso[j];
      if (ay > py !== by > py && px < ((bx - ax) * (py - ay)) / (by - ay) + ax) found = !found;
    }
    return found;
  }

  function nearest(px, py) {
    let best = -1, distance = 100;
    points.forEach(([ax, ay], index) => {
      const apart = (ax - px) ** 2 + (ay - py) ** 2;
      if (apart < distance && !hidden.has(kind[index])) [best, distance] = [index, apart];
    });
    return best;
  }

  function at(event) {
    const box = canvas.getBoundingClientRect();
    return [event.clientX - box.left, event.clientY - box.top];
  }

  canvas.onpointerdown = (event) => {
    canvas.setPointerCapture(event.pointerId);
    lasso = [at(event)];
  };
  canvas.onpointermove = (event) => {
    if (lasso.length) {
      lasso.push(at(event));
      tip.hidden = true;
      draw();
    } else hover(event);
  };
  canvas.onpointerup = (event) => {
    const drawn = lasso, [px, py] = at(event);
    const far = drawn.some(([ax, ay]) => Math.hypot(ax - px, ay - py) > 6);
    if (far) {
      const found = points.flatMap((point, index) => (inside(point) && !hidden.has(kind[index]) ? [index] : []));
      setTriggerValue("chosen", found);
    } else {
      const found = nearest(px, py);
      if (found >= 0) setTriggerValue("opened", found);
    }
    lasso = [];
    draw();
  };
  canvas.onpointerleave = () => { tip.hidden = true; };

  function hover(event) {
    const [px, py] = at(event), found = nearest(px, py);
    tip.hidden = found < 0;
    canvas.style.cursor = found < 0 ? "crosshair" : "pointer";
    if (found < 0) return;
    const image = tip.querySelector("img");
    if (image.dataset.at !== String(found)) {
      image.dataset.at = String(found);
      image.hidden = rows[found] < 0;
      image.src = image.hidden ? "" : template.replace("{row}", rows[found]);
      image.alt = captions[found];
      tip.querySelector("span").textContent = captions[found];
    }
    tip.style.left = `${Math.min(px + 14, width - 130)}px`;
    tip.style.top = `${Math.max(0, Math.min(py + 14, height - 150))}px`;
  }

  legend.replaceChildren(...names.map((name, index) => {
    const made = document.createElement("button");
    made.type = "button";
    made.setAttribute("aria-pressed", String(!hidden.has(index)));
    const sign = document.createElement("i");
    sign.className = ["round", "square", "pointed"][shapes[index]];
    sign.style.background = colors[index];
    const text = document.createElement("span");
    text.textContent = name;
    made.append(sign, text);
    made.onclick = () => {
      if (!hidden.delete(index)) hidden.add(index);
      made.setAttribute("aria-pressed", String(!hidden.has(index)));
      draw();
    };
    return made;
  }));
  const watcher = new ResizeObserver(place);
  watcher.observe(canvas);
  place();
  return () => watcher.disconnect();
}
