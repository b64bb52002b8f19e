// Small line charts in SVG, with a cursor that follows the frames.

const SVG = "http://www.w3.org/2000/svg";
const PLOT = { width: 460, height: 190, left: 46, right: 8, top: 8, bottom: 34 };

/** Make an element with attributes and children; text is text, whatever is in it. */
function make(name, attributes = {}, ...children) {
  const element = SVG_NAMES.has(name) ? document.createElementNS(SVG, name) : document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null));
  return element;
}
const SVG_NAMES = new Set(["svg", "path", "line", "text", "circle", "g"]);

/** A number for people: three digits that count, no more. */
function shown(value) {
  if (value === null || !Number.isFinite(value)) return "–";
  if (value !== 0 && (Math.abs(value) < 1e-3 || Math.abs(value) >= 1e5)) return value.toExponential(1);
  return String(Number(value.toPrecision(3)));
}

/** Round numbers between two, about so many. */
function ticks(low, high, count) {
  const rough = (high - low) / count || 1, power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const found = [];
  for (let tick = Math.ceil(low / step - 1e-9) * step; tick <= high + step * 1e-9; tick += step) found.push(Number(tick.toPrecision(12)));
  return found;
}

/** A chart of series of points; `seek`, where there is one, is called with an x. */
class Chart {
  constructor(content, seek) {
    this.content = content;
    const scale = content.log ? (x) => Math.log10(1 + x) : (x) => x;
    const points = content.series.flatMap((each) => each.points).filter(([, y]) => y !== null);
    const xs = points.map(([x]) => x), ys = [...points.map(([, y]) => y), ...content.refs.map((ref) => ref.value)];
    const [from, to] = content.range ?? [Math.min(...xs), Math.max(...xs)];
    let low = Math.min(...ys), high = Math.max(...ys);
    if (low >= 0 && low < 0.6 * high) low = 0;
    if (high === low) high = low + 1;
    high += (high - low) * 0.06;
    const across = PLOT.width - PLOT.left - PLOT.right, up = PLOT.height - PLOT.top - PLOT.bottom;
    const span = scale(to) - scale(from) || 1;
    this.x = (value) => PLOT.left + ((scale(value) - scale(from)) / span) * across;
    const y = (value) => PLOT.top + (1 - (value - low) / (high - low)) * up;
    this.svg = make("svg", { viewBox: `0 0 ${PLOT.width} ${PLOT.height}`, role: "img", "aria-label": this.described() });
    for (const tick of ticks(low, high, 4)) {
      this.svg.append(make("line", { class: "grid", x1: PLOT.left, x2: PLOT.width - PLOT.right, y1: y(tick), y2: y(tick) }),
        make("text", { x: PLOT.left - 7, y: y(tick) + 4, "text-anchor": "end" }, shown(tick)));
    }
    const marks = content.log ? [...new Set([0, 1, 10, 100, 1000, 10000, 100000].filter((x) => from <= x && x <= to))] : ticks(from, to, 6);
    for (const tick of marks) this.svg.append(make("text", { x: this.x(tick), y: PLOT.height - 18, "text-anchor": "middle" }, shown(tick)));
    this.svg.append(make("text", { x: PLOT.left + across / 2, y: PLOT.height - 3, "text-anchor": "middle" }, content.axis));
    for (const ref of content.refs) this.svg.append(make("line", { class: "series ref", x1: PLOT.left, x2: PLOT.width - PLOT.right, y1: y(ref.value), y2: y(ref.value) }));
    this.cursor = make("line", { class: "cursor", y1: PLOT.top, y2: PLOT.height - PLOT.bottom, visibility: "hidden" });
    this.svg.append(this.cursor);
    for (const series of content.series) {
      let path = "", open = false;
      for (const [x, value] of series.points) {
        if (value === null) { open = false; continue; }
        path += `${open ? "L" : "M"}${this.x(x).toFixed(1)} ${y(value).toFixed(1)}`;
        open = true;
      }
      this.svg.append(make("path", { class: `series ${series.role}`, d: path }));
      if (series.points.length <= 48 && series.role !== "b") {
        for (const [x, value] of series.points) if (value !== null) this.svg.append(make("circle", { class: series.role, cx: this.x(x), cy: y(value), r: 2.6 }));
      }
    }
    this.values = content.series.map(() => make("b"));
    const legend = make("ul", { class: "legend" },
      ...content.series.map((series, index) => make("li", {}, make("span", { class: `dot ${series.role}` }), series.name, this.values[index])),
      ...content.refs.map((ref) => make("li", {}, make("span", { class: "dot ref" }), ref.name, make("b", {}, shown(ref.value)))));
    this.element = make("div", { class: `chart${seek ? " linked" : ""}` }, make("h3", {}, content.title), legend, this.svg);
    if (seek) this.listen(seek, (place) => {
      const part = Math.min(1, Math.max(0, (place * PLOT.width - PLOT.left) / across));
      const value = scale(from) + part * span;
      return content.log ? 10 ** value - 1 : value;
    });
  }

  listen(seek, valueAt) {
    const go = (event) => {
      const box = this.svg.getBoundingClientRect();
      seek(valueAt((event.clientX - box.left) / box.width));
    };
    this.svg.addEventListener("pointerdown", (event) => { this.svg.setPointerCapture(event.pointerId); go(event); });
    this.svg.addEventListener("pointermove", (event) => { if (event.buttons) go(event); });
  }

  described() {
    const { title, axis, series, refs } = this.content;
    const parts = series.map(({ name, points }) => {
      const values = points.map(([, y]) => y).filter((y) => y !== null);
      return `${name} from ${shown(values[0])} to ${shown(values.at(-1))}, at most ${shown(Math.max(...values))}`;
    });
    return `${title} by ${axis}: ${[...parts, ...refs.map((ref) => `${ref.name} ${shown(ref.value)}`)].join("; ")}`;
  }

  /** Show where the frames are: at x, with the values nearest to it. */
  mark(x) {
    this.cursor.setAttribute("visibility", "visible");
    for (const end of ["x1", "x2"]) this.cursor.setAttribute(end, this.x(x));
    this.content.series.forEach(({ points }, index) => {
      const near = points.reduce((best, each) => (Math.abs(each[0] - x) < Math.abs(best[0] - x) ? each : best));
      this.values[index].textContent = shown(near[1]);
    });
  }
}
