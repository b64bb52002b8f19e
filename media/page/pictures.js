"use strict";
// Pictures as pixels: decoded, faded, cut along a line, compared. No page here.

/** Decode a picture's data URL to {width, height, data: RGBA bytes}. */
async function decodePicture(url) {
  const image = new Image();
  image.src = url;
  await image.decode();
  const canvas = document.createElement("canvas");
  canvas.width = image.naturalWidth;
  canvas.height = image.naturalHeight;
  const context = canvas.getContext("2d", { willReadFrequently: true });
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, canvas.width, canvas.height);
}

/** Round half to even, as the library does. */
function roundEven(value) {
  const floor = Math.floor(value), rest = value - floor;
  if (rest !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}

/**
 * The cross-fade of two pictures at a time in [0, 1], in the library's single-precision steps:
 * from the nearer end, with one rounding for product and sum, then to 8 bits.
 */
function crossFade(start, end, time) {
  const single = Math.fround, faded = new ImageData(start.width, start.height);
  const weight = single(time), near = Math.abs(weight) < 0.5;
  const share = near ? weight : single(weight - 1);
  const levels = Float32Array.from({ length: 256 }, (_, level) => level / 255);
  const known = new Int16Array(65536).fill(-1);
  for (let i = 0; i < start.data.length; i++) {
    const pair = start.data[i] * 256 + end.data[i];
    if (known[pair] < 0) {
      const a = levels[start.data[i]], b = levels[end.data[i]];
      const mixed = single((near ? a : b) + share * single(b - a));
      known[pair] = roundEven(single(Math.min(1, Math.max(0, mixed)) * 255));
    }
    faded.data[i] = known[pair];
  }
  return faded;
}

/** Points on a line from (x0, y0) to (x1, y1): as many as its longer side has pixels. */
function linePoints(line, scaleX = 1, scaleY = 1) {
  const [x0, y0, x1, y1] = line;
  const count = Math.max(Math.abs(x1 - x0), Math.abs(y1 - y0)) + 1;
  return Array.from({ length: count }, (_, k) => {
    const part = count > 1 ? k / (count - 1) : 0;
    return [(x0 + part * (x1 - x0)) * scaleX, (y0 + part * (y1 - y0)) * scaleY];
  });
}

/** One row of RGBA bytes per picture: its pixels at the points, bilinearly between pixels. */
function sliceThrough(pictures, points) {
  const slice = new ImageData(points.length, pictures.length);
  pictures.forEach((picture, row) => {
    const { width, height, data } = picture;
    points.forEach(([x, y], column) => {
      const left = Math.min(Math.floor(x), width - 1), top = Math.min(Math.floor(y), height - 1);
      const right = Math.min(left + 1, width - 1), bottom = Math.min(top + 1, height - 1);
      const u = x - left, v = y - top, at = 4 * (row * points.length + column);
      for (let channel = 0; channel < 3; channel++) {
        const upper = (1 - u) * data[4 * (top * width + left) + channel] + u * data[4 * (top * width + right) + channel];
        const lower = (1 - u) * data[4 * (bottom * width + left) + channel] + u * data[4 * (bottom * width + right) + channel];
        slice.data[at + channel] = Math.round((1 - v) * upper + v * lower);
      }
      slice.data[at + 3] = 255;
    });
  });
  return slice;
}

/** The first picture left of a share of the width, the second right of it. */
function wiped(first, second, share) {
  const result = new ImageData(new Uint8ClampedArray(first.data), first.width, first.height);
  const from = Math.round(share * first.width);
  for (let y = 0; y < first.height; y++) {
    const row = 4 * y * first.width;
    result.data.set(second.data.subarray(row + 4 * from, row + 4 * first.width), row + 4 * from);
  }
  return result;
}

/** The absolute difference of two pictures, amplified. */
function difference(first, second, gain) {
  const result = new ImageData(first.width, first.height);
  for (let i = 0; i < result.data.length; i++) {
    result.data[i] = i % 4 === 3 ? 255 : gain * Math.abs(first.data[i] - second.data[i]);
  }
  return result;
}

/** A picture at another size. */
function resized(picture, width, height) {
  if (picture.width === width && picture.height === height) return picture;
  const [from, to] = [document.createElement("canvas"), document.createElement("canvas")];
  [from.width, from.height, to.width, to.height] = [picture.width, picture.height, width, height];
  from.getContext("2d").putImageData(picture, 0, 0);
  const context = to.getContext("2d", { willReadFrequently: true });
  context.drawImage(from, 0, 0, width, height);
  return context.getImageData(0, 0, width, height);
}

/**
 * A path of pictures, or one picture, by index. A fade has none of its own: its pictures are
 * computed from those of the path whose ends it joins, when they are asked for.
 */
class Source {
  constructor(run, content) {
    Object.assign(this, { run, name: content.name, at: content.at, total: content.total, labels: content.labels });
    this.fade = content.fade;
    this.held = content.held;
    this.pictures = [];
  }

  get count() { return this.at.length; }

  get moves() { return this.count > 1; }

  async load(urls, path) {
    this.path = path;
    for (const url of urls) this.pictures.push(await decodePicture(url));
  }

  picture(index) {
    if (this.pictures[index]) return this.pictures[index];
    if (this.held) return this.path.picture(this.held[index]);
    const at = this.at[index];
    const [first, last, end] = this.fade.find(([from, to]) => from <= at && at <= to);
    const pictureAt = (frame) => this.path.picture(this.path.at.indexOf(frame));
    this.pictures[index] = at === first ? pictureAt(first)
      : crossFade(pictureAt(first), pictureAt(end), (at - first) / (last - first));
    return this.pictures[index];
  }

  all() { return this.at.map((_, index) => this.picture(index)); }

  /** The index that belongs to one of another source, by its share of the way. */
  matching(index, other) {
    if (other.count === this.count || !this.moves) return this.moves ? index : 0;
    return other.count < 2 ? 0 : Math.round((index / (other.count - 1)) * (this.count - 1));
  }
}
