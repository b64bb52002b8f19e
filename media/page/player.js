// Which frame is shown when.

/** Goes through frames 0 to count - 1; `show` is called with each. */
class Player {
  constructor(show) {
    Object.assign(this, { show, count: 1, frame: 0, period: 200, speed: 1, direction: 1, boomerang: true, loop: true, playing: false });
    this.changed = () => {};
  }

  seek(frame) {
    this.frame = Math.min(this.count - 1, Math.max(0, Math.round(frame)));
    this.show(this.frame);
  }

  step(by) {
    this.pause();
    this.seek(this.frame + by);
  }

  toggle() { this.playing ? this.pause() : this.play(); }

  pause() {
    clearTimeout(this.timer);
    if (this.playing) { this.playing = false; this.changed(); }
  }

  play() {
    if (this.count < 2 || this.playing) return;
    if (this.boomerang && this.frame === this.count - 1) this.direction = -1;
    else if (!this.boomerang || this.frame === 0) this.direction = 1;
    if (!this.boomerang && this.frame === this.count - 1) this.seek(0);
    this.playing = true;
    this.changed();
    this.wait();
  }

  wait() { this.timer = setTimeout(() => this.advance(), this.period / this.speed); }

  advance() {
    const next = this.frame + this.direction;
    if (next >= 0 && next < this.count) this.seek(next);
    else if (!this.boomerang && this.loop) this.seek(0);
    else if (this.boomerang && (this.direction > 0 || this.loop)) {
      this.direction = -this.direction;
      this.seek(this.frame + this.direction);
    } else return this.pause();
    this.wait();
  }
}
