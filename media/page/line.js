// The line that is drawn over the pictures.

/** A line with two handles over each of some frames; `changed` is called with [x0, y0, x1, y1]. */
class Line {
  constructor(frames, changed, busy) {
    Object.assign(this, { changed, ends: [0, 0, 0, 0], size: [1, 1] });
    this.layers = frames.map((frame, index) => {
      const [under, over] = ["under", "over"].map((name) => make("line", { class: name }));
      const layer = make("svg", { class: "line", "aria-hidden": "true" }, under, over);
      const handles = ["Start", "End"].map((name, end) => {
        const attributes = { type: "button", class: "handle", "aria-label": `${name} of the line, ${index ? "second" : "first"} picture`, title: "Drag, or arrow keys" };
        const handle = make("button", attributes);
        this.drag(handle, frame, (x, y) => this.move(end, x, y), () => false);
        handle.addEventListener("keydown", (event) => this.key(event, end));
        return handle;
      });
      this.drag(frame, frame, (x, y, first) => {
        if (first) this.set([x, y, x, y]);
        else this.move(1, x, y);
      }, busy);
      frame.append(layer, ...handles);
      return { under, over, handles };
    });
  }

  /** Follow a pointer that was put down on an element; a touch waits until it has moved. */
  drag(element, frame, go, busy) {
    let begun = null;
    const place = (event) => {
      const box = frame.getBoundingClientRect();
      return [event.clientX - box.left, event.clientY - box.top].map((each, axis) =>
        Math.min(this.size[axis] - 1, Math.max(0, Math.round((each / [box.width, box.height][axis]) * this.size[axis] - 0.5))));
    };
    element.addEventListener("pointerdown", (event) => {
      if (event.button || busy()) return;
      event.stopPropagation();
      element.setPointerCapture(event.pointerId);
      begun = { x: event.clientX, y: event.clientY, from: place(event), moved: false };
    });
    element.addEventListener("pointermove", (event) => {
      if (!begun) return;
      if (!begun.moved) {
        if (Math.hypot(event.clientX - begun.x, event.clientY - begun.y) < 4) return;
        begun.moved = true;
        go(...begun.from, true);
      }
      go(...place(event), false);
    });
    for (const name of ["pointerup", "pointercancel"]) element.addEventListener(name, () => { begun = null; });
  }

  key(event, end) {
    const by = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
    if (!by) return;
    event.preventDefault();
    event.stopPropagation();
    this.move(end, this.ends[2 * end] + by[0], this.ends[2 * end + 1] + by[1]);
  }

  move(end, x, y) {
    const ends = [...this.ends];
    [ends[2 * end], ends[2 * end + 1]] = [x, y];
    this.set(ends);
  }

  set(ends) {
    this.ends = ends.map((each, index) => Math.min(this.size[index % 2] - 1, Math.max(0, Math.round(each))));
    const share = this.ends.map((each, index) => `${((each + 0.5) / this.size[index % 2]) * 100}%`);
    for (const { under, over, handles } of this.layers) {
      for (const line of [under, over]) ["x1", "y1", "x2", "y2"].forEach((name, index) => line.setAttribute(name, share[index]));
      handles.forEach((handle, end) => { [handle.style.left, handle.style.top] = share.slice(2 * end, 2 * end + 2); });
    }
    this.changed(this.ends);
  }
}
